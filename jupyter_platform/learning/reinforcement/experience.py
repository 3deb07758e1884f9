"""Where the transitions come from that a strategy learns from."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

import numpy as np

from jupyter_platform.core.environments import EnvironmentFacts
from jupyter_platform.learning.reinforcement.environments import VectorEnvironment, endless_seeds
from jupyter_platform.learning.reinforcement.policies import Exploration, Policy
from jupyter_platform.learning.reinforcement.pool import Pool
from jupyter_platform.learning.reinforcement.replay import Columns, ReplayBuffer


class Experience(Protocol):
    """Transitions, and how more of them come."""

    buffer: ReplayBuffer

    def advance(self) -> None:
        """Gather the experience that belongs to one weight update."""

    def steady(self) -> AbstractContextManager[None]:
        """Keep the buffer unchanged for as long as the block takes."""

    def take_returns(self) -> list[float]:
        """Return what the episodes brought that have ended since the last time."""

    def state_dict(self) -> dict[str, int]:
        """Return the counts of episodes and actions; the buffer is not part of it."""

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Count on from an earlier attempt."""


class PooledExperience:
    """Experience of agents, which they write to a pool while a learner reads it.

    Parameters
    ----------
    folder : Path
        Of the pool.
    """

    def __init__(self, folder: Path) -> None:
        self.pool = Pool(folder)
        self.buffer = self.pool.buffer

    def advance(self) -> None:
        """Do nothing: experience comes by itself."""

    def steady(self) -> AbstractContextManager[None]:
        """Keep agents from writing, for as long as the block takes."""
        return self.pool.steady()

    def take_returns(self) -> list[float]:
        """Return nothing: the agents report their returns."""
        return []

    def state_dict(self) -> dict[str, int]:
        """Return nothing: the pool lies on disk."""
        return {}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Take nothing over."""


class OwnExperience:
    """A strategy's own: copies of the environment that it plays while it learns.

    Parameters
    ----------
    facts : EnvironmentFacts
        Of the environment.
    policy : Policy
        The network that learns.
    exploration : Exploration
        How it explores.
    num_envs : int
        Copies of the environment.
    capacity : int
        Actions that are remembered, of all copies together.
    at_first : int
        Actions before the first update.
    each : int
        Actions for each update.
    seed : tuple of int
        Decides how the episodes begin.
    beginner : Exploration, optional
        How the actions before the first update are chosen, of which a fresh network knows nothing.
    """

    def __init__(
        self,
        facts: EnvironmentFacts,
        policy: Policy,
        exploration: Exploration,
        *,
        num_envs: int,
        capacity: int,
        at_first: int,
        each: int,
        seed: tuple[int, ...],
        beginner: Exploration | None = None,
    ) -> None:
        self.buffer = ReplayBuffer(Columns.in_memory(facts, num_envs, max(capacity // num_envs, 2)))
        self.episodes = 0
        self.actions = 0
        self._facts = facts
        self._policy = policy
        self._exploration = exploration
        self._beginner = exploration if beginner is None else beginner
        self._at_first = at_first
        self._environments: VectorEnvironment | None = None
        self._count = num_envs
        self._owed = max(at_first - each, 0)
        self._each = each
        self._seed = seed
        self._returns: list[float] = []

    def advance(self) -> None:
        """Play as many actions as one update wants."""
        self._owed += self._each
        while self._owed > 0:
            self._play()
            self._owed -= self._count

    def steady(self) -> AbstractContextManager[None]:
        """Do nothing: nobody else writes."""
        return nullcontext()

    def take_returns(self) -> list[float]:
        """Return what the episodes brought that have ended since the last time."""
        taken, self._returns = self._returns, []
        return taken

    def state_dict(self) -> dict[str, int]:
        """Return how far it is; the memory itself is played anew by the next attempt."""
        return {"episodes": self.episodes, "actions": self.actions}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Count on from an earlier attempt."""
        self.episodes, self.actions = state["episodes"], state["actions"]

    def reseed(self, number: int) -> None:
        """Begin episodes otherwise than other tries, unless some have begun already."""
        self._seed = (*self._seed, number)

    def _play(self) -> None:
        if self._environments is None:
            # Where an attempt goes on, episodes begin otherwise than those already learned from.
            seeds = endless_seeds(*self._seed, self.episodes)
            self._environments = VectorEnvironment(self._facts.id, self._count, seeds)
        environments, before = self._environments, self._environments.observations
        outputs = self._policy.outputs(environments.active, before)
        exploration = self._beginner if self.actions < self._at_first else self._exploration
        actions = exploration(environments.active, outputs, self.episodes)
        if not self._facts.is_discrete:
            actions = np.clip(actions, -1, 1)
        moves = environments.step(actions)
        self.actions += len(moves.env_ids)
        self.buffer.add(moves.env_ids, before, actions, moves.rewards)
        ends = moves.terminated | moves.truncated
        if ends.any():
            self.buffer.end(moves.env_ids[ends], moves.observations[ends], moves.terminated[ends])
        for episode in moves.ended:
            self.episodes += 1
            self._returns.append(episode.reward)
            self._policy.forget(episode.env_id)
            self._exploration.forget(episode.env_id)
