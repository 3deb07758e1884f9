"""Deep deterministic policy gradient."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.optimization.updater import Updater
from jupyter_platform.learning.reinforcement.policies import Head, check_action_strategy
from jupyter_platform.learning.strategies.base import BuildContext, NetworkSignature
from jupyter_platform.learning.strategies.reinforcement.base import (
    OffPolicy,
    continuous_facts,
    follow,
    no_dataset,
    signatures_of,
    target_of,
)


class DeterministicPolicyGradient(OffPolicy):
    """A critic learns the value of actions, an actor learns the action of the highest value.

    T. Lillicrap et al., "Continuous control with deep reinforcement learning", 2016
    (arXiv:1509.02971), algorithm 1. The critic minimises ``mean((Q(s, a) - y)²)`` with

        ``y = Σ_{k<n} γ^k r_k + γ^n Q'(s_n, μ'(s_n))``, without the last term after an end,

    the actor ``-mean(Q(s, μ(s)))``, and the weights of the targets Q' and μ' follow with
    ``θ' = τ θ + (1 - τ) θ'``; n is `return_steps`, τ is `target_rate`.

    Actions are in units of their range: -1 is the lowest, 1 the highest. The critic's one input
    is the flattened observation followed by the action.
    DIANNE: `DeepDeterministicPolicyGradientStrategy`.
    """

    title = "Deep deterministic policy gradient"
    roles = ("actor", "critic")
    series = ("loss", "q", "return")
    default_action_strategy = "gaussian_noise"

    @classmethod
    def signatures(
        cls, options: LearnOptions, facts: DatasetFacts | None
    ) -> tuple[NetworkSignature, ...]:
        """Return an actor from observation to action, and a critic of both together."""
        no_dataset(facts, "ddpg")
        environment = continuous_facts(options, "ddpg")
        if options.action_strategy is not None:
            check_action_strategy(options.action_strategy, environment, Head.ACTION)
        size = environment.action_size
        seen = 1
        for extent in environment.observation_shape:
            seen *= extent
        return signatures_of(
            [("actor", environment.observation_shape, size), ("critic", (seen + size,), 1)]
        )

    def __init__(self, context: BuildContext) -> None:
        super().__init__(context, Head.ACTION)
        options = context.options
        self._actor, self._critic = context.networks
        self._actor_target = target_of(self._actor)
        self._critic_target = target_of(self._critic)
        rate = options.effective_learning_rate * options.policy_rate_scaling
        actor_options = options.model_copy(update={"learning_rate": rate})
        self._actor_updater = Updater(self._actor.parameters(), actor_options)
        self._critic_updater = Updater(self._critic.parameters(), options)

    def update(self) -> tuple[Tensor, Tensor]:
        """Update both once; return the critic's loss and its mean value of the actor's actions."""
        options, buffer = self.context.options, self.experience.buffer
        with self.experience.steady():
            rows = buffer.draw(self.generator, options.batch_size)
            found = buffer.transitions(rows, options.return_steps, options.discount)
        observations = self.tensor(found.observations)
        following = self.tensor(found.following)
        with torch.no_grad():
            then = _joined(following, self._actor_target(following).clamp(-1, 1))
            wanted = self.tensor(found.rewards)[:, None] * options.reward_factor
            wanted = wanted + self.tensor(found.discounts)[:, None] * self._critic_target(then)
        values = self._critic(_joined(observations, self.tensor(found.actions)))
        loss = functional.mse_loss(values, wanted)
        self._critic_updater.update(loss)
        worth = self._critic(_joined(observations, self._actor(observations))).mean()
        self._actor_updater.update(-worth)
        follow(self._actor_target, self._actor, options.target_rate)
        follow(self._critic_target, self._critic, options.target_rate)
        return loss.detach(), worth.detach()

    def state_dict(self) -> dict[str, Any]:
        """Return the target networks, the optimisers, and how far learning is."""
        return super().state_dict() | {
            "actor_target": self._actor_target.state_dict(),
            "critic_target": self._critic_target.state_dict(),
            "actor_optimizer": self._actor_updater.state_dict(),
            "critic_optimizer": self._critic_updater.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        super().load_state_dict(state)
        self._actor_target.load_state_dict(state["actor_target"])
        self._critic_target.load_state_dict(state["critic_target"])
        self._actor_updater.load_state_dict(state["actor_optimizer"])
        self._critic_updater.load_state_dict(state["critic_optimizer"])


def _joined(observations: Tensor, actions: Tensor) -> Tensor:
    return torch.cat([observations.flatten(1), actions], 1)
