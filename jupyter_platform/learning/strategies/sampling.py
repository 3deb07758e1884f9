"""Which samples come into which batch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Batches:
    """Endless batches of equal size, uniformly at random.

    The samples are shuffled, dealt out in batches without repeating one, and shuffled again when
    fewer than a batch are left over (those wait for the next shuffle, so every sample is equally
    likely). The order comes from a generator of its own, so nothing else that draws random numbers
    changes it.

    Parameters
    ----------
    inputs, targets : Tensor, shape (N, …)
        All samples.
    rows : Tensor, int64, shape (n,)
        Those to draw from.
    batch_size : int
        At most n.
    seed : int
        Seed of the order.
    """

    def __init__(
        self, inputs: Tensor, targets: Tensor, rows: Tensor, batch_size: int, seed: int
    ) -> None:
        self.batch_size = min(batch_size, len(rows))
        self._inputs = inputs
        self._targets = targets
        self._rows = rows
        self._generator = torch.Generator().manual_seed(seed)
        self._shuffle()

    def _shuffle(self) -> None:
        self._state = self._generator.get_state()
        self._order = self._rows[torch.randperm(len(self._rows), generator=self._generator)].to(
            self._inputs.device
        )
        self._next = 0

    def __iter__(self) -> Batches:
        return self

    def __next__(self) -> tuple[Tensor, Tensor]:
        """Return inputs and targets of the next batch."""
        start, stop = self._next, self._next + self.batch_size
        if stop > len(self._order):
            self._shuffle()
            start, stop = 0, self.batch_size
        self._next = stop
        rows = self._order[start:stop]
        return self._inputs[rows], self._targets[rows]

    def state_dict(self) -> dict[str, Any]:
        """Return what brings another instance to this very place."""
        return {"generator": self._state, "next": self._next}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go to where `state_dict` was taken."""
        self._generator.set_state(state["generator"])
        self._shuffle()
        self._next = int(state["next"])
