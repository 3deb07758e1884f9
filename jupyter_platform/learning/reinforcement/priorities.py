"""Prioritised replay: transitions of a large TD error are drawn more often.

T. Schaul, J. Quan, I. Antonoglou and D. Silver, "Prioritized Experience Replay", 2016
(arXiv:1511.05952), section 3.3, proportional variant.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.learning.reinforcement.replay import STEP, ReplayBuffer, Rows

SMALLEST = 1e-6
"""ε: added to each absolute TD error, so that every transition can still be drawn."""


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
        """Change some weights; where an index comes twice the last one counts.

        Parameters
        ----------
        indices : ndarray of int64
            Which ones, int64, shape (n,).
        weights : ndarray of float64 or float
            Their new weights, float64, shape (n,), or one for all.
        """
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
    """Draws transitions of a buffer in proportion to ``(|δ| + ε) ** α``, δ their TD error.

    Parameters
    ----------
    buffer : ReplayBuffer
        New rows in it come with the highest priority so far.
    exponent : float
        α: 0 draws evenly, 1 in proportion to the errors.
    """

    def __init__(self, buffer: ReplayBuffer, exponent: float) -> None:
        self._buffer = buffer
        self._exponent = exponent
        self._tree = SumTree(buffer.num_envs * buffer.capacity)
        self._highest = 1.0
        self._seen = buffer.oldest.copy()
        self._oldest = buffer.oldest.copy()

    def draw(
        self, generator: np.random.Generator, count: int, beta: float
    ) -> tuple[Rows, NDArray[np.float32]]:
        """Draw transitions and how much each is to count.

        Parameters
        ----------
        count : int
            How many; one from each of as many equal parts of the whole mass.
        beta : float
            Exponent of the importance-sampling weights: 1 makes up for the uneven drawing, 0 not
            at all.

        Returns
        -------
        rows : Rows
            Where they lie.
        weights : array of float32, shape (count,)
            ``(N P(i)) ** -beta``, divided by the largest of the batch.
        """
        self._take_up()
        tree = self._tree
        masses = (np.arange(count) + generator.random(count)) * (tree.total / count)
        flat = tree.find(masses)
        env_ids, slots = np.divmod(flat, self._buffer.capacity)
        last = self._buffer.written[env_ids] - 1
        numbers = last - (last - slots) % self._buffer.capacity
        weights = tree[flat] ** -beta
        return Rows(env_ids, numbers), (weights / weights.max()).astype(np.float32)

    def update(self, rows: Rows, td_errors: NDArray[np.floating]) -> None:
        """Note the TD errors of transitions, shape (B,).

        Parameters
        ----------
        rows : Rows, B of them
            As `draw` gave them.
        td_errors : array, shape (B,)
            Their sign does not matter.
        """
        weights = (np.abs(td_errors).astype(np.float64) + SMALLEST) ** self._exponent
        kept = rows.numbers >= self._buffer.oldest[rows.env_ids]
        self._highest = max(self._highest, float(weights.max(initial=0.0)))
        self._tree.set(self._flat(rows.env_ids[kept], rows.numbers[kept]), weights[kept])

    def _flat(self, env_ids: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        flat: NDArray[np.int64] = env_ids * self._buffer.capacity + numbers % self._buffer.capacity
        return flat

    def _take_up(self) -> None:
        """Take rows in that have come, and those out that have gone, since the last time."""
        buffer = self._buffer
        for env_id in range(buffer.num_envs):
            written, oldest = int(buffer.written[env_id]), int(buffer.oldest[env_id])
            gone = np.arange(max(self._oldest[env_id], written - buffer.capacity), oldest)
            self._tree.set(self._flat(np.full_like(gone, env_id), gone), 0.0)
            # The last row of all is an action whose outcome is still to come.
            new = np.arange(max(self._seen[env_id] - 1, oldest), written)
            self._oldest[env_id], self._seen[env_id] = oldest, written
            is_step = buffer.columns.kinds[env_id, new % buffer.capacity] == STEP
            weights = np.where(is_step & (new < written - 1), self._highest, 0.0)
            self._tree.set(self._flat(np.full_like(new, env_id), new), weights)
