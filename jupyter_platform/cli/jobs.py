"""``jupyter platform jobs | job | stop | delete | restore | metrics``."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import click

from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.follow import follow, progress_words
from jupyter_platform.cli.output import (
    ago,
    clock,
    headline,
    json_option,
    note,
    number,
    print_fields,
    print_json,
    print_table,
    state_text,
    took,
)
from jupyter_platform.cli.results import print_result
from jupyter_platform.core.errors import FieldError, InvalidRequestError
from jupyter_platform.core.jobs import JobRecord
from jupyter_platform.core.states import JobState, JobType
from jupyter_platform.core.units import format_bytes, format_count

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.option("--state", help="Only these states: queued,running,failed,…")
@click.option("--type", "job_type", help="Only this type: LEARN, EVALUATE or ACT.")
@click.option("--search", help="Only with this text in name, network, dataset or tag.")
@click.option("--sweep", help="Only the jobs of this sweep, by its id.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@click.option("--all", "everything", is_flag=True, help="All of them, whatever the limit.")
@json_option
def jobs(
    state: str | None,
    job_type: str | None,
    search: str | None,
    sweep: str | None,
    limit: int,
    everything: bool,
    as_json: bool,
) -> None:
    """List jobs, newest first."""
    _check_words("state", state, [item.value for item in JobState])
    _check_words("type", job_type, [item.value for item in JobType])
    found = platform().jobs(state, job_type, search, None if everything else limit, sweep=sweep)
    records = [job.record for job in found]
    if as_json:
        print_json(records)
        return
    print_table(
        ("ID", "NAME", "TYPE", "STATE", "WHAT", "SUBMITTED"),
        [
            (
                record.id,
                record.name,
                record.type.value,
                state_text(record.state),
                what(record),
                ago(record.submitted_at),
            )
            for record in records
        ],
        empty="No jobs. Submit one: jupyter platform submit LEARN lenet-digits digits --follow",
    )
    if len(found) < found.total:
        note(f"{len(found):,} of {found.total:,} jobs; --all shows the others.")


@click.command()
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@json_option
def restore(ids: tuple[str, ...], as_json: bool) -> None:
    """Restore jobs that were deleted less than a minute ago."""
    records = [platform().restore(job).record for job in ids]
    if as_json:
        print_json(records)
        return
    for record in records:
        click.echo(f"{record.id}  {record.name}  {state_text(record.state)}")


@click.command()
@click.argument("reference", metavar="JOB")
@click.option("--follow", "-f", "following", is_flag=True, help="Watch it until it has ended.")
@json_option
def job(reference: str, following: bool, as_json: bool) -> int:
    """Show one job; JOB is its id, the beginning of its id, or its name."""
    found = platform().job(reference)
    _say_notice(found.notice)
    record = follow(found) if following else found.record
    if as_json:
        print_json(record)
    elif not following:
        print_job(record)
    return 1 if following and record.state in (JobState.FAILED, JobState.CANCELLED) else 0


@click.command()
@click.argument("references", metavar="JOB…", nargs=-1, required=True)
@json_option
def stop(references: tuple[str, ...], as_json: bool) -> None:
    """Stop jobs: they write a checkpoint and their weights first."""
    hub = platform()
    found = [hub.job(reference) for reference in references]
    records = [item.stop().record for item in found]
    if as_json:
        print_json(records)
        return
    for record in records:
        click.echo(f"{record.id}  {record.name}  {state_text(record.state)}")


@click.command()
@click.argument("references", metavar="JOB…", nargs=-1, required=True)
@json_option
def delete(references: tuple[str, ...], as_json: bool) -> None:
    """Delete jobs that have ended, with their logs and curves; weights stay.

    For a minute `jupyter platform restore` brings them back.
    """
    hub = platform()
    found = [hub.job(reference) for reference in references]
    for item in found:
        item.delete()
        if not as_json:
            click.echo(f"{item.id}  {item.name}  deleted")
    if as_json:
        print_json([item.id for item in found])


@click.command()
@click.argument("reference", metavar="JOB")
@click.option("--series", help="Only this series.")
@click.option("--csv", "as_csv", is_flag=True, help="Every point, as CSV.")
@json_option
def metrics(reference: str, series: str | None, as_csv: bool, as_json: bool) -> None:
    """Show a job's curves: a line per series, or every point with --csv or --json."""
    found = platform().job(reference)
    _say_notice(found.notice)
    frame = found.metrics(series)
    if as_csv:
        frame.to_csv(sys.stdout, index=False)
    elif as_json:
        print_json({name: [_finite(value) for value in frame[name].tolist()] for name in frame})
    else:
        print_table(
            ("SERIES", ">POINTS", ">FIRST", ">LAST", ">MIN", ">MAX"),
            [_series_row(frame, str(name)) for name in frame.columns[2:]],
            empty="No points yet.",
        )


def what(record: JobRecord) -> str:
    """Return the most important fact about a job in its present state."""
    if record.state.is_terminal:
        return headline(record)
    if record.progress is not None and record.state != JobState.QUEUED:
        done = record.progress.fraction
        share = "" if done is None else f"{100 * done:.0f} % · "
        return share + progress_words(record.progress)
    return record.reason or ""


def print_job(record: JobRecord) -> None:
    """Print all there is to know about a job."""
    request = record.request
    needs = f"{format_count(request.cpus, 'CPU')}, {format_bytes(request.memory)}"
    if request.gpus:
        needs += f", {format_count(request.gpus, 'GPU')}"
    print_fields(
        [
            ("id", record.id),
            ("name", record.name),
            ("type", f"{record.type}{f' ({record.category})' if record.category else ''}"),
            ("state", state_text(record.state)),
            ("", what(record)),
            ("network", ", ".join(record.networks)),
            ("dataset", record.dataset),
            ("tag", record.tag),
            ("options", " ".join(f"{key}={value}" for key, value in record.given.items())),
            ("needs", needs),
            ("host" if len(record.hosts) < 2 else "hosts", ", ".join(record.hosts) or record.host),
            ("processes", str(record.target_count) if record.target_count > 1 else None),
            ("targets", ", ".join(record.targets) or None),
            ("filter", record.target_filter),
            ("force free", "yes" if record.force_free else None),
            ("submitted", clock(record.submitted_at)),
            ("started", clock(record.started_at)),
            ("finished", clock(record.finished_at)),
            ("took", took(record)),
            ("attempts", str(len(record.attempts)) if len(record.attempts) > 1 else None),
            *(("note", warning) for warning in record.warnings),
        ]
    )
    if record.error is not None:
        for text in (record.error.traceback, record.error.log_tail):
            if text:
                click.echo("\n" + text.rstrip())
    if record.result:
        click.echo()
        print_result(record.result)


def _say_notice(notice: str | None) -> None:
    if notice:
        note(f"Note: {notice}")


def _check_words(field: str, text: str | None, known: list[str]) -> None:
    words = [word for word in (text or "").split(",") if word]
    for word in words:
        if word not in known:
            message = f"Unknown {field} {word!r}; known: {', '.join(known)}."
            raise InvalidRequestError(
                message, errors=[FieldError(field=field, value=word, message=message)]
            )


def _series_row(frame: pd.DataFrame, name: str) -> tuple[str, ...]:
    points = frame.loc[frame[name].notna(), name]
    values: list[Any] = [points.iloc[0], points.iloc[-1], points.min(), points.max()]
    return (name, f"{len(points):,}", *(number(float(value)) for value in values))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
