"""The host agent: answers the coordinator from inside the Dask worker of a host."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import platform
import socket
from collections.abc import Awaitable, Callable
from importlib import metadata
from typing import Any

from distributed import Worker, WorkerPlugin
from distributed.comm.addressing import get_address_host
from pydantic import BaseModel

from jupyter_platform._version import __version__
from jupyter_platform.cluster import messages
from jupyter_platform.cluster.content import SENT, HostContent
from jupyter_platform.cluster.door import Door
from jupyter_platform.cluster.inspection import Inspectors
from jupyter_platform.cluster.runs import HostRuns
from jupyter_platform.cluster.service_places import ServicePlaces
from jupyter_platform.cluster.starting import RunStarter
from jupyter_platform.cluster.warm import WarmProcess
from jupyter_platform.core.errors import HostError, PlatformError
from jupyter_platform.core.hosts import HostDescription
from jupyter_platform.runtime.identity import boot_id
from jupyter_platform.runtime.slices import Slice
from jupyter_platform.runtime.telemetry import Telemetry

logger = logging.getLogger(__name__)

PREFIX = "platform_"
TIDY_S = 10.0
"""Seconds between two looks at the size of the logs and of the files."""

Answer = tuple[dict[str, Any], Any]
"""An answer: the part sent as JSON, and binary data beside it."""
Operation = Callable[[Any, bytes], Awaitable[Answer]]


class HostAgent(WorkerPlugin):
    """Registers the operations of the architecture's "Host agent" on its worker.

    Parameters
    ----------
    name, identity : str
        Name of the host, and the id that stays with it.
    offer : Slice
        What of the machine it offers.
    runs, content, starter, warm, inspectors, places, door, telemetry
        The parts that do the work.
    site : str or None
        Data centre that it belongs to.
    file_cache : int
        Bytes of files that are kept for the next job.
    """

    name = "host-agent"

    def __init__(
        self,
        *,
        name: str,
        identity: str,
        offer: Slice,
        runs: HostRuns,
        content: HostContent,
        starter: RunStarter,
        warm: WarmProcess,
        inspectors: Inspectors,
        places: ServicePlaces,
        door: Door,
        site: str | None,
        telemetry: Telemetry,
        file_cache: int,
    ) -> None:
        self._host_name = name
        self._identity = identity
        self._offer = offer
        self._runs = runs
        self._content = content
        self._starter = starter
        self._warm = warm
        self._inspectors = inspectors
        self._places = places
        self._door = door
        self._site = site
        self._telemetry = telemetry
        self._file_cache = file_cache
        self._ip = ""
        self._caps: asyncio.Task[None] | None = None
        self._sampling = asyncio.Lock()
        self.ended = asyncio.Event()
        """Set as soon as the worker begins to close, which itself takes Dask seconds."""

    def setup(self, worker: Worker) -> None:
        """Register the handlers; called by the worker before it joins."""
        self._ip = get_address_host(worker.address)
        for op, (message, operation) in self._operations().items():
            worker.handlers[PREFIX + op] = _handler(op, message, operation)
        self._caps = asyncio.create_task(self._keep_tidy(), name="tidy")

    async def teardown(self, worker: Worker) -> None:
        """End our own children; what runs for a job goes on."""
        self.ended.set()
        if self._caps is not None:
            self._caps.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._caps
        await self._door.close()
        await self._inspectors.close()
        await self._warm.close()

    def describe(self) -> HostDescription:
        """Return the description and offer of this host."""
        return HostDescription(
            name=self._host_name,
            id=self._identity,
            boot_id=boot_id(),
            hostname=socket.gethostname(),
            arch=platform.machine(),
            os=f"{platform.system()} {platform.release()}",
            ip=self._ip,
            machine_cpus=os.cpu_count() or 1,
            cpus=self._offer.cpus,
            memory=self._offer.memory,
            gpus=self._offer.gpus,
            gpus_not_offered=list(self._offer.gpus_not_offered),
            site=self._site,
            door=self._door.port,
            overcommitted=self._offer.overcommitted,
            runtimes=self._runs.runtimes(),
            warm=self._warm.ready,
            version=__version__,
            torch=_installed("torch"),
        )

    def _operations(self) -> dict[str, tuple[type[BaseModel], Operation]]:
        return {
            "describe": (messages.Nothing, self._describe),
            "sample": (messages.Nothing, self._sample),
            "list": (messages.Nothing, self._list),
            "has": (messages.Has, self._has),
            "put": (messages.Put, self._put),
            "start": (messages.Start, self._start),
            "pull": (messages.Pull, self._pull),
            "read": (messages.Read, self._read),
            "signal": (messages.Signal, self._signal),
            "remove": (messages.Remove, self._remove),
            "inspect": (messages.Inspect, self._inspect),
        }

    async def _describe(self, asked: messages.Nothing, data: bytes) -> Answer:
        description = await asyncio.to_thread(self.describe)
        return description.model_dump(mode="json"), None

    async def _sample(self, asked: messages.Nothing, data: bytes) -> Answer:
        # Rates are differences between two samples, so they are taken one after the other.
        async with self._sampling:
            sample = await asyncio.to_thread(self._telemetry.sample)
        sample.warm = self._warm.ready
        sample.files_kept = self._content.size
        return sample.model_dump(mode="json"), None

    async def _list(self, asked: messages.Nothing, data: bytes) -> Answer:
        return {"runs": await asyncio.to_thread(self._runs.alive)}, None

    async def _has(self, asked: messages.Has, data: bytes) -> Answer:
        return {"missing": await asyncio.to_thread(self._content.missing, asked.digests)}, None

    async def _put(self, asked: messages.Put, data: bytes) -> Answer:
        await asyncio.to_thread(
            self._content.put, asked.digest, asked.offset, data, last=asked.last
        )
        return {}, None

    async def _start(self, asked: messages.Start, data: bytes) -> Answer:
        spec = asked.spec
        if spec.cpu_affinity is None and self._offer.cpu_affinity is not None:
            spec = spec.model_copy(update={"cpu_affinity": self._offer.cpu_affinity})
        await self._starter.start(spec)
        return {}, None

    async def _pull(self, asked: messages.Pull, data: bytes) -> Answer:
        answers, chunks = await asyncio.to_thread(self._runs.pull, asked.requests)
        told = [answer.model_dump(mode="json", exclude={"chunks"}) for answer in answers]
        return {"answers": told}, chunks

    async def _read(self, asked: messages.Read, data: bytes) -> Answer:
        content = await asyncio.to_thread(
            self._runs.read, asked.run, asked.path, asked.offset, asked.length
        )
        return {}, content

    async def _signal(self, asked: messages.Signal, data: bytes) -> Answer:
        delivered = await asyncio.to_thread(self._runs.signal, asked.run, asked.action)
        return {"delivered": delivered}, None

    async def _remove(self, asked: messages.Remove, data: bytes) -> Answer:
        await asyncio.to_thread(self._runs.remove, asked.run)
        await asyncio.to_thread(self._places.remove, asked.run.workload)
        return {}, None

    async def _inspect(self, asked: messages.Inspect, data: bytes) -> Answer:
        references = [text for text in _strings(asked.request) if _is_file(text)]
        files = await asyncio.to_thread(self._content.resolve, references, keep=False)
        request = {**asked.request, "files": files}
        return await self._inspectors.ask(request, asked.timeout_s), None

    async def _keep_tidy(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._tidy)
            except Exception:
                logger.exception("Capping the logs or tidying the files failed")
            await asyncio.sleep(TIDY_S)

    def _tidy(self) -> None:
        self._runs.cap_logs()
        self._content.tidy(self._file_cache, self._runs.files_in_use())


def _handler(
    op: str, message: type[BaseModel], operation: Operation
) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Wrap an operation as a Dask handler: JSON in, JSON or one of our errors out."""

    async def handle(payload: str = "{}", data: bytes | None = None) -> dict[str, Any]:
        try:
            answer, beside = await operation(messages.read(op, message, payload), data or b"")
        except PlatformError as error:
            return {"error": json.dumps(error.to_dict())}
        except OSError as error:
            logger.exception("Operation %s failed", op)
            reason = error.strerror or type(error).__name__
            return {
                "error": json.dumps(HostError(f"The host failed in {op!r}: {reason}.").to_dict())
            }
        except Exception:
            # Its text may hold what is nobody's business; the log has it in full.
            logger.exception("Operation %s failed", op)
            failure = HostError(f"The host failed in {op!r}; its log has the details.")
            return {"error": json.dumps(failure.to_dict())}
        return {"ok": json.dumps(answer), "data": beside}

    return handle


def _strings(value: Any) -> set[str]:
    """Return all texts inside a JSON value, keys included."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        return set().union(*(_strings(item) for pair in value.items() for item in pair))
    if isinstance(value, list):
        return set().union(*(_strings(item) for item in value))
    return set()


def _is_file(text: str) -> bool:
    return text.startswith(SENT)


def _installed(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
