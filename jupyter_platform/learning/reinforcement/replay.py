"""Replay buffers: experience that strategies learn from again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.environments import EnvironmentFacts
from jupyter_platform.core.errors import InvalidDataError

STEP, TERMINAL, CUT = 0, 1, 2
"""Kind of a row: an action was taken here; nothing follows here; the episode was cut here."""


@dataclass(frozen=True)
class Columns:
    """Rows of experience as arrays of shape (num_envs, capacity, …).

    An episode of T actions takes T + 1 rows of one environment: T of kind `STEP`, then the
    observation at its end. So no observation is stored twice, and the next row is the outcome of an
    action.
    """

    observations: NDArray[Any]
    actions: NDArray[Any]
    """int64 (num_envs, capacity), or float32 (num_envs, capacity, n) in units of their range."""
    rewards: NDArray[np.float32]
    kinds: NDArray[np.uint8]

    @classmethod
    def layout(cls, facts: EnvironmentFacts, num_envs: int, capacity: int) -> dict[str, Any]:
        """Return dtype and shape of each column.

        Parameters
        ----------
        facts : EnvironmentFacts
            Shapes and types of observations and actions.
        num_envs : int
            Environments that write.
        capacity : int
            Rows of each environment.
        """
        actions: tuple[str, tuple[int, ...]] = (
            ("int64", ()) if facts.is_discrete else ("float32", (facts.action_size,))
        )
        columns: dict[str, tuple[str, tuple[int, ...]]] = {
            "observations": (facts.observation_type, facts.observation_shape),
            "actions": actions,
            "rewards": ("float32", ()),
            "kinds": ("uint8", ()),
        }
        return {
            name: (np.dtype(dtype), (num_envs, capacity, *shape))
            for name, (dtype, shape) in columns.items()
        }

    @classmethod
    def in_memory(cls, facts: EnvironmentFacts, num_envs: int, capacity: int) -> Columns:
        """Return empty columns.

        Parameters
        ----------
        facts : EnvironmentFacts
            What is known of the environment.
        num_envs : int
            Environments that write to it side by side.
        capacity : int
            Actions that it holds.
        """
        layout = cls.layout(facts, num_envs, capacity)
        return cls(**{name: np.zeros(shape, dtype) for name, (dtype, shape) in layout.items()})


@dataclass(frozen=True)
class Rows:
    """Transitions by environment, and by row counted from its first one; shape (B,)."""

    env_ids: NDArray[np.int64]
    numbers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.env_ids)


@dataclass(frozen=True)
class Transitions:
    """Transitions over one step or several; B on axis 0."""

    observations: NDArray[Any]
    actions: NDArray[Any]
    rewards: NDArray[np.float32]
    """Discounted sum of the rewards on the way."""
    following: NDArray[Any]
    """Observations at the end of the way."""
    discounts: NDArray[np.float32]
    """``γ ** n`` after n steps; 0 where the episode had come to its end."""


@dataclass(frozen=True)
class Sequences:
    """Pieces of episodes of up to L actions, filled up with zeros; shapes (B, L, …)."""

    observations: NDArray[Any]
    """Shape (B, L + 1, …)."""
    actions: NDArray[Any]
    rewards: NDArray[np.float32]
    terminal: NDArray[np.bool_]
    """Whether nothing follows the action."""
    valid: NDArray[np.bool_]
    """Whether an action was taken here."""


class ReplayBuffer:
    """Rows in the order in which they came; the oldest make room for new ones.

    Parameters
    ----------
    columns : Columns
        Where the rows are.
    written, oldest : array of int64, shape (num_envs,), optional
        Rows ever written, and the first that still counts; shared with others who look at them.
    """

    def __init__(
        self,
        columns: Columns,
        written: NDArray[np.int64] | None = None,
        oldest: NDArray[np.int64] | None = None,
    ) -> None:
        self.columns = columns
        self.num_envs, self.capacity = columns.kinds.shape
        self.written = np.zeros(self.num_envs, np.int64) if written is None else written
        self.oldest = np.zeros(self.num_envs, np.int64) if oldest is None else oldest

    def __len__(self) -> int:
        """Return how many rows count, those at the ends of episodes included."""
        return int((self.written - self.oldest).sum())

    def add(
        self,
        env_ids: NDArray[np.int64],
        observations: NDArray[Any],
        actions: NDArray[Any],
        rewards: NDArray[np.float32],
    ) -> None:
        """Write one action of each of some environments, no environment twice.

        Parameters
        ----------
        env_ids : array of int64, shape (n,)
            Environments of the actions.
        observations : array, shape (n, …)
            Observations in which the actions were taken.
        actions : array, shape (n,) or (n, size)
            Numbers of discrete actions, or continuous ones in units of their range.
        rewards : array of float32, shape (n,)
            Rewards of the actions.
        """
        slots = self._claim(env_ids)
        columns = self.columns
        columns.observations[env_ids, slots] = observations
        columns.actions[env_ids, slots] = actions
        columns.rewards[env_ids, slots] = rewards
        columns.kinds[env_ids, slots] = STEP

    def end(
        self, env_ids: NDArray[np.int64], observations: NDArray[Any], terminated: NDArray[np.bool_]
    ) -> None:
        """Write the ends of the episodes of some environments.

        Parameters
        ----------
        env_ids : array of int64, shape (n,)
            Environments whose episodes end.
        observations : array, shape (n, …)
            Last observations of the episodes.
        terminated : array of bool, shape (n,)
            False where the episode was cut.
        """
        slots = self._claim(env_ids)
        self.columns.observations[env_ids, slots] = observations
        self.columns.kinds[env_ids, slots] = np.where(terminated, TERMINAL, CUT)

    def cut(self) -> None:
        """Leave open episodes where they are: what comes next follows from nothing here."""
        slots = (self.written - 1) % self.capacity
        env_ids = np.arange(self.num_envs)
        is_open = (self.written > 0) & (self.columns.kinds[env_ids, slots] == STEP)
        self.columns.kinds[env_ids[is_open], slots[is_open]] = CUT

    def draw(self, generator: np.random.Generator, count: int) -> Rows:
        """Draw transitions, each as likely as any other; one may come twice.

        Parameters
        ----------
        generator : numpy.random.Generator
            Source of the random numbers.
        count : int
            Transitions to draw.

        Raises
        ------
        InvalidDataError
            If there are none.
        """
        sizes = np.maximum(self.written - self.oldest - 1, 0)
        ends = np.cumsum(sizes)
        if not ends[-1]:
            raise InvalidDataError("There is no experience to learn from yet.")
        found: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        missing = count
        while missing > 0:
            flat = generator.integers(ends[-1], size=missing + 8)
            env_ids = np.searchsorted(ends, flat, side="right")
            numbers = flat - (ends[env_ids] - sizes[env_ids]) + self.oldest[env_ids]
            taken = self.columns.kinds[env_ids, numbers % self.capacity] == STEP
            found.append((env_ids[taken], numbers[taken]))
            missing -= int(taken.sum())
        env_ids = np.concatenate([item[0] for item in found])[:count]
        return Rows(env_ids, np.concatenate([item[1] for item in found])[:count])

    def transitions(self, rows: Rows, steps: int, discount: float) -> Transitions:
        """Return what followed within some steps, or up to the end of the episode.

        Parameters
        ----------
        rows : Rows
            Of kind `STEP`, none of them the last of its environment.
        steps : int
            n of the n-step return; fewer where there are fewer.
        discount : float
            Of each step.
        """
        columns, env_ids = self.columns, rows.env_ids[:, None]
        ahead = rows.numbers[:, None] + np.arange(steps + 1)
        exists = ahead < self.written[rows.env_ids][:, None]
        slots = ahead % self.capacity
        kinds = np.where(exists, columns.kinds[env_ids, slots], CUT)
        # The way ends at the first row that is no action, or at the last row that there is.
        last_existing = exists.sum(1) - 1
        at_end = np.where((kinds != STEP).any(1), (kinds != STEP).argmax(1), steps)
        length = np.minimum(at_end, last_existing)
        powers = discount ** np.arange(steps)
        on_way = np.arange(steps) < length[:, None]
        rewards = (columns.rewards[env_ids, slots[:, :-1]] * powers * on_way).sum(1)
        final = slots[np.arange(len(rows)), length]
        terminal = columns.kinds[rows.env_ids, final] == TERMINAL
        return Transitions(
            observations=columns.observations[rows.env_ids, slots[:, 0]],
            actions=columns.actions[rows.env_ids, slots[:, 0]],
            rewards=rewards.astype(np.float32),
            following=columns.observations[rows.env_ids, final],
            discounts=np.where(terminal, 0.0, discount**length).astype(np.float32),
        )

    def sequences(self, rows: Rows, length: int) -> Sequences:
        """Return pieces of episodes that begin at some rows.

        Parameters
        ----------
        rows : Rows, B of them
            First rows of the pieces.
        length : int
            L, actions in a piece at most.
        """
        columns, env_ids = self.columns, rows.env_ids[:, None]
        ahead = rows.numbers[:, None] + np.arange(length + 1)
        slots = ahead % self.capacity
        exists = ahead < self.written[rows.env_ids][:, None]
        kinds = np.where(exists, columns.kinds[env_ids, slots], CUT)
        # An observation is of the piece as long as all before it were followed by an action.
        part = np.ones(kinds.shape, np.bool_)
        part[:, 1:] = np.cumprod(kinds[:, :-1] == STEP, axis=1, dtype=np.bool_)
        part &= exists
        valid = part[:, 1:]
        observations = columns.observations[env_ids, slots]
        shape = (*part.shape, *[1] * (observations.ndim - 2))
        taken = slots[:, :-1]
        actions = columns.actions[env_ids, taken]
        return Sequences(
            observations=observations * part.reshape(shape),
            actions=actions * valid.reshape(*valid.shape, *[1] * (actions.ndim - 2)),
            rewards=columns.rewards[env_ids, taken] * valid,
            terminal=valid & (kinds[:, 1:] == TERMINAL),
            valid=valid,
        )

    def _claim(self, env_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        slots: NDArray[np.int64] = self.written[env_ids] % self.capacity
        self.written[env_ids] += 1
        np.maximum(self.oldest, self.written - self.capacity, out=self.oldest)
        return slots
