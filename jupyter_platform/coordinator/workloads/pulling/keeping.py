"""Copying checkpoints and weights off the hosts, so that losing a host loses none of them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Iterable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.hosts.links import Link
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import AttemptRow, WorkloadRow
from jupyter_platform.coordinator.workloads.owner import Owners
from jupyter_platform.coordinator.workloads.tracked import TrackedRun
from jupyter_platform.core.errors import HostError, InvalidDataError, NotFoundError, PlatformError
from jupyter_platform.core.runs import ResumePoint
from jupyter_platform.core.states import UNENDED
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.paths import Paths

log = logging.getLogger(__name__)

DOWNLOADS = "files"
"""Folder of a run, and of its mirror, with files for people."""
PIECE = 4_000_000
"""Bytes of one read."""
READ_TIMEOUT_S = 30.0
AGAIN_S = 0.5
_ATTEMPTS = 5


class Keeper:
    """Serves what runs have noted in `TrackedRun.to_keep`."""

    def __init__(
        self, store: Store, paths: Paths, blobs: BlobStore, owners: Owners, hosts: HostRegistry
    ) -> None:
        self._store = store
        self._incoming = paths.blobs / ".incoming"
        self._blobs = blobs
        self._owners = owners
        self._hosts = hosts

    async def release(self, workload: str) -> None:
        """Forget the checkpoints of a workload that has ended."""

        def query(session: Session) -> list[str]:
            column = AttemptRow.checkpoint
            points = session.scalars(select(column).where(AttemptRow.workload == workload))
            files = [file for point in points if point for file in point["files"].values()]
            return unused_blobs(session, self._owners, files)

        await asyncio.to_thread(self._forget, await self._store.run(query))

    def begin(self, run: TrackedRun) -> None:
        """Start copying what is noted, unless it is under way."""
        if run.to_keep and (run.keeping is None or run.keeping.done()):
            name = f"keep files of {run.run}"
            run.keeping = asyncio.create_task(self._serve(run), name=name)

    async def settle(self, run: TrackedRun) -> list[str]:
        """Copy all that is noted and return a sentence for each file that could not be.

        Raises
        ------
        HostError
            If the host does not answer; what is left stays noted.
        """
        if run.keeping is not None:
            run.keeping.cancel()
            await asyncio.gather(run.keeping, return_exceptions=True)
            run.keeping = None
        problems = []
        while run.to_keep:
            try:
                await self._serve_one(run)
            except HostError:
                raise
            except (PlatformError, OSError) as error:
                what = next(iter(run.to_keep))
                del run.to_keep[what]
                problems.append(f"The {what} could not be kept: {error}")
        return problems

    async def _serve(self, run: TrackedRun) -> None:
        failures = 0
        while run.to_keep and failures < _ATTEMPTS:
            try:
                await self._serve_one(run)
                failures = 0
            except (PlatformError, OSError) as error:
                failures += 1
                log.warning("files of run %s are not copied yet: %s", run.run, error)
                await asyncio.sleep(AGAIN_S * 2**failures)

    async def _serve_one(self, run: TrackedRun) -> None:
        what, payload = next(iter(run.to_keep.items()))
        link = self._hosts.link(run.host)
        if link is None:
            raise HostError(f"Host {run.host} does not answer.")
        kind = what.partition("/")[0]
        if kind == "checkpoint":
            await self._keep_checkpoint(link, run, payload)
        elif kind == "file":
            await self._keep_download(link, run, payload)
        else:
            copy = partial(self._copy, link, run)
            await self._owners[run.kind].keep(run, kind, payload, copy)
        # A newer event that came meanwhile is served next.
        if run.to_keep.get(what) is payload:
            del run.to_keep[what]

    async def _keep_checkpoint(self, link: Link, run: TrackedRun, payload: dict[str, Any]) -> None:
        step = int(payload["step"])
        if step <= run.checkpoint_step:
            return
        folder = PurePosixPath("checkpoint") / PurePosixPath(str(payload["folder"])).name
        files: dict[str, str] = {}
        try:
            for name, reference in payload["files"].items():
                await self._keep_file(link, run, f"{folder}/{name}", str(reference))
                files[str(name)] = str(reference)
        except NotFoundError:
            # Only the last two stay on the host: this one was overtaken, its successor is coming.
            log.info("checkpoint %d of run %s was overtaken", step, run.run)
            return
        point = ResumePoint(step=step, files=files)
        stale = await self._store.run(
            lambda session: _keep_point(session, self._owners, run, point)
        )
        run.checkpoint_step = step
        await asyncio.to_thread(self._forget, stale)

    async def _keep_file(self, link: Link, run: TrackedRun, path: str, reference: str) -> None:
        wanted = reference.removeprefix("sha256:")
        if self._blobs.has(wanted):
            return
        async with self._copy(link, run, path) as copy:
            digest = await asyncio.to_thread(self._blobs.put_file, copy, link=True)
        if digest != wanted:
            raise HostError(f"{path} of run {run.run} is not what was written: its digest differs.")

    async def _keep_download(self, link: Link, run: TrackedRun, payload: dict[str, Any]) -> None:
        """Copy a file that people may download beside what is mirrored of the run."""
        name = PurePosixPath(str(payload["file"])).relative_to(DOWNLOADS)
        if ".." in name.parts:
            raise InvalidDataError(f"Run {run.run} tells of {name}, which is no file of its own.")
        target = run.mirror.folder / DOWNLOADS / name
        await asyncio.to_thread(target.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
        async with self._copy(link, run, f"{DOWNLOADS}/{name}") as path:
            await asyncio.to_thread(os.replace, path, target)

    @contextlib.asynccontextmanager
    async def _copy(self, link: Link, run: TrackedRun, path: str) -> AsyncIterator[Path]:
        """Copy a file of the run folder to a temporary one beside the blobs."""
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._incoming)
        target = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                first = await self._read(link, run, path, 0)
                piece, size = first, 0
                while piece:
                    await asyncio.to_thread(file.write, piece)
                    size += len(piece)
                    piece = await self._read(link, run, path, size)
            if size > len(first) and await self._read(link, run, path, 0) != first:
                raise HostError(f"{path} of run {run.run} was replaced while it was copied.")
            yield target
        finally:
            await asyncio.to_thread(target.unlink, missing_ok=True)

    async def _read(self, link: Link, run: TrackedRun, path: str, offset: int) -> bytes:
        payload = {"run": str(run.run), "path": path, "offset": offset, "length": PIECE}
        _, data = await link.call("read", payload, timeout_s=READ_TIMEOUT_S)
        return bytes(data or b"")

    def _forget(self, digests: list[str]) -> None:
        for digest in digests:
            self._blobs.path(digest).unlink(missing_ok=True)


def _keep_point(session: Session, owners: Owners, run: TrackedRun, point: ResumePoint) -> list[str]:
    """Note a checkpoint and return the blobs of the one before it that nobody else uses."""
    row = session.get(AttemptRow, (run.run.workload, run.run.attempt))
    if row is None:
        return []
    before = row.checkpoint
    row.checkpoint = point.model_dump(mode="json")
    session.flush()
    return [] if before is None else unused_blobs(session, owners, before["files"].values())


def unused_blobs(session: Session, owners: Owners, references: Iterable[str]) -> list[str]:
    """Return the blobs that neither an owner nor a checkpoint of unfinished work refers to.

    Parameters
    ----------
    session : Session
        Database session.
    owners : Owners
        Owners of workloads, by kind.
    references : iterable of str
        References of the blobs in question, ``sha256:<hex>``.
    """
    candidates = {item.removeprefix("sha256:") for item in references}
    points = select(AttemptRow.checkpoint).where(AttemptRow.checkpoint.is_not(None))
    points = points.join(WorkloadRow, WorkloadRow.id == AttemptRow.workload)
    for point in session.scalars(points.where(WorkloadRow.state.in_(UNENDED))):
        candidates -= {item.removeprefix("sha256:") for item in (point or {})["files"].values()}
    for owner in owners.values():
        candidates -= owner.uses(session, candidates)
    return sorted(candidates)
