"""How actions are chosen (DIANNE: the action strategies of agents)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from jupyter_platform.core.options.groups.types import empty_is_none
from jupyter_platform.core.options.model import option

GROUP = "Exploration"
NOISY = ("gaussian_noise", "ornstein_uhlenbeck")
"""Ways of choosing actions that add noise to them."""

_DIANNE = {
    "greedyactionstrategy": "greedy",
    "boltzmannactionstrategy": "boltzmann",
    "gaussiannoiseactionstrategy": "gaussian_noise",
    "ornsteinuhlenbeckactionstrategy": "ornstein_uhlenbeck",
    "discretesamplingactionstrategy": "sampling",
    "gaussiansamplingactionstrategy": "sampling",
    "randomactionstrategy": "random",
}


def _action_strategy(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip().rpartition(".")[2].lower()
    return empty_is_none(_DIANNE.get(text, text))


ActionStrategy = Annotated[
    Literal["greedy", "boltzmann", "gaussian_noise", "ornstein_uhlenbeck", "sampling", "random"],
    BeforeValidator(_action_strategy),
]
OptionalActionStrategy = Annotated[ActionStrategy | None, BeforeValidator(empty_is_none)]

_SHARE: dict[str, Any] = {"ge": 0, "le": 1}
_SIZE: dict[str, Any] = {"ge": 0, "allow_inf_nan": False}
_HEAT: dict[str, Any] = {"gt": 0, "allow_inf_nan": False}
_FIELDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "epsilon_max": ("Share of random actions in the first episode.", "epsilonMax", _SHARE),
    "epsilon_min": ("Share of random actions in the end.", "epsilonMin", _SHARE),
    "epsilon_decay": (
        "Decay of that share: in episode i, e^(-decay·i) of the way down is left.",
        "epsilonDecay",
        _SIZE,
    ),
    "temperature_max": ("Temperature of the first episode.", "temperatureMax", _HEAT),
    "temperature_min": ("Temperature in the end.", "temperatureMin", _HEAT),
    "temperature_decay": (
        "Decay of the temperature: in episode i, e^(-decay·i) of the way down is left.",
        "temperatureDecay",
        _SIZE,
    ),
    "noise_max": (
        "Size of the noise in the first episode, in halves of an action's range.",
        "noiseMax",
        _SIZE,
    ),
    "noise_min": ("Size of the noise in the end.", "noiseMin", _SIZE),
    "noise_decay": (
        "Decay of the noise: in episode i, e^(-decay·i) of the way down is left.",
        "noiseDecay",
        _SIZE,
    ),
    "theta": ("Pull of Ornstein-Uhlenbeck noise back to its mean.", "theta", _SHARE),
    "sigma": ("Random part of Ornstein-Uhlenbeck noise at each action.", "sigma", _SIZE),
}


def exploring(name: str, default: float, when: Mapping[str, tuple[str, ...]]) -> Any:
    """Declare an option about choosing actions, which jobs that learn and that act both have.

    Parameters
    ----------
    name : str
        Name of the option, a key of the table of this module.
    default : float
        Default value.
    when : mapping
        Values of other options, by name, under which this option applies.
    """
    text, spelling, bounds = _FIELDS[name]
    return option(default, text, group=GROUP, when=when, dianne=spelling, **bounds)
