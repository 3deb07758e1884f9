"""Base classes of strategies that learn from acting."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.environments import EnvironmentFacts
from jupyter_platform.core.errors import FieldError, InvalidRequestError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.core.pools import WEIGHTS
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.reinforcement.environments import environment_facts
from jupyter_platform.learning.reinforcement.experience import (
    Experience,
    OwnExperience,
    PooledExperience,
)
from jupyter_platform.learning.reinforcement.playing import play
from jupyter_platform.learning.reinforcement.policies import (
    Head,
    Policy,
    Random,
    check_action_strategy,
    make_exploration,
)
from jupyter_platform.learning.reinforcement.publishing import publish
from jupyter_platform.learning.strategies.base import BuildContext, NetworkSignature, Strategy


def facts_of(options: LearnOptions, kind: str) -> EnvironmentFacts:
    """Return the facts of the environment that the options name.

    Parameters
    ----------
    options : LearnOptions
        Options of the LEARN.
    kind : str
        Title of the strategy, for messages.

    Raises
    ------
    PlatformError
        If they name none, or it cannot be made.
    """
    if options.environment is None:
        message = f"Strategy {kind} acts in an environment; name one, as environment=CartPole-v1."
        field = FieldError(field="environment", message=message, accepted="a Gymnasium id")
        raise InvalidRequestError(message, errors=[field])
    facts = environment_facts(options.environment)
    if options.action_strategy is not None:
        check_action_strategy(options.action_strategy, facts)
    return facts


def discrete_facts(options: LearnOptions, kind: str) -> EnvironmentFacts:
    """Return the facts of an environment with discrete actions; errors as of `facts_of`.

    Parameters
    ----------
    options : LearnOptions
        Options of the LEARN.
    kind : str
        Title of the strategy, for messages.
    """
    facts = facts_of(options, kind)
    if not facts.is_discrete:
        raise _wrong_actions(facts, f"{kind} chooses one of a few actions", "ddpg or ppo")
    return facts


def continuous_facts(options: LearnOptions, kind: str) -> EnvironmentFacts:
    """Return the facts of an environment with continuous actions; errors as of `facts_of`.

    Parameters
    ----------
    options : LearnOptions
        Options of the LEARN.
    kind : str
        Title of the strategy, for messages.
    """
    facts = facts_of(options, kind)
    if facts.is_discrete:
        raise _wrong_actions(facts, f"{kind} gives numbers as actions", "dqn, recurrent_dqn or ppo")
    return facts


def _wrong_actions(facts: EnvironmentFacts, what: str, others: str) -> InvalidRequestError:
    takes = (
        f"one of {facts.actions} actions"
        if facts.is_discrete
        else format_count(facts.action_size, "continuous number")
    )
    message = f"Strategy {what}; {facts.id} takes {takes}: learn it with {others}."
    return InvalidRequestError(
        message, errors=[FieldError(field="strategy", message=message, accepted=others)]
    )


class Reinforcement(Strategy):
    """A strategy whose networks are validated by playing.

    Parameters
    ----------
    context : BuildContext
        The first network is the one that acts.
    head : Head
        What that network gives.
    history : int
        Observations that it looks back on; 0: at the present one alone.
    """

    def __init__(self, context: BuildContext, head: Head, history: int = 0) -> None:
        super().__init__(context)
        self.facts = environment_facts(str(context.options.environment))
        self.policy = Policy(context.networks[0], head, context.device, history)
        # The processes of a gang go through something else each.
        self.seed: tuple[int, ...] = (context.options.seed, context.rank)
        self.generator = np.random.default_rng([*self.seed, 0])
        self._history = history

    def validate(self) -> dict[str, float]:
        """Return ``validation_loss``, the negative mean return of greedy episodes, and that."""
        options = self.context.options
        policy = Policy(self.policy.network, self.policy.head, self.context.device, self._history)
        played = play(policy, self.facts.id, options.evaluation_episodes, options.seed)
        return {"validation_loss": -played.mean, "validation_return": played.mean}

    def reseed(self, number: int) -> None:
        """Draw and play otherwise from here on than tries with another number."""
        super().reseed(number)
        self.seed = (*self.seed, number)
        self._draw_anew(0)

    def generator_state(self) -> dict[str, Any]:
        """Return where the random numbers are, and of which rank of a gang."""
        return {**generator_state(self.generator), "rank": self.context.rank}

    def load_generator(self, state: dict[str, Any], place: int) -> None:
        """Draw on from a checkpoint.

        Parameters
        ----------
        state : dict
            As `generator_state` gives it.
        place : int
            How far learning is; a rank of a gang whose own state is not there draws what nobody has
            drawn before.
        """
        if state.get("rank", 0) == self.context.rank:
            set_generator_state(self.generator, state)
        else:
            self._draw_anew(place)

    def _draw_anew(self, place: int) -> None:
        # In place: whoever chooses actions draws from the same generator.
        fresh = np.random.default_rng([*self.seed, 0, place])
        self.generator.bit_generator.state = fresh.bit_generator.state

    def tensor(self, values: Any) -> Tensor:
        """Return an array on the device, integers as they are and anything else as float32."""
        found = torch.from_numpy(np.ascontiguousarray(values))
        if found.is_floating_point() or found.dtype == torch.uint8:
            found = found.float()
        return found.to(self.context.device)


class OffPolicy(Reinforcement):
    """A strategy that learns again and again from what was remembered.

    Its memory is not part of checkpoints: an attempt that goes on plays `min_samples` actions
    with the weights that it has, and learns on from those.
    """

    series = ("loss", "q", "return")
    default_action_strategy = "greedy"

    def __init__(self, context: BuildContext, head: Head, history: int = 0) -> None:
        super().__init__(context, head, history)
        self.experience: Experience = (
            self._own_experience() if context.pool is None else PooledExperience(context.pool)
        )
        self.updates = 0

    def _own_experience(self) -> OwnExperience:
        options, head = self.context.options, self.policy.head
        strategy = options.action_strategy or self.default_action_strategy
        exploration = make_exploration(strategy, options, head, self.facts, self.generator)
        # An actor that knows nothing stands still: noise about that sees little of the world.
        beginner = Random(head, self.facts, self.generator) if head is Head.ACTION else None
        return OwnExperience(
            self.facts,
            self.policy,
            exploration,
            num_envs=options.parallel_environments,
            capacity=options.memory_size,
            at_first=options.min_samples,
            each=options.steps_per_update,
            seed=(*self.seed, 2),
            beginner=beginner,
        )

    def step(self) -> tuple[Tensor, Tensor, float | None]:
        """Act, update the weights once; return loss, mean value and the return of episodes."""
        self.experience.advance()
        loss, value = self.update()
        self.updates += 1
        self._publish()
        returns = self.experience.take_returns()
        return loss, value, float(np.mean(returns)) if returns else None

    def _publish(self) -> None:
        """Give the agents of the pool new weights when it is time."""
        if self.updates % self.context.options.publish_interval == 0:
            self._give_weights()

    def _give_weights(self, *, last: bool = False) -> None:
        folder, context = self.context.pool, self.context
        if folder is not None and context.rank == 0:
            name, network = context.names[0], context.networks[0]
            publish(folder / WEIGHTS, name, network, self.updates, last=last)

    def finish(self) -> None:
        """Let the agents know that no better weights will come."""
        self._give_weights(last=True)

    def summary(self) -> dict[str, Any]:
        """Return how much was experienced."""
        experience = self.experience.state_dict()
        return {"experience": experience} if experience else {}

    @abstractmethod
    def update(self) -> tuple[Tensor, Tensor]:
        """Update the weights once from remembered transitions; return loss and mean value."""

    def state_dict(self) -> dict[str, Any]:
        """Return how far learning and exploring are."""
        return {
            "updates": self.updates,
            "experience": self.experience.state_dict(),
            "generator": self.generator_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self.updates = int(state["updates"])
        self.experience.load_state_dict(state["experience"])
        self.load_generator(state["generator"], self.updates)


def target_of(network: nn.Module) -> nn.Module:
    """Return a copy of a network that no gradient changes."""
    target = copy.deepcopy(network)
    target.requires_grad_(False)
    return target


@torch.no_grad()
def follow(target: nn.Module, network: nn.Module, rate: float = 1.0) -> None:
    """Move the weights of a target network towards those of a network.

    Parameters
    ----------
    target : Module
        Is changed in place.
    network : Module
        Of the same layers.
    rate : float
        τ of ``θ' = τ θ + (1 - τ) θ'``; 1 copies the weights. Buffers are copied whatever it is.
    """
    moving = [item.detach() for item in network.parameters()]
    torch._foreach_lerp_(list(target.parameters()), moving, rate)
    for kept, now in zip(target.buffers(), network.buffers(), strict=True):
        kept.copy_(now)


def signatures_of(
    roles: Iterable[tuple[str, tuple[int, ...], int]],
) -> tuple[NetworkSignature, ...]:
    """Return signatures from role, input shape and number of outputs."""
    return tuple(
        NetworkSignature(role, shape, outputs, (outputs,)) for role, shape, outputs in roles
    )


def no_dataset(facts: DatasetFacts | None, kind: str) -> None:
    """Refuse a dataset of samples.

    Parameters
    ----------
    facts : DatasetFacts or None
        What is known of the dataset; None where there is none.
    kind : str
        Title of the strategy, for messages.

    Raises
    ------
    InvalidRequestError
        Naming what the strategy learns from.
    """
    if facts is not None:
        message = (
            f"Strategy {kind} learns from acting, not from a dataset; give environment=… and no "
            "dataset, or the name of a pool."
        )
        raise InvalidRequestError(message, errors=[FieldError(field="dataset", message=message)])


def generator_state(generator: np.random.Generator) -> dict[str, Any]:
    """Return the state of a generator as numbers in text, which load safely."""
    state = generator.bit_generator.state
    inner = state["state"]
    return {
        "state": str(inner["state"]),
        "inc": str(inner["inc"]),
        "has_uint32": int(state["has_uint32"]),
        "uinteger": int(state["uinteger"]),
    }


def set_generator_state(generator: np.random.Generator, state: dict[str, Any]) -> None:
    """Set a generator to what `generator_state` gave.

    Parameters
    ----------
    generator : Generator
        Changed in place.
    state : dict of str to object
        Its state.
    """
    generator.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": int(state["state"]), "inc": int(state["inc"])},
        "has_uint32": state["has_uint32"],
        "uinteger": state["uinteger"],
    }
