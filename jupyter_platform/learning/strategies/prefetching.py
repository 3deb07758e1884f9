"""Batches that threads read ahead, where samples lie on disk."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor

from jupyter_platform.learning.strategies.sampling import Adapt, Batches, Sampler, Source

AHEAD = 3
"""Batches that wait for each thread at most."""

_Pair = tuple[Tensor, Tensor]


class PrefetchedBatches(Batches):
    """The batches of `Batches`, in the same order, read before they are asked for.

    Parameters
    ----------
    source : Source
        May be asked by several threads at once.
    threads : int
        At least 1.
    """

    def __init__(
        self,
        source: Source,
        sampler: Sampler,
        augment: Adapt | None = None,
        seed: int = 0,
        *,
        threads: int,
    ) -> None:
        super().__init__(source, sampler, augment, seed)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="fetch")
        self._depth = AHEAD * threads
        self._waiting: deque[tuple[dict[str, Any], Future[_Pair]]] = deque()

    def __next__(self) -> _Pair:
        """Return inputs and targets of the next batch."""
        while len(self._waiting) < self._depth:
            # Where a resume begins is what was asked for, not what was read.
            before = self._sampler.state_dict()
            future = self._pool.submit(self._fetch, next(self._sampler))
            self._waiting.append((before, future))
        inputs, targets = self._waiting.popleft()[1].result()
        if self._augment is None:
            return inputs, targets
        return self._augment(inputs, targets, self._generator)

    def _fetch(self, rows: Tensor) -> _Pair:
        with torch.inference_mode(False):
            return self._gather(rows)

    def reseed(self, number: int) -> None:
        """Forget what was read, and draw other samples than in tries with another number."""
        self._drop()
        super().reseed(number)

    def state_dict(self) -> dict[str, Any]:
        """Return what brings another instance to this very place."""
        state = super().state_dict()
        return {**state, "sampler": self._waiting[0][0]} if self._waiting else state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go to where `state_dict` was taken."""
        self._drop()
        super().load_state_dict(state)

    def _drop(self) -> None:
        while self._waiting:
            self._waiting.popleft()[1].cancel()
