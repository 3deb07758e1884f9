"""Batches that threads read ahead, where samples lie on disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor

from jupyter_platform.learning.data.prefetch import Prefetcher
from jupyter_platform.learning.sampling.samplers import Adapt, Batches, Sampler, SampleSource

_State = dict[str, Any]


class PrefetchedBatches(Batches):
    """The batches of `Batches`, in the same order, read before they are asked for.

    Parameters
    ----------
    source : SampleSource
        May be asked by several threads at once.
    threads : int
        At least 1.
    """

    def __init__(
        self,
        source: SampleSource,
        sampler: Sampler,
        augment: Adapt | None = None,
        seed: int = 0,
        *,
        threads: int,
    ) -> None:
        super().__init__(source, sampler, augment, seed)
        self._threads = threads
        self._begin()

    def _begin(self) -> None:
        # A resume begins behind what was learned from, not behind what was read.
        self._position = self._sampler.state_dict()
        self._ahead = Prefetcher(self._rows(), lambda item: self._gather(item[0]), self._threads)

    def _rows(self) -> Iterator[tuple[Tensor, _State]]:
        while True:
            rows = next(self._sampler)
            yield rows, self._sampler.state_dict()

    def __next__(self) -> tuple[Tensor, Tensor]:
        """Return inputs and targets of the next batch."""
        (_, self._position), (inputs, targets) = next(self._ahead)
        return self._changed(inputs, targets)

    def reseed(self, number: int) -> None:
        """Forget what was read, and draw other samples than in tries with another number."""
        self._ahead.close()
        super().reseed(number)
        self._begin()

    def state_dict(self) -> _State:
        """Return position and random state, for `load_state_dict`."""
        return {**super().state_dict(), "sampler": self._position}

    def load_state_dict(self, state: _State) -> None:
        """Restore the state that `state_dict` returned."""
        self._ahead.close()
        super().load_state_dict(state)
        self._begin()
