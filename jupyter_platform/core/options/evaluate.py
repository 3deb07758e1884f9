"""Options of EVALUATE jobs (DIANNE: be.iminds.iot.dianne.nn.eval, `EvaluatorConfig`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, WithJsonSchema, model_validator

from jupyter_platform.core.datasets import Part
from jupyter_platform.core.environments import ID_PATTERN
from jupyter_platform.core.evaluations import EVALUATIONS, evaluation_name
from jupyter_platform.core.options.groups.adapters import TRAINING_ONLY, AdapterOptions
from jupyter_platform.core.options.groups.types import (
    TAG_REFERENCE_PATTERN,
    OptionalCriterion,
    OptionalFloat,
    OptionalText,
)
from jupyter_platform.core.options.index_set import IndexSet
from jupyter_platform.core.options.model import option

_EVALUATION = "Evaluation"
_VAE = {"strategy": ("vae",)}
_REWARD = {"strategy": ("reward",)}

EvaluationName = Annotated[
    Literal["classification", "binary", "regression", "segmentation", "criterion", "vae", "reward"]
    | None,
    BeforeValidator(
        lambda value: evaluation_name(value) or None if isinstance(value, str) else value
    ),
    WithJsonSchema({"type": "string", "enum": list(EVALUATIONS)}),
]
Granularity = Annotated[
    Literal["sample", "sequence"] | None,
    BeforeValidator(lambda value: value.lower() or None if isinstance(value, str) else value),
    WithJsonSchema({"type": "string", "enum": ["sample", "sequence"]}),
]
EvaluatedPart = Annotated[
    Part, BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)
]


class EvaluateOptions(AdapterOptions):
    """How well a network does on a dataset."""

    unchecked: ClassVar[frozenset[str]] = frozenset(
        {
            "decision_threshold",
            "include_outputs",
            "store_if_larger_than",
            "store_if_smaller_than",
            "tag",
        }
    )

    refused: ClassVar[Mapping[str, str]] = dict.fromkeys(
        TRAINING_ONLY,
        "it changes training batches at random, and an EVALUATE sees samples as they are; leave it "
        "out",
    )

    tag: OptionalText = option(
        None,
        "Weights to evaluate: a tag, or tag/best, tag/last, tag/<iteration>.",
        group="Weights",
        common=True,
        default_text="the newest tag of the network, best weights where they are kept",
        dianne="tag",
        pattern=TAG_REFERENCE_PATTERN,
    )
    store_if_smaller_than: OptionalFloat = option(
        None,
        "Keep the weights as the best of their tag (of tag best, where they are under a job's id) "
        "when the error is below this: of classes the error rate (0.05: an accuracy above 0.95), "
        "of masks 1 - mean IoU, else the loss; of episodes the mean return.",
        group="Weights",
        default_text="never",
        dianne="storeIfSmallerThan",
        allow_inf_nan=False,
    )
    store_if_larger_than: OptionalFloat = option(
        None,
        "Keep the weights as that best when that error, or the mean return of episodes, is above "
        "this.",
        group="Weights",
        default_text="never",
        dianne="storeIfLargerThan",
        allow_inf_nan=False,
    )
    part: EvaluatedPart = option(
        "test",
        "Part of the dataset to evaluate on.",
        group="Data",
        when={"test_set": ("None",)},
    )
    test_set: IndexSet = option(
        None,
        "Samples to evaluate on.",
        group="Data",
        common=True,
        default_text="the dataset's test part",
        dianne=("testSet", "range"),
    )
    strategy: EvaluationName = option(
        None,
        "What is measured.",
        group=_EVALUATION,
        common=True,
        default_text="by what there is: classes, numbers, masks or an environment",
        dianne="strategy",
    )
    batch_size: int = option(
        256,
        "Samples in one forward pass.",
        group=_EVALUATION,
        unit="samples",
        common=True,
        dianne="batchSize",
        ge=1,
        le=1_000_000,
    )
    criterion: OptionalCriterion = option(
        None,
        "Loss that is reported beside the scores.",
        group=_EVALUATION,
        common=True,
        default_text="NLL for classes, MSE for numbers",
        dianne="criterion",
    )
    decision_threshold: float = option(
        0.5,
        "Probability from which on a sample counts as the second class, or a pixel as marked.",
        group=_EVALUATION,
        when={"strategy": ("binary", "segmentation")},
        ge=0,
        le=1,
    )
    granularity: Granularity = option(
        None,
        "Whether the network sees one sample at a time, or runs of samples that follow each other.",
        group=_EVALUATION,
        default_text="sequence where samples follow each other, else sample",
        dianne="granularity",
    )
    sequence_length: int = option(
        32,
        "Samples of one run.",
        group=_EVALUATION,
        unit="samples",
        when={"granularity": ("None", "sequence")},
        dianne="sequenceLength",
        ge=1,
        le=1_000_000,
    )
    environment: OptionalText = option(
        None,
        "Gymnasium environment in which the network acts.",
        group=_EVALUATION,
        when=_REWARD,
        default_text="that of the pool, where one is given as dataset",
        dianne="environment",
        pattern=ID_PATTERN,
    )
    episodes: int = option(
        100,
        "Episodes that are played, with the actions that the network holds best.",
        group=_EVALUATION,
        unit="episodes",
        when=_REWARD,
        ge=1,
        le=1_000_000,
    )
    discount: float = option(
        1.0,
        "What a reward one step later counts.",
        group=_EVALUATION,
        when=_REWARD,
        dianne="discount",
        ge=0,
        le=1,
    )
    include_outputs: bool = option(
        False,
        "Keep what the network gives for each sample, as a file.",
        group=_EVALUATION,
        dianne="includeOutputs",
    )
    latent_size: int = option(
        16,
        "Numbers in a code.",
        group=_EVALUATION,
        when=_VAE,
        dianne="latentDims",
        ge=1,
        le=1_000_000,
    )
    latent_samples: int = option(
        1,
        "Codes drawn for each sample.",
        group=_EVALUATION,
        when=_VAE,
        dianne="sampleSize",
        ge=1,
        le=10_000,
    )
    observation_stdev: float = option(
        0.1,
        "Standard deviation of samples around what the decoder gives, with criterion MSE.",
        group=_EVALUATION,
        when=_VAE,
        gt=0,
        allow_inf_nan=False,
    )
    seed: int = option(
        0,
        "Seed of the codes that are drawn, and of how episodes begin.",
        group=_EVALUATION,
        when={"strategy": ("vae", "reward")},
        ge=0,
        lt=2**63,
    )

    @model_validator(mode="before")
    @classmethod
    def _acting_is_judged_by_reward(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("environment") and not values.get("strategy"):
            return {**values, "strategy": "reward"}
        return values

    def run_length(self, sequential: bool) -> int | None:
        """Return the samples of a run, or None where samples are seen one at a time.

        Parameters
        ----------
        sequential : bool
            Whether the samples of the dataset follow each other.
        """
        wanted = self.granularity or ("sequence" if sequential else "sample")
        return self.sequence_length if wanted == "sequence" else None
