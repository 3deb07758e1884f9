"""Reading the batches that come next while the present one is learned."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

BATCHES_AHEAD = 2
"""Batches that each thread works ahead."""


class Prefetcher(Generic[Item, Result]):
    """Does the work for the next items of a sequence ahead of time, in threads, in order.

    The sequence is only asked in the caller's thread, so that it may draw random numbers: what it
    gives does not depend on how fast the threads are. Each result comes with its item, which may
    carry the state that a checkpoint at that point needs.

    Parameters
    ----------
    items : iterator
        What to work on, such as row numbers of batches; may be endless.
    work : callable
        From an item to its result; called in threads.
    threads : int
        How many work at once, at least one.

    Notes
    -----
    Close it, or use it in a ``with`` statement: its threads end with the work they have begun.
    """

    def __init__(self, items: Iterator[Item], work: Callable[[Item], Result], threads: int) -> None:
        self._items = items
        self._work = work
        self._ahead = threads * BATCHES_AHEAD
        self._pool = ThreadPoolExecutor(threads, "prefetch")
        self._coming: deque[tuple[Item, Future[Result]]] = deque()

    def __iter__(self) -> Prefetcher[Item, Result]:
        return self

    def __next__(self) -> tuple[Item, Result]:
        """Return the next item and its result; what the work raised is raised here."""
        while len(self._coming) <= self._ahead:
            try:
                item = next(self._items)
            except StopIteration:
                break
            self._coming.append((item, self._pool.submit(self._work, item)))
        if not self._coming:
            raise StopIteration
        item, result = self._coming.popleft()
        return item, result.result()

    def close(self) -> None:
        """Forget what was read ahead, and end the threads."""
        self._coming.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Prefetcher[Item, Result]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
