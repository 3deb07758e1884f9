"""What has no end of its own is started again when its process ends, with growing pauses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from jupyter_platform.coordinator.store.tables import AttemptRow
from jupyter_platform.core.deployments import CANNOT_RUN
from jupyter_platform.core.jobs import JobErrorRecord

RESTARTS = 4
"""Restarts in a row, none of which lasted, before a workload is given up."""
LASTING_S = 300.0
"""Seconds of life after which an attempt counts as one that had succeeded."""
_LONGEST_PAUSE_S = 60.0
_NOT_ITS_FAULT = ("HostLost",)
"""Types of errors that say nothing about the workload."""


def pause_before_restart(attempts: Sequence[AttemptRow]) -> float | None:
    """Return how long to wait before the next attempt, in s; None to give up.

    Parameters
    ----------
    attempts : sequence of AttemptRow
        All attempts in their order; the last has just failed.
    """
    error = attempts[-1].error or {}
    if error.get("type") in CANNOT_RUN:
        return None
    if error.get("type") in _NOT_ITS_FAULT:
        return 0.0
    failures = 0
    for attempt in reversed(attempts):
        if _lasted(attempt) or attempt.error is None:
            break
        failures += attempt.error.get("type") not in _NOT_ITS_FAULT
    if failures > RESTARTS:
        return None
    return min(2.0 ** max(failures - 1, 0), _LONGEST_PAUSE_S)


def given_up(error: JobErrorRecord, attempts: Sequence[AttemptRow]) -> JobErrorRecord:
    """Return the error of a workload that is not started again.

    Parameters
    ----------
    error : JobErrorRecord
        Of the last attempt.
    attempts : sequence of AttemptRow
        All attempts in their order.
    """
    if error.type in CANNOT_RUN or len(attempts) == 1:
        return error
    message = f"{error.message} It was tried {len(attempts)} times."
    return error.model_copy(update={"message": message})


def next_try(pause_s: float) -> datetime:
    """Return the moment of the next attempt."""
    return datetime.now(UTC) + timedelta(seconds=pause_s)


def _lasted(attempt: AttemptRow) -> bool:
    if attempt.started_at is None or attempt.finished_at is None:
        return False
    return (attempt.finished_at - attempt.started_at).total_seconds() >= LASTING_S
