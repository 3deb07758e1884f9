"""Deep Q-learning."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.optimization.updater import Updater
from jupyter_platform.learning.reinforcement.policies import Head
from jupyter_platform.learning.reinforcement.priorities import Priorities
from jupyter_platform.learning.strategies.base import BuildContext, NetworkSignature
from jupyter_platform.learning.strategies.reinforcement.base import (
    OffPolicy,
    discrete_facts,
    follow,
    no_dataset,
    signatures_of,
    target_of,
)


class DeepQ(OffPolicy):
    """A network learns the value of each discrete action from replayed experience.

    V. Mnih et al., "Human-level control through deep reinforcement learning", Nature 518, 2015,
    algorithm 1, with the Huber loss (δ = 1) for its clipped error: the target of ``Q(s, a)`` is

        ``y = Σ_{k<n} γ^k r_k + γ^n max_a' Q'(s_n, a')``, without the last term after an end,

    with n `return_steps` and Q' a copy of the network that follows every `target_interval` updates.
    With `double_q` the last term is ``Q'(s_n, argmax_a' Q(s_n, a'))`` (H. van Hasselt, A. Guez and
    D. Silver, "Deep Reinforcement Learning with Double Q-learning", 2016, arXiv:1509.06461,
    equation 4). With `priority_exponent` transitions are drawn by priority, see `Priorities`.
    A duelling network is made with the layer `DuelJoin`.
    DIANNE: `DeepQLearningStrategy`.
    """

    title = "Deep Q-learning"
    roles = ("q",)

    @classmethod
    def signatures(
        cls, options: LearnOptions, facts: DatasetFacts | None
    ) -> tuple[NetworkSignature, ...]:
        """One network from an observation to the value of each action."""
        no_dataset(facts, "dqn")
        environment = discrete_facts(options, "dqn")
        return signatures_of([("q", environment.observation_shape, environment.action_size)])

    def __init__(self, context: BuildContext) -> None:
        super().__init__(context, Head.VALUES)
        options = context.options
        self._network = context.networks[0]
        self._target = target_of(self._network)
        self._updater = Updater(self._network.parameters(), options)
        self._priorities = (
            Priorities(self.experience.buffer, options.priority_exponent)
            if options.priority_exponent
            else None
        )

    def update(self) -> tuple[Tensor, Tensor]:
        """Update the weights once; return loss and mean value of the actions taken."""
        options, buffer = self.context.options, self.experience.buffer
        weights = None
        with self.experience.steady():
            if self._priorities is None:
                rows = buffer.draw(self.generator, options.batch_size)
            else:
                rows, weights = self._priorities.draw(
                    self.generator, options.batch_size, self._beta()
                )
            found = buffer.transitions(rows, options.return_steps, options.discount)
        with torch.no_grad():
            wanted = self.tensor(found.rewards) * options.reward_factor
            wanted += self.tensor(found.discounts) * self._values(self.tensor(found.following))
        actions = self.tensor(found.actions)[:, None]
        values = self._network(self.tensor(found.observations)).gather(1, actions)[:, 0]
        losses = functional.smooth_l1_loss(values, wanted, reduction="none")
        loss = losses.mean() if weights is None else (losses * self.tensor(weights)).mean()
        self._updater.update(loss)
        if self._priorities is not None:
            self._priorities.update(rows, (values - wanted).detach().cpu().numpy())
        if (self.updates + 1) % options.target_interval == 0:
            follow(self._target, self._network)
        return loss.detach(), values.detach().mean()

    def _values(self, observations: Tensor) -> Tensor:
        """Return the values of states by the target network, shape (B,)."""
        values: Tensor = self._target(observations)
        if not self.context.options.double_q:
            return values.max(1).values
        chosen = self._network(observations).argmax(1, keepdim=True)
        return values.gather(1, chosen)[:, 0]

    def _beta(self) -> float:
        options = self.context.options
        start = options.priority_correction
        if options.max_iterations == -1:
            return start
        return start + (1 - start) * min(self.updates / options.max_iterations, 1.0)

    def state_dict(self) -> dict[str, Any]:
        """Return the target network, the optimiser, and how far learning is."""
        return super().state_dict() | {
            "target": self._target.state_dict(),
            "optimizer": self._updater.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        super().load_state_dict(state)
        self._target.load_state_dict(state["target"])
        self._updater.load_state_dict(state["optimizer"])
