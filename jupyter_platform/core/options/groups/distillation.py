"""How a trainee follows its teacher."""

from __future__ import annotations

from jupyter_platform.core.options.groups.types import TAG_REFERENCE_PATTERN, OptionalText
from jupyter_platform.core.options.model import OptionModel, option

_GROUP = "Distillation"
_DISTILLATION = {"strategy": ("distillation",)}


class DistillationOptions(OptionModel):
    """Which teacher, and what is learnt from it."""

    teacher_tag: OptionalText = option(
        None,
        "Weights of the teacher: a tag, or tag/best, tag/last, tag/<iteration>.",
        group=_GROUP,
        when=_DISTILLATION,
        default_text="the newest tag of the teacher, best weights where they are kept",
        pattern=TAG_REFERENCE_PATTERN,
    )
    temperature: float = option(
        1.0,
        "Softens the probabilities of both networks: scores are divided by it.",
        group=_GROUP,
        common=True,
        when=_DISTILLATION,
        gt=0,
        allow_inf_nan=False,
    )
    label_weight: float = option(
        0.0,
        "Share of the loss that comes from the dataset's targets instead of the teacher.",
        group=_GROUP,
        when=_DISTILLATION,
        ge=0,
        le=1,
    )
