"""The ways of judging a network: what they are called and what they work on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.states import JobType
from jupyter_platform.core.strategies import StrategyRecord

_EVALUATE = (JobType.EVALUATE,)

_BUILT_IN = (
    StrategyRecord(
        name="classification",
        title="Classification",
        summary="Accuracy, top-k, confusion matrix and scores of each class.",
        category="CLASSIFICATION",
        dianne=("ClassificationEvaluationStrategy",),
        types=_EVALUATE,
    ),
    StrategyRecord(
        name="binary",
        title="Binary classification",
        summary="Two classes told apart by a threshold on the probability of the second.",
        category="CLASSIFICATION",
        dianne=("BinaryClassificationEvaluationStrategy",),
        types=_EVALUATE,
    ),
    StrategyRecord(
        name="regression",
        title="Regression",
        summary="R² and errors of predicted numbers.",
        category="CRITERION",
        types=_EVALUATE,
    ),
    StrategyRecord(
        name="segmentation",
        title="Segmentation",
        summary="Accuracy and intersection over union (IoU) of the pixels that masks mark.",
        category="CLASSIFICATION",
        types=_EVALUATE,
    ),
    StrategyRecord(
        name="criterion",
        title="Criterion",
        summary="The mean of a loss, whatever the network gives.",
        category="CRITERION",
        dianne=("CriterionEvaluationStrategy",),
        types=_EVALUATE,
    ),
    StrategyRecord(
        name="vae",
        title="Variational autoencoder",
        summary="The evidence lower bound: reconstruction and divergence of the latent code.",
        category="CRITERION",
        roles=("encoder", "decoder"),
        dianne=("VariationalAutoEncoderEvaluationStrategy",),
        types=_EVALUATE,
    ),
    StrategyRecord(
        name="reward",
        title="Reward",
        summary="Mean return of episodes that the network plays, or of those in a pool.",
        category="RL",
        learns_from=("environment", "pool"),
        dianne=("RewardEvaluationStrategy",),
        types=_EVALUATE,
    ),
)

EVALUATIONS: Mapping[str, StrategyRecord] = MappingProxyType(
    {item.name: item for item in _BUILT_IN}
)

_SPELLINGS = {name.lower(): item.name for item in _BUILT_IN for name in (item.name, *item.dianne)}


def evaluation_name(text: str) -> str:
    """Return our name of an evaluation that may be written as DIANNE's class.

    The class may stand with its package or without; names that nobody knows stay as they are.
    """
    text = text.strip()
    return _SPELLINGS.get(text.rpartition(".")[2].lower(), text)


def default_evaluation(facts: DatasetFacts, criterion: str | None = None) -> str:
    """Return the default evaluation for a dataset and a criterion.

    Parameters
    ----------
    facts : DatasetFacts
        Facts of the dataset: masks, task, number of outputs and shape of targets.
    criterion : str, optional
        Loss of the training, such as ``"BCE"``.
    """
    if facts.masks:
        return "segmentation"
    if facts.outputs == 2 and criterion in ("BCE", "BCE_LOGITS"):
        return "binary" if facts.task == "classification" else "regression"
    if facts.task == "classification" and facts.target_shape:
        return "criterion"  # a class for each pixel
    return facts.task
