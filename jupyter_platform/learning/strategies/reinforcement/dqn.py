"""Deep Q-learning (Mnih et al. 2015), double (van Hasselt 2016), prioritised (Schaul 2016)."""

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
from jupyter_platform.learning.strategies.base import Material, Place
from jupyter_platform.learning.strategies.reinforcement.base import (
    OffPolicy,
    discrete_facts,
    follow,
    no_dataset,
    places_of,
    target_of,
)


class DeepQ(OffPolicy):
    """A network learns what each action is worth: ``r + γ Q'(s', a')`` (Huber loss).

    A duelling network is a matter of its layers, not of the strategy
    (DIANNE: `DeepQLearningStrategy`).
    """

    title = "Deep Q-learning"
    roles = ("q",)

    @classmethod
    def places(cls, options: LearnOptions, facts: DatasetFacts | None) -> tuple[Place, ...]:
        """One network from an observation to the value of each action."""
        no_dataset(facts, "dqn")
        environment = discrete_facts(options, "dqn")
        return places_of([("q", environment.observation_shape, environment.action_size)])

    def __init__(self, material: Material) -> None:
        super().__init__(material, Head.VALUES)
        options = material.options
        self._network = material.networks[0]
        self._target = target_of(self._network)
        self._updater = Updater(self._network.parameters(), options)
        self._priorities = (
            Priorities(self.experience.ring, options.priority_exponent)
            if options.priority_exponent
            else None
        )

    def update(self) -> tuple[Tensor, Tensor]:
        """Update the weights once; return loss and mean value of the actions taken."""
        options, ring = self.material.options, self.experience.ring
        weights = None
        with self.experience.steady():
            if self._priorities is None:
                rows = ring.draw(self.generator, options.batch_size)
            else:
                rows, weights = self._priorities.draw(
                    self.generator, options.batch_size, self._correction()
                )
            found = ring.transitions(rows, options.return_steps, options.discount)
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
        """Return what the states are worth, as the target network has it."""
        values: Tensor = self._target(observations)
        if not self.material.options.double_q:
            return values.max(1).values
        chosen = self._network(observations).argmax(1, keepdim=True)
        return values.gather(1, chosen)[:, 0]

    def _correction(self) -> float:
        options = self.material.options
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
        """Take over what `state_dict` gave."""
        super().load_state_dict(state)
        self._target.load_state_dict(state["target"])
        self._updater.load_state_dict(state["optimizer"])
