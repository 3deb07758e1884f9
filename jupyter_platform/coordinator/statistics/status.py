"""The state of the whole platform at a glance, and its history each minute."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jupyter_platform._version import __version__
from jupyter_platform.coordinator.hosts.problems import host_problems
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.notices.events import EventHub
from jupyter_platform.coordinator.statistics.history import History, WorkSample
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import WorkloadRow
from jupyter_platform.core.hosts import (
    HostRecord,
    SlotSummary,
    StatusRecord,
    TypeSummary,
)
from jupyter_platform.core.jobs import ResourceRequest
from jupyter_platform.core.states import HOLDING, TERMINAL, JobState, JobTarget, JobType
from jupyter_platform.runtime.connection import PROTOCOL
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.processes import HOST_PREFIX, living
from jupyter_platform.runtime.telemetry import process_memory

_SLOT = ResourceRequest()
LEAST_FREE = 100_000_000
"""Bytes free on the coordinator's disk below which people are warned."""
_VOLATILE = {"uptime_s", "disk_free", "processes"}
"""Fields that change all the time and are no news."""


class StatusService:
    """Counts what there is.

    Parameters
    ----------
    owner : str
        Whose platform this is.
    """

    def __init__(
        self,
        *,
        store: Store,
        hosts: HostRegistry,
        hub: EventHub,
        history: History,
        paths: Paths,
        owner: str,
    ) -> None:
        self._store = store
        self._hosts = hosts
        self._hub = hub
        self._history = history
        self._paths = paths
        self._owner = owner
        self._started_at = datetime.now(UTC)
        self._started = time.monotonic()
        self._published: dict[str, Any] = {}

    async def record(self) -> StatusRecord:
        """Return the status now."""
        counts, types = await self._store.read(lambda s: (count_jobs(s), _types_of_holders(s)))
        processes, disk = await asyncio.to_thread(self._measure)
        hosts = self._hosts.records()
        up = [host for host in hosts if host.state not in ("lost", "stopped")]
        names = {host.description.name for host in up}
        problems = await asyncio.to_thread(host_problems, self._paths.hosts, names)
        return StatusRecord(
            version=__version__,
            protocol=PROTOCOL,
            started_at=self._started_at,
            uptime_s=time.monotonic() - self._started,
            owner=self._owner,
            data_dir=str(self._paths.data),
            queued=_total(counts, {JobState.QUEUED}),
            running=_total(counts, HOLDING),
            finished=_total(counts, TERMINAL),
            hosts=len(up),
            hosts_lost=len(hosts) - len(up),
            slots=slots(up),
            gpus=SlotSummary(
                total=sum(len(host.description.gpus) for host in up),
                busy=sum(len(host.gpus_busy) for host in up),
            ),
            types={type.value: _of_type(type, counts, up, types) for type in JobType},
            hosts_idle=sum(not host.jobs for host in up),
            disk_free=disk,
            warnings=[
                *problems,
                *_nearly_full(disk, self._paths.data),
                *_offers(up, self._hosts.lost_after_s),
            ],
            processes=processes,
        )

    async def publish_changes(self) -> None:
        """Publish the status where it is not what it was the last time."""
        record = await self.record()
        news = record.model_dump(exclude=_VOLATILE)
        if news != self._published:
            self._published = news
            self._hub.publish("status", record)

    async def sample_work(self) -> None:
        """Keep what is queued and running now: statistics are made of it."""
        counts = await self._store.read(count_jobs)
        up = [host for host in self._hosts.records() if host.state not in ("lost", "stopped")]
        await self._history.add_work(
            WorkSample(
                queued=_total(counts, {JobState.QUEUED}),
                running=_total(counts, HOLDING),
                hosts=len(up),
                cpus=sum(host.description.cpus for host in up),
                cpus_busy=sum(host.cpus_busy for host in up),
                memory=sum(host.description.memory for host in up),
                memory_busy=sum(host.memory_busy for host in up),
                gpus=sum(len(host.description.gpus) for host in up),
                gpus_busy=sum(len(host.gpus_busy) for host in up),
                types={
                    type: {
                        "queued": _total(counts, {JobState.QUEUED}, type),
                        "running": _total(counts, HOLDING, type),
                    }
                    for type in sorted({type for type, _ in counts})
                },
            )
        )

    async def active_work(self) -> int:
        """Return how many jobs and deployments wait or run."""
        ended = [state.value for state in TERMINAL]
        query = select(func.count(WorkloadRow.id)).where(WorkloadRow.state.not_in(ended))
        return await self._store.read(lambda session: session.scalar(query) or 0)

    def _measure(self) -> tuple[dict[str, dict[str, Any]], int]:
        processes = {"coordinator": {"pid": os.getpid(), "memory": process_memory(os.getpid())}}
        for name, process in living(self._paths).items():
            shown = name
            if name.startswith(HOST_PREFIX):
                shown = f"host:{name.removeprefix(HOST_PREFIX)}"
            processes[shown] = {"pid": process.pid, "memory": process_memory(process.pid)}
        return processes, shutil.disk_usage(self._paths.data).free


