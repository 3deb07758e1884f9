"""Which class a sample belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.core.options import EvaluateOptions
from jupyter_platform.learning.scoring import scores
from jupyter_platform.learning.scoring.evaluations.base import (
    Columns,
    Evaluation,
    Subject,
    signature_of,
)
from jupyter_platform.learning.scoring.evaluations.losses import total_loss
from jupyter_platform.learning.strategies import NetworkSignature
from jupyter_platform.learning.strategies.criteria import (
    choose_criterion,
    class_probabilities,
    classify_outputs,
)


class Classification(Evaluation):
    """Accuracy, top-k, confusion and class scores (DIANNE: `ClassificationEvaluationStrategy`)."""

    @classmethod
    def signatures(
        cls, options: EvaluateOptions, facts: DatasetFacts
    ) -> tuple[NetworkSignature, ...]:
        """One network from a sample to one number for each class."""
        require_classes(facts, "classification")
        choose_criterion(options.criterion, facts.task)
        return (signature_of(options, facts, facts.outputs, (facts.outputs,)),)

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._criterion = choose_criterion(self.options.criterion, subject.facts.task)

    unusable_effect: ClassVar[str] = "they count as wrong, and stand in no column of the confusion"

    def usable(self, outputs: Tensor) -> Tensor:
        """Return which samples have a likeliest class; the logarithm of 0 is a score."""
        return scores.tells_class(outputs) if outputs.ndim == 2 else super().usable(outputs)

    def note(self, inputs: Tensor, outputs: Tensor, targets: Tensor) -> Columns:
        """Keep the outputs: top-k and loss need them whole."""
        return {"outputs": outputs, "targets": targets}

    def scores(self, columns: Columns) -> dict[str, Any]:
        """Return the scores of all classes; see `scores.classification_scores`."""
        outputs, targets = columns["outputs"], columns["targets"]
        _require_columns(outputs, self.subject.names[0])
        criterion = self._criterion
        told = outputs[scores.tells_class(outputs)]
        if self.options.criterion is None and classify_outputs(told) == "scores":
            # Accuracy wants no criterion: a network need not have learnt with the default one.
            criterion = "CE"
        loss = None
        if len(told) == len(outputs):
            loss = total_loss(criterion, outputs, targets, self.subject.names[0])
        names = class_names(self.subject.facts, outputs.shape[1])
        found = scores.classification_scores(outputs, targets, names)
        return {
            **found,
            "classes": names,
            "loss": loss,
            "criterion": criterion,
            "headline": {"name": "accuracy", "value": found["accuracy"]},
        }

    def error(self, found: Mapping[str, Any]) -> tuple[str, float | None]:
        """Return the share of samples that are taken for another class."""
        score: float | None = found["accuracy"]
        return "error rate", None if score is None else 1 - score

    def judgement(self, outputs: Tensor, target: Tensor) -> dict[str, Any]:
        """Return the true class, the likeliest one, and its probability."""
        predicted = int(outputs.argmax())
        probability = class_probabilities(outputs[None], self._criterion)[0, predicted]
        return {
            "truth": int(target),
            "prediction": predicted,
            "probability": float(probability),
        }


def _require_columns(outputs: Tensor, network: str) -> None:
    if outputs.ndim == 2 and outputs.shape[1] > 1:
        return
    raise InvalidDataError(
        f"Network {network!r} gives shape {tuple(outputs.shape[1:])} for a sample; classification "
        "wants one number for each class. For one number and two classes use strategy = binary."
    )


def require_classes(facts: DatasetFacts, strategy: str) -> None:
    """Refuse a dataset without one class for each sample.

    Parameters
    ----------
    facts : DatasetFacts
        What is known of the dataset.
    strategy : str
        Name of the evaluation, for messages.

    Raises
    ------
    InvalidDataError
        Naming what fits.
    """
    if facts.task == "classification" and not facts.target_shape:
        return
    has = "numbers" if facts.task == "regression" else "a class for each pixel"
    accepted = "regression or criterion" if facts.task == "regression" else "criterion"
    message = (
        f"strategy = {strategy} wants one class for each sample; the dataset has {has} as "
        f"targets, which {accepted} takes."
    )
    field = FieldError(field="strategy", value=strategy, message=message, accepted=accepted)
    raise InvalidDataError(message, errors=[field])


def class_names(facts: DatasetFacts, count: int) -> list[str]:
    """Return a name for each of `count` classes; numbers where there are more than names.

    Parameters
    ----------
    facts : DatasetFacts
        What is known of the dataset.
    count : int
        Outputs of the network.
    """
    names = list(facts.classes or ())[:count]
    return names + [str(number) for number in range(len(names), count)]
