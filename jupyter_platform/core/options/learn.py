"""Options of LEARN jobs (DIANNE: be.iminds.iot.dianne.nn.learn, `LearnerConfig`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator

from jupyter_platform.core.options.index_set import IndexSet
from jupyter_platform.core.options.model import OptionModel, option

TAG_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

LEARNING_RATES = {"SGD": 0.01, "ADAM": 0.001}
"""Default learning rate of each method, as in DIANNE."""


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


Criterion = Annotated[Literal["NLL", "CE", "MSE"], BeforeValidator(_upper)]
Method = Annotated[Literal["SGD", "ADAM"], BeforeValidator(_upper)]
OptionalCriterion = Annotated[Criterion | None, BeforeValidator(_empty_is_none)]
OptionalFloat = Annotated[float | None, BeforeValidator(_empty_is_none)]
OptionalText = Annotated[str | None, BeforeValidator(_empty_is_none)]


class LearnOptions(OptionModel):
    """How a network learns a dataset."""

    method: Method = option("SGD", "Optimiser.", group="Optimiser", common=True)
    learning_rate: OptionalFloat = option(
        None,
        "Step size of the optimiser.",
        group="Optimiser",
        common=True,
        default_text="0.01 for SGD, 0.001 for ADAM",
        gt=0,
        allow_inf_nan=False,
    )
    momentum: float = option(0.0, "Momentum of SGD.", group="Optimiser", ge=0, lt=1)
    criterion: OptionalCriterion = option(
        None,
        "Loss: NLL wants log-probabilities or probabilities, CE raw scores, MSE numbers.",
        group="Learning",
        default_text="NLL for classes, MSE for numbers",
    )
    batch_size: int = option(
        32,
        "Samples in one weight update.",
        group="Learning",
        unit="samples",
        common=True,
        ge=1,
        le=1_000_000,
    )
    max_iterations: int = option(
        1000,
        "Weight updates after which it ends; -1 runs until stopped.",
        group="Learning",
        unit="updates",
        common=True,
        ge=-1,
    )
    train_set: IndexSet = option(
        None, "Samples to learn from.", group="Data", default_text="the dataset's training split"
    )
    validation_set: IndexSet = option(
        None,
        "Samples to validate on.",
        group="Data",
        default_text="the dataset's validation split",
    )
    test_set: IndexSet = option(
        None,
        "Samples kept for an EVALUATE of this job's weights; not seen while learning.",
        group="Data",
        default_text="the dataset's test split",
    )
    validation_interval: int = option(
        100,
        "Updates between two validations; 0 never validates.",
        group="Learning",
        unit="updates",
        common=True,
        ge=0,
    )
    checkpoint_interval: int = option(
        500,
        "Updates between two checkpoints; 0 writes one only at the end.",
        group="Storage",
        unit="updates",
        ge=0,
    )
    seed: int = option(
        0, "Seed of initial weights and of sampling.", group="Learning", ge=0, lt=2**63
    )
    tag: OptionalText = option(
        None,
        "Name under which the weights are kept.",
        group="Storage",
        default_text="the job's id",
        pattern=TAG_PATTERN,
    )
    clean: bool = option(
        False, "Start from fresh weights although the tag has some.", group="Storage"
    )

    @model_validator(mode="after")
    def _some_iterations(self) -> LearnOptions:
        if self.max_iterations == 0:
            raise ValueError("max_iterations is 0; give 1 or more, or -1 to run until stopped")
        if self.method != "SGD" and self.momentum:
            raise ValueError(f"momentum is an option of SGD, not of {self.method}")
        return self

    @property
    def effective_learning_rate(self) -> float:
        """The learning rate given, or the default of the method."""
        if self.learning_rate is None:
            return LEARNING_RATES[self.method]
        return self.learning_rate
