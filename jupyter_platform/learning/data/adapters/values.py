"""Adapters that change values: of inputs, of targets, or which of them is which."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import OptionError, unknown_name
from jupyter_platform.learning.data.adapters.base import Batch, refused

OTHER = "other"
"""Name of the class that takes all classes which are not named."""


class Binarize:
    """Inputs above a threshold become 1, all others 0."""

    is_random = False

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold

    def shape(self, facts: DatasetFacts) -> DatasetFacts:
        """Return the facts unchanged."""
        if facts.input_type != "float32":
            raise refused("binarize", "needs numbers; samples are symbols.")
        return facts

    def __call__(
        self, inputs: Tensor, targets: Tensor, generator: torch.Generator | None, training: bool
    ) -> Batch:
        """Return a changed batch."""
        return (inputs > self._threshold).to(inputs.dtype), targets


class Autoencode:
    """The target of a sample is its input; while training the input is spoilt at random."""

    def __init__(self, noise: float, drop: float) -> None:
        self._noise, self._drop = noise, drop
        self.is_random = bool(noise or drop)

    def shape(self, facts: DatasetFacts) -> DatasetFacts:
        """Return facts of a regression without classes."""
        if facts.input_type != "float32":
            raise refused("autoencode", "needs numbers; samples are symbols.")
        return facts.model_copy(
            update={
                "task": "regression",
                "outputs": math.prod(facts.shape),
                "target_shape": list(facts.shape),
                "classes": None,
                "class_counts": None,
                "masks": False,
            }
        )

    def __call__(
        self, inputs: Tensor, targets: Tensor, generator: torch.Generator | None, training: bool
    ) -> Batch:
        """Return a changed batch."""
        clean = inputs
        if training and generator is not None:
            like = {"generator": generator, "device": generator.device, "dtype": inputs.dtype}
            if self._noise:
                noise = torch.randn(inputs.shape, **like).to(inputs.device)  # type: ignore[call-overload]
                inputs = inputs + self._noise * noise
            if self._drop:
                kept = torch.rand(inputs.shape, **like).to(inputs.device) >= self._drop  # type: ignore[call-overload]
                inputs = inputs * kept
        return inputs, clean


class Relabel:
    """Keeps some classes under new numbers; others are gone already, or become one class.

    Parameters
    ----------
    labels : sequence of str
        Names of the classes that are kept.
    other : bool
        Whether one more class, the last, takes all others.
    """

    is_random = False

    def __init__(self, labels: Sequence[str], other: bool) -> None:
        self._labels, self._other = labels, other
        self._numbers = torch.empty(0, dtype=torch.int64)

    def shape(self, facts: DatasetFacts) -> DatasetFacts:
        """Return facts of the classes that are kept."""
        kept = class_numbers(self._labels, facts)
        names = [*self._labels, *([OTHER] if self._other else [])]
        self._numbers = torch.full((facts.outputs,), len(kept))
        self._numbers[kept] = torch.arange(len(kept))
        counts = None
        if facts.class_counts is not None:
            counts = [facts.class_counts[number] for number in kept]
            if self._other:
                counts.append(facts.size - sum(counts))
        return facts.model_copy(
            update={"outputs": len(names), "classes": names, "class_counts": counts}
        )

    def __call__(
        self, inputs: Tensor, targets: Tensor, generator: torch.Generator | None, training: bool
    ) -> Batch:
        """Return a changed batch."""
        return inputs, self._numbers.to(targets.device)[targets]


def class_numbers(labels: Sequence[str], facts: DatasetFacts) -> list[int]:
    """Return the numbers of classes by their names.

    Parameters
    ----------
    labels : sequence of str
        Names of classes.
    facts : DatasetFacts
        What is known of the dataset.

    Raises
    ------
    OptionError
        If a class is unknown or named twice, or the dataset has none.
    """
    names = facts.classes
    if names is None or facts.task != "classification":
        raise refused("labels", "needs classes; this dataset has none.")
    if facts.masks:
        raise refused("labels", "needs one class for each sample; this dataset has masks.")
    unknown = [item for item in labels if item not in names]
    if unknown:
        raise OptionError.from_fields(
            [unknown_name("class", unknown[0], names).model_copy(update={"field": "labels"})]
        )
    if len(set(labels)) < len(labels):
        raise refused("labels", "names a class twice.")
    return [names.index(item) for item in labels]


class MaskToClass:
    """Tells only whether a mask marks something: class 0 is True, class 1 False, as in DIANNE."""

    is_random = False
    classes = ("True", "False")

    def __init__(self, center: bool, threshold: float) -> None:
        self._center, self._threshold = center, threshold

    def shape(self, facts: DatasetFacts) -> DatasetFacts:
        """Return facts of two classes."""
        if len(facts.target_shape) < 2:
            raise refused("mask_to_class", "needs masks; targets of this dataset are no images.")
        return facts.model_copy(
            update={
                "task": "classification",
                "outputs": 2,
                "target_shape": [],
                "classes": list(self.classes),
                "class_counts": None,
                "masks": False,
            }
        )

    def __call__(
        self, inputs: Tensor, targets: Tensor, generator: torch.Generator | None, training: bool
    ) -> Batch:
        """Return a changed batch."""
        if not targets.is_floating_point():
            targets = (targets > 0).to(torch.float32)  # all classes but the first are marked
        if self._center:
            height, width = targets.shape[-2:]
            marked = targets.reshape(len(targets), -1, height, width)[:, 0, height // 2, width // 2]
        else:
            marked = targets.flatten(1).sum(1)
        return inputs, (marked <= self._threshold).to(torch.int64)
