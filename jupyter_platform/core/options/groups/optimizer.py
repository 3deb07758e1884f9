"""How weights are moved along their gradients (DIANNE: the `method` of a learning strategy)."""

from __future__ import annotations

from pydantic import model_validator

from jupyter_platform.core.optimizers import (
    OPTIMIZERS,
    defaults_in_words,
    methods_with,
    methods_with_momentum,
)
from jupyter_platform.core.options.groups.types import Method, OptionalFloat, Precision
from jupyter_platform.core.options.model import OptionModel, option

_GROUP = "Optimiser"


class OptimizerOptions(OptionModel):
    """Optimiser, step size, and what is done to gradients and weights beside it."""

    method: Method = option(
        "SGD",
        "Optimiser.",
        group=_GROUP,
        common=True,
        default_text="SGD, unless the strategy asks for another",
        dianne="method",
    )
    learning_rate: OptionalFloat = option(
        None,
        "Step size of the optimiser.",
        group=_GROUP,
        common=True,
        default_text=defaults_in_words(
            {item.name: item.learning_rate for item in OPTIMIZERS.values()}
        ),
        dianne="learningRate",
        gt=0,
        allow_inf_nan=False,
    )
    momentum: float = option(
        0.0,
        "Share of the last move of the weights that is added to the next, whatever the learning "
        "rate has become.",
        group=_GROUP,
        when={"method": methods_with_momentum()},
        dianne="momentum",
        ge=0,
        lt=1,
    )
    nesterov: float = option(
        0.0,
        "Nesterov's momentum, instead of momentum.",
        group=_GROUP,
        when={"method": methods_with_momentum()},
        dianne="nesterov",
        ge=0,
        lt=1,
    )
    l2: float = option(
        0.0,
        "Share of each weight that every update takes away, whatever the learning rate.",
        group=_GROUP,
        dianne="l2",
        ge=0,
        lt=1,
    )
    weight_decay: float = option(
        0.01,
        "Share of each weight, times the learning rate, that every update takes away.",
        group=_GROUP,
        when={"method": methods_with("weight_decay")},
        ge=0,
        allow_inf_nan=False,
    )
    smoothing: OptionalFloat = option(
        None,
        "Share of the running mean of squared gradients that stays at each update.",
        group=_GROUP,
        when={"method": methods_with("smoothing")},
        default_text=defaults_in_words({item.name: item.smoothing for item in OPTIMIZERS.values()}),
        dianne="decayRate",
        ge=0,
        lt=1,
    )
    beta1: float = option(
        0.9,
        "Share of the running mean of gradients that stays at each update.",
        group=_GROUP,
        when={"method": methods_with("beta1")},
        dianne="beta1",
        ge=0,
        lt=1,
    )
    beta2: float = option(
        0.999,
        "Share of the running mean of squared gradients that stays at each update.",
        group=_GROUP,
        when={"method": methods_with("beta2")},
        dianne="beta2",
        ge=0,
        lt=1,
    )
    epsilon: float = option(
        1e-8,
        "Keeps the division finite: added to the mean of squared gradients under the root "
        "(RMSPROP, ADADELTA), or to the root.",
        group=_GROUP,
        when={"method": methods_with("epsilon")},
        dianne="epsilon",
        gt=0,
        allow_inf_nan=False,
    )
    clip_norm: OptionalFloat = option(
        None,
        "Longest gradient of all weights together; a longer one is shortened to it.",
        group=_GROUP,
        default_text="gradients of any length",
        gt=0,
        allow_inf_nan=False,
    )
    clip_value: OptionalFloat = option(
        None,
        "Largest magnitude of each number of a gradient; beyond it is cut.",
        group=_GROUP,
        default_text="gradients of any size",
        gt=0,
        allow_inf_nan=False,
    )
    accumulate: int = option(
        1,
        "Batches whose mean gradient makes one weight update.",
        group=_GROUP,
        unit="batches",
        ge=1,
        le=100_000,
    )
    precision: Precision = option(
        "float32",
        "Numbers that networks compute with; weights and losses stay float32.",
        group=_GROUP,
    )
    compile: bool = option(
        False,
        "Compile networks before training; the first steps take longer.",
        group=_GROUP,
    )

    @model_validator(mode="after")
    def _one_momentum(self) -> OptimizerOptions:
        if self.momentum and self.nesterov:
            raise ValueError("momentum and nesterov are both given; give one of them")
        if self.clip_norm is not None and self.clip_value is not None:
            raise ValueError("clip_norm and clip_value are both given; give one of them")
        return self

    @property
    def effective_learning_rate(self) -> float:
        """The learning rate given, or the default of the method."""
        if self.learning_rate is None:
            return OPTIMIZERS[self.method].learning_rate
        return self.learning_rate

    @property
    def effective_smoothing(self) -> float | None:
        """The smoothing given, or the default of the method; None where it has none."""
        return OPTIMIZERS[self.method].smoothing if self.smoothing is None else self.smoothing
