"""Jobs as the API shows them: rows, and what is only known while they run."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Row, bindparam, inspect, select
from sqlalchemy.orm import Session, undefer

from jupyter_platform.coordinator.jobs.outline import outline
from jupyter_platform.coordinator.notices.events import EventHub
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import AttemptRow, JobRow, RankRow
from jupyter_platform.coordinator.workloads.host_choice import HostChoice
from jupyter_platform.coordinator.workloads.live import Live
from jupyter_platform.coordinator.workloads.planning import sentence
from jupyter_platform.core.jobs import (
    AttemptRecord,
    JobErrorRecord,
    JobProgress,
    JobRecord,
    PrimaryMetric,
    ResourceRequest,
)
from jupyter_platform.core.results import scores_of
from jupyter_platform.core.states import JobState, JobTarget, JobType

_JOBS: BindParameter[Any] = bindparam("jobs", expanding=True)
_LISTED = select(
    *(
        getattr(JobRow, column.key)
        for column in inspect(JobRow).column_attrs
        if not column.deferred and column.key != "search"
    )
).where(JobRow.id.in_(_JOBS))
"""The columns of jobs that lists show."""
_ATTEMPTS = select(AttemptRow).where(AttemptRow.workload.in_(_JOBS)).order_by(AttemptRow.number)


class JobRecords:
    """Assembles records and tells everybody about them."""

    def __init__(self, store: Store, hub: EventHub, live: Live) -> None:
        self._store = store
        self._hub = hub
        self._live = live

    async def find(self, job: str, *, with_result: bool = False) -> JobRecord | None:
        """Return one job, or None when there is none by that id.

        Parameters
        ----------
        job : str
            Full id of the job.
        with_result : bool
            Whether the record includes the result.
        """

        def read(session: Session) -> tuple[JobRow, list[AttemptRow], list[str]] | None:
            found = load(session, [job], with_result=with_result)
            return (*found[0], _hosts(session, found[0][1])) if found else None

        found = await self._store.read(read)
        if found is None:
            return None
        row, attempts, hosts = found
        record = self.record(row, attempts, with_result=with_result)
        return record.model_copy(update={"hosts": hosts})

    async def publish(self, jobs: Iterable[str]) -> None:
        """Publish the present records of jobs; deleted ones are left out."""
        ids = list(jobs)
        for row, attempts in await self._store.read(lambda session: load(session, ids)):
            self._tell(self.record(row, attempts))

    def publish_new(self, row: JobRow) -> JobRecord:
        """Publish a newly stored job, and return its record."""
        record = self.record(row, [])
        self._tell(record)
        return record

    def _tell(self, record: JobRecord) -> None:
        self._hub.publish("job", record, owner=record.owner, others=outline(record))

    def publish_reasons(self, jobs: Iterable[str]) -> None:
        """Tell everybody why some jobs wait, in one event."""
        news = {job: self._reason(job, JobState.QUEUED) for job in jobs}
        self._hub.publish("reasons", news)

    def record(
        self,
        row: JobRow | Row[Any],
        attempts: Sequence[AttemptRow],
        *,
        with_result: bool = False,
    ) -> JobRecord:
        """Assemble a record from its rows and what is known while it runs.

        Parameters
        ----------
        row : JobRow or Row
            The row, or its columns as of `listed`.
        attempts : sequence of AttemptRow
            Its attempts, in order.
        with_result : bool
            Whether the record includes the result; the row must have it loaded.
        """
        state, choice = JobState(row.state), HostChoice.of(row)
        progress = None if state.is_terminal else self._live.progress.get(row.id)
        if progress is None and row.progress is not None:
            progress = JobProgress.model_validate(row.progress)
        return JobRecord(
            id=row.id,
            name=row.name,
            type=JobType(row.lane),
            category=row.category,
            owner=row.owner,
            state=state,
            target=JobTarget(row.target),
            reason=self._reason(row.id, state),
            networks=row.networks,
            dataset=row.dataset,
            options=row.options,
            given=row.given,
            tag=row.tag,
            request=ResourceRequest(cpus=row.cpus, memory=row.memory, gpus=row.gpus),
            priority=row.priority,
            target_count=row.target_count,
            targets=list(choice.targets),
            target_filter=choice.target_filter or None,
            force_free=choice.force_free,
            submitted_at=row.submitted_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            host=row.host,
            progress=progress,
            headline=None if row.headline is None else PrimaryMetric.model_validate(row.headline),
            attempts=[_attempt(attempt) for attempt in attempts],
            error=None if row.error is None else JobErrorRecord.model_validate(row.error),
            warnings=row.warnings,
            sweep=row.sweep,
            varied=row.varied or {},
            note=row.note or "",
            result=row.result if with_result else None,
            scores=scores_of(JobType(row.lane), row.result) if with_result else [],
        )

    def _reason(self, job: str, state: JobState) -> str | None:
        if state == JobState.QUEUED:
            reason = self._live.reasons.get(job)
            return None if reason is None else sentence(reason, time.time())
        return None if state.is_terminal else self._live.doing.get(job) or None


def load(
    session: Session, jobs: Sequence[str], *, with_result: bool = False
) -> list[tuple[JobRow, list[AttemptRow]]]:
    """Return rows of jobs with their attempts, in the order asked for, without deleted ones.

    Parameters
    ----------
    session : Session
        Database session.
    jobs : sequence of str
        Full ids.
    with_result : bool
        Whether results are loaded too.
    """
    is_there = JobRow.target != JobTarget.DELETE.value
    query = select(JobRow).where(JobRow.id.in_(jobs), is_there)
    if with_result:
        query = query.options(undefer(JobRow.result))
    rows = {row.id: row for row in session.scalars(query)}
    return with_attempts(session, [rows[job] for job in jobs if job in rows])


def listed(session: Session, jobs: Sequence[str]) -> list[tuple[Row[Any], list[AttemptRow]]]:
    """Return the columns of jobs that lists show, with their attempts, in the order asked for.

    Objects that could be changed and written back would take most of the time of a long list.

    Parameters
    ----------
    session : Session
        Database session.
    jobs : sequence of str
        Full ids.
    """
    rows = {row.id: row for row in session.execute(_LISTED, {"jobs": jobs})}
    return with_attempts(session, [rows[job] for job in jobs if job in rows])


_Columns = TypeVar("_Columns", bound=JobRow | Row[Any])


def with_attempts(
    session: Session, rows: Sequence[_Columns]
) -> list[tuple[_Columns, list[AttemptRow]]]:
    """Return rows of jobs, each with its attempts in order.

    Parameters
    ----------
    session : Session
        Database session.
    rows : sequence of row
        Columns of the jobs.
    """
    attempts: dict[str, list[AttemptRow]] = {row.id: [] for row in rows}
    for attempt in session.scalars(_ATTEMPTS, {"jobs": list(attempts)}):
        attempts[attempt.workload].append(attempt)
    return [(row, attempts[row.id]) for row in rows]


def _hosts(session: Session, attempts: Sequence[AttemptRow]) -> list[str]:
    """Return the hosts of the processes of the latest attempt, by rank."""
    if not attempts:
        return []
    latest = attempts[-1]
    query = select(RankRow.host).where(
        RankRow.workload == latest.workload, RankRow.attempt == latest.number
    )
    return list(session.scalars(query.order_by(RankRow.rank)))


def _attempt(row: AttemptRow) -> AttemptRecord:
    return AttemptRecord(
        number=row.number,
        host=row.host,
        state=JobState(row.state),
        started_at=row.started_at,
        finished_at=row.finished_at,
        resume_step=row.resume_step,
        error=None if row.error is None else JobErrorRecord.model_validate(row.error),
    )
