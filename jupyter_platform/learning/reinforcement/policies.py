"""Policies: from the outputs of a network to actions, with exploration."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from jupyter_platform.core.environments import EnvironmentFacts
from jupyter_platform.core.errors import FieldError, InvalidDataError, InvalidRequestError
from jupyter_platform.core.options import ActOptions, LearnOptions
from jupyter_platform.core.units import format_count


class Head(Enum):
    """Meaning of the numbers that a network gives for one observation."""

    VALUES = "one for each action, the highest for the best"
    ACTION = "the action itself"
    CATEGORICAL_CRITIC = "one for each action, then the value of the state"
    GAUSSIAN_CRITIC = "mean and log standard deviation of the action, then the value of the state"


def head_of(outputs: int, facts: EnvironmentFacts, name: str) -> Head:
    """Return the head of a network that has so many outputs, in an environment.

    Parameters
    ----------
    outputs : int
        Numbers that the network gives for one observation.
    facts : EnvironmentFacts
        What is known of the environment.
    name : str
        Name of the network.

    Raises
    ------
    InvalidDataError
        If no kind of agent has so many; network and environment are named.
    """
    size = facts.action_size
    if facts.is_discrete:
        kinds = {size: Head.VALUES, size + 1: Head.CATEGORICAL_CRITIC}
    else:
        kinds = {size: Head.ACTION, 2 * size + 1: Head.GAUSSIAN_CRITIC}
    if outputs in kinds:
        return kinds[outputs]
    accepted = " or ".join(f"{count} ({kind.value})" for count, kind in kinds.items())
    message = (
        f"Network {name!r} gives {outputs} numbers; to act in {facts.id} it must give {accepted}."
    )
    raise InvalidDataError(
        message,
        errors=[FieldError(field="networks", value=name, message=message, accepted=accepted)],
    )


class Policy:
    """A network that looks at observations.

    Parameters
    ----------
    network : Module
        Gives one row of numbers for each observation; with a `history`, one for each of its steps.
    head : Head
        Their meaning.
    device : torch.device
        Where the network is.
    history : int
        Observations that it looks back on, of the same episode; 0: at the present one alone.
    """

    def __init__(
        self, network: nn.Module, head: Head, device: torch.device, history: int = 0
    ) -> None:
        self.network = network
        self.head = head
        self._device = device
        self._history = history
        self._pasts: dict[int, list[NDArray[Any]]] = {}

    def outputs(self, env_ids: NDArray[np.int64], observations: NDArray[Any]) -> Tensor:
        """Return the outputs of the network for observations, on the CPU.

        Parameters
        ----------
        env_ids : array of int64, shape (active,)
            Environments that the observations come from.
        observations : array, shape (active, …)

        Returns
        -------
        Tensor, shape (active, outputs)
        """
        training = self.network.training
        if training:
            self.network.eval()
        with torch.inference_mode():
            found = self._look(env_ids, observations)
        if training:
            self.network.train()
        return found.to("cpu")

    def forget(self, env_id: int) -> None:
        """Begin a new episode in an environment."""
        self._pasts.pop(env_id, None)

    def _look(self, env_ids: NDArray[np.int64], observations: NDArray[Any]) -> Tensor:
        if not self._history:
            values = torch.from_numpy(np.ascontiguousarray(observations, np.float32))
            found: Tensor = self.network(values.to(self._device))
            return found
        shape = (len(env_ids), self._history, *observations.shape[1:])
        pasts = np.zeros(shape, np.float32)
        last = np.zeros(len(env_ids), np.int64)
        for index, env_id in enumerate(env_ids):
            past = self._pasts.setdefault(int(env_id), [])
            past.append(observations[index].copy())
            del past[: -self._history]
            # The zeros behind the present do not change the outputs of a causal network for it.
            pasts[index, : len(past)] = past
            last[index] = len(past) - 1
        steps: Tensor = self.network(torch.from_numpy(pasts).to(self._device))
        return steps[torch.arange(len(env_ids)), torch.from_numpy(last)]


def best_actions(head: Head, outputs: Tensor) -> NDArray[Any]:
    """Return the actions of the highest value, or of the mean; continuous ones in units of range.

    Parameters
    ----------
    outputs : Tensor, shape (B, outputs)

    Returns
    -------
    array, int64 of shape (B,) or float32 of shape (B, n)
    """
    if head is Head.VALUES:
        return outputs.argmax(1).numpy()
    if head is Head.CATEGORICAL_CRITIC:
        return outputs[:, :-1].argmax(1).numpy()
    if head is Head.ACTION:
        return outputs.numpy()
    return outputs[:, : outputs.shape[1] // 2].numpy()


@dataclass(frozen=True)
class Decay:
    """A number that falls from episode to episode: ``min + (max - min) e^(-rate * episode)``."""

    highest: float
    lowest: float
    rate: float

    def __call__(self, episode: int) -> float:
        """Return it in an episode, counted from 0."""
        return self.lowest + (self.highest - self.lowest) * math.exp(-self.rate * episode)


class Exploration(Protocol):
    """A way to choose actions while learning or acting."""

    def __call__(self, env_ids: NDArray[np.int64], outputs: Tensor, episode: int) -> NDArray[Any]:
        """Return one action for each environment.

        Parameters
        ----------
        env_ids : array
            Environments that the actions are for.
        outputs : Tensor, shape (active, outputs)
            Outputs of the network.
        episode : int
            Episodes that have ended before.
        """

    def forget(self, env_id: int) -> None:
        """Begin a new episode in an environment."""


class _Exploration:
    def __init__(self, head: Head, facts: EnvironmentFacts, generator: np.random.Generator) -> None:
        self._head = head
        self._facts = facts
        self._generator = generator

    def forget(self, env_id: int) -> None:
        """Begin a new episode in an environment."""

    def _random(self, count: int) -> NDArray[Any]:
        if self._facts.is_discrete:
            return self._generator.integers(self._facts.action_size, size=count)
        return self._generator.uniform(-1, 1, (count, self._facts.action_size))


class Greedy(_Exploration):
    """The best action, or now and then any (ε-greedy)."""

    def __init__(
        self,
        head: Head,
        facts: EnvironmentFacts,
        generator: np.random.Generator,
        epsilon: Decay,
    ) -> None:
        super().__init__(head, facts, generator)
        self._epsilon = epsilon

    def __call__(self, env_ids: NDArray[np.int64], outputs: Tensor, episode: int) -> NDArray[Any]:
        """Return one action for each environment."""
        actions = best_actions(self._head, outputs)
        explores = self._generator.random(len(env_ids)) < self._epsilon(episode)
        if explores.any():
            actions = actions.copy()
            actions[explores] = self._random(int(explores.sum()))
        return actions


class Boltzmann(_Exploration):
    """Each action with the probability ``softmax(Q / T)``, T the temperature."""

    def __init__(
        self,
        head: Head,
        facts: EnvironmentFacts,
        generator: np.random.Generator,
        temperature: Decay,
    ) -> None:
        super().__init__(head, facts, generator)
        self._temperature = temperature

    def __call__(self, env_ids: NDArray[np.int64], outputs: Tensor, episode: int) -> NDArray[Any]:
        """Return one action for each environment."""
        values = outputs[:, : self._facts.action_size]
        probabilities = torch.softmax(values.double() / self._temperature(episode), 1)
        return _drawn(probabilities, self._generator)


class Sampling(_Exploration):
    """An action drawn from the distribution that the network gives."""

    def __call__(self, env_ids: NDArray[np.int64], outputs: Tensor, episode: int) -> NDArray[Any]:
        """Return one action for each environment."""
        if self._facts.is_discrete:
            values = outputs[:, : self._facts.action_size].double()
            # Probabilities are known by their sum; anything else is scores.
            is_probability = bool((values >= 0).all()) and torch.allclose(
                values.sum(1), torch.ones(len(values), dtype=torch.double), atol=1e-4
            )
            return _drawn(values if is_probability else torch.softmax(values, 1), self._generator)
        mean, std = gaussian(outputs)
        noise = self._generator.standard_normal(mean.shape)
        return mean.numpy() + std.numpy() * noise


class GaussianNoise(_Exploration):
    """The best action with normal noise on each of its numbers."""

    def __init__(
        self,
        head: Head,
        facts: EnvironmentFacts,
        generator: np.random.Generator,
        size: Decay,
    ) -> None:
        super().__init__(head, facts, generator)
        self._size = size

    def __call__(self, env_ids: NDArray[np.int64], outputs: Tensor, episode: int) -> NDArray[Any]:
        """Return one action for each environment."""
        best = best_actions(self._head, outputs)
        return best + self._size(episode) * self._generator.standard_normal(best.shape)


class OrnsteinUhlenbeck(_Exploration):
    """The best action plus ``size · x``, where ``x ← x - θ x + σ n`` and n is standard normal.

    An Ornstein-Uhlenbeck process with steps of 1 (Lillicrap et al. 2016, arXiv:1509.02971).
    """

    def __init__(
        self,
        head: Head,
        facts: EnvironmentFacts,
        generator: np.random.Generator,
        size: Decay,
        *,
        theta: float,
        sigma: float,
    ) -> None:
        super().__init__(head, facts, generator)
        self._size = size
        self._theta, self._sigma = theta, sigma
        self._drift: dict[int, NDArray[np.float64]] = {}

    def __call__(self, env_ids: NDArray[np.int64], outputs: Tensor, episode: int) -> NDArray[Any]:
        """Return one action for each environment."""
        best = best_actions(self._head, outputs)
        still = np.zeros(best.shape[1])
        drift = np.stack([self._drift.get(int(env_id), still) for env_id in env_ids])
        noise = self._generator.standard_normal(best.shape)
        drift = drift - self._theta * drift + self._sigma * noise
        self._drift.update({int(env_id): row for env_id, row in zip(env_ids, drift, strict=True)})
        return best + self._size(episode) * drift

    def forget(self, env_id: int) -> None:
        """Begin a new episode in an environment, without drift."""
        self._drift.pop(env_id, None)


class Random(_Exploration):
    """Any action, whatever the network gives."""

    def __call__(self, env_ids: NDArray[np.int64], outputs: Tensor, episode: int) -> NDArray[Any]:
        """Return one action for each environment."""
        return self._random(len(env_ids))


def gaussian(outputs: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of the actions of a Gaussian actor-critic, shape (B, n).

    Parameters
    ----------
    outputs : Tensor, shape (B, 2n + 1)
        Means, logarithms of standard deviations (clamped to -5 … 2), and the value.
    """
    size = outputs.shape[1] // 2
    std = outputs[:, size : 2 * size].clamp(-5, 2).exp()
    return outputs[:, :size], std


