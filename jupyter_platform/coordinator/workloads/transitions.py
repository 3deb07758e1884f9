"""The one place where a workload changes its state."""

from __future__ import annotations

from datetime import UTC, datetime

from jupyter_platform.coordinator.store.tables import AttemptRow, WorkloadRow
from jupyter_platform.core.errors import ConflictError
from jupyter_platform.core.states import TRANSITIONS, JobState, JobTarget


def move(row: WorkloadRow, state: JobState) -> bool:
    """Move a workload to a state, and set the times that belong to it.

    Parameters
    ----------
    row : WorkloadRow
        The workload.
    state : JobState
        The new state.

    Returns
    -------
    bool
        False when it was in that state already.

    Raises
    ------
    ConflictError
        If there is no such transition.
    """
    before = JobState(row.state)
    if before == state:
        return False
    if state not in TRANSITIONS[before]:
        raise ConflictError(
            f"{row.kind.capitalize()} {row.id} is {before.value}; it cannot become {state.value}."
        )
    row.state = state.value
    if state == JobState.RUNNING and row.started_at is None:
        row.started_at = datetime.now(UTC)
    if state.is_terminal:
        row.finished_at = datetime.now(UTC)
        row.reason_code = row.reason_data = row.not_before = None
    return True


def begin_again(row: WorkloadRow) -> None:
    """Put an endless workload that has ended back into the queue.

    Parameters
    ----------
    row : WorkloadRow
        The workload.

    Raises
    ------
    ConflictError
        If it has an end of its own, or has not ended.
    """
    if not row.endless or not JobState(row.state).is_terminal:
        raise ConflictError(
            f"{row.kind.capitalize()} {row.id} is {row.state}; only what was stopped starts again."
        )
    row.state, row.target = JobState.QUEUED.value, JobTarget.RUN.value
    row.error = row.host = row.finished_at = row.started_at = None
    row.not_before = row.reason_code = row.reason_data = None


def move_attempt(row: AttemptRow, state: JobState) -> None:
    """Bring an attempt into a state; it follows its workload and needs no check of its own.

    Parameters
    ----------
    row : AttemptRow
        The attempt.
    state : JobState
        The new state.
    """
    row.state = state.value
    if state == JobState.RUNNING and row.started_at is None:
        row.started_at = datetime.now(UTC)
    if state.is_terminal:
        row.finished_at = datetime.now(UTC)
