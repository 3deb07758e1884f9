"""Which pixels of an image are marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.core.options import EvaluateOptions
from jupyter_platform.learning import scores
from jupyter_platform.learning.evaluation.base import Columns, place_of
from jupyter_platform.learning.evaluation.losses import Criterion, predicted_numbers
from jupyter_platform.learning.strategies import Place
from jupyter_platform.learning.strategies.criteria import choose_criterion, wanted_shape

PIXEL_CLASSES = ("background", "marked")
_MARKED = 0.5
"""What a pixel of a mask exceeds where it is marked."""


class Segmentation(Criterion):
    """Accuracy and intersection over union of the pixels that masks mark, and of all others.

    The network gives for each pixel the probability that it is marked, or its logit where the
    criterion is BCE_LOGITS; `decision_threshold` decides.
    """

    unusable_effect: ClassVar[str] = "all their pixels count as wrong"

    @classmethod
    def places(cls, options: EvaluateOptions, facts: DatasetFacts) -> tuple[Place, ...]:
        """One network from an image to its mask."""
        _require_masks(facts)
        criterion = choose_criterion(options.criterion, facts.task)
        return (place_of(options, facts, facts.outputs, wanted_shape(criterion, facts)),)

    def note(self, inputs: Tensor, outputs: Tensor, targets: Tensor) -> Columns:
        """Keep of each sample how many pixels were taken for what."""
        truth = (targets > _MARKED).flatten(1)
        told = outputs.flatten(1).isfinite().all(1, keepdim=True)
        guessed = torch.where(told, self._guess(outputs).flatten(1), ~truth)
        taken = [
            ((truth == is_marked) & (guessed == is_guessed)).sum(1)
            for is_marked in (False, True)
            for is_guessed in (False, True)
        ]
        return {**super().note(inputs, outputs, targets), "pixels": torch.stack(taken, 1)}

    def scores(self, columns: Columns) -> dict[str, Any]:
        """Return the scores over the pixels of all samples; see `scores.segmentation_scores`."""
        confusion = columns["pixels"].sum(0).reshape(2, 2)
        names = list(self.subject.facts.classes or PIXEL_CLASSES)[:2]
        found = scores.segmentation_scores(confusion, names)
        return {
            **super().scores(columns),
            **found,
            "classes": names,
            "threshold": self.options.decision_threshold,
            "headline": {"name": "mean IoU", "value": found["mean_iou"]},
        }

    def error(self, found: Mapping[str, Any]) -> tuple[str, float | None]:
        """Return the share of the union that is not common, of both classes in the mean."""
        score: float | None = found["mean_iou"]
        return "1 - mean IoU", None if score is None else 1 - score

    def judgement(self, outputs: Tensor, target: Tensor) -> dict[str, Any]:
        """Return the mask and the pixels that the network marks, as numbers 0 and 1."""
        return super().judgement(self._guess(outputs[None])[0].to(torch.uint8), target)

    def _guess(self, outputs: Tensor) -> Tensor:
        """Return which pixels are taken for marked, bool."""
        numbers = predicted_numbers(self._criterion, outputs)
        return numbers >= self.options.decision_threshold


def _require_masks(facts: DatasetFacts) -> None:
    if facts.task == "regression" and len(facts.target_shape) > 1:
        return
    has = "one class for each sample" if facts.task == "classification" else "single numbers"
    accepted = facts.task
    message = (
        f"strategy = segmentation wants masks as targets; the dataset has {has}, which {accepted} "
        "takes."
    )
    field = FieldError(field="strategy", value="segmentation", message=message, accepted=accepted)
    raise InvalidDataError(message, errors=[field])