def _drawn(probabilities: Tensor, generator: np.random.Generator) -> NDArray[np.int64]:
    """Draw one column of each row, in proportion to its probability; int64, shape (B,)."""
    sums = probabilities.cumsum(1).numpy()
    masses = generator.random(len(sums))[:, None] * sums[:, -1:]
    drawn: NDArray[np.int64] = np.minimum((sums <= masses).sum(1), sums.shape[1] - 1)
    return drawn


ActionOptions = LearnOptions | ActOptions
"""Options that tell how actions are chosen."""


def check_action_strategy(strategy: str, facts: EnvironmentFacts, head: Head | None = None) -> None:
    """Refuse an exploration strategy that does not fit the environment or the network.

    Parameters
    ----------
    head : Head, optional
        What the network gives, where that is known.

    Raises
    ------
    InvalidRequestError
        Naming what the environment takes and what would do.
    """
    wrong = {
        "boltzmann": not facts.is_discrete,
        "gaussian_noise": facts.is_discrete,
        "ornstein_uhlenbeck": facts.is_discrete,
    }
    if not wrong.get(strategy, False):
        if strategy == "sampling" and head is Head.ACTION:
            raise _nothing_to_draw_from()
        return
    takes = (
        f"one of {facts.actions} actions"
        if facts.is_discrete
        else format_count(facts.action_size, "number")
    )
    accepted = "greedy, boltzmann, sampling or random"
    if not facts.is_discrete:
        accepted = "greedy, gaussian_noise, ornstein_uhlenbeck, sampling or random"
    message = (
        f"action_strategy = {strategy} does not go with {facts.id}, which takes {takes}; "
        f"accepted are {accepted}."
    )
    field = FieldError(field="action_strategy", value=strategy, message=message, accepted=accepted)
    raise InvalidRequestError(message, errors=[field])


