"""When a deployment would start, in a sentence."""

from __future__ import annotations

import time

from jupyter_platform.coordinator.deployments.requests import DEPLOYMENT, LANE, Resolved
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import WorkloadRow
from jupyter_platform.coordinator.workloads.ledger import Ledger
from jupyter_platform.coordinator.workloads.live import Live
from jupyter_platform.coordinator.workloads.planning import Pending, Reason, Shape, sentence
from jupyter_platform.coordinator.workloads.reconciler import Reconciler
from jupyter_platform.core.units import format_count, format_duration


class Outlooks:
    """Asks the planner, and says what it answers."""

    def __init__(
        self,
        store: Store,
        hosts: HostRegistry,
        ledger: Ledger,
        live: Live,
        reconciler: Reconciler,
    ) -> None:
        self._store = store
        self._hosts = hosts
        self._ledger = ledger
        self._live = live
        self._reconciler = reconciler

    async def of(self, resolved: Resolved, owner: str) -> tuple[str, str | None]:
        """Return when a deployment would start, and what would start earlier, if anything."""
        shape = resolved.shape
        found = await self._reconciler.outlook(_candidate(resolved, owner, shape))
        if not isinstance(found, Reason):
            return f"{self._free(shape)}: starts now on {', '.join(found)}.", None
        told = await self._waits(shape, found)
        if not shape.gpus:
            return told, None
        on_cpu = resolved.on_cpu().shape
        instead = await self._reconciler.outlook(_candidate(resolved, owner, on_cpu))
        return told, None if isinstance(instead, Reason) else "On CPU it starts now."

    def _free(self, shape: Shape) -> str:
        what, free = ("GPU", 0) if shape.gpus else ("CPU", 0)
        for record in self._hosts.records():
            if record.state != "lost":
                offer = record.description
                if shape.gpus:
                    free += max(len(offer.gpus) - len(record.gpus_busy), 0)
                else:
                    free += max(offer.cpus - record.cpus_busy, 0)
        return f"{format_count(free, what)} {'is' if free == 1 else 'are'} free"

    async def _waits(self, shape: Shape, reason: Reason) -> str:
        """Name the workload that is waited for, where one stands in the way."""
        now, at = time.time(), reason.data.get("at")
        holders = [
            lease.workload for lease in self._ledger.leases() if lease.gpus or not shape.gpus
        ]
        if reason.code != "no_room" or not holders:
            told = sentence(reason, now)
            return f"{'' if told.startswith('waits') else 'Waits: '}{told}."
        ends = self._live.ends
        first = min(holders, key=lambda workload: ends.get(workload, float("inf")))
        name = await self._store.read(lambda session: _named(session.get(WorkloadRow, first)))
        when = (
            f"about {format_duration(max(at - now, 1))}"
            if at is not None
            else "for an unknown time"
        )
        return f"Waits for {name}, {when}: {sentence(reason, now)}."


def _named(row: WorkloadRow | None) -> str:
    if row is None:
        return "other work"
    kind = "deployment" if row.kind == DEPLOYMENT else "job"
    return f"{row.owner}'s {kind} {row.name!r}"


def _candidate(resolved: Resolved, owner: str, shape: Shape) -> Pending:
    return Pending(
        id="candidate",
        name=resolved.title,
        owner=owner,
        lane=LANE,
        kind=DEPLOYMENT,
        shape=shape,
        sequence=time.time_ns(),
        submitted_at=time.time(),
    )
