"""Fresh experience of a policy, and how much better than expected each action turned out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.learning.reinforcement.environments import Lanes
from jupyter_platform.learning.reinforcement.policies import Policy, Sampling


@dataclass(frozen=True)
class Rollout:
    """T actions in each of N environments, flattened to T N rows."""

    observations: NDArray[Any]
    actions: NDArray[Any]
    outputs: NDArray[np.float32]
    """What the network gave when the actions were chosen."""
    advantages: NDArray[np.float32]
    returns: NDArray[np.float32]
    """What the values should have been."""
    episodes: list[float]
    """Returns of the episodes that ended."""


def advantages(
    rewards: NDArray[np.floating],
    values: NDArray[np.floating],
    following: NDArray[np.floating],
    terminated: NDArray[np.bool_],
    ended: NDArray[np.bool_],
    *,
    discount: float,
    smoothing: float,
) -> NDArray[np.float64]:
    """Return generalised advantage estimates (Schulman et al. 2016, eq. 16).

    Parameters
    ----------
    rewards, values, following : array, shape (T, N)
        Rewards, values of the states, and of the states that followed (of the last one of an
        episode, before another began).
    terminated : array of bool, shape (T, N)
        Nothing followed: the value behind it is 0.
    ended : array of bool, shape (T, N)
        The episode ended, by itself or cut: what comes next is none of its business.
    discount, smoothing : float
        γ and λ.

    Returns
    -------
    array, shape (T, N)
    """
    surprises = rewards + discount * np.where(terminated, 0.0, following) - values
    found = np.zeros(rewards.shape)
    behind = np.zeros(rewards.shape[1])
    for step in reversed(range(len(rewards))):
        behind = surprises[step] + discount * smoothing * np.where(ended[step], 0.0, behind)
        found[step] = behind
    return found


def play_rollout(
    lanes: Lanes,
    policy: Policy,
    chooser: Sampling,
    length: int,
    *,
    discount: float,
    smoothing: float,
    reward_factor: float,
) -> Rollout:
    """Play `length` actions in each lane with an actor-critic, whose last output is the value."""
    count, shape = len(lanes.active), (length, len(lanes.active))
    facts = lanes.facts
    observations = np.zeros((*shape, *facts.observation_shape), facts.observation_type)
    rewards, values, following = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    terminated, ended = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    actions, outputs, episodes = [], [], []
    now = policy.outputs(lanes.active, lanes.observations)
    for step in range(length):
        observations[step] = lanes.observations
        values[step] = now[:, -1]
        outputs.append(now.numpy())
        chosen = chooser(lanes.active, now, 0)
        actions.append(chosen)
        moves = lanes.step(chosen)
        rewards[step] = moves.rewards * reward_factor
        terminated[step] = moves.terminated
        ended[step] = moves.terminated | moves.truncated
        episodes += [item.reward for item in moves.ended]
        now = policy.outputs(lanes.active, lanes.observations)
        following[step] = now[:, -1]
        cut = moves.truncated
        if cut.any():
            # The next observation is of another episode; the value wanted is that of the last.
            following[step, cut] = policy.outputs(moves.lanes[cut], moves.observations[cut])[:, -1]
    found = advantages(
        rewards, values, following, terminated, ended, discount=discount, smoothing=smoothing
    )
    rows = length * count
    return Rollout(
        observations=observations.reshape(rows, *facts.observation_shape),
        actions=np.concatenate(actions),
        outputs=np.concatenate(outputs),
        advantages=found.reshape(rows).astype(np.float32),
        returns=(found + values).reshape(rows).astype(np.float32),
        episodes=episodes,
    )
