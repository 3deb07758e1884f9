"""An environment tried before anything is learned in it."""

from __future__ import annotations

import functools
import importlib
import re
import time
import warnings
from typing import Any

import numpy as np

from jupyter_platform.core.errors import PlatformError
from jupyter_platform.learning.reinforcement.environments import (
    VectorEnvironment,
    bad_environment,
    endless_seeds,
    environment_interface,
    is_gymnasiums,
    make_environment,
)

_ACTIONS = 12
_WITHIN_S = 2.0
"""Seconds after which no further action is tried: a simulation may be slow."""
_ADVICE = ("infinity. This is probably too", "we recommend using a symmetric and normalized space")
"""Warnings that need no change: numbers may be unbounded, actions are scaled to their range."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def try_environment(name: str) -> tuple[str, ...]:
    """Play some actions in an environment; return what Gymnasium's own checker says of it.

    Parameters
    ----------
    name : str
        Id of the environment.

    Returns
    -------
    tuple of str
        Sentences, empty where the checker has nothing to say.

    Raises
    ------
    InvalidRequestError
        If it cannot be learned from, fails, or returns something else than it declares.
    """
    _play(name)
    return _complaints(name)


def _play(name: str) -> None:
    facts = environment_interface(name).facts
    draws = np.random.default_rng(0)
    if facts.is_discrete:
        # The first and the last: who counts from another number than 0 fails at one of them.
        chosen = np.array([0, facts.action_size - 1, *draws.integers(facts.action_size, size=10)])
    else:
        size = facts.action_size
        chosen = np.stack([-np.ones(size), np.ones(size), *draws.uniform(-1, 1, (10, size))])
    deadline = time.monotonic() + _WITHIN_S
    try:
        environments = VectorEnvironment(name, 1, endless_seeds(0))
        try:
            for action in chosen[:_ACTIONS]:
                environments.step(action[None])
                if time.monotonic() > deadline:
                    break
        finally:
            environments.close()
    except PlatformError as error:
        reason = error.message.removeprefix(f"Environment {name!r}").lstrip(": ").rstrip(".")
        raise bad_environment(name, f"cannot be learned: {reason}") from error


@functools.cache
def _complaints(name: str) -> tuple[str, ...]:
    environment = make_environment(name)
    try:
        if is_gymnasiums(environment):
            return ()
        return tuple(
            f"Gymnasium's checker says of {name}: {text}" for text in _checked(environment)
        )
    finally:
        environment.close()


def _checked(environment: Any) -> list[str]:
    checker = importlib.import_module("gymnasium.utils.env_checker")
    found: list[str] = []
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            checker.check_env(environment.unwrapped, skip_render_check=True, skip_close_check=True)
        except Exception as error:  # noqa: BLE001 - the environment is foreign code
            kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
            found.append(_sentence(f"{kind}{error}"))
    found += [_sentence(str(item.message)) for item in heard]
    return [text for text in dict.fromkeys(found) if not any(part in text for part in _ADVICE)]


def _sentence(text: str) -> str:
    text = " ".join(_COLOUR.sub("", text).removeprefix("WARN: ").split())
    return text.removeprefix("WARN: ").rstrip(".") + "."
