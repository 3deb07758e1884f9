"""The table of all grants, and the copy of its open part that plans are made from."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.hosts.offers import Busy
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import LeaseRow, WorkloadRow
from jupyter_platform.coordinator.workloads.planning import LeaseView, RankPlacement, Usage

T = TypeVar("T")

HALF_LIFE_S = 7 * 86_400.0
"""Seconds after which use counts half for fair share."""
_WINDOW_S = 4 * HALF_LIFE_S
_USAGE_AGE_S = 30.0
"""Seconds that an answer to `Ledger.usage` is used again."""


class Ledger:
    """Grants and ends leases. The table is the truth; what is kept here is read from it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: tuple[LeaseRow, ...] = ()
        self._version = 0
        self._versions = itertools.count(1)
        self._lanes: dict[str, float] = {}
        self._usage: Usage | None = None
        self._usage_at = -math.inf

    async def load(self) -> None:
        """Read the open leases, at start-up."""
        self._lanes = await self._store.read(_lanes)
        await self.run(lambda session: None)

    async def run(self, work: Callable[[Session], T]) -> T:
        """Run a transaction that may grant or end leases, and follow what it did."""

        def transact(session: Session) -> tuple[T, int, tuple[LeaseRow, ...]]:
            result = work(session)
            session.flush()
            query = select(LeaseRow).where(LeaseRow.ended_at.is_(None)).order_by(LeaseRow.id)
            return result, next(self._versions), tuple(session.scalars(query))

        result, version, leases = await self._store.run(transact)
        if version > self._version:
            self._version, self._open = version, leases
            for row in leases:
                last = self._lanes.get(row.lane, 0.0)
                self._lanes[row.lane] = max(last, row.started_at.timestamp())
        return result

    @staticmethod
    def grant(
        session: Session, row: WorkloadRow, attempt: int, ranks: Sequence[RankPlacement]
    ) -> None:
        """Write one lease for each rank of an attempt.

        Parameters
        ----------
        session : Session
            Database session.
        row : WorkloadRow
            The workload.
        attempt : int
            Number of the attempt.
        ranks : sequence of RankPlacement
            Host and GPUs of each process.
        """
        for rank in ranks:
            session.add(
                LeaseRow(
                    workload=row.id,
                    attempt=attempt,
                    rank=rank.rank,
                    owner=row.owner,
                    lane=row.lane,
                    role=row.role,
                    host=rank.host,
                    cpus=row.cpus,
                    memory=row.memory,
                    gpus=list(rank.gpus),
                    exclusive=(row.placement or {}).get("force_free"),
                )
            )

    @staticmethod
    def end(session: Session, workload: str) -> None:
        """End all open leases of a workload.

        Parameters
        ----------
        session : Session
            Database session.
        workload : str
            Id of the workload.
        """
        open_leases = update(LeaseRow).where(
            LeaseRow.workload == workload, LeaseRow.ended_at.is_(None)
        )
        session.execute(open_leases.values(ended_at=datetime.now(UTC)))

    def leases(self) -> list[LeaseView]:
        """Return the open leases as the planner takes them."""
        return [
            LeaseView(
                row.workload,
                row.host,
                row.role,
                row.cpus,
                row.memory,
                tuple(row.gpus),
                exclusive=bool(row.exclusive),
            )
            for row in self._open
        ]

    def busy(self, host: str) -> Busy:
        """Return the present grants on a host."""
        here = [row for row in self._open if row.host == host]
        return Busy(
            cpus=sum(row.cpus for row in here),
            memory=sum(row.memory for row in here),
            gpus=sorted(index for row in here for index in row.gpus),
            jobs=list(dict.fromkeys(row.workload for row in here)),
        )

    async def usage(self, now: float) -> Usage:
        """Return the decayed usage of each owner, and the time of each lane's last grant.

        Parameters
        ----------
        now : float
            Unix time, s.
        """
        if self._usage is None or not 0 <= now - self._usage_at < _USAGE_AGE_S:
            self._usage = Usage(owners=await self._store.read(lambda s: _owners(s, now)))
            self._usage_at = now
        return Usage(owners=self._usage.owners, lanes=dict(self._lanes))


def _owners(session: Session, now: float) -> dict[str, float]:
    since = datetime.fromtimestamp(now - _WINDOW_S, UTC)
    query = select(LeaseRow.owner, LeaseRow.cpus, LeaseRow.started_at, LeaseRow.ended_at).where(
        LeaseRow.ended_at.is_(None) | (LeaseRow.ended_at >= since)
    )
    used: dict[str, float] = {}
    for owner, cpus, start, end in session.execute(query):
        stop = now if end is None else end.timestamp()
        used[owner] = used.get(owner, 0.0) + cpus * _decayed(start.timestamp(), stop, now)
    # Whole CPU minutes: what is less must not overrule the order of submission.
    return {owner: seconds // 60 for owner, seconds in used.items()}


def _decayed(start: float, stop: float, now: float) -> float:
    """Return the integral of ``2 ** ((t - now) / HALF_LIFE_S)`` over an interval, s."""
    rate = math.log(2) / HALF_LIFE_S
    start, stop = min(start, now), min(stop, now)
    return (math.exp(rate * (stop - now)) - math.exp(rate * (start - now))) / rate


def _lanes(session: Session) -> dict[str, float]:
    query = select(LeaseRow.lane, func.max(LeaseRow.started_at)).group_by(LeaseRow.lane)
    return {lane: last.timestamp() for lane, last in session.execute(query)}
