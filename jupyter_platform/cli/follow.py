"""Watching a job in a terminal until it has ended."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from jupyter_platform.cli.output import headline, note, number, state_text, took
from jupyter_platform.client import Job
from jupyter_platform.core.jobs import JobProgress, JobRecord
from jupyter_platform.core.units import format_duration

SHORT_NAMES = {
    "loss": "loss",
    "validation_loss": "val loss",
    "validation_accuracy": "val accuracy",
}
"""Series to what the progress line calls them; others keep their name."""
LINE_INTERVAL_S = 5.0
"""Seconds between two lines where there is no terminal to draw a bar in."""


def follow(job: Job) -> JobRecord:
    """Show how a job goes on, on standard error, and return its last record.

    Interrupting leaves the job running and says how to follow it again.
    """
    try:
        record = _follow_bar(job) if sys.stderr.isatty() else _follow_lines(job)
    except KeyboardInterrupt:
        note(f"\nThe job goes on. Follow it again: jupyter platform job {job.id} --follow")
        raise
    note(ending(record))
    return record


def ending(record: JobRecord) -> str:
    """Say how a job ended: state, headline or error, time, and what the traceback says."""
    parts = [state_text(record.state), record.name, headline(record), took(record)]
    line = "  ".join(part for part in parts if part)
    if record.error is not None and record.error.traceback:
        line += "\n" + record.error.traceback.rstrip()
    return line


def progress_words(progress: JobProgress) -> str:
    """Return latest values, rate and remaining time: ``"loss 0.31 · 812 it/s · 4 s left"``."""
    words = [
        f"{SHORT_NAMES.get(name, name)} {number(value)}" for name, value in progress.values.items()
    ]
    if progress.rate is not None:
        words.append(f"{progress.rate:,.0f} {progress.unit}/s")
    if progress.remaining_s is not None:
        words.append(f"{format_duration(progress.remaining_s)} left")
    return " · ".join(words)


def _follow_bar(job: Job) -> JobRecord:
    record = job.record
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        TaskProgressColumn(),
        TextColumn("{task.fields[words]}"),
        console=Console(stderr=True),
    ) as bar:
        task = bar.add_task(state_text(record.state), total=None, words="")
        for record in job.watch():
            _update(bar, task, record)
    return record


def _update(bar: Progress, task: TaskID, record: JobRecord) -> None:
    progress = record.progress
    if progress is None:
        words = record.reason or ""
        bar.update(task, description=state_text(record.state), words=words)
        return
    total = progress.total if progress.total is not None else None
    words = progress_words(progress)
    bar.update(
        task,
        description=state_text(record.state),
        total=total,
        completed=progress.step,
        words=words or record.reason or "",
    )


def _follow_lines(job: Job) -> JobRecord:
    record, said, said_at = job.record, "", 0.0
    for record in job.watch(pause_s=0.5):
        head = f"{state_text(record.state)}  {record.name}"
        changed = f"{head}: {record.reason}" if record.reason else head
        now = time.monotonic()
        if record.state.is_terminal:
            break
        if changed != said:
            note(changed)
        elif record.progress is not None and now - said_at >= LINE_INTERVAL_S:
            done = record.progress.fraction
            share = "" if done is None else f"{100 * done:3.0f} %  "
            note(f"{head}  {share}{progress_words(record.progress)}")
        else:
            continue
        said, said_at = changed, now
    return record
