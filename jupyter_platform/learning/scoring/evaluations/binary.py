"""Which of two classes a sample belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.core.options import EvaluateOptions
from jupyter_platform.learning.scoring import scores
from jupyter_platform.learning.scoring.evaluations.base import Columns, Evaluation
from jupyter_platform.learning.scoring.evaluations.classification import (
    class_names,
    require_classes,
)
from jupyter_platform.learning.strategies import NetworkSignature
from jupyter_platform.learning.strategies.criteria import EPSILON, class_probabilities


class Binary(Evaluation):
    """Two classes and a threshold (DIANNE: `BinaryClassificationEvaluationStrategy`).

    The network gives one number, which is the probability of the second class or its logit, or
    one number for each of the two classes.
    """

    @classmethod
    def signatures(
        cls, options: EvaluateOptions, facts: DatasetFacts
    ) -> tuple[NetworkSignature, ...]:
        """One network from a sample to one number, or two."""
        require_classes(facts, "binary")
        if facts.outputs != 2:
            message = (
                f"strategy = binary wants two classes; the dataset has {facts.outputs}, which "
                "classification takes."
            )
            field = FieldError(
                field="strategy", value="binary", message=message, accepted="classification"
            )
            raise InvalidDataError(message, errors=[field])
        return (NetworkSignature("network", tuple(facts.shape), 2),)

    unusable_effect: ClassVar[str] = "they count as wrong, and stand in no column of the confusion"

    def note(self, inputs: Tensor, outputs: Tensor, targets: Tensor) -> Columns:
        """Keep the outputs."""
        return {"outputs": outputs, "targets": targets}

    def scores(self, columns: Columns) -> dict[str, Any]:
        """Return the scores of the second class at the threshold, and its area under the curve."""
        targets = columns["targets"]
        usable = self.usable(columns["outputs"])
        probability = self._probability(columns["outputs"][usable])
        guessed = (probability >= self.options.decision_threshold).to(torch.int64)
        votes = torch.full((len(targets), 2), torch.nan)
        votes[usable] = torch.nn.functional.one_hot(guessed, 2).float()
        names = class_names(self.subject.facts, 2)
        found = scores.classification_scores(votes, targets, names)
        second = {key: found["per_class"][1][key] for key in scores.CLASS_SCORES}
        told = targets[usable]
        likelihood = torch.where(told == 1, probability, 1 - probability)
        loss = float(-likelihood.clamp_min(EPSILON).log().mean())
        return {
            **found,
            **second,
            "top_k": {},
            "auc": scores.area_under_curve(probability, told == 1) if usable.all() else None,
            "threshold": self.options.decision_threshold,
            "positive": names[1],
            "classes": names,
            "loss": loss if usable.all() else None,
            "criterion": "BCE",
            "headline": {"name": "accuracy", "value": found["accuracy"]},
        }

    def error(self, found: Mapping[str, Any]) -> tuple[str, float | None]:
        """Return the share of samples that are taken for the other class."""
        score: float | None = found["accuracy"]
        return "error rate", None if score is None else 1 - score

    def judgement(self, outputs: Tensor, target: Tensor) -> dict[str, Any]:
        """Return the true class, the one that the threshold chooses, and its probability."""
        probability = float(self._probability(outputs[None])[0])
        predicted = int(probability >= self.options.decision_threshold)
        return {
            "truth": int(target),
            "prediction": predicted,
            "probability": probability if predicted else 1 - probability,
        }

    def _probability(self, outputs: Tensor) -> Tensor:
        """Return the probability of the second class, float64, shape (n,)."""
        values = outputs.double().flatten(1)
        criterion = self.options.criterion
        if values.shape[1] == 2:
            return class_probabilities(values, criterion or "NLL")[:, 1]
        if values.shape[1] != 1:
            raise InvalidDataError(
                f"Network {self.subject.names[0]!r} gives {values.shape[1]} numbers for a sample; "
                "a binary evaluation takes one, or one for each of two classes."
            )
        single = values[:, 0]
        is_within = bool(((single >= 0) & (single <= 1)).all())
        if criterion == "BCE_LOGITS" or (criterion != "BCE" and not is_within):
            return single.sigmoid()
        return single.clamp(0, 1)
