"""Watching a job in a terminal until it has ended."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn
from rich.table import Column

from jupyter_platform.cli.output import headline, note, number, state_text, took
from jupyter_platform.client import Job
from jupyter_platform.core.jobs import JobProgress, JobRecord
from jupyter_platform.core.units import format_duration

SHORT_NAMES = {
    "loss": "loss",
    "validation_accuracy": "val acc",
    "validation_loss": "val loss",
}
"""Series to what the progress line calls them, in this order; others keep their name."""
FIRST_VALUES = 2
"""Values that stand before rate and remaining time: what is behind may be cut off."""
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
    """Return latest values, remaining time, rate: ``"loss 0.31 · 4 s left · 812 it/s"``."""
    names = [name for name in SHORT_NAMES if name in progress.values]
    if "validation_accuracy" in names and "validation_loss" in names:
        names.remove("validation_loss")
    names += [name for name in progress.values if name not in SHORT_NAMES]
    words = [f"{SHORT_NAMES.get(name, name)} {number(progress.values[name], 3)}" for name in names]
    pace = []
    if progress.remaining_s is not None:
        pace.append(f"{format_duration(progress.remaining_s)} left")
    if progress.rate is not None:
        pace.append(f"{_rate(progress.rate)} {progress.unit}/s")
    words[FIRST_VALUES:FIRST_VALUES] = pace
    return " · ".join(words)


def _rate(rate: float) -> str:
    """Return a rate, with digits behind the point where it would seem to stand still."""
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


def _follow_bar(job: Job) -> JobRecord:
    record = job.record
    with Progress(
        TextColumn("{task.description}", table_column=Column(min_width=10, no_wrap=True)),
        BarColumn(bar_width=14, table_column=Column(min_width=14)),
        TaskProgressColumn(table_column=Column(min_width=4)),
        TextColumn("{task.fields[words]}", table_column=Column(ratio=1)),
        console=Console(stderr=True),
        expand=True,
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
    bar.update(
        task,
        description=state_text(record.state),
        total=progress.total,
        completed=progress.step,
        words=progress_words(progress) or record.reason or "",
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
