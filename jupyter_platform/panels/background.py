"""Work that a panel does without making anybody wait."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")


class Background:
    """Does work in a thread, and hands what comes of it to the thread that made this.

    Made in a kernel, that is the thread that also handles clicks, so that a panel is only ever
    changed by one thread. Where no event loop runs, answers are handed over in the worker.
    """

    def __init__(self) -> None:
        self._threads = concurrent.futures.ThreadPoolExecutor(1, "jupyter-platform-panel")
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    def run(
        self,
        work: Callable[[], Answer],
        done: Callable[[Answer], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Do work, then call `done` with its answer, or `failed` with what it raised."""

        def hand_over(future: concurrent.futures.Future[Answer]) -> None:
            error = future.exception()
            if error is None:
                self.tell(done, future.result())
            else:
                self.tell(failed, error)

        self._threads.submit(work).add_done_callback(hand_over)

    def tell(self, listener: Callable[..., None], *arguments: Any) -> None:
        """Call a function in the thread that made this; to be used inside `work`."""
        if self._loop is None:
            listener(*arguments)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(listener, *arguments)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Call a function after a while; never where no event loop runs."""
        if self._loop is not None:
            self._loop.call_later(seconds, action)


class Latest(Generic[Answer]):
    """Does the newest of several pieces of work; older waiting ones are dropped.

    Parameters
    ----------
    background : Background
        Where the work is done.
    done, failed : callable
        Called with the answer, or with what was raised.
    """

    def __init__(
        self,
        background: Background,
        done: Callable[[Answer], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._background = background
        self._done, self._failed = done, failed
        self._waiting: Callable[[], Answer] | None = None
        self._busy = False
        # Without an event loop answers come in a thread of their own.
        self._lock = threading.Lock()

    def ask(self, work: Callable[[], Answer]) -> None:
        """Do work as soon as what is under way is done, unless newer work comes."""
        with self._lock:
            self._waiting = work
            if self._busy:
                return
            self._busy = True
        self._go_on()

    def forget(self) -> None:
        """Give up what waits."""
        with self._lock:
            self._waiting = None

    def _go_on(self) -> None:
        with self._lock:
            work, self._waiting = self._waiting, None
            self._busy = work is not None
        if work is not None:
            self._background.run(work, self._hand(self._done), self._hand(self._failed))

    def _hand(self, listener: Callable[[Any], None]) -> Callable[[Any], None]:
        def hand_over(answer: Any) -> None:
            listener(answer)
            self._go_on()

        return hand_over
