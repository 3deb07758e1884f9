"""Transitions that surprised come more often (Schaul et al. 2016, proportional variant)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.learning.reinforcement.replay import STEP, Ring, Rows

SMALLEST = 1e-6
"""Added to each surprise, so that nothing is ruled out for ever."""


class SumTree:
    """Non-negative weights, drawn from in proportion; changing and drawing take log(size).

    Parameters
    ----------
    size : int
        How many weights; all are 0 at first.
    """

    def __init__(self, size: int) -> None:
        self._first = 1 << max(size - 1, 1).bit_length()
        self._sums = np.zeros(2 * self._first)

    @property
    def total(self) -> float:
        """The sum of all weights."""
        return float(self._sums[1])

    def __getitem__(self, indices: NDArray[np.int64]) -> NDArray[np.float64]:
        return self._sums[indices + self._first]

    def set(self, indices: NDArray[np.int64], weights: NDArray[np.float64] | float) -> None:
        """Change some weights; where an index comes twice the last one counts."""
        if not len(indices):
            return
        self._sums[indices + self._first] = weights
        nodes = np.unique((indices + self._first) >> 1)
        while True:
            self._sums[nodes] = self._sums[2 * nodes] + self._sums[2 * nodes + 1]
            if nodes[0] <= 1:
                return
            nodes = np.unique(nodes >> 1)

    def find(self, masses: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return where running sums of the weights first exceed masses in [0, total)."""
        nodes = np.ones(len(masses), np.int64)
        masses = masses.copy()
        while nodes[0] < self._first:
            nodes *= 2
            left = self._sums[nodes]
            # Rounding may leave mass where there is no weight.
            right = (masses >= left) & (self._sums[nodes + 1] > 0)
            masses -= np.where(right, left, 0.0)
            nodes += right
        return nodes - self._first


class Priorities:
    """Draws transitions of a ring in proportion to ``(surprise + ε) ** exponent``.

    Parameters
    ----------
    ring : Ring
        New rows in it come with the highest priority so far.
    exponent : float
        0 draws evenly, 1 in proportion.
    """

    def __init__(self, ring: Ring, exponent: float) -> None:
        self._ring = ring
        self._exponent = exponent
        self._tree = SumTree(ring.lanes * ring.capacity)
        self._highest = 1.0
        self._seen = ring.oldest.copy()
        self._oldest = ring.oldest.copy()

    def draw(
        self, generator: np.random.Generator, count: int, correction: float
    ) -> tuple[Rows, NDArray[np.float32]]:
        """Draw transitions and how much each is to count.

        Parameters
        ----------
        count : int
            How many; one from each of as many equal parts of the whole mass.
        correction : float
            1 makes up for the uneven drawing, 0 not at all.

        Returns
        -------
        rows : Rows
            Where they lie.
        weights : array of float32, shape (count,)
            ``p ** -correction``, scaled so that the largest is 1.
        """
        self._take_up()
        tree = self._tree
        masses = (np.arange(count) + generator.random(count)) * (tree.total / count)
        flat = tree.find(masses)
        lanes, slots = np.divmod(flat, self._ring.capacity)
        last = self._ring.written[lanes] - 1
        numbers = last - (last - slots) % self._ring.capacity
        weights = tree[flat] ** -correction
        return Rows(lanes, numbers), (weights / weights.max()).astype(np.float32)

    def update(self, rows: Rows, surprises: NDArray[np.floating]) -> None:
        """Note how far off the values of transitions were."""
        weights = (np.abs(surprises).astype(np.float64) + SMALLEST) ** self._exponent
        kept = rows.numbers >= self._ring.oldest[rows.lanes]
        self._highest = max(self._highest, float(weights.max(initial=0.0)))
        self._tree.set(self._flat(rows.lanes[kept], rows.numbers[kept]), weights[kept])

    def _flat(self, lanes: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        flat: NDArray[np.int64] = lanes * self._ring.capacity + numbers % self._ring.capacity
        return flat

    def _take_up(self) -> None:
        """Take rows in that have come, and those out that have gone, since the last time."""
        ring = self._ring
        for lane in range(ring.lanes):
            written, oldest = int(ring.written[lane]), int(ring.oldest[lane])
            gone = np.arange(max(self._oldest[lane], written - ring.capacity), oldest)
            self._tree.set(self._flat(np.full_like(gone, lane), gone), 0.0)
            # The last row of all is an action whose outcome is still to come.
            new = np.arange(max(self._seen[lane] - 1, oldest), written)
            self._oldest[lane], self._seen[lane] = oldest, written
            is_step = ring.columns.kinds[lane, new % ring.capacity] == STEP
            weights = np.where(is_step & (new < written - 1), self._highest, 0.0)
            self._tree.set(self._flat(np.full_like(new, lane), new), weights)
