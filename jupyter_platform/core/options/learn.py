"""Options of LEARN jobs (DIANNE: be.iminds.iot.dianne.nn.learn, `LearnerConfig`)."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.core.options.groups.data import DataOptions
from jupyter_platform.core.options.groups.distillation import DistillationOptions
from jupyter_platform.core.options.groups.gang import GangOptions
from jupyter_platform.core.options.groups.generative import GenerativeOptions
from jupyter_platform.core.options.groups.optimizer import OptimizerOptions
from jupyter_platform.core.options.groups.reinforcement import UNCHECKED, ReinforcementOptions
from jupyter_platform.core.options.groups.schedule import ScheduleOptions
from jupyter_platform.core.options.groups.sequence import SequenceOptions
from jupyter_platform.core.options.groups.stopping import StoppingOptions
from jupyter_platform.core.options.groups.types import (
    TAG_PATTERN,
    TAG_REFERENCE_PATTERN,
    JsonObject,
    Names,
    OptionalCriterion,
    OptionalFloat,
    OptionalText,
)
from jupyter_platform.core.options.model import option
from jupyter_platform.core.strategies import NAME_PATTERN, STRATEGIES, strategy_name

_LEARNING = "Learning"
PASSING = ("feed_forward", "distillation", "gan", "vae")
"""Strategies whose every step takes batch_size samples of the dataset."""

StrategyName = Annotated[
    str,
    Field(pattern=NAME_PATTERN),
    BeforeValidator(lambda value: strategy_name(value) if isinstance(value, str) else value),
    WithJsonSchema({"type": "string", "examples": list(STRATEGIES)}),
]


class LearnOptions(  # Forms and completion show the options of the last base first.
    DistillationOptions,
    SequenceOptions,
    GenerativeOptions,
    ReinforcementOptions,
    GangOptions,
    StoppingOptions,
    ScheduleOptions,
    AdapterOptions,
    DataOptions,
    OptimizerOptions,
):
    """How a network learns a dataset."""

    unchecked: ClassVar[frozenset[str]] = frozenset(
        {
            "checkpoint_interval",
            "clean",
            "fetch_threads",
            "init_tag",
            "max_iterations",
            "replace_best",
            "seed",
            "store_interval",
            "tag",
            "validation_interval",
            *GangOptions.model_fields,
            *OptimizerOptions.model_fields,
            *ScheduleOptions.model_fields,
            *StoppingOptions.model_fields,
            *UNCHECKED,
        }
    )

    alternatives: ClassVar[tuple[tuple[str, str], ...]] = (("epochs", "max_iterations"),)

    strategy: StrategyName = option(
        "feed_forward",
        "Way of learning: one that comes with the platform, or the name of an installed one.",
        group=_LEARNING,
        dianne="strategy",
    )
    criterion: OptionalCriterion = option(
        None,
        "Loss: NLL wants log-probabilities or probabilities, CE raw scores, MSE numbers.",
        group=_LEARNING,
        default_text="NLL for classes, MSE for numbers",
        dianne="criterion",
    )
    huber_delta: float = option(
        1.0,
        "Error from which the loss grows evenly instead of ever faster.",
        group=_LEARNING,
        when={"criterion": ("HUB", "SMOOTH_L1")},
        gt=0,
        allow_inf_nan=False,
    )
    strategy_options: JsonObject = option(
        None,
        "Options of an installed or uploaded strategy, as a JSON object.",
        group=_LEARNING,
        default_text="none",
    )
    max_iterations: int = option(
        1000,
        "Iterations (updates of the weights) after which it ends; -1 runs until stopped.",
        group=_LEARNING,
        unit="iterations",
        common=True,
        dianne="maxIterations",
        ge=-1,
    )
    epochs: OptionalFloat = option(
        None,
        "Passes over the training samples after which it ends, instead of max_iterations; 0.5 is "
        "half of them.",
        group=_LEARNING,
        unit="passes",
        common=True,
        when={"strategy": PASSING},
        default_text="max_iterations decides",
        gt=0,
        le=1_000_000,
        allow_inf_nan=False,
    )
    validation_interval: int = option(
        100,
        "Iterations between two validations; 0 never validates.",
        group=_LEARNING,
        unit="iterations",
        common=True,
        dianne="validationInterval",
        ge=0,
    )
    checkpoint_interval: int = option(
        500,
        "Iterations between two checkpoints; 0 writes one only at the end.",
        group="Storage",
        unit="iterations",
        ge=0,
    )
    store_interval: int = option(
        0,
        "Iterations between two sets of weights that are kept as <tag>/<iteration>; 0 keeps none.",
        group="Storage",
        unit="iterations",
        dianne="storeInterval",
        ge=0,
    )
    fixed: Names = option(
        None,
        "Layers that stay as they are: names, or network/layer where there are several networks.",
        group=_LEARNING,
        default_text="none",
        dianne="fixed",
    )
    seed: int = option(
        0,
        "Seed of initial weights and of sampling.",
        group=_LEARNING,
        dianne="seed",
        ge=0,
        lt=2**63,
    )
    tag: OptionalText = option(
        None,
        "Name that points at the weights; under the id of the job they are kept in any case.",
        group="Storage",
        default_text="the job's id alone",
        dianne="tag",
        pattern=TAG_PATTERN,
    )
    init_tag: OptionalText = option(
        None,
        "Weights to start from: a tag, or tag/best, tag/last, tag/<iteration>.",
        group="Storage",
        default_text="those under tag, if there are some, else fresh ones",
        dianne="initTag",
        pattern=TAG_REFERENCE_PATTERN,
    )
    clean: bool = option(
        False,
        "Start from fresh weights although the tag has some.",
        group="Storage",
        dianne="clean",
    )
    replace_best: bool = option(
        False,
        "Let the tag's best weights be this job's though those of an earlier job scored better on "
        "the same samples.",
        group="Storage",
    )

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_strategy(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        name = values.get("strategy", cls.model_fields["strategy"].default)
        record = STRATEGIES.get(strategy_name(name)) if isinstance(name, str) else None
        return values if record is None else {**record.defaults, **values}

    @model_validator(mode="after")
    def _goes_together(self) -> LearnOptions:
        if self.max_iterations == 0:
            raise ValueError("max_iterations is 0; give 1 or more, or -1 to run until stopped")
        if self.init_tag is not None and self.clean:
            raise ValueError("init_tag gives weights and clean = true wants fresh ones; give one")
        if (
            self.schedule == "cosine"
            and self.cosine_length is None
            and self.max_iterations == -1
            and self.epochs is None
        ):
            raise ValueError("cosine_length is not given, and max_iterations = -1 has no end")
        if not self.validation_interval:
            for name in ("validation_threshold", "schedule"):
                if getattr(self, name) in (None, "constant", "step", "cosine"):
                    continue
                raise ValueError(
                    f"{name} = {getattr(self, name)} follows validations, and "
                    "validation_interval = 0 makes none"
                )
        if self.schedule != "constant" and self.decay_rate:
            raise ValueError(
                f"decay_rate and schedule = {self.schedule} both lower the learning rate; give one"
            )
        if self.schedule != "constant" and self.min_learning_rate > self.effective_learning_rate:
            raise ValueError("min_learning_rate is above the learning rate that it limits")
        return self

    def updates(self, samples: int, ranks: int = 1) -> int:
        """Return the weight updates after which learning ends; -1: it does not.

        Parameters
        ----------
        samples : int
            In the training set.
        ranks : int
            Processes that share it.
        """
        if self.epochs is None:
            return self.max_iterations
        each = min(self.batch_size, samples) * self.accumulate * ranks
        return max(1, math.ceil(self.epochs * samples / each - 1e-9))
