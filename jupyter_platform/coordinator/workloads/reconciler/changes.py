"""The transactions of the reconciler: each takes a workload one transition further."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.store.tables import AttemptRow, RankRow, WorkloadRow
from jupyter_platform.coordinator.workloads.ledger import Ledger
from jupyter_platform.coordinator.workloads.owner import Owners
from jupyter_platform.coordinator.workloads.planning import Placement
from jupyter_platform.coordinator.workloads.reconciler.attempt import Attempt, attempt_of
from jupyter_platform.coordinator.workloads.reconciler.outcome import Outcome, exhausted
from jupyter_platform.coordinator.workloads.reconciler.restarts import (
    given_up,
    next_try,
    pause_before_restart,
)
from jupyter_platform.coordinator.workloads.transitions import move, move_attempt
from jupyter_platform.core.jobs import JobErrorRecord, JobProgress
from jupyter_platform.core.runs import NOT_FINITE
from jupyter_platform.core.states import HOLDING, JobState, JobTarget


@dataclass(frozen=True, slots=True)
class Ended:
    """The state of a workload after the end of an attempt."""

    state: JobState
    error: JobErrorRecord | None
    resume_step: int | None = None
    """Step of the checkpoint that the next attempt starts from, where there is a next."""
    pause_s: float | None = None
    """Seconds until an endless workload is started again."""


def place(session: Session, owners: Owners, placement: Placement) -> Attempt | None:
    """Give a waiting workload leases and a new attempt; None if it no longer waits.

    Parameters
    ----------
    session : Session
        Database session.
    owners : Owners
        Owners of workloads, by kind.
    placement : Placement
        Hosts and resources of each process.
    """
    row = session.get(WorkloadRow, placement.workload)
    if row is None or row.state != JobState.QUEUED.value or row.target != JobTarget.RUN.value:
        return None
    earlier = _attempts(session, row.id)
    number = earlier[-1].number + 1 if earlier else 1
    point = newest_checkpoint(earlier)
    resume_step = int(point["step"]) + 1 if point else 0
    attempt = AttemptRow(
        workload=row.id,
        number=number,
        state=JobState.STARTING.value,
        host=placement.ranks[0].host,
        resume_step=resume_step,
        resume=point,
        reseed=reseed_number(earlier, point),
        secret=secrets.token_hex(16) if len(placement.ranks) > 1 else None,
        started_at=None,
    )
    session.add(attempt)
    session.flush()
    ranks = [
        RankRow(
            workload=row.id, attempt=number, rank=rank.rank, host=rank.host, gpus=list(rank.gpus)
        )
        for rank in placement.ranks
    ]
    session.add_all(ranks)
    Ledger.grant(session, row, number, placement.ranks)
    move(row, JobState.STARTING)
    row.host, row.not_before = attempt.host, None
    row.reason_code = row.reason_data = None
    return attempt_of(row, attempt, ranks, owners[row.kind].specs(row, attempt, ranks))


def newest_checkpoint(attempts: Sequence[AttemptRow]) -> dict[str, Any] | None:
    """Return the checkpoint of the highest step that was copied off a host."""
    points = [attempt.checkpoint for attempt in attempts if attempt.checkpoint is not None]
    return max(points, key=lambda point: int(point["step"]), default=None)


def adoptable(session: Session, owners: Owners) -> list[Attempt]:
    """Return the attempts that held resources when the coordinator ended.

    Parameters
    ----------
    session : Session
        Database session.
    owners : Owners
        Owners of workloads, by kind.
    """
    states = [state.value for state in HOLDING]
    query = select(WorkloadRow).where(WorkloadRow.state.in_(states))
    found = []
    for row in session.scalars(query):
        attempt = _attempts(session, row.id)[-1]
        ranks = select(RankRow).where(RankRow.workload == row.id, RankRow.attempt == attempt.number)
        rows = list(session.scalars(ranks.order_by(RankRow.rank)))
        specs = owners[row.kind].specs(row, attempt, rows)
        found.append(attempt_of(row, attempt, rows, specs))
    return found


def advance(
    session: Session, attempt: Attempt, state: JobState, pids: Sequence[int | None] = ()
) -> None:
    """Move a workload and its attempt to a state that keeps its resources.

    Parameters
    ----------
    session : Session
        Database session.
    attempt : Attempt
        The attempt.
    state : JobState
        The new state.
    pids : sequence of int or None
        Process id of each rank, where known.
    """
    row, current = _rows(session, attempt)
    move(row, state)
    move_attempt(current, state)
    for rank, pid in enumerate(pids):
        found = session.get(RankRow, (attempt.workload, attempt.number, rank))
        if found is not None:
            found.pid = pid


def start_failed(
    session: Session, attempt: Attempt, error: JobErrorRecord, not_before: datetime, limit: int
) -> Ended:
    """Put a workload back whose processes could not be started; that costs none of its retries.

    Parameters
    ----------
    session : Session
        Database session.
    attempt : Attempt
        The attempt.
    error : JobErrorRecord
        Why they could not be started.
    not_before : datetime
        When it is tried again at the earliest.
    limit : int
        Starts that may fail in a row.
    """
    row, current = _rows(session, attempt)
    current.error = error.model_dump(mode="json")
    move_attempt(current, JobState.FAILED)
    Ledger.end(session, row.id)
    if row.target != JobTarget.RUN.value:
        move(row, JobState.STOPPED)
        return Ended(JobState.STOPPED, None)
    if _failed_starts(_attempts(session, row.id)) >= limit:
        row.error = {**error.model_dump(mode="json")}
        move(row, JobState.FAILED)
        return Ended(JobState.FAILED, error)
    move(row, JobState.QUEUED)
    row.host, row.not_before = None, not_before
    row.reason_code, row.reason_data = "retry", {"why": error.message}
    return Ended(JobState.QUEUED, error)


def end(
    session: Session,
    owners: Owners,
    attempt: Attempt,
    outcome: Outcome,
    progress: JobProgress | None,
    warnings: Sequence[str],
) -> Ended:
    """End an attempt, and the workload with it unless another attempt may end better.

    Parameters
    ----------
    session : Session
        Database session.
    owners : Owners
        By kind of workload.
    attempt : Attempt
        The attempt.
    outcome : Outcome
        How it ended.
    progress : JobProgress or None
        How far it was.
    warnings : sequence of str
        Sentences to keep with the workload.
    """
    row, current = _rows(session, attempt)
    _note_ranks(session, attempt)
    if progress is not None:
        row.progress = progress.model_dump(mode="json")
    row.warnings = [*row.warnings, *(text for text in warnings if text not in row.warnings)]
    Ledger.end(session, row.id)
    error = outcome.error
    if error is not None:
        current.error = error.model_dump(mode="json")
    stopped = row.target != JobTarget.RUN.value
    attempts = _attempts(session, row.id)
    earlier = [JobErrorRecord.model_validate(item.error) for item in attempts[:-1] if item.error]
    if row.endless and not stopped and outcome.state == JobState.FAILED:
        move_attempt(current, JobState.FAILED)
        pause_s = pause_before_restart(attempts)
        if pause_s is not None:
            return _restart(row, error, pause_s)
    elif not stopped and _may_end_better(row, outcome, earlier):
        move_attempt(current, JobState.FAILED)
        move(row, JobState.QUEUED)
        row.retries_left -= outcome.again
        row.host, row.not_before = None, datetime.now(UTC)
        point = newest_checkpoint(attempts)
        return Ended(JobState.QUEUED, error, int(point["step"]) if point else 0)
    state = outcome.state
    if row.endless and state == JobState.FAILED and error is not None:
        error = given_up(error, attempts)
    elif (outcome.again or outcome.retries) and state == JobState.FAILED and error is not None:
        error = exhausted(error, earlier)
    move_attempt(current, state)
    move(row, state)
    owners[row.kind].note_end(session, row, outcome.result)
    row.error = error.model_dump(mode="json") if error and state == JobState.FAILED else None
    return Ended(state, error if state == JobState.FAILED else None)


def _restart(row: WorkloadRow, error: JobErrorRecord | None, pause_s: float) -> Ended:
    """Put an endless workload back into the queue after its process has ended."""
    move(row, JobState.QUEUED)
    row.host, row.not_before = None, next_try(pause_s)
    row.error = None if error is None else error.model_dump(mode="json")
    row.reason_code = "retry"
    row.reason_data = {"why": "" if error is None else error.message}
    return Ended(JobState.QUEUED, error, pause_s=pause_s)


def is_final(session: Session, attempt: Attempt, outcome: Outcome) -> bool:
    """Return whether an outcome ends the workload, without a further attempt.

    Parameters
    ----------
    session : Session
        Database session.
    attempt : Attempt
        The attempt.
    outcome : Outcome
        How it ended.
    """
    row, _ = _rows(session, attempt)
    if row.target != JobTarget.RUN.value or row.endless:
        return True
    earlier = [
        JobErrorRecord.model_validate(item.error)
        for item in _attempts(session, row.id)[:-1]
        if item.error
    ]
    return not _may_end_better(row, outcome, earlier)


def _may_end_better(row: WorkloadRow, outcome: Outcome, earlier: Sequence[JobErrorRecord]) -> bool:
    """Return whether another attempt is made; those that other samples may cure count apart."""
    if outcome.again:
        return row.retries_left > 0
    if not outcome.retries or outcome.error is None:
        return False
    same = sum(error.type == outcome.error.type for error in earlier)
    return outcome.retries < 0 or same < outcome.retries


def reseed_number(attempts: Sequence[AttemptRow], point: dict[str, Any] | None) -> int:
    """Return how often what followed a checkpoint made the loss no number; 0: go on as it was.

    Parameters
    ----------
    attempts : sequence of AttemptRow
        All attempts of the job, in order.
    point : dict of str to object or None
        The checkpoint that the next one starts from; None: it begins anew.
    """
    written = max((item.number for item in attempts if item.checkpoint == point), default=0)
    return sum(
        (item.error or {}).get("type") == NOT_FINITE
        for item in attempts
        if point is None or item.number >= written
    )


def _failed_starts(attempts: Sequence[AttemptRow]) -> int:
    count = 0
    for attempt in reversed(attempts):
        if attempt.started_at is not None:
            break
        count += 1
    return count


def _note_ranks(session: Session, attempt: Attempt) -> None:
    for run in attempt.runs:
        rank = session.get(RankRow, (attempt.workload, attempt.number, run.run.rank))
        if rank is not None:
            rank.exit = None if run.exit is None else run.exit.model_dump(mode="json")
            rank.result = None if run.result is None else run.result.model_dump(mode="json")


def _rows(session: Session, attempt: Attempt) -> tuple[WorkloadRow, AttemptRow]:
    return (
        session.get_one(WorkloadRow, attempt.workload),
        session.get_one(AttemptRow, (attempt.workload, attempt.number)),
    )


def _attempts(session: Session, workload: str) -> list[AttemptRow]:
    query = select(AttemptRow).where(AttemptRow.workload == workload).order_by(AttemptRow.number)
    return list(session.scalars(query))