def _nothing_to_draw_from() -> InvalidRequestError:
    accepted = "greedy, gaussian_noise, ornstein_uhlenbeck or random"
    message = (
        "action_strategy = sampling needs a network that gives a distribution; this one gives the "
        f"action itself, which goes with {accepted}."
    )
    field = FieldError(
        field="action_strategy", value="sampling", message=message, accepted=accepted
    )
    return InvalidRequestError(message, errors=[field])


def make_exploration(
    strategy: str,
    options: ActionOptions,
    head: Head,
    facts: EnvironmentFacts,
    generator: np.random.Generator,
) -> Exploration:
    """Return the exploration strategy of a name in the options.

    Parameters
    ----------
    strategy : str
        Name of the exploration strategy.
    options : ActionOptions
        Options about exploration.
    head : Head
        What the outputs of the network mean.
    facts : EnvironmentFacts
        What is known of the environment.
    generator : Generator
        Source of random actions.

    Raises
    ------
    InvalidRequestError
        If it does not go with the environment or the network.
    """
    check_action_strategy(strategy, facts, head)
    noise = Decay(options.noise_max, options.noise_min, options.noise_decay)
    makers: dict[str, Callable[[], Exploration]] = {
        "greedy": lambda: Greedy(
            head,
            facts,
            generator,
            Decay(options.epsilon_max, options.epsilon_min, options.epsilon_decay),
        ),
        "boltzmann": lambda: Boltzmann(
            head,
            facts,
            generator,
            Decay(options.temperature_max, options.temperature_min, options.temperature_decay),
        ),
        "gaussian_noise": lambda: GaussianNoise(head, facts, generator, noise),
        "ornstein_uhlenbeck": lambda: OrnsteinUhlenbeck(
            head, facts, generator, noise, theta=options.theta, sigma=options.sigma
        ),
        "sampling": lambda: Sampling(head, facts, generator),
        "random": lambda: Random(head, facts, generator),
    }
    return makers[strategy]()
