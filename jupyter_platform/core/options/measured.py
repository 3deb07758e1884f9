"""Which options decide what a validation measures: scores are comparable where these agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.core.options.groups.distillation import DistillationOptions
from jupyter_platform.core.options.groups.generative import GenerativeOptions
from jupyter_platform.core.options.groups.sequence import SequenceOptions
from jupyter_platform.core.options.learn import LearnOptions

_IN_TRAINING_ONLY = {
    "vertical_flip",
    "horizontal_flip",
    "rotation",
    "rotation_center",
    "rotation_zero_pad",
    "encoder_noise",
    "encoder_drop",
    "teacher_tag",
    "critic_steps",
    "initial_critic_steps",
    "initial_iterations",
    "backprop_all",
}
MEASURED = frozenset(
    {
        "strategy",
        "strategy_options",
        "criterion",
        "huber_delta",
        "validation_set",
        "environment",
        "reward_factor",
        *AdapterOptions.model_fields,
        *DistillationOptions.model_fields,
        *GenerativeOptions.model_fields,
        *SequenceOptions.model_fields,
    }
    - _IN_TRAINING_ONLY
)
"""Options of LEARN that change what ``validation_loss`` means or on which samples it is."""


def measured(given: Mapping[str, Any], task: str | None) -> dict[str, Any]:
    """Return the given options that decide what validations measure.

    What is given as it would be by default is left out, so that saying it makes no difference.

    Parameters
    ----------
    given : mapping
        Options in our spelling, as JSON values.
    task : str or None
        That of the dataset, which the default of the criterion follows.
    """
    defaults = {name: item.default for name, item in LearnOptions.model_fields.items()}
    defaults["criterion"] = {"classification": "NLL", "regression": "MSE"}.get(task or "")
    return {
        name: value
        for name, value in given.items()
        if name in MEASURED and value is not None and value != defaults[name]
    }
