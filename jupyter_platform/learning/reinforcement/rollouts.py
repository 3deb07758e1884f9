"""Fresh experience of a policy, and how much better than expected each action turned out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.learning.reinforcement.environments import VectorEnvironment
from jupyter_platform.learning.reinforcement.policies import Policy, Sampling


@dataclass(frozen=True)
class Rollout:
    """T actions in each of N environments, flattened to T N rows."""

    observations: NDArray[Any]
    actions: NDArray[Any]
    outputs: NDArray[np.float32]
    """Outputs of the network when the actions were chosen."""
    advantages: NDArray[np.float32]
    returns: NDArray[np.float32]
    """Advantages plus values: the targets of the value function."""
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
    gae_lambda: float,
) -> NDArray[np.float64]:
    """Return generalised advantage estimates, ``Σ (γλ)^l δ_{t+l}`` with ``δ = r + γ V(s') - V(s)``.

    J. Schulman, P. Moritz, S. Levine, M. Jordan and P. Abbeel, "High-Dimensional Continuous Control
    Using Generalized Advantage Estimation", 2016 (arXiv:1506.02438), equation 16.

    Parameters
    ----------
    rewards, values, following : array, shape (T, N)
        Rewards, values of the states, and of the states that followed (of the last one of an
        episode, before another began).
    terminated : array of bool, shape (T, N)
        Nothing followed: the value behind it is 0.
    ended : array of bool, shape (T, N)
        The episode ended, by itself or cut: nothing after it counts.
    discount, gae_lambda : float
        γ and λ, both from 0 to 1.

    Returns
    -------
    array, shape (T, N)
    """
    td_errors = rewards + discount * np.where(terminated, 0.0, following) - values
    found = np.zeros(rewards.shape)
    behind = np.zeros(rewards.shape[1])
    for step in reversed(range(len(rewards))):
        behind = td_errors[step] + discount * gae_lambda * np.where(ended[step], 0.0, behind)
        found[step] = behind
    return found


def play_rollout(
    environments: VectorEnvironment,
    policy: Policy,
    exploration: Sampling,
    length: int,
    *,
    discount: float,
    gae_lambda: float,
    reward_factor: float,
) -> Rollout:
    """Play `length` actions in each environment with an actor-critic.

    The last output of its network is the value of the state.

    Parameters
    ----------
    environments : VectorEnvironment
        N active environments; they stay where they are for the next call.
    policy : Policy
        Of an actor-critic.
    exploration : Sampling
        Draws the actions.
    length : int
        T, actions in each environment.
    discount, gae_lambda : float
        γ and λ of the advantages.
    reward_factor : float
        Rewards are multiplied by it.
    """
    count, shape = len(environments.active), (length, len(environments.active))
    facts = environments.facts
    observations = np.zeros((*shape, *facts.observation_shape), facts.observation_type)
    rewards, values, following = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    terminated, ended = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    actions, outputs, episodes = [], [], []
    now = policy.outputs(environments.active, environments.observations)
    for step in range(length):
        observations[step] = environments.observations
        values[step] = now[:, -1]
        outputs.append(now.numpy())
        chosen = exploration(environments.active, now, 0)
        actions.append(chosen)
        moves = environments.step(chosen)
        rewards[step] = moves.rewards * reward_factor
        terminated[step] = moves.terminated
        ended[step] = moves.terminated | moves.truncated
        episodes += [item.reward for item in moves.ended]
        now = policy.outputs(environments.active, environments.observations)
        following[step] = now[:, -1]
        cut = moves.truncated
        if cut.any():
            # The next observation is of another episode; the value wanted is that of the last.
            following[step, cut] = policy.outputs(moves.env_ids[cut], moves.observations[cut])[
                :, -1
            ]
    found = advantages(
        rewards, values, following, terminated, ended, discount=discount, gae_lambda=gae_lambda
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
