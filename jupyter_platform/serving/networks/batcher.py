"""Batches: samples of several calls that a network gets at once.

While a batch is computed, calls come in and make the next one. So batches are as large as the
load makes them, and nobody waits for others unless that is asked for.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.errors import PlatformError, UnavailableError

INLINE_S = 0.001
"""Seconds that a batch takes up to which it is computed in the thread of the loop: handing it to
another thread and back would take as long, and the two would contend for the interpreter's lock."""
_SMOOTHING = 0.2
"""Weight of the newest duration in their moving average."""

Samples = NDArray[np.float32]


class Sliceable(Protocol):
    """Outputs of a batch."""

    def rows(self, start: int, end: int) -> Sliceable:
        """Return the outputs of some of the samples."""


OutputsT = TypeVar("OutputsT", bound=Sliceable)


class _Waiting(NamedTuple):
    samples: Samples
    future: asyncio.Future[Sliceable]


class Batcher(Generic[OutputsT]):
    """Collects samples of calls into batches.

    Parameters
    ----------
    compute : callable
        Returns the outputs of a batch of shape (B, …).
    max_batch : int
        Samples of a batch, at most; a call with more of them is a batch of its own.
    max_wait_s : float
        Seconds that a sample waits for others, unless the batch is full before.
    most_waiting : int
        Samples that may wait; further ones are refused.
    on_batch : callable
        Told the number of samples of each batch.
    """

    def __init__(
        self,
        compute: Callable[[Samples], OutputsT],
        *,
        max_batch: int,
        max_wait_s: float,
        most_waiting: int,
        on_batch: Callable[[int], None],
    ) -> None:
        self._compute = compute
        self._max_batch = max_batch
        self._max_wait_s = max_wait_s
        self._most_waiting = most_waiting
        self._on_batch = on_batch
        self._waiting: deque[_Waiting] = deque()
        self._samples = 0
        self._thread = ThreadPoolExecutor(1, "batches")
        self._usual_s: float | None = None
        self._due: asyncio.Handle | None = None
        self._is_computing = False

    async def submit(self, samples: Samples) -> OutputsT:
        """Return the outputs of samples, computed with those of other calls.

        Parameters
        ----------
        samples : ndarray, shape (B, …)

        Raises
        ------
        UnavailableError
            If too many samples wait.
        PlatformError
            If they cannot be computed; those of other calls are not touched by that.
        """
        if self._waiting and self._samples + len(samples) > self._most_waiting:
            raise UnavailableError(
                f"{self._samples} samples wait already; send this call again later."
            )
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(samples, future))
        self._samples += len(samples)
        self._arrange()
        outputs: OutputsT = await future
        return outputs

    def close(self) -> None:
        """End the thread; calls that wait are left without an answer."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def alone(self, work: Callable[[], str]) -> str:
        """Return what other work with the network gives, between two batches."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _arrange(self) -> None:
        """See to it that a batch is made: now, or when its first sample has waited long enough."""
        if self._is_computing or not self._waiting:
            return
        loop = asyncio.get_running_loop()
        is_full = self._samples >= self._max_batch
        if self._due is None:
            # Calls that came with the same turn of the loop join the batch.
            wait_s = 0.0 if is_full else self._max_wait_s
            self._due = (
                loop.call_later(wait_s, self._begin) if wait_s else loop.call_soon(self._begin)
            )
        elif is_full and isinstance(self._due, asyncio.TimerHandle):
            self._due.cancel()
            self._due = loop.call_soon(self._begin)

    def _begin(self) -> None:
        self._due = None
        batch = self._next()
        if not batch:
            return
        if self._usual_s is not None and self._usual_s < INLINE_S:
            self._answer(batch, *self._timed(batch))
            self._arrange()
            return
        self._is_computing = True
        running = self._thread.submit(self._timed, batch)
        loop = asyncio.get_running_loop()
        running.add_done_callback(
            lambda done: loop.call_soon_threadsafe(self._computed, batch, done.result())
        )

    def _computed(
        self, batch: list[_Waiting], result: tuple[list[Sliceable | PlatformError], float]
    ) -> None:
        self._is_computing = False
        self._answer(batch, *result)
        self._arrange()

    def _next(self) -> list[_Waiting]:
        """Return calls whose samples have one shape, up to the largest batch."""
        batch: list[_Waiting] = []
        count = 0
        while self._waiting:
            first = self._waiting[0]
            if first.future.done():  # its caller is gone
                self._samples -= len(self._waiting.popleft().samples)
                continue
            same = not batch or first.samples.shape[1:] == batch[0].samples.shape[1:]
            if batch and (not same or count + len(first.samples) > self._max_batch):
                break
            batch.append(self._waiting.popleft())
            count += len(first.samples)
        self._samples -= count
        return batch

    def _timed(self, batch: list[_Waiting]) -> tuple[list[Sliceable | PlatformError], float]:
        """Return the outputs or the error of each call, and the seconds they took."""
        began = time.perf_counter()
        found = self._outputs(batch)
        return found, time.perf_counter() - began

    def _outputs(self, batch: list[_Waiting]) -> list[Sliceable | PlatformError]:
        together = batch[0].samples
        if len(batch) > 1:
            together = np.concatenate([item.samples for item in batch])
        try:
            outputs = self._compute(together)
        except PlatformError as error:
            if len(batch) == 1:
                return [error]
            # One call is to blame, and the others are not to pay for it.
            return [found for item in batch for found in self._outputs([item])]
        found: list[Sliceable | PlatformError] = []
        start = 0
        for item in batch:
            found.append(outputs.rows(start, start + len(item.samples)))
            start += len(item.samples)
        return found

    def _answer(
        self, batch: list[_Waiting], found: list[Sliceable | PlatformError], seconds: float
    ) -> None:
        usual = seconds if self._usual_s is None else self._usual_s
        self._usual_s = usual + _SMOOTHING * (seconds - usual)
        self._on_batch(sum(len(item.samples) for item in batch))
        for item, result in zip(batch, found, strict=True):
            if item.future.done():
                continue
            if isinstance(result, PlatformError):
                item.future.set_exception(result)
            else:
                item.future.set_result(result)
