"""Episodes that are played to see how good a network is, without exploring."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jupyter_platform.learning.reinforcement.environments import (
    Episode,
    VectorEnvironment,
    numbered_seeds,
)
from jupyter_platform.learning.reinforcement.policies import Policy, best_actions
from jupyter_platform.learning.run.stop_signal import Interrupted, StopFlag

SIDE_BY_SIDE = 16


@dataclass(frozen=True)
class Played:
    """Episodes that were played to their end, in the order of their seeds."""

    episodes: list[Episode]
    discounted: list[float]
    """Return of each with its discount."""

    @property
    def mean(self) -> float:
        """Mean return, without discount."""
        return float(np.mean([item.reward for item in self.episodes]))


def play(
    policy: Policy,
    environment: str,
    episodes: int,
    seed: int,
    *,
    discount: float = 1.0,
    max_actions: int = -1,
    share: tuple[int, int] = (0, 1),
    stop: StopFlag | None = None,
    on_episode: Callable[[Episode], None] = lambda _episode: None,
) -> Played:
    """Play episodes with the actions that a network holds best.

    Parameters
    ----------
    policy : Policy
        The network.
    environment : str
        Id of the environment.
    episodes : int
        How many; with one seed always the same beginnings.
    seed : int
        Decides how the episodes begin.
    discount : float
        For `Played.discounted`.
    max_actions : int
        Actions after which an episode is cut; -1: only the environment cuts.
    share : tuple of int
        Rank and size of a gang: of its ``size`` ranks this one plays every ``size``-th episode.
    stop : StopFlag, optional
        Looked at after each action: a stop leaves out what has not come to its end.
    on_episode : callable
        Told of each episode that has come to its end, in that order.
    """
    rank, size = share
    seeds = numbered_seeds(seed, episodes)[rank::size]
    environments = VectorEnvironment(
        environment, min(len(seeds), SIDE_BY_SIDE), iter(seeds), max_actions
    )
    sums = np.zeros(len(environments.active))
    powers = np.ones(len(environments.active))
    ended: dict[int, tuple[Episode, float]] = {}
    try:
        with contextlib.ExitStack() as cut:
            if stop is not None:
                cut.enter_context(contextlib.suppress(Interrupted))
                cut.enter_context(stop.cut_short())
            while len(environments.active) and not (stop is not None and stop.requested):
                outputs = policy.outputs(environments.active, environments.observations)
                moves = environments.step(best_actions(policy.head, outputs))
                sums[moves.env_ids] += powers[moves.env_ids] * moves.rewards
                powers[moves.env_ids] *= discount
                for episode in moves.ended:
                    ended[episode.seed] = (episode, float(sums[episode.env_id]))
                    sums[episode.env_id], powers[episode.env_id] = 0.0, 1.0
                    policy.forget(episode.env_id)
                    on_episode(episode)
    finally:
        environments.close()
    found = [ended[item] for item in seeds if item in ended]
    return Played([item[0] for item in found], [item[1] for item in found])
