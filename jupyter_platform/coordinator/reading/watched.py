"""Files that people may change at any time: each is read again when it has changed."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from jupyter_platform.core.errors import UnavailableError

T = TypeVar("T")

SOON_S = 5.0
"""Seconds that anybody waits for a file to be read; longer than that nothing but harm takes."""
_UNSETTLED_NS = 2_000_000_000
"""Nanoseconds after a change in which another one may leave the same time behind it."""

Stamp = tuple[int, int, int]
"""Inode, time of the last change in ns, size."""

log = logging.getLogger(__name__)


def is_settled(changed_ns: int) -> bool:
    """Return whether a later change of the same thing would show."""
    return time.time_ns() - changed_ns > _UNSETTLED_NS


class Shared:
    """Work that is done once for all who ask before it begins, one after the other.

    Parameters
    ----------
    work : callable
        What is done.
    """

    def __init__(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._work = work
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def done(self) -> None:
        """Return when the work was begun after this call, and done."""
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._running))
        await asyncio.shield(self._next)

    async def _after(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait({before})
        self._running, self._next = self._next, None
        await self._work()


@dataclass(frozen=True)
class _Reading(Generic[T]):
    """A file on its way."""

    stamp: Stamp
    task: asyncio.Task[T]
    since: float


class WatchedFiles(Generic[T]):
    """Keeps what files hold.

    Parameters
    ----------
    read : callable
        Reads one file, in a process of its own; raises `UnavailableError` where that cannot be
        started.
    """

    def __init__(self, read: Callable[[Path], Coroutine[Any, Any, T]]) -> None:
        self._read = read
        self._listed: list[Path] = []
        self._known: dict[Path, tuple[Stamp | None, T]] = {}
        self._reading: dict[Path, _Reading[T]] = {}

    def items(self) -> Iterator[tuple[Path, T | None]]:
        """Yield the files in the order in which they were listed; None: still being read."""
        for path in self._listed:
            known = self._known.get(path)
            yield path, None if known is None else known[1]

    def update(self, paths: Iterable[Path]) -> None:
        """Begin to read what is new or has changed, and forget what is gone.

        Parameters
        ----------
        paths : iterable of Path
            All files that there are.
        """
        found = {path: status for path in paths if (status := _status(path)) is not None}
        self._listed = list(found)
        for path in self._known.keys() - found.keys():
            del self._known[path]
        for path in self._reading.keys() - found.keys():
            self._reading[path].task.cancel()
        # Harm takes long and tends to be large: what is small need not wait for it.
        for path, status in sorted(found.items(), key=lambda item: item[1].st_size):
            stamp = _stamp(status)
            known, reading = self._known.get(path), self._reading.get(path)
            if known is not None and known[0] == stamp:
                continue
            if reading is not None and reading.stamp == stamp:
                continue
            if reading is not None:
                reading.task.cancel()
            self._begin(path, stamp)

    async def wait(self) -> None:
        """Wait until all is read, or what is not has been on its way for `SOON_S` seconds."""
        for reading in list(self._reading.values()):
            left = reading.since + SOON_S - time.monotonic()
            await asyncio.wait({reading.task}, timeout=max(left, 0.0))

    def put(self, path: Path, item: T) -> None:
        """Take note of what was just written to a file.

        Parameters
        ----------
        path : Path
            The file.
        item : T
            What it holds.
        """
        status = _status(path)
        if status is not None:
            self._known[path] = _stamp(status), item

    async def close(self) -> None:
        """Give up what is being read."""
        tasks = [item.task for item in self._reading.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, path: Path, stamp: Stamp) -> None:
        kept = stamp if is_settled(stamp[1]) else None
        task = asyncio.create_task(self._read(path), name=f"read {path.name}")
        reading = self._reading[path] = _Reading(stamp, task, time.monotonic())

        def keep(done: asyncio.Task[T]) -> None:
            if self._reading.get(path) is reading:
                del self._reading[path]
            if done.cancelled():
                return
            error = done.exception()
            if error is None:
                self._known[path] = kept, done.result()
            elif isinstance(error, UnavailableError):
                log.warning("%s is not read: %s", path, error.message)
            else:
                raise error

        task.add_done_callback(keep)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_ino, status.st_mtime_ns, status.st_size
