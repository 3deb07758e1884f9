"""Load of hosts and queue over days: the data behind all statistics."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import HostSampleRow, WorkSampleRow
from jupyter_platform.core.hosts import GpuSample, HostSample

INTERVAL_S = 10.0
"""Seconds that one row of a host averages over."""
KEEP_S = 8 * 86_400.0
"""Seconds that samples of hosts are kept; those of work stay, they are few."""
MAX_POINTS = 1_000


@dataclass(frozen=True, slots=True)
class WorkSample:
    """Work and room at one moment, over all hosts that are up."""

    queued: int
    running: int
    hosts: int
    cpus: int
    cpus_busy: int
    memory: int
    memory_busy: int
    gpus: int
    gpus_busy: int
    types: dict[str, dict[str, int]]
    """Job type to ``{"queued", "running"}``."""


class History:
    """Samples in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._gathered: dict[str, list[HostSample]] = {}

    async def add(self, host: str, sample: HostSample) -> None:
        """Add a sample of a host's load; averages over ten seconds are stored.

        Parameters
        ----------
        host : str
            Name of the host.
        sample : HostSample
            Load of the host at one moment.
        """
        gathered = self._gathered.setdefault(host, [])
        if gathered and sample.time < gathered[-1].time:
            gathered.clear()
        gathered.append(sample)
        if sample.time - gathered[0].time < INTERVAL_S:
            return
        del self._gathered[host]
        row = host_sample_row(host, average(gathered))
        await self._store.run(lambda session: session.merge(row))

    async def hosts(self, host: str, hours: float) -> list[HostSample]:
        """Return the samples of a host of the last hours, oldest first, at most `MAX_POINTS`.

        Longer spans are averaged over equal intervals of time.

        Parameters
        ----------
        host : str
            Name of the host.
        hours : float
            Length of the period, in hours.
        """
        since = time.time() - hours * 3600

        def query(session: Session) -> list[HostSampleRow]:
            rows = select(HostSampleRow).where(
                HostSampleRow.host == host, HostSampleRow.time >= since
            )
            return list(session.scalars(rows.order_by(HostSampleRow.time)))

        rows = [_sample(row) for row in await self._store.read(query)]
        return thin(rows, since, hours * 3600 / MAX_POINTS)

    async def add_work(self, sample: WorkSample) -> None:
        """Keep a sample of queue and hosts under the present time."""
        row = WorkSampleRow(
            time=time.time(),
            queued=sample.queued,
            running=sample.running,
            hosts=sample.hosts,
            cpus=sample.cpus,
            cpus_busy=sample.cpus_busy,
            memory=sample.memory,
            memory_busy=sample.memory_busy,
            gpus=sample.gpus,
            gpus_busy=sample.gpus_busy,
            types=dict(sample.types),
        )
        await self._store.run(lambda session: session.merge(row))

    async def prune(self) -> int:
        """Drop samples of hosts that are older than `KEEP_S`; return how many were there."""
        before = time.time() - KEEP_S

        def drop(session: Session) -> int:
            old = HostSampleRow.time < before
            count = session.scalar(select(func.count()).select_from(HostSampleRow).where(old)) or 0
            if count:
                session.execute(delete(HostSampleRow).where(old))
            return count

        return await self._store.run(drop)


def thin(samples: Sequence[HostSample], since: float, interval_s: float) -> list[HostSample]:
    """Return one average for each interval that holds samples.

    Parameters
    ----------
    samples : sequence of HostSample
        In the order of time.
    since : float
        Unix time at which the first interval begins, s.
    """
    if len(samples) <= MAX_POINTS:
        return list(samples)
    groups: dict[int, list[HostSample]] = {}
    for sample in samples:
        groups.setdefault(int((sample.time - since) / interval_s), []).append(sample)
    return [average(group) for group in groups.values()]


def average(samples: Sequence[HostSample]) -> HostSample:
    """Return the mean of samples of one host, at the time of the last one."""
    last = samples[-1]
    gpus = [_average_gpu(samples, gpu) for gpu in last.gpus]
    return HostSample(
        time=last.time,
        cpu=_mean([item.cpu for item in samples]),
        memory_used=round(_mean([item.memory_used for item in samples])),
        memory_total=last.memory_total,
        disk_free=last.disk_free,
        disk_total=last.disk_total,
        network_sent=_mean([item.network_sent for item in samples]),
        network_received=_mean([item.network_received for item in samples]),
        gpus=gpus,
    )


def _average_gpu(samples: Sequence[HostSample], last: GpuSample) -> GpuSample:
    same = [gpu for item in samples for gpu in item.gpus if gpu.index == last.index]
    return GpuSample(
        index=last.index,
        utilisation=_mean([gpu.utilisation for gpu in same]),
        memory_used=round(_mean([gpu.memory_used for gpu in same])),
        foreign_memory=last.foreign_memory,
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def host_sample_row(host: str, sample: HostSample) -> HostSampleRow:
    """Return the stored part of a sample.

    Parameters
    ----------
    host : str
        Name of the host.
    sample : HostSample
        How it does.
    """
    kept = {column.key for column in HostSampleRow.__table__.columns}
    return HostSampleRow(host=host, **sample.model_dump(mode="json", include=kept))


def _sample(row: HostSampleRow) -> HostSample:
    return HostSample(
        time=row.time,
        cpu=row.cpu,
        memory_used=row.memory_used,
        memory_total=row.memory_total,
        disk_free=row.disk_free,
        disk_total=row.disk_total,
        network_sent=row.network_sent,
        network_received=row.network_received,
        gpus=[GpuSample.model_validate(gpu) for gpu in row.gpus],
    )
