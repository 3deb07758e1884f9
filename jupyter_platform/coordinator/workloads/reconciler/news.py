"""What people are told about the end of an attempt."""

from __future__ import annotations

from jupyter_platform.coordinator.workloads.reconciler.attempt import Attempt
from jupyter_platform.coordinator.workloads.reconciler.changes import Ended
from jupyter_platform.core.jobs import NoticeLevel
from jupyter_platform.core.states import JobState


def news_of(attempt: Attempt, ended: Ended) -> tuple[NoticeLevel, str] | None:
    """Return level and text of the notification about the end of an attempt, if there is one.

    Parameters
    ----------
    attempt : Attempt
        The attempt.
    ended : Ended
        How the workload is after it.
    """
    name = f"{attempt.lane} {attempt.name!r}"
    why = "" if ended.error is None else f" {ended.error.message}"
    if ended.state == JobState.FINISHED:
        return "success", f"{name} has finished."
    if ended.state == JobState.STOPPED:
        return "info", f"{name} was stopped."
    if ended.state == JobState.FAILED:
        return "danger", f"{name} has failed:{why or ' no reason is known.'}"
    if ended.pause_s is not None:
        when = f"in {ended.pause_s:g} s" if ended.pause_s else "as soon as there is room"
        return "warning", f"{name} is started again {when}.{why}"
    if ended.resume_step is None:
        return None
    begin = f"step {ended.resume_step:,}" if ended.resume_step else "the beginning"
    return "warning", f"{name} goes on from {begin}.{why}"
