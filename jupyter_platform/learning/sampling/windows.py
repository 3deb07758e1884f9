"""Pieces of one long sequence."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Windows:
    """Endless batches of windows: rows that follow one another.

    Random windows begin anywhere, each place as likely as any other. Windows that follow each
    other go through as many equal parts of the sequence as a batch has, side by side, and begin
    anew together.

    Parameters
    ----------
    rows : Tensor, int64, shape (n,)
        The sequence; batches are on its device.
    length : int
        Rows in a window, at most n.
    count : int
        Windows in a batch; fewer where the sequence is too short for so many that follow each
        other.
    seed : int
        Of where random windows begin.
    follow : bool
        Whether each window begins where the one before it ended.
    from_start : bool
        Whether every window begins with the first row; a batch is then one window, the same for
        ever.
    """

    def __init__(
        self,
        rows: Tensor,
        length: int,
        count: int,
        seed: int,
        *,
        follow: bool = False,
        from_start: bool = False,
    ) -> None:
        self.length = length
        self.count = 1 if from_start else min(count, len(rows) // length) if follow else count
        self.batch_size = self.count * length
        self.is_fresh = True
        """Whether the windows given last do not go on where those before them ended."""
        self._rows = rows
        self._offsets = torch.arange(length, device=rows.device)
        self._generator = torch.Generator().manual_seed(seed)
        self._follow, self._from_start = follow, from_start
        self._part = len(rows) // self.count
        self._next = 0

    def __next__(self) -> Tensor:
        """Return the rows of the next batch, window after window, shape (count · length,)."""
        places = self._starts().to(self._rows.device)[:, None] + self._offsets
        return self._rows[places.flatten()]

    def _starts(self) -> Tensor:
        if self._from_start:
            return torch.zeros(1, dtype=torch.int64)
        if not self._follow:
            last = len(self._rows) - self.length
            return torch.randint(0, last + 1, (self.count,), generator=self._generator)
        if self._next + self.length > self._part:
            self._next = 0
        self.is_fresh = self._next == 0
        starts = torch.arange(self.count) * self._part + self._next
        self._next += self.length
        return starts

    def reseed(self, seed: int) -> None:
        """Begin random windows elsewhere, and those that follow each other anew."""
        self._generator.manual_seed(seed)
        self._next = 0

    def state_dict(self) -> dict[str, Any]:
        """Return position and random state, for `load_state_dict`."""
        return {"generator": self._generator.get_state(), "next": self._next}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self._generator.set_state(state["generator"])
        self._next = int(state["next"])