def count_jobs(session: Session) -> dict[tuple[str, str], int]:
    """Return the number of jobs by type and state."""
    query = select(WorkloadRow.lane, WorkloadRow.state, func.count())
    query = query.group_by(WorkloadRow.lane, WorkloadRow.state)
    query = query.where(WorkloadRow.kind == "job", WorkloadRow.target != JobTarget.DELETE.value)
    return {(type, state): count for type, state, count in session.execute(query)}


def _types_of_holders(session: Session) -> dict[str, str]:
    """Return the type of each job that holds a place, by its id."""
    states = [state.value for state in HOLDING]
    query = select(WorkloadRow.id, WorkloadRow.lane).where(WorkloadRow.state.in_(states))
    return {row.id: row.lane for row in session.execute(query)}


def _of_type(
    type: JobType,
    counts: dict[tuple[str, str], int],
    hosts: Sequence[HostRecord],
    types: Mapping[str, str],
) -> TypeSummary:
    return TypeSummary(
        running=_total(counts, HOLDING, type.value),
        waiting=_total(counts, {JobState.QUEUED}, type.value),
        hosts_busy=sum(any(types.get(job) == type.value for job in host.jobs) for host in hosts),
    )


def slots(hosts: Sequence[HostRecord]) -> SlotSummary:
    """Return the room for default requests; a slot that is used in part is busy."""
    total = busy = 0
    for host in hosts:
        offered, memory = host.description.cpus, host.description.memory
        room = min(offered, memory // _SLOT.memory)
        used = max(host.cpus_busy / _SLOT.cpus, math.ceil(host.memory_busy / _SLOT.memory))
        total += room
        busy += min(room, math.ceil(used))
    return SlotSummary(total=total, busy=busy)


def _nearly_full(free: int, folder: Path) -> list[str]:
    if free >= LEAST_FREE:
        return []
    return [
        f"The disk of {folder} is nearly full. Curves and weights wait on their hosts until there "
        "is room; delete jobs, for example."
    ]


def _offers(hosts: Sequence[HostRecord], lost_after_s: float) -> list[str]:
    """Return the unusual facts about the offers of hosts."""
    found = []
    for host in hosts:
        offer = host.description
        if offer.overcommitted:
            found.append(f"Host {offer.name} {offer.overcommitted}.")
        found += [f"Host {offer.name}: {reason}" for reason in offer.gpus_not_offered]
        if host.state == "silent":
            found.append(
                f"Host {offer.name} does not answer; it is lost when it has been silent for "
                f"{lost_after_s:.0f} s."
            )
    return found


def _total(
    counts: dict[tuple[str, str], int],
    states: set[JobState] | frozenset[JobState],
    only_type: str | None = None,
) -> int:
    return sum(
        count
        for (type, state), count in counts.items()
        if state in states and only_type in (None, type)
    )
