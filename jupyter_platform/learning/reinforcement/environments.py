"""Gymnasium environments by id, and several of them played side by side."""

from __future__ import annotations

import functools
import importlib
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.environments import EnvironmentFacts, EnvironmentRecord
from jupyter_platform.core.errors import (
    FieldError,
    InvalidRequestError,
    PlatformError,
    UnavailableError,
    unknown_name,
)
from jupyter_platform.learning.reinforcement.spaces import (
    ActionCodec,
    FiniteActions,
    ObservationCodec,
    OutsideError,
    UnfitSpaceError,
    action_codec,
    observation_codec,
    shown,
)

_HEADLESS = {
    "SDL_VIDEODRIVER": "dummy",
    "SDL_AUDIODRIVER": "dummy",
    "PYGAME_HIDE_SUPPORT_PROMPT": "1",
}
_RESET = ("observation", "info")
_STEP = ("observation", "reward", "terminated", "truncated", "info")
INSTALL = "pip install 'jupyter-platform[rl]'"


def gymnasium() -> Any:
    """Return the package `gymnasium`, which comes with the extra ``rl``.

    Raises
    ------
    UnavailableError
        If it is not installed; it says how to install it.
    """
    try:
        return importlib.import_module("gymnasium")
    except ImportError as error:
        raise UnavailableError(
            f"Environments need Gymnasium, which is not installed here: {INSTALL}."
        ) from error


def environment_records() -> list[EnvironmentRecord]:
    """Return the environments that are registered here, the newest version of each."""
    registry = gymnasium().registry
    newest: dict[str, Any] = {}
    for spec in registry.values():
        key = spec.id.rpartition("-v")[0] or spec.id
        if key not in newest or (spec.version or 0) > (newest[key].version or 0):
            newest[key] = spec
    return [
        EnvironmentRecord(
            id=spec.id,
            entry=spec.entry_point if isinstance(spec.entry_point, str) else "",
            max_episode_steps=spec.max_episode_steps,
            reward_threshold=spec.reward_threshold,
        )
        for spec in sorted(newest.values(), key=lambda item: str(item.id))
    ]


