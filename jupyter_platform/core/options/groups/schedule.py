"""How the learning rate changes while a network learns."""

from __future__ import annotations

from jupyter_platform.core.options.groups.types import DecayType, OptionalInt, Schedule
from jupyter_platform.core.options.model import OptionModel, option

_GROUP = "Learning rate"


class ScheduleOptions(OptionModel):
    """Decay, schedules and warm-up."""

    schedule: Schedule = option(
        "constant",
        "How the learning rate falls: not, in steps, along a cosine, or where validation stalls.",
        group=_GROUP,
    )
    decay_rate: float = option(
        0.0,
        "How fast the learning rate falls: by this at each update (LINEAR), or by e to minus it.",
        group=_GROUP,
        dianne="decayRate",
        ge=0,
        allow_inf_nan=False,
    )
    decay_type: DecayType = option(
        "EXPONENTIAL",
        "Shape of the fall that decay_rate makes.",
        needs=("decay_rate",),
        group=_GROUP,
        when={"schedule": ("constant",)},
        dianne="decayType",
    )
    min_learning_rate: float = option(
        0.0,
        "Learning rate below which it does not fall.",
        needs=("decay_rate", "schedule"),
        group=_GROUP,
        dianne="minLearningRate",
        ge=0,
        allow_inf_nan=False,
    )
    step_interval: int = option(
        1000,
        "Iterations between two steps of the learning rate.",
        group=_GROUP,
        unit="iterations",
        when={"schedule": ("step",)},
        ge=1,
    )
    plateau_patience: int = option(
        5,
        "Validations without a lower loss, one after the other, before the learning rate falls.",
        group=_GROUP,
        unit="validations",
        when={"schedule": ("plateau",)},
        ge=1,
    )
    schedule_factor: float = option(
        0.1,
        "What the learning rate is multiplied by when it falls.",
        group=_GROUP,
        when={"schedule": ("step", "plateau")},
        gt=0,
        lt=1,
    )
    cosine_length: OptionalInt = option(
        None,
        "Iterations until the cosine is at its lowest; there it stays.",
        group=_GROUP,
        unit="iterations",
        when={"schedule": ("cosine",)},
        default_text="max_iterations",
        ge=1,
    )
    warmup: int = option(
        0,
        "First iterations, over which the learning rate rises from nothing.",
        group=_GROUP,
        unit="iterations",
        ge=0,
    )
