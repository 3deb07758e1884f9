"""Which pixels of an image are marked, or of which class each is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.core.options import EvaluateOptions
from jupyter_platform.learning.data.pictures.mask_values import IGNORED
from jupyter_platform.learning.scoring import scores
from jupyter_platform.learning.scoring.evaluations.base import Columns, Subject, signature_of
from jupyter_platform.learning.scoring.evaluations.classification import class_names
from jupyter_platform.learning.scoring.evaluations.losses import Criterion, predicted_numbers
from jupyter_platform.learning.strategies import NetworkSignature
from jupyter_platform.learning.strategies.criteria import (
    choose_criterion,
    predicted_classes,
    wanted_shape,
)

PIXEL_CLASSES = ("background", "marked")
_MARKED = 0.5
"""Value that a marked pixel of a mask exceeds."""


class Segmentation(Criterion):
    """Accuracy and intersection over union of the classes of pixels.

    Of masks that mark, the network gives for each pixel the probability that it is marked, or its
    logit where the criterion is BCE_LOGITS; `decision_threshold` decides. Of masks of classes it
    gives one number for each class and pixel, and the largest decides. Pixels that masks ignore
    are not judged.
    """

    unusable_effect: ClassVar[str] = "all their pixels count as wrong"

    @classmethod
    def signatures(
        cls, options: EvaluateOptions, facts: DatasetFacts
    ) -> tuple[NetworkSignature, ...]:
        """One network from an image to its mask."""
        _require_masks(facts)
        criterion = choose_criterion(options.criterion, facts.task)
        return (signature_of(options, facts, facts.outputs, wanted_shape(criterion, facts)),)

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        facts = subject.facts
        self._is_classes = facts.task == "classification"
        self._names = class_names(facts, facts.outputs) if self._is_classes else _mark_names(facts)

    def note(self, inputs: Tensor, outputs: Tensor, targets: Tensor) -> Columns:
        """Keep of each sample how many pixels of each class were taken for which."""
        count = len(self._names)
        truth = (targets if self._is_classes else targets > _MARKED).long().flatten(1)
        told = self.usable(outputs)[:, None]
        guessed = torch.where(told, self._guess(outputs).flatten(1), (truth + 1) % count)
        # What is ignored is counted in a last place of its own, which is dropped.
        pairs = torch.where(truth == IGNORED, count * count, truth * count + guessed)
        pixels = pairs.new_zeros(len(pairs), count * count + 1)
        pixels.scatter_add_(1, pairs, torch.ones_like(pairs))
        return {**super().note(inputs, outputs, targets), "pixels": pixels[:, :-1]}

    def scores(self, columns: Columns) -> dict[str, Any]:
        """Return the scores over the pixels of all samples; see `scores.segmentation_scores`."""
        count = len(self._names)
        confusion = columns["pixels"].sum(0).reshape(count, count)
        found = scores.segmentation_scores(confusion, self._names)
        decided = {} if self._is_classes else {"threshold": self.options.decision_threshold}
        return {
            **super().scores(columns),
            **found,
            **decided,
            **_warnings(found),
            "classes": self._names,
            "headline": {"name": "mean IoU", "value": found["mean_iou"]},
        }

    def error(self, found: Mapping[str, Any]) -> tuple[str, float | None]:
        """Return the share of the union that is not common, of both classes in the mean."""
        score: float | None = found["mean_iou"]
        return "1 - mean IoU", None if score is None else 1 - score

    def usable(self, outputs: Tensor) -> Tensor:
        """Return for which samples each pixel can be told from the outputs, bool, shape (n,)."""
        if not self._is_classes:
            return super().usable(outputs)
        # Minus infinity, the logarithm of 0, is a score.
        return ((outputs < torch.inf) & ~outputs.isnan()).flatten(1).all(1)

    def judgement(self, outputs: Tensor, target: Tensor) -> dict[str, Any]:
        """Return the mask and what the network takes each pixel for, as numbers of classes."""
        return super().judgement(self._guess(outputs[None])[0].to(torch.uint8), target)

    def _guess(self, outputs: Tensor) -> Tensor:
        """Return the class that each pixel is taken for, int64."""
        if self._is_classes:
            return predicted_classes(outputs, self._criterion)
        numbers = predicted_numbers(self._criterion, outputs)
        return (numbers >= self.options.decision_threshold).long()


def _mark_names(facts: DatasetFacts) -> list[str]:
    names = facts.classes or ()
    return list(names if len(names) == len(PIXEL_CLASSES) else PIXEL_CLASSES)


def _warnings(found: Mapping[str, Any]) -> dict[str, list[str]]:
    """Say why there is no mean where there is none."""
    if found["mean_iou"] is not None:
        return {}
    present = [row["class"] for row in found["per_class"] if row["iou"] is not None]
    text = (
        f"Masks and network have pixels of one class alone ({present[0]}), so that nothing was "
        "told apart: there is no mean IoU."
        if present
        else "All pixels are ignored by the masks: there is nothing to judge."
    )
    return {"warnings": [text]}


def _require_masks(facts: DatasetFacts) -> None:
    if facts.masks or (facts.task == "regression" and len(facts.target_shape) > 1):
        return
    has = "one class for each sample" if facts.task == "classification" else "single numbers"
    accepted = facts.task
    message = (
        f"strategy = segmentation wants masks as targets; the dataset has {has}, which {accepted} "
        "takes."
    )
    field = FieldError(field="strategy", value="segmentation", message=message, accepted=accepted)
    raise InvalidDataError(message, errors=[field])