def make_environment(name: str, *, render: bool = False) -> Any:
    """Return one environment, as its code made it.

    Parameters
    ----------
    name : str
        A Gymnasium id; ``module:id`` imports the module first.
    render : bool
        Whether `render` gives frames, uint8 of shape (height, width, 3).

    Raises
    ------
    InvalidRequestError
        If there is no such environment, or its code fails.
    UnavailableError
        If Gymnasium is not installed.
    """
    gym = gymnasium()
    if render:
        # Pictures go into arrays: no window, no sound, and no greeting in the log.
        for variable, value in _HEADLESS.items():
            os.environ.setdefault(variable, value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old versions, which people may want
            # Many do not know render_mode.
            drawing = {"render_mode": "rgb_array"} if render else {}
            environment = gym.make(name, disable_env_checker=True, **drawing)
    except gym.error.UnregisteredEnv as error:
        field = unknown_name("environment", name, [item.id for item in environment_records()])
        raise InvalidRequestError(field.message, errors=[field]) from error
    except gym.error.DependencyNotInstalled as error:
        raise UnavailableError(f"Environment {name!r} lacks a package: {error}") from error
    except Exception as error:
        raise bad_environment(name, f"cannot be made: {type(error).__name__}: {error}") from error
    return environment


@dataclass(frozen=True)
class Interface:
    """How an environment is looked at and acted in."""

    facts: EnvironmentFacts
    observations: ObservationCodec
    actions: ActionCodec


@functools.cache
def environment_interface(name: str) -> Interface:
    """Return how an environment is looked at and acted in.

    Parameters
    ----------
    name : str
        Id of the environment.

    Raises
    ------
    InvalidRequestError
        If a space of it cannot be learned from or acted in, which is named, or as of
        `make_environment`.
    """
    environment = make_environment(name)
    try:
        seen = observation_codec(
            _space(name, environment, "observation_space"), bounded=not is_gymnasiums(environment)
        )
        actions = action_codec(_space(name, environment, "action_space"))
    except UnfitSpaceError as error:
        raise bad_environment(name, f"cannot be learned: {error}") from error
    finally:
        environment.close()
    facts = EnvironmentFacts(
        id=name,
        observation_shape=seen.shape,
        observation_type="uint8" if seen.dtype == np.uint8 else "float32",
        max_episode_steps=environment.spec.max_episode_steps,
        reward_threshold=environment.spec.reward_threshold,
        actions=actions.count if isinstance(actions, FiniteActions) else None,
        action_shape=() if isinstance(actions, FiniteActions) else actions.shape,
        action_low=None if isinstance(actions, FiniteActions) else tuple(actions.low.tolist()),
        action_high=None if isinstance(actions, FiniteActions) else tuple(actions.high.tolist()),
    )
    return Interface(facts, seen, actions)


def environment_facts(name: str) -> EnvironmentFacts:
    """Return what an environment shows and takes; errors as of `environment_interface`."""
    return environment_interface(name).facts


def is_gymnasiums(environment: Any) -> bool:
    """Return whether an environment comes with Gymnasium itself.

    Some of those leave the bounds that they declare (LunarLander, high above the ground), which
    is not for users to mend.
    """
    return str(environment.spec.entry_point).startswith("gymnasium.envs.")


def _space(name: str, environment: Any, kind: str) -> Any:
    try:
        return getattr(environment, kind)
    except AttributeError as error:
        raise bad_environment(name, f"declares no {kind}") from error


def bad_environment(name: str, reason: str) -> InvalidRequestError:
    """Return the error that refuses an environment.

    Parameters
    ----------
    name : str
        Name of the environment.
    reason : str
        Why it cannot be used, as a sentence.
    """
    message = f"Environment {name!r} {reason}."
    return InvalidRequestError(
        message, errors=[FieldError(field="environment", value=name, message=message)]
    )


@dataclass(frozen=True)
class Episode:
    """One that has come to its end."""

    env_id: int
    seed: int
    """With it the environment begins just so again."""
    reward: float
    """Sum of all rewards: its return."""
    length: int
    """Actions in it."""


@dataclass(frozen=True)
class Moves:
    """Outcomes of one action in each environment that was active, one row each."""

    env_ids: NDArray[np.int64]
    rewards: NDArray[np.float32]
    observations: NDArray[Any]
    """Observations after the actions, before any environment began a new episode."""
    terminated: NDArray[np.bool_]
    """The episode has come to its own end: nothing follows."""
    truncated: NDArray[np.bool_]
    """The episode was cut: more would have followed."""
    ended: list[Episode]


class VectorEnvironment:
    """Copies of one environment, played side by side; each begins anew when its episode ends.

    Parameters
    ----------
    name : str
        Id of the environment.
    count : int
        Copies.
    seeds : iterator of int
        One for each episode; an environment rests when there are no more.
    max_actions : int
        Actions after which an episode is cut; -1: only the environment cuts.

    Raises
    ------
    PlatformError
        If the environment cannot be made.
    """

    def __init__(self, name: str, count: int, seeds: Iterator[int], max_actions: int = -1) -> None:
        self._set_up(name, [make_environment(name) for _ in range(count)], seeds, max_actions)

    @classmethod
    def around(
        cls, environments: Sequence[Any], name: str, seeds: Iterator[int]
    ) -> VectorEnvironment:
        """Return a vector of environments that were made before.

        Parameters
        ----------
        environments : sequence of object
            Environments of Gymnasium, all alike.
        name : str
            Their name.
        seeds : iterator of int
            Seeds of their episodes.
        """
        found = cls.__new__(cls)
        found._set_up(name, environments, seeds, -1)
        return found

    def _set_up(
        self, name: str, environments: Sequence[Any], seeds: Iterator[int], max_actions: int
    ) -> None:
        count = len(environments)
        interface = environment_interface(name)
        self.facts, self._codec = interface.facts, interface.observations
        self._decode: Callable[[Any], Any] = interface.actions.decode
        self._environments = environments
        self._seeds = seeds
        self._limit = max_actions
        self._now = np.zeros((count, *self._codec.shape), self._codec.dtype)
        self._rewards = np.zeros(count)
        self._lengths = np.zeros(count, np.int64)
        self._episode_seeds = [0] * count
        self.active = np.array([env_id for env_id in range(count) if self._begin(env_id)], np.int64)

    @property
    def observations(self) -> NDArray[Any]:
        """Observations of the active environments, shape (active, …)."""
        return self._now[self.active]

    def step(self, actions: NDArray[Any]) -> Moves:
        """Do one action in each active environment.

        Parameters
        ----------
        actions : array, shape (active,) or (active, n)
            Numbers of discrete actions, or continuous ones in units of their range: -1 is the
            lowest, 1 the highest; what lies outside is cut off.

        Raises
        ------
        PlatformError
            If the environment fails or returns a value that is not a number; the message names
            the call.
        """
        env_ids = self.active
        count = len(env_ids)
        rewards = np.zeros(count, np.float32)
        terminated, truncated = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
        ended: list[Episode] = []
        for index, env_id in enumerate(env_ids):
            observation, reward, done, cut = self._act(env_id, actions[index])
            self._now[env_id] = observation
            self._rewards[env_id] += reward
            self._lengths[env_id] += 1
            rewards[index], terminated[index] = reward, done
            truncated[index] = not done and (cut or self._lengths[env_id] == self._limit)
        following = self._now[env_ids]
        self._check_numbers(actions, rewards, following)
        for env_id in env_ids[terminated | truncated]:
            ended.append(self._ended(int(env_id)))
        if ended:
            self.active = np.array(
                [env_id for env_id in env_ids if self._lengths[env_id] >= 0], np.int64
            )
        return Moves(env_ids, rewards, following, terminated, truncated, ended)

    def close(self) -> None:
        """Let the environments go."""
        for environment in self._environments:
            environment.close()

    def _act(self, env_id: int, action: Any) -> tuple[NDArray[Any], float, bool, bool]:
        made = self._decode(int(action) if self.facts.is_discrete else action)
        try:
            answer = self._environments[env_id].step(made)
        except Exception as error:
            raise PlatformError(
                f"Environment {self.facts.id!r} failed at action {made!r} after "
                f"{self._lengths[env_id]} actions: {type(error).__name__}: {error}"
            ) from error
        call = f"step({made!r}) after {self._lengths[env_id]} actions"
        if not isinstance(answer, tuple) or len(answer) != len(_STEP):
            raise self._unlike(call, answer, _STEP)
        observation, reward, done, cut, _ = answer
        return (
            self._seen(observation, call),
            self._reward(reward, call),
            self._flag(done, "terminated", call),
            self._flag(cut, "truncated", call),
        )

    def _unlike(self, call: str, answer: Any, wanted: Sequence[str]) -> PlatformError:
        came = f"a tuple of {len(answer)}" if isinstance(answer, tuple) else shown(answer)
        return PlatformError(
            f"Environment {self.facts.id!r}: {call} gave {came}; as Gymnasium has it, it returns "
            f"({', '.join(wanted)})."
        )

    def _seen(self, observation: Any, call: str) -> NDArray[Any]:
        try:
            return self._codec.encode(observation)
        except OutsideError as error:
            raise PlatformError(f"Environment {self.facts.id!r}: in {call} {error}.") from error

    def _reward(self, reward: Any, call: str) -> float:
        is_number = isinstance(reward, int | float | np.number | np.bool_) or (
            isinstance(reward, np.ndarray) and reward.shape == () and reward.dtype.kind in "biuf"
        )
        if is_number and not isinstance(reward, np.complexfloating):
            return float(reward)
        raise PlatformError(
            f"Environment {self.facts.id!r}: in {call} the reward is {shown(reward)}; it must be a "
            "number."
        )

    def _flag(self, value: Any, name: str, call: str) -> bool:
        if isinstance(value, bool | np.bool_) or (isinstance(value, int) and value in (0, 1)):
            return bool(value)
        if isinstance(value, np.ndarray | np.integer) and value.shape == () and value in (0, 1):
            return bool(value)
        raise PlatformError(
            f"Environment {self.facts.id!r}: in {call} {name} is {shown(value)}; it must be True "
            "or False."
        )

    def _check_numbers(
        self, actions: NDArray[Any], rewards: NDArray[np.float32], following: NDArray[Any]
    ) -> None:
        """Refuse rewards and observations that are not finite, unless the actions were not."""
        if np.isfinite(rewards).all() and np.isfinite(following).all():
            return
        if not np.isfinite(actions).all():
            return  # The network caused it; the caller, who knows the network, reports that.
        index = int(np.argmin(np.isfinite(rewards) & _finite_rows(following)))
        what = (
            f"the observation {following[index].ravel()[:8].tolist()}"
            if np.isfinite(rewards[index])
            else f"the reward {rewards[index]}"
        )
        raise PlatformError(
            f"Environment {self.facts.id!r} answered action {actions[index].tolist()} with {what} "
            f"after {self._lengths[self.active[index]]} actions; only finite numbers can be "
            "learned from."
        )

    def _ended(self, env_id: int) -> Episode:
        episode = Episode(
            env_id,
            self._episode_seeds[env_id],
            float(self._rewards[env_id]),
            int(self._lengths[env_id]),
        )
        if not self._begin(env_id):
            self._lengths[env_id] = -1
        return episode

    def _begin(self, env_id: int) -> bool:
        seed = next(self._seeds, None)
        if seed is None:
            return False
        call = f"reset(seed={seed})"
        try:
            answer = self._environments[env_id].reset(seed=seed)
        except Exception as error:
            raise PlatformError(
                f"Environment {self.facts.id!r} failed at {call}: {type(error).__name__}: {error}"
            ) from error
        if not isinstance(answer, tuple) or len(answer) != len(_RESET):
            raise self._unlike(call, answer, _RESET)
        self._now[env_id] = self._seen(answer[0], call)
        if not np.isfinite(self._now[env_id]).all():
            raise PlatformError(
                f"Environment {self.facts.id!r} begins with an observation that is not finite "
                f"(seed {seed})."
            )
        self._episode_seeds[env_id] = seed
        self._rewards[env_id] = self._lengths[env_id] = 0
        return True


def _finite_rows(values: NDArray[Any]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.isfinite(values.reshape(len(values), -1)).all(1)
    return found


def endless_seeds(*entropy: int) -> Iterator[int]:
    """Return seeds of episodes without end, always the same ones for the same numbers."""
    generator = np.random.default_rng(entropy)
    while True:
        yield int(generator.integers(2**31))


def numbered_seeds(seed: int, episodes: int) -> Sequence[int]:
    """Return the seeds of evaluation episodes, the same in every evaluation with one seed.

    Parameters
    ----------
    seed : int
        Of the job.
    episodes : int
        Number of seeds.
    """
    first = int(np.random.default_rng([seed, 1]).integers(2**30))
    return range(first, first + episodes)
