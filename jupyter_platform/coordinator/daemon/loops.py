"""Work that comes back at intervals."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


class Loops:
    """Background tasks that outlive any failure of one round."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def every(self, seconds: float, work: Callable[[], Awaitable[object]], name: str) -> None:
        """Call `work` again and again, that many seconds after it has ended.

        Parameters
        ----------
        seconds : float
            Pause between the end of one call and the next call, in seconds.
        work : callable
            Coroutine function; an error in it is logged and does not end the loop.
        name : str
            Name of the work, for the log.
        """
        self._tasks.append(asyncio.create_task(_repeat(seconds, work, name), name=name))

    async def close(self) -> None:
        """End all of them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()


async def _repeat(seconds: float, work: Callable[[], Awaitable[object]], name: str) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception:
            # The next round may well succeed: a full disk is emptied, a host comes back.
            log.exception("%s failed; trying again in %g s", name, seconds)
