"""From checked submissions to stored jobs: those that come at once share one wait for the disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.notices.notifications import Notifications
from jupyter_platform.coordinator.repository.networks.usage import refuse_second_writer
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import JobRow, SweepRow
from jupyter_platform.core.errors import PlatformError, StoreError
from jupyter_platform.core.jobs import NotificationRecord
from jupyter_platform.core.units import format_count

MOST_AT_ONCE = 200
"""Jobs that are stored together."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Admitted:
    """A job that is on disk."""

    job: str
    """Its id; that of an earlier one where its key was known."""
    news: list[NotificationRecord] = field(default_factory=list)
    """What is to be published."""


@dataclass
class _Application:
    principal: Principal
    rows: Sequence[JobRow]
    """The job, after those that it needs."""
    answer: asyncio.Future[Admitted]


class Admission:
    """Stores jobs that were checked.

    A statement to the database lets other threads run, and waits until they let it go on: hundreds
    of submissions at once are stored by a few statements, and each is refused by itself.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[_Application] = []
        self._storing: asyncio.Task[None] | None = None

    async def admit(self, principal: Principal, rows: Sequence[JobRow]) -> Admitted:
        """Store a job, the last of `rows`, with those it needs; it is on disk when this returns.

        Parameters
        ----------
        principal : Principal
            Who asks.
        rows : sequence of JobRow
            The job last, agents that it starts before it.

        Raises
        ------
        ConflictError
            If it would write a tag that another job writes.
        """
        answer: asyncio.Future[Admitted] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Application(principal, rows, answer))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store_waiting())
        return await answer

    async def admit_all(self, principal: Principal, rows: Sequence[JobRow]) -> list[Admitted]:
        """Store jobs in one transaction, or none of them; errors as of `admit`.

        Parameters
        ----------
        principal : Principal
            Who asks.
        rows : sequence of JobRow
            The jobs, in their order.
        """

        def insert(session: Session) -> list[Admitted]:
            found = _insert(session, [(principal, [row]) for row in rows])
            for item in found:
                if isinstance(item, PlatformError):
                    raise item
            return [item for item in found if isinstance(item, Admitted)]

        return await self._store.run(insert)

    async def admit_sweep(self, rows: Sequence[JobRow], sweep: SweepRow) -> Admitted:
        """Store a sweep and all its jobs in one transaction; errors as of `admit`.

        Parameters
        ----------
        rows : sequence of JobRow
            The jobs, in their order.
        sweep : SweepRow
            Row of the sweep.
        """
        return await self._store.run(lambda session: _insert_sweep(session, rows, sweep))

    async def _store_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            try:
                await self._settle(batch)
            except StoreError as error:
                _fail(batch, error)
            except Exception:
                log.exception("jobs cannot be stored together; each is stored by itself")
                for application in batch:
                    await self._settle_alone(application)

    async def _settle(self, batch: Sequence[_Application]) -> None:
        wanted = [(application.principal, application.rows) for application in batch]
        found = await self._store.run(lambda session: _insert(session, wanted))
        for application, outcome in zip(batch, found, strict=True):
            if application.answer.done():
                continue
            if isinstance(outcome, PlatformError):
                application.answer.set_exception(outcome)
            else:
                application.answer.set_result(outcome)

    async def _settle_alone(self, application: _Application) -> None:
        try:
            await self._settle([application])
        except Exception as error:  # noqa: BLE001 - it reaches who waits
            _fail([application], error)


def _fail(batch: Sequence[_Application], error: Exception) -> None:
    for application in batch:
        if not application.answer.done():
            application.answer.set_exception(error)


def _insert(
    session: Session, applications: Sequence[tuple[Principal, Sequence[JobRow]]]
) -> list[Admitted | PlatformError]:
    """Insert jobs with those that each needs, and tell of them; what is refused is left out."""
    found: list[Admitted | PlatformError] = []
    stored: list[tuple[Admitted, Sequence[JobRow]]] = []
    known = _known_keys(session, [rows[-1].idempotency_key for _, rows in applications])
    for principal, rows in applications:
        job, key = rows[-1].id, rows[-1].idempotency_key
        try:
            if key is not None and key in known:
                earlier, owner = known[key]
                principal.require(owner, f"The job of idempotency key {key!r}")
                found.append(Admitted(earlier))
                continue
            for row in rows:
                _refuse_busy_tag(session, row)
        except PlatformError as error:
            found.append(error)
            continue
        session.add_all(rows)
        if key is not None:
            known[key] = (job, rows[-1].owner)
        stored.append((Admitted(job), rows))
        found.append(stored[-1][0])
    session.flush()
    told = [(admitted, row) for admitted, rows in stored for row in rows]
    news = Notifications.insert_all(
        session, [(f"{told_name(row)} was submitted.", row.id, row.owner) for _, row in told]
    )
    for (admitted, _), record in zip(told, news, strict=True):
        admitted.news.append(record)
    return found


def _insert_sweep(session: Session, rows: Sequence[JobRow], sweep: SweepRow) -> Admitted:
    known = _known_keys(session, [rows[0].idempotency_key])
    if known:
        return Admitted(next(iter(known.values()))[0])
    session.add(sweep)
    for row in rows:
        _refuse_busy_tag(session, row)
        session.add(row)
    text = f"A sweep of {format_count(len(rows), 'job')} like {told_name(rows[-1])} was submitted."
    return Admitted(rows[-1].id, [Notifications.insert(session, "info", text, owner=sweep.owner)])


def sweep_key(key: str | None, number: int = 0) -> str | None:
    """Return the idempotency key of a job of a sweep.

    Parameters
    ----------
    key : str or None
        That of the sweep.
    number : int
        Place of the job.
    """
    return None if key is None else f"{key}:sweep:{number}"


def _known_keys(session: Session, keys: Sequence[str | None]) -> dict[str, tuple[str, str]]:
    """Return the jobs that were stored under some keys, with their owners."""
    given = [key for key in keys if key is not None]
    if not given:
        return {}
    query = select(JobRow.idempotency_key, JobRow.id, JobRow.owner).where(
        JobRow.idempotency_key.in_(given)
    )
    return {str(row.idempotency_key): (row.id, row.owner) for row in session.execute(query)}


def _refuse_busy_tag(session: Session, row: JobRow) -> None:
    if "digests" in row.spec and row.tag is not None and row.tag != row.id:
        refuse_second_writer(session, row.networks, row.tag)


def told_name(row: JobRow) -> str:
    """Return what notifications call a job."""
    return f"{row.type} {row.name!r}"
