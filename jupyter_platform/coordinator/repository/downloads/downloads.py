"""Downloads of public datasets, on demand."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Literal

from jupyter_platform.coordinator.repository.downloads.unpacking import unpack
from jupyter_platform.core.catalogue import DownloadRecord
from jupyter_platform.core.datasets import GET, SHA256, DatasetDescriptor, DownloadSource
from jupyter_platform.core.errors import InvalidDataError, PlatformError, RequestTooLargeError
from jupyter_platform.core.units import format_bytes
from jupyter_platform.runtime.atomic import write_bytes_atomic
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.fetching import fetch

Level = Literal["success", "danger"]
Notify = Callable[[Level, str], Awaitable[object]]
"""Tells people something: level, sentence."""

Key = tuple[str, ...]
"""Identifier of a download: several datasets may be made of the same files."""

_SPARE_BYTES = 500_000_000
"""Room that a download leaves on the disk."""
_RATE_OVER_S = 5.0

log = logging.getLogger(__name__)


class _Progress:
    """How far one download has come, all its files together."""

    def __init__(self, sources: Sequence[DownloadSource]) -> None:
        self.total = sum(item.bytes for item in sources)
        self.done: dict[str, int] = {}
        self.unpacking = False
        self.problem: str | None = None
        self._lately: deque[tuple[float, int]] = deque()

    @property
    def bytes(self) -> int:
        return sum(self.done.values())

    def note(self, source: DownloadSource, count: int) -> None:
        """Note that so many bytes of a file are here."""
        self.done[source.sha256] = count
        now = time.monotonic()
        self._lately.append((now, self.bytes))
        while self._lately[0][0] < now - _RATE_OVER_S:
            self._lately.popleft()

    def record(self, *, running: bool) -> DownloadRecord:
        """Return it as the API shows it."""
        return DownloadRecord(
            bytes=self.bytes,
            total=self.total,
            rate=self._rate() if running else None,
            running=running,
            unpacking=running and self.unpacking,
            problem=self.problem,
        )

    def _rate(self) -> float | None:
        if len(self._lately) < 2:
            return None
        (first, before), (last, after) = self._lately[0], self._lately[-1]
        return (after - before) / (last - first) if last > first and after > before else None


class Downloads:
    """Fetches the files of datasets, and remembers under which digest they are kept.

    Parameters
    ----------
    folder : Path
        ``<sha256>.json`` for each public file that is here, ``<sha256>.part`` for those coming.
    blobs : BlobStore
        Where the files of the datasets go.
    mirrors : sequence of str
        Addresses of folders that are asked instead of the public addresses, each with a folder for
        every dataset; may be empty.
    notify : callable, optional
        Is told when a download has ended.
    """

    def __init__(
        self,
        folder: Path,
        blobs: BlobStore,
        mirrors: Sequence[str] = (),
        notify: Notify | None = None,
    ) -> None:
        self._folder = folder
        self._blobs = blobs
        self._mirrors = tuple(mirrors)
        self._notify = notify
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._progress: dict[Key, _Progress] = {}
        self._known: dict[str, dict[str, str]] = {}

    @property
    def running(self) -> bool:
        """Whether anything is coming."""
        return bool(self._tasks)

    def is_coming(self, descriptor: DatasetDescriptor) -> bool:
        """Return whether the files of a dataset are coming."""
        return _key(descriptor) in self._tasks

    def resolved(self, descriptor: DatasetDescriptor) -> DatasetDescriptor:
        """Return a descriptor that refers to what is here, as far as it is."""
        if descriptor.is_complete:
            return descriptor
        files: dict[str, str] = {}
        for source in descriptor.download:
            files |= self._files_of(source)

        def here(reference: str) -> str:
            return files.get(reference.removeprefix(GET), reference)

        update = {
            "train": tuple(here(item) for item in descriptor.train),
            "test": tuple(here(item) for item in descriptor.test),
        }
        if descriptor.file is not None:
            update["file"] = here(descriptor.file)  # type: ignore[assignment]
        return descriptor.model_copy(update=update)

    def record(self, descriptor: DatasetDescriptor) -> DownloadRecord | None:
        """Return how far a dataset has come; None when nobody has asked for it."""
        progress = self._progress.get(_key(descriptor))
        return None if progress is None else progress.record(running=self.is_coming(descriptor))

    def start(self, descriptor: DatasetDescriptor) -> None:
        """Begin to fetch a dataset, or let what goes on go on.

        Raises
        ------
        RequestTooLargeError
            If there is no room for it.
        """
        key = _key(descriptor)
        if key in self._tasks or self.resolved(descriptor).is_complete:
            return
        missing = [item for item in descriptor.download if not self._files_of(item)]
        self._check_room(missing)
        progress = self._progress[key] = _Progress(descriptor.download)
        for source in descriptor.download:
            progress.note(source, self._here(source) if source in missing else source.bytes)
        run = self._run(descriptor, missing, progress)
        task = self._tasks[key] = asyncio.create_task(run, name=f"get {descriptor.name}")
        task.add_done_callback(lambda _: self._tasks.pop(key, None))

    async def cancel(self, descriptor: DatasetDescriptor) -> None:
        """Stop fetching a dataset; what is here stays, for the next time."""
        task = self._tasks.get(_key(descriptor))
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._progress.pop(_key(descriptor), None)

    async def remove(self, descriptor: DatasetDescriptor, kept: frozenset[str]) -> None:
        """Remove the files of a dataset, and what has come of them.

        Parameters
        ----------
        kept : frozenset of str
            References that other datasets need.
        """
        await self.cancel(descriptor)
        for source in descriptor.download:
            files = self._files_of(source)
            if kept.isdisjoint(files.values()):
                for reference in files.values():
                    self._blobs.path(reference.removeprefix(SHA256)).unlink(missing_ok=True)
                self._known.pop(source.sha256, None)
                self._note(source).unlink(missing_ok=True)
            self._part(source).unlink(missing_ok=True)

    async def close(self) -> None:
        """Stop everything; what is here stays."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(
        self,
        descriptor: DatasetDescriptor,
        missing: Sequence[DownloadSource],
        progress: _Progress,
    ) -> None:
        name = descriptor.name
        try:
            for source in missing:
                await self._get(descriptor, source, progress)
        except PlatformError as error:
            progress.problem = error.message
            await self._tell("danger", f"Dataset {name} was not downloaded: {error.message}")
        except Exception:
            log.exception("downloading %s failed", name)
            progress.problem = "A defect; the coordinator's log has it."
        else:
            self._progress.pop(_key(descriptor), None)
            await self._tell("success", f"Dataset {name} is downloaded.")

    async def _get(
        self, descriptor: DatasetDescriptor, source: DownloadSource, progress: _Progress
    ) -> None:
        part = self._part(source)
        await fetch(
            self._addresses(source),
            source.bytes,
            source.sha256,
            part,
            lambda count: progress.note(source, count),
        )
        progress.unpacking = True
        wanted = {item.removeprefix(GET) for item in descriptor.references}
        files = await asyncio.to_thread(unpack, source, part, wanted, self._blobs)
        if source.unpack == "tar" and not files:
            raise InvalidDataError(f"{source.name} holds none of the files that are wanted.")
        text = json.dumps({"name": source.name, "files": files}, indent=2)
        await asyncio.to_thread(write_bytes_atomic, self._note(source), text.encode())
        part.unlink(missing_ok=True)
        progress.unpacking = False

    async def _tell(self, level: Level, message: str) -> None:
        if self._notify is not None:
            await self._notify(level, message)

    def _addresses(self, source: DownloadSource) -> tuple[str, ...]:
        if not self._mirrors:
            return source.urls
        path = f"{source.folder}/{source.name}" if source.folder else source.name
        return tuple(f"{mirror.rstrip('/')}/{path}" for mirror in self._mirrors)

    def _files_of(self, source: DownloadSource) -> dict[str, str]:
        """Return references to what a public file holds, by name; empty unless all are here."""
        known = self._known.get(source.sha256)
        if known is None:
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                content = json.loads(self._note(source).read_bytes())
                known = {str(key): f"{SHA256}{value}" for key, value in content["files"].items()}
        if known is None:
            return {}
        if not all(self._blobs.has(item.removeprefix(SHA256)) for item in known.values()):
            return {}
        self._known[source.sha256] = known
        return known

    def _check_room(self, missing: Sequence[DownloadSource]) -> None:
        wanted = sum(item.bytes - self._here(item) + (item.unpacked or 0) for item in missing)
        room = shutil.disk_usage(self._folder).free - _SPARE_BYTES
        if wanted > room:
            raise RequestTooLargeError(
                f"The download needs {format_bytes(wanted)}, and there is room for "
                f"{format_bytes(max(room, 0))}."
            )

    def _here(self, source: DownloadSource) -> int:
        with contextlib.suppress(FileNotFoundError):
            return self._part(source).stat().st_size
        return 0

    def _part(self, source: DownloadSource) -> Path:
        return self._folder / f"{source.sha256}.part"

    def _note(self, source: DownloadSource) -> Path:
        return self._folder / f"{source.sha256}.json"


def _key(descriptor: DatasetDescriptor) -> Key:
    return tuple(source.sha256 for source in descriptor.download)
