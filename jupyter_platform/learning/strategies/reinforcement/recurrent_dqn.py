"""Deep Q-learning of a recurrent network on pieces of episodes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.optimization.updater import Updater
from jupyter_platform.learning.reinforcement.policies import Head
from jupyter_platform.learning.strategies.base import BuildContext, NetworkSignature
from jupyter_platform.learning.strategies.reinforcement.base import (
    OffPolicy,
    discrete_facts,
    follow,
    no_dataset,
    target_of,
)


class RecurrentDeepQ(OffPolicy):
    """A recurrent network learns the value of each action from the observations so far.

    M. Hausknecht and P. Stone, "Deep Recurrent Q-Learning for Partially Observable MDPs", 2015
    (arXiv:1507.06527), "bootstrapped random updates": pieces of `sequence_length` observations that
    begin anywhere in an episode, with an empty memory, and the target
    ``y_t = r_t + γ max_a Q'(o_1 … o_{t+1}, a)`` at each of their steps, without the last term after
    an end; with `double_q` as in `DeepQ`. The loss is Huber's (δ = 1).

    The network gives values for every observation of a piece; those of one observation may depend
    on earlier observations only. DIANNE: `RecurrentDeepQLearningStrategy`.
    """

    title = "Recurrent deep Q-learning"
    roles = ("q",)

    @classmethod
    def signatures(
        cls, options: LearnOptions, facts: DatasetFacts | None
    ) -> tuple[NetworkSignature, ...]:
        """One network from a history of observations to the values of actions at each of them."""
        no_dataset(facts, "recurrent_dqn")
        environment = discrete_facts(options, "recurrent_dqn")
        length, actions = options.sequence_length, environment.action_size
        shape = (length, *environment.observation_shape)
        return (NetworkSignature("q", shape, actions, (length, actions)),)

    def __init__(self, context: BuildContext) -> None:
        options = context.options
        super().__init__(context, Head.VALUES, options.sequence_length)
        self._network = context.networks[0]
        self._target = target_of(self._network)
        self._updater = Updater(self._network.parameters(), options)
        self.samples_per_step = options.batch_size * options.sequence_length

    def update(self) -> tuple[Tensor, Tensor]:
        """Update the weights once; return loss and mean value of the actions taken."""
        options, buffer = self.context.options, self.experience.buffer
        with self.experience.steady():
            rows = buffer.draw(self.generator, options.batch_size)
            found = buffer.sequences(rows, options.sequence_length)
        observations = self.tensor(found.observations)
        valid = self.tensor(found.valid)
        with torch.no_grad():
            following = self._following(observations)
            alive = ~self.tensor(found.terminal)
            wanted = self.tensor(found.rewards) * options.reward_factor
            wanted = wanted + options.discount * following * alive
        values = self._network(observations[:, :-1])
        taken = values.gather(2, self.tensor(found.actions)[..., None])[..., 0]
        losses = functional.smooth_l1_loss(taken, wanted, reduction="none")
        loss = losses[valid].mean()
        self._updater.update(loss)
        if (self.updates + 1) % options.target_interval == 0:
            follow(self._target, self._network)
        return loss.detach(), taken.detach()[valid].mean()

    def _following(self, observations: Tensor) -> Tensor:
        """Return the value of each next state, shape (B, L).

        The network sees L observations, so that the value behind the last action comes from the
        last L of the L + 1; all others come from the first L.
        """
        first, last = observations[:, :-1], observations[:, 1:]
        values = torch.cat([self._target(first)[:, 1:], self._target(last)[:, -1:]], 1)
        if not self.context.options.double_q:
            return values.max(2).values
        chosen = torch.cat([self._network(first)[:, 1:], self._network(last)[:, -1:]], 1)
        return values.gather(2, chosen.argmax(2, keepdim=True))[..., 0]

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
