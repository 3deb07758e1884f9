"""Notifications: kept in the store and sent to all subscribers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.notices.events import EventHub
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import NotificationRow
from jupyter_platform.core.jobs import NoticeLevel, NotificationRecord

KEPT = 5_000
"""Notifications that are kept; older ones go."""


class Notifications:
    """The list of notifications."""

    def __init__(self, store: Store, hub: EventHub) -> None:
        self._store = store
        self._hub = hub

    async def add(
        self,
        level: NoticeLevel,
        message: str,
        *,
        job: str | None = None,
        host: str | None = None,
        owner: str | None = None,
    ) -> NotificationRecord:
        """Keep a notification and publish it.

        Parameters
        ----------
        level : str
            ``info``, ``success``, ``warning`` or ``danger``.
        message : str
            A sentence.
        job, host : str, optional
            Id of the job and name of the host that it is about.
        owner : str, optional
            Who is told; None: everybody.
        """

        def insert(session: Session) -> NotificationRecord:
            return self.insert(session, level, message, job=job, host=host, owner=owner)

        record = await self._store.run(insert)
        self.publish(record)
        return record

    @staticmethod
    def insert(
        session: Session,
        level: NoticeLevel,
        message: str,
        *,
        job: str | None = None,
        host: str | None = None,
        owner: str | None = None,
    ) -> NotificationRecord:
        """Keep a notification in a transaction of the caller's, who publishes it afterwards.

        Parameters
        ----------
        session : Session
            Database session.
        level : NoticeLevel
            How serious it is.
        message : str
            A sentence.
        job : str, optional
            Id of the job that it is about.
        host : str, optional
            Name of the host that it is about.
        owner : str, optional
            Who sees it; None: everybody.
        """
        row = NotificationRow(level=level, message=message, job=job, host=host, owner=owner)
        session.add(row)
        session.flush()
        return _record(row)

    @staticmethod
    def insert_all(
        session: Session, told: Sequence[tuple[str, str, str]]
    ) -> list[NotificationRecord]:
        """Keep a notification of each message about a job, which its owner sees, as `insert`.

        Parameters
        ----------
        session : Session
            Database session.
        told : sequence of tuple of str
            Level, sentence and id of the job of each.
        """
        rows = [
            NotificationRow(level="info", message=message, job=job, owner=owner)
            for message, job, owner in told
        ]
        session.add_all(rows)
        session.flush()
        return [_record(row) for row in rows]

    def publish(self, record: NotificationRecord) -> None:
        """Send a notification that was kept to its owner, or to everybody."""
        self._hub.publish("notification", record, owner=record.owner)

    async def records(
        self, principal: Principal, after: int | None = None, limit: int = 100
    ) -> list[NotificationRecord]:
        """Return the notifications of a principal and those for everybody, newest first.

        Parameters
        ----------
        after : int, optional
            Only those with a greater id.
        """

        def query(session: Session) -> list[NotificationRecord]:
            rows = select(NotificationRow).order_by(NotificationRow.id.desc()).limit(limit)
            if not principal.administers:
                is_own = NotificationRow.owner == principal.user
                rows = rows.where(NotificationRow.owner.is_(None) | is_own)
            if after is not None:
                rows = rows.where(NotificationRow.id > after)
            return [_record(row) for row in session.scalars(rows)]

        return await self._store.read(query)

    async def prune(self) -> None:
        """Drop all but the newest `KEPT`."""

        def drop(session: Session) -> None:
            newest = session.scalar(select(func.max(NotificationRow.id))) or 0
            session.execute(delete(NotificationRow).where(NotificationRow.id <= newest - KEPT))

        await self._store.run(drop)


def _record(row: NotificationRow) -> NotificationRecord:
    return NotificationRecord(
        id=row.id,
        time=row.time,
        level=row.level,
        message=row.message,
        job=row.job,
        host=row.host,
        owner=row.owner,
    )
