"""The one place where a workload changes its state."""

from __future__ import annotations

from datetime import UTC, datetime

from jupyter_platform.coordinator.store.tables import AttemptRow, WorkloadRow
from jupyter_platform.core.errors import ConflictError
from jupyter_platform.core.states import TRANSITIONS, JobState


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
