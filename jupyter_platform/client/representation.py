"""What a job leaves in a notebook: a reference for a live view, and words for all other readers.

A front end that knows `JOB_MIME` or `JOBS_MIME` draws the job as it is when the notebook is read.
HTML and plain text are what was so when the cell ran, for exports and other front ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from jupyter_platform.core.jobs import JobRecord
from jupyter_platform.core.units import format_duration

JOB_MIME = "application/vnd.jupyter-platform.job+json"
"""``{"version": 1, "id", "name"}``."""
JOBS_MIME = "application/vnd.jupyter-platform.jobs+json"
"""``{"version": 1, "jobs": [{"id", "name"}, …], "total"}``, in the order of the list."""
FORMAT_VERSION = 1


def job_bundle(record: JobRecord, plain: str, notice: str | None = None) -> dict[str, Any]:
    """Return the MIME bundle of one job.

    Parameters
    ----------
    record : JobRecord
        The job as it is now.
    plain : str
        Its plain text.
    notice : str, optional
        What to know about how it was found.
    """
    return {
        JOB_MIME: {"version": FORMAT_VERSION, **_reference(record)},
        "text/html": job_html(record, notice),
        "text/plain": plain,
    }


def jobs_bundle(
    records: Iterable[JobRecord], total: int, table_html: str, plain: str
) -> dict[str, Any]:
    """Return the MIME bundle of a list of jobs."""
    return {
        JOBS_MIME: {
            "version": FORMAT_VERSION,
            "jobs": [_reference(record) for record in records],
            "total": total,
        },
        "text/html": table_html,
        "text/plain": plain,
    }


def job_html(record: JobRecord, notice: str | None = None) -> str:
    """Return a job as static HTML: how it stands, and what it was asked to do."""
    facts: list[tuple[str, str]] = [
        ("network", ", ".join(record.networks)),
        ("dataset", record.dataset or ""),
        ("tag", record.tag or ""),
        ("options", _words(record.given)),
        ("host", record.host or ""),
        ("submitted", f"{record.submitted_at:%Y-%m-%d %H:%M:%S %Z}"),
        ("took", _took(record)),
        ("note", " ".join(record.warnings)),
        ("warning", " ".join((record.result or {}).get("warnings") or ())),
    ]
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left">{name}</th>'
        f'<td style="text-align:left">{escape(value)}</td></tr>'
        for name, value in facts
        if value
    )
    remark = f"<p><small>{escape(notice)}</small></p>" if notice else ""
    return (
        f"<div><p><b>{escape(record.name)}</b> <code>{record.id}</code> {record.type} "
        f"{escape(describe(record))}</p><table>{rows}</table>{remark}</div>"
    )


def describe(record: JobRecord) -> str:
    """Say in a few words how a job stands."""
    if record.state.is_terminal:
        if record.error is not None:
            return f"{record.state}: {record.error.message}"
        if record.headline is not None and record.headline.value is not None:
            return f"{record.state}, {record.headline.text}"
        return str(record.state)
    if record.progress is not None and record.progress.fraction is not None:
        left = record.progress.remaining_s
        end = "" if left is None else f", {format_duration(left)} left"
        return f"{record.state} {100 * record.progress.fraction:.0f} %{end}"
    return f"{record.state}: {record.reason}" if record.reason else str(record.state)


def _reference(record: JobRecord) -> dict[str, str]:
    return {"id": record.id, "name": record.name}


def _words(options: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={_word(value)}" for key, value in options.items())


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(str(item) for item in value)
    return str(value)


def _took(record: JobRecord) -> str:
    if record.started_at is None or record.finished_at is None:
        return ""
    return format_duration((record.finished_at - record.started_at).total_seconds())
