"""Where a line of DIANNE's means something else by saying nothing: the defaults that differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_platform.core.options.dianne_keys import special_keys
from jupyter_platform.core.options.model import OptionModel

_ANY = "*"

_EXPLORING: Mapping[str, Any] = {
    "epsilon_max": 1.0,
    "epsilon_min": 0.0,
    "epsilon_decay": 1e-6,
    "temperature_min": 1.0,
    "temperature_decay": 1e-6,
    "noise_max": 1.0,
    "noise_min": 0.0,
    "noise_decay": 1e-6,
}

_DEFAULTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "LearnOptions": {
        _ANY: {
            "method": "SGD",
            "batch_size": 1,
            "sampling": "UNIFORM",
            "max_iterations": -1,
            "validation_interval": 1000,
            "sync_interval": 1000,
        },
        "wgan": {"method": "RMSPROP", "latent_size": 1},
        "gan": {"latent_size": 1},
        "vae": {"latent_size": 1},
        "bptt": {"sequence_length": 1},
        "dqn": {"memory_size": 10_000, "target_interval": 1000, "return_steps": 1},
        "recurrent_dqn": {"batch_size": 10, "memory_size": 10_000, "target_interval": 1000},
        "ddpg": {
            "memory_size": 10_000,
            "learning_rate": 0.001,
            "policy_rate_scaling": 0.1,
        },
    },
    "EvaluateOptions": {_ANY: {"batch_size": 1, "latent_size": 1}},
    "ActOptions": {_ANY: {"memory_size": 10_000, **_EXPLORING}},
}
"""By model and strategy: DIANNE's own defaults, where ours are others."""


def is_of_dianne(model: type[OptionModel], options: Mapping[str, Any]) -> bool:
    """Return whether options were written for DIANNE: a key of theirs that is none of ours.

    Parameters
    ----------
    model : type of OptionModel
        Options of a kind of job.
    options : mapping
        Given options, by key as written.
    """
    theirs = {*model.spellings(), *special_keys(model)}
    return any(key in theirs and key != key.lower() for key in options)


def differing(model: OptionModel, given: Mapping[str, Any], ranks: int) -> dict[str, Any]:
    """Return DIANNE's defaults of options that were not given and have another value here.

    Parameters
    ----------
    model : OptionModel
        The options as they are resolved.
    given : mapping
        Given options, in our spelling.
    ranks : int
        Processes of the job.
    """
    table = _DEFAULTS.get(type(model).__name__, {})
    strategy = str(getattr(model, "strategy", _ANY))
    wanted = {**table.get(_ANY, {}), **table.get(strategy, {})}
    if ranks == 1:
        wanted.pop("sync_interval", None)
    if "epochs" in given:
        wanted.pop("max_iterations", None)
    return {
        name: value
        for name, value in wanted.items()
        if name not in given and model.applies(name) and getattr(model, name) != value
    }


def note_on_defaults(model: OptionModel, found: Mapping[str, Any]) -> str:
    """Return the sentence that tells of differing defaults.

    Parameters
    ----------
    model : OptionModel
        The resolved options.
    found : mapping
        DIANNE's default by option, as `differing` returns them.
    """
    told = ", ".join(
        f"{name} {value} (here {getattr(model, name)})" for name, value in found.items()
    )
    return (
        f"DIANNE's own defaults differ where nothing is said: {told}. dianne_defaults = true takes "
        "them."
    )
