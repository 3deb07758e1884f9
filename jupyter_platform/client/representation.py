"""A job in a notebook's output: a reference for a live view, and text for other readers.

A front end that knows `JOB_MIME` or `JOBS_MIME` draws the job as it is when the notebook is read.
HTML and plain text are for exports and other front ends: what was so when the cell ran, and in the
place of that how the job ended, once somebody has looked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from jupyter_platform.client.curve_picture import curves_svg
from jupyter_platform.client.listing import Listing
from jupyter_platform.core.jobs import JobRecord, MetricsRecord
from jupyter_platform.core.units import format_duration

JOB_MIME = "application/vnd.jupyter-platform.job+json"
"""``{"version": 1, "id", "name"}``, and ``"final": true`` where the rest of the bundle holds how
the job ended, with its curves."""
JOBS_MIME = "application/vnd.jupyter-platform.jobs+json"
"""``{"version": 1, "jobs": [{"id", "name"}, …], "total"}``, in the order of the list."""
FORMAT_VERSION = 1
JOB_COLUMNS = ("id", "name", "type", "state", "submitted")
"""Headings of a list of jobs."""


def job_bundle(
    record: JobRecord, metrics: MetricsRecord | None = None, notice: str | None = None
) -> dict[str, Any]:
    """Return the MIME bundle of one job.

    Parameters
    ----------
    record : JobRecord
        The job as it is now, with its result.
    metrics : MetricsRecord, optional
        Its curves, thinned to `curve_picture.BUCKETS` buckets; None where they cannot be had, and
        the bundle is not final then.
    notice : str, optional
        What to know about how it was found.
    """
    is_final = record.state.is_terminal and metrics is not None
    reference = {"version": FORMAT_VERSION, **_reference(record)}
    return {
        JOB_MIME: {**reference, "final": True} if is_final else reference,
        "text/html": job_html(record, metrics, notice),
        "text/plain": job_text(record, notice),
    }


def jobs_bundle(records: Sequence[JobRecord], total: int) -> dict[str, Any]:
    """Return the MIME bundle of a list of jobs; final where all of them have ended.

    Parameters
    ----------
    records : sequence of JobRecord
        Those that are listed, in their order.
    total : int
        How many there were in all.
    """
    table = Listing(records, JOB_COLUMNS, job_row, total=total)
    reference = {
        "version": FORMAT_VERSION,
        "jobs": [_reference(record) for record in records],
        "total": total,
    }
    is_final = all(record.state.is_terminal for record in records)
    return {
        JOBS_MIME: {**reference, "final": True} if is_final else reference,
        "text/html": table._repr_html_(),
        "text/plain": repr(table),
    }


def job_row(record: JobRecord) -> tuple[str, ...]:
    """Return the cells of a job in a list, under `JOB_COLUMNS`."""
    submitted = record.submitted_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return (record.id, record.name, record.type, describe(record), submitted)


def job_text(record: JobRecord, notice: str | None = None) -> str:
    """Return a job as a line of text.

    Parameters
    ----------
    record : JobRecord
        The job.
    notice : str, optional
        Note to print below, such as that other jobs share its name.
    """
    below = f"\n{notice}" if notice else ""
    return f"<Job {record.id} {record.name!r} {record.type} {describe(record)}>{below}"


def job_html(
    record: JobRecord, metrics: MetricsRecord | None = None, notice: str | None = None
) -> str:
    """Return a job as static HTML: its state, its options and its result.

    Parameters
    ----------
    record : JobRecord
        The job.
    metrics : MetricsRecord, optional
        Its curves; None: without.
    notice : str, optional
        Note to show with it, such as that other jobs share its name.
    """
    facts: list[tuple[str, str]] = [
        ("network", ", ".join(record.networks)),
        ("dataset", record.dataset or ""),
        ("tag", record.tag or ""),
        ("options", _words(record.given)),
        ("host", record.host or ""),
        ("submitted", f"{record.submitted_at:%Y-%m-%d %H:%M:%S %Z}"),
        ("took", _took(record)),
        ("scores", ", ".join(f"{score.label} {_number(score.value)}" for score in record.scores)),
        ("note", " ".join(record.warnings)),
        ("warning", " ".join((record.result or {}).get("warnings") or ())),
    ]
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left">{name}</th>'
        f'<td style="text-align:left">{escape(value)}</td></tr>'
        for name, value in facts
        if value
    )
    picture = "" if metrics is None else curves_svg(metrics)
    remark = f"<p><small>{escape(notice)}</small></p>" if notice else ""
    return (
        f"<div><p><b>{escape(record.name)}</b> <code>{record.id}</code> {record.type} "
        f"{escape(describe(record))}</p><table>{rows}</table>{picture}{remark}</div>"
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


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


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
