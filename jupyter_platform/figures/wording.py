"""Numbers, times and states as people read them in tables."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from markupsafe import Markup

from jupyter_platform.core.jobs import JobProgress, JobRecord, PrimaryMetric
from jupyter_platform.core.states import JobState
from jupyter_platform.core.units import format_duration

JUST_NOW_S = 10

STATE_MARKS: dict[JobState, str] = {
    JobState.QUEUED: "○",
    JobState.STARTING: "◔",
    JobState.RUNNING: "▶",
    JobState.STOPPING: "◼",
    JobState.PAUSED: "‖",
    JobState.UNREACHABLE: "?",
    JobState.FINISHED: "✓",
    JobState.STOPPED: "■",
    JobState.FAILED: "✗",
    JobState.CANCELLED: "–",
}
"""A shape for each state, so that no state is told by its colour alone."""

WAITING = (JobState.QUEUED, JobState.PAUSED)


def ago(when: datetime, now: datetime) -> str:
    """Return how long ago something was, in one unit: ``just now``, ``2 min ago``.

    Parameters
    ----------
    when : datetime
        The moment.
    now : datetime
        The present.
    """
    seconds = (now - when).total_seconds()
    if seconds < JUST_NOW_S:
        return "just now"
    if seconds < 3600:
        return f"{format_duration(seconds)} ago"
    hours = int(seconds // 3600)
    return f"{hours} h ago" if hours < 48 else f"{hours // 24} days ago"


def utc(when: datetime) -> str:
    """Return a time as ``2026-11-22 05:38:09 UTC``."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def time_element(when: datetime, now: datetime) -> Markup:
    """Return a relative time with the exact one on hover.

    Parameters
    ----------
    when : datetime
        The moment.
    now : datetime
        The present.
    """
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        when.isoformat(), utc(when), ago(when, now)
    )


def value(number: float | None) -> str:
    """Return a measured value with three significant digits; a dash where it is not finite."""
    if number is None or not math.isfinite(number):
        return "–"
    size = abs(number)
    if size and (size < 1e-3 or size >= 1e6):
        return f"{number:.1e}"
    return f"{number:,.0f}" if size >= 1000 else f"{number:#.3g}".rstrip(".")


def headline(record: PrimaryMetric | None) -> str:
    """Return a job's result in a few words: ``accuracy 0.981 (test, 360 samples)``."""
    if record is None:
        return ""
    return f"{record.name} {value(record.value)}" + (f" ({record.on})" if record.on else "")


def progress(record: JobProgress | None) -> str:
    """Return how far a job is: ``it 28,400/40,000 · loss 0.310 · 14 min left``."""
    if record is None:
        return ""
    total = f"/{record.total:,}" if record.total is not None else ""
    parts = [f"{record.unit} {record.step:,}{total}"]
    shown = list(record.values.items())[:2]
    parts += [f"{name.replace('_', ' ')} {value(number)}" for name, number in shown]
    if record.remaining_s is not None:
        parts.append(f"{format_duration(record.remaining_s)} left")
    return " · ".join(parts)


def summary(job: JobRecord) -> str:
    """Return the most telling words about a job in its present state."""
    if job.state is JobState.FAILED and job.error is not None:
        lines = job.error.message.strip().splitlines()
        return lines[0] if lines else job.error.type
    if job.state.is_terminal:
        return headline(job.headline)
    if job.state in WAITING:
        return job.reason or ""
    return progress(job.progress) or job.reason or ""
