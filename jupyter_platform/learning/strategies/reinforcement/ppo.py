"""Proximal policy optimisation with a clipped objective."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.optimization.updater import Updater
from jupyter_platform.learning.reinforcement.environments import VectorEnvironment, endless_seeds
from jupyter_platform.learning.reinforcement.policies import Head, Sampling, gaussian
from jupyter_platform.learning.reinforcement.rollouts import Rollout, play_rollout
from jupyter_platform.learning.strategies.base import BuildContext, NetworkSignature
from jupyter_platform.learning.strategies.reinforcement.base import (
    Reinforcement,
    facts_of,
    no_dataset,
    signatures_of,
)

_SMALL = 1e-8
_HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)


class ProximalPolicy(Reinforcement):
    """An actor-critic learns from its own fresh experience, a few times over, in small steps.

    J. Schulman, F. Wolski, P. Dhariwal, A. Radford and O. Klimov, "Proximal Policy Optimization
    Algorithms", 2017 (arXiv:1707.06347), equations 7 and 9: with the ratio
    ``ρ = π(a|s) / π_old(a|s)`` and advantages ``A`` that are normalised over the batch,

        ``loss = -mean(min(ρ A, clip(ρ, 1 - ε, 1 + ε) A)) + c1 mean((V(s) - R)²) - c2 mean(H(π))``

    where ε is `clip_range`, c1 `value_weight`, c2 `entropy_weight`, H the entropy in nats and
    ``R = A + V_old(s)`` before the normalisation.

    One step is one update on `batch_size` actions of a round; a round is `rollout_length` actions
    in each environment, used `rollout_epochs` times.
    """

    title = "Proximal policy optimisation"
    roles = ("actor-critic",)
    series = ("loss", "policy_loss", "value_loss", "entropy", "return")

    @classmethod
    def signatures(
        cls, options: LearnOptions, facts: DatasetFacts | None
    ) -> tuple[NetworkSignature, ...]:
        """One network from an observation to the distribution of actions, and a value."""
        no_dataset(facts, "ppo")
        environment = facts_of(options, "ppo")
        size = environment.action_size
        outputs = (size if environment.is_discrete else 2 * size) + 1
        return signatures_of([("actor-critic", environment.observation_shape, outputs)])

    def __init__(self, context: BuildContext) -> None:
        options, discrete = context.options, facts_of(context.options, "ppo").is_discrete
        super().__init__(context, Head.CATEGORICAL_CRITIC if discrete else Head.GAUSSIAN_CRITIC)
        self._network = context.networks[0]
        self._updater = Updater(self._network.parameters(), options)
        self._exploration = Sampling(self.policy.head, self.facts, self.generator)
        self._environments: VectorEnvironment | None = None
        self._rollout: Rollout | None = None
        self._old = torch.zeros(0)
        self._parts: list[NDArray[np.int64]] = []
        self._rounds = 0

    def step(self) -> tuple[Tensor | float | None, ...]:
        """Update the weights once; play a new round first when the last one is used up."""
        mean_return = None
        if not self._parts:
            self._play()
            episodes = self._rollout.episodes if self._rollout else []
            mean_return = float(np.mean(episodes)) if episodes else None
        policy_loss, value_loss, entropy = self._losses(self._parts.pop())
        options = self.context.options
        loss = policy_loss + options.value_weight * value_loss - options.entropy_weight * entropy
        self._updater.update(loss)
        return (
            loss.detach(),
            policy_loss.detach(),
            value_loss.detach(),
            entropy.detach(),
            mean_return,
        )

    @property
    def actions(self) -> int:
        """Actions that it has learned from."""
        options = self.context.options
        return self._rounds * options.rollout_length * options.parallel_environments

    def _play(self) -> None:
        options = self.context.options
        if self._environments is None:
            seeds = endless_seeds(*self.seed, 2, self._rounds)
            self._environments = VectorEnvironment(
                self.facts.id, options.parallel_environments, seeds
            )
        self._rollout = play_rollout(
            self._environments,
            self.policy,
            self._exploration,
            options.rollout_length,
            discount=options.discount,
            gae_lambda=options.gae_lambda,
            reward_factor=options.reward_factor,
        )
        self._old = self._log_probs(
            self.tensor(self._rollout.outputs), self.tensor(self._rollout.actions)
        )
        self._rounds += 1
        count = len(self._rollout.returns)
        for _ in range(options.rollout_epochs):
            order = self.generator.permutation(count)
            self._parts += np.array_split(order, -(-count // options.batch_size))

    def _losses(self, part: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
        assert self._rollout is not None, "a round has been played"
        rollout, rows = self._rollout, torch.from_numpy(part).to(self.context.device)
        outputs = self._network(self.tensor(rollout.observations[part]))
        log_probs = self._log_probs(outputs, self.tensor(rollout.actions[part]))
        advantages = self.tensor(rollout.advantages[part])
        if len(advantages) > 1:
            advantages = (advantages - advantages.mean()) / (advantages.std() + _SMALL)
        ratio = (log_probs - self._old[rows]).exp()
        clip_range = self.context.options.clip_range
        surrogate = torch.minimum(
            advantages * ratio, advantages * ratio.clamp(1 - clip_range, 1 + clip_range)
        )
        value_loss = functional.mse_loss(outputs[:, -1], self.tensor(rollout.returns[part]))
        return -surrogate.mean(), value_loss, self._entropy(outputs).mean()

    def _log_probs(self, outputs: Tensor, actions: Tensor) -> Tensor:
        """Return the logarithm of each action's probability or density, shape (B,), in nats."""
        if self.facts.is_discrete:
            log_probs = functional.log_softmax(outputs[:, :-1], 1)
            return log_probs.gather(1, actions[:, None])[:, 0]
        mean, std = gaussian(outputs)
        distance = (actions - mean) / std
        return (-0.5 * distance.square() - std.log() - _HALF_LOG_TAU).sum(1)

    def _entropy(self, outputs: Tensor) -> Tensor:
        if self.facts.is_discrete:
            log_probs = functional.log_softmax(outputs[:, :-1], 1)
            return -(log_probs.exp() * log_probs).sum(1)
        _, std = gaussian(outputs)
        return (0.5 + _HALF_LOG_TAU + std.log()).sum(1)

    def summary(self) -> dict[str, Any]:
        """Return how much was experienced."""
        return {"experience": {"actions": self.actions}}

    def state_dict(self) -> dict[str, Any]:
        """Return the optimiser and how many rounds were played; the next one is played anew."""
        return {
            "optimizer": self._updater.state_dict(),
            "rounds": self._rounds,
            "generator": self.generator_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self._updater.load_state_dict(state["optimizer"])
        self._rounds = int(state["rounds"])
        self.load_generator(state["generator"], self._rounds)
