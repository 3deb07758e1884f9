"""Strategies by name: those of the package, and those that installed packages bring."""

from __future__ import annotations

from importlib import import_module, metadata
from pathlib import Path

from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError, unknown_name
from jupyter_platform.core.strategies import STRATEGIES
from jupyter_platform.learning.strategies.base import Strategy
from jupyter_platform.learning.strategies.uploaded import load_strategy

ENTRY_POINTS = "jupyter_platform.strategies"
"""Entry-point group: ``name = module:Class``, a subclass of `Strategy`."""

_BUILT_IN = {
    "feed_forward": ("supervised.feed_forward", "FeedForward"),
    "distillation": ("supervised.distillation", "Distillation"),
    "gan": ("generative.gan", "GAN"),
    "wgan": ("generative.wgan", "WGAN"),
    "vae": ("generative.vae", "VariationalAutoencoder"),
    "bptt": ("supervised.bptt", "BackPropagationThroughTime"),
    "dqn": ("reinforcement.dqn", "DeepQ"),
    "recurrent_dqn": ("reinforcement.recurrent_dqn", "RecurrentDeepQ"),
    "ddpg": ("reinforcement.ddpg", "DeterministicPolicyGradient"),
    "ppo": ("reinforcement.ppo", "ProximalPolicy"),
}
"""Module below this package, and class."""


def strategy_type(name: str, code: Path | None = None) -> type[Strategy]:
    """Return the class of a strategy.

    Parameters
    ----------
    name : str
        One that comes with the platform, is installed, or was uploaded.
    code : Path, optional
        Python file of an uploaded one.

    Raises
    ------
    InvalidRequestError
        If there is none of that name.
    InvalidDataError
        If an installed package offers something that is no strategy, or cannot be imported.
    """
    if name in _BUILT_IN:
        module, attribute = _BUILT_IN[name]
        found: type[Strategy] = getattr(import_module(f"{__package__}.{module}"), attribute)
        return found
    if code is not None:
        return load_strategy(name, code)
    # Jobs name strategies in small letters.
    installed = {item.name.lower(): item for item in metadata.entry_points(group=ENTRY_POINTS)}
    if name not in installed:
        error = unknown_name("strategy", name, [*_BUILT_IN, *installed])
        raise InvalidRequestError(error.message, errors=[error])
    entry = installed[name]
    try:
        loaded = entry.load()
    except Exception as error:
        raise InvalidDataError(
            f"Strategy {name!r} cannot be loaded from {entry.value}: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not (isinstance(loaded, type) and issubclass(loaded, Strategy)):
        raise InvalidDataError(f"Strategy {name!r}: {entry.value} is no subclass of Strategy.")
    return loaded


def installed_strategies() -> list[str]:
    """Return the names of all strategies that can be asked for."""
    brought = {item.name for item in metadata.entry_points(group=ENTRY_POINTS)}
    return [*(name for name in STRATEGIES if name in _BUILT_IN), *sorted(brought - set(_BUILT_IN))]
