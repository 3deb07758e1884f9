"""The figures of the cluster that anybody may know, left in a file for the public page."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Protocol

from jupyter_platform.catalogue.snapshot import status_file
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.core.hosts import PublicStatus, StatusRecord
from jupyter_platform.runtime.atomic import write_bytes_atomic
from jupyter_platform.runtime.paths import Paths


class _Status(Protocol):
    async def record(self) -> StatusRecord: ...


class PublicFigures:
    """Writes the figures now and then.

    Parameters
    ----------
    paths : Paths
        Where to.
    hosts : HostRegistry
        Knows the hosts.
    status : StatusService
        Knows how many jobs there are.
    """

    def __init__(self, paths: Paths, hosts: HostRegistry, status: _Status) -> None:
        self._file = status_file(paths)
        self._hosts = hosts
        self._status = status

    async def write(self) -> None:
        """Write the figures of this moment."""
        hosts = [record for record in self._hosts.records() if record.state != "lost"]
        status = await self._status.record()
        figures = PublicStatus(
            time=datetime.now(UTC),
            hosts=len(hosts),
            cpus=sum(host.description.cpus for host in hosts),
            cpus_busy=sum(host.cpus_busy for host in hosts),
            memory=sum(host.description.memory for host in hosts),
            memory_busy=sum(host.memory_busy for host in hosts),
            gpus=sum(len(host.description.gpus) for host in hosts),
            gpus_busy=sum(len(host.gpus_busy) for host in hosts),
            running=status.running,
            waiting=status.queued,
        )
        data = figures.model_dump_json().encode()
        await asyncio.to_thread(write_bytes_atomic, self._file, data, fsync=False)
