"""From stored targets to the targets that criteria take."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.datasets import DatasetDescriptor, Task
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data.arrays import (
    StoredArrays,
    fault_of,
    is_number,
    is_text,
    not_finite,
)
from jupyter_platform.learning.data.pictures.masks import MaskSamples, array_masks
from jupyter_platform.learning.data.samples import ArraySamples, Samples
from jupyter_platform.learning.data.tabular.features import TableFeatures

_SMALL = 256
"""Classes whose numbers fit into a byte."""


_EXACT = 2.0**53
"""Below which every whole number is one of float64."""


@dataclass(frozen=True)
class Labels:
    """Targets ready to learn."""

    task: Task
    values: Samples
    """Class numbers of shape (), or numbers of shape (K,) or (C, H, W) for a regression."""
    outputs: int
    classes: tuple[str, ...] | None = None
    counts: list[int] | None = None
    """Samples of each class."""


def read_labels(stored: StoredArrays, descriptor: DatasetDescriptor) -> Labels:
    """Turn stored targets into class numbers or regression targets.

    Parameters
    ----------
    stored : StoredArrays
        Inputs and targets as they were read.
    descriptor : DatasetDescriptor
        Description of the dataset.

    Raises
    ------
    InvalidDataError
        If they cannot be what the descriptor says they are.
    """
    name = descriptor.name
    targets = _masks(stored, descriptor)
    if isinstance(targets, MaskSamples):
        return _of_masks(targets)
    if not isinstance(targets, np.ndarray):
        return Labels("regression", targets, math.prod(targets.shape))
    if not is_text(targets) and not is_number(targets):
        raise InvalidDataError(
            f"Dataset {name!r}: targets have type {targets.dtype}; they are numbers or text."
        )
    bad = None if is_text(targets) else not_finite(targets)
    if bad is not None:
        raise InvalidDataError(
            f"Dataset {name!r}: the target of sample {bad.first[0]} "
            f"{fault_of(targets[bad.first])}; {bad.counted()} in all; targets are finite."
        )
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    task = descriptor.task or _guess_task(targets, stored)
    if task == "classification":
        return _class_labels(targets, descriptor, descriptor.classes or stored.classes)
    if is_text(targets):
        raise InvalidDataError(
            f"Dataset {name!r} is for regression, but its targets are text, first "
            f"{str(targets[0])!r}."
        )
    values = np.ascontiguousarray(targets, dtype=np.float32).reshape(len(targets), -1)
    return Labels("regression", ArraySamples([values]), values.shape[1])


def as_learnt(labels: Labels, descriptor: DatasetDescriptor) -> tuple[Labels, list[str]]:
    """Return targets with the class numbers that weights have learnt, by the names of the classes.

    Parameters
    ----------
    labels : Labels
        Targets as they were read.
    descriptor : DatasetDescriptor
        Says what the weights have learnt, if anything.

    Returns
    -------
    labels : Labels
        As they are where nothing was learnt, or where no class has a name that it had then: they
        are compared by their numbers, then.
    warnings : list of str
        What should be known beside a score, as sentences.

    Raises
    ------
    InvalidDataError
        If some classes, but not all, are known to the weights.
    """
    learnt = None if descriptor.learnt is None else descriptor.learnt.classes
    names = labels.classes
    if learnt is None or descriptor.learnt is None or names is None or names == learnt:
        return labels, []
    if labels.counts is None:
        return labels, []
    present = [name for name, count in zip(names, labels.counts, strict=True) if count]
    known = [name for name in present if name in learnt]
    if not known and len(names) == len(learnt):
        text = (
            f"None of the classes is called as one that the weights learnt (first {names[0]!r} "
            f"and {learnt[0]!r}); they are taken in their order."
        )
        return replace(labels, classes=learnt), [text]
    unknown = [name for name in present if name not in learnt]
    if unknown:
        raise InvalidDataError(
            f"Dataset {descriptor.name!r} has the class {unknown[0]!r}, which the weights have not "
            f"learnt on {descriptor.learnt.dataset!r}: they tell {', '.join(map(repr, learnt))}. "
            "Leave other classes out by labels=…"
        )
    numbers = np.array([learnt.index(name) if name in learnt else 0 for name in names])
    values = numbers[labels.values.whole().numpy().astype(np.int64)]
    counts: list[int] = np.bincount(values, minlength=len(learnt)).tolist()
    kept = values.astype(np.uint8 if len(learnt) <= _SMALL else np.int64)
    return Labels("classification", ArraySamples([kept]), len(learnt), learnt, counts), []


def _masks(stored: StoredArrays, descriptor: DatasetDescriptor) -> NDArray[Any] | Samples:
    """Return the targets, as masks where they are an array of some."""
    targets, inputs = stored.targets, stored.inputs
    if not isinstance(targets, np.ndarray) or targets.ndim < 3:
        return targets
    assert not isinstance(inputs, TableFeatures), "targets of a table have 2 axes at most"
    first = inputs[0] if isinstance(inputs, tuple) else inputs
    sample = first.shape[1:] if isinstance(first, np.ndarray) else first.shape
    found = array_masks(targets, descriptor.shape or stored.shape or sample, descriptor)
    return targets if found is None else found


def _of_masks(masks: MaskSamples) -> Labels:
    """Return masks as targets: a class for each pixel, or numbers from 0 to 1."""
    meaning = masks.meaning
    if meaning.task == "classification":
        return Labels("classification", masks, len(meaning.classes), meaning.classes)
    return Labels("regression", masks, math.prod(masks.shape), meaning.classes or None)


def _guess_task(targets: NDArray[Any], stored: StoredArrays) -> Task:
    if targets.ndim > 1:
        return "regression"
    if stored.classes is not None:
        return "classification"
    if targets.dtype.kind == "f" and not np.array_equal(targets, np.trunc(targets)):
        return "regression"
    return "classification"


def _class_labels(
    targets: NDArray[Any], descriptor: DatasetDescriptor, names: tuple[str, ...] | None
) -> Labels:
    name = descriptor.name
    if targets.ndim != 1:
        raise InvalidDataError(
            f"Dataset {name!r} is for classification, but each target has shape "
            f"{targets.shape[1:]}; give one class for each sample."
        )
    if targets.dtype.kind == "f":
        if not np.array_equal(targets, np.trunc(targets)):
            raise InvalidDataError(
                f"Dataset {name!r} is for classification, but its targets are fractions; set "
                "task to regression."
            )
        if abs(targets).max() >= _EXACT:
            raise InvalidDataError(
                f"Dataset {name!r} is for classification, but its targets reach "
                f"{float(abs(targets).max()):g}; classes are whole numbers below 2**53. Set task "
                "to regression."
            )
        targets = targets.astype(np.int64)
    if names is not None and not is_text(targets) and _are_numbers_of(targets, len(names)):
        numbers = targets.astype(np.int64) if targets.dtype.kind in "ub" else targets
    else:
        found, inverse = np.unique(targets, return_inverse=True)
        numbers = inverse.astype(np.int64)
        if names is None:
            names = tuple(str(item) for item in found)
        else:
            numbers = _named(found, numbers, names, name)
    counts: list[int] = np.bincount(numbers, minlength=len(names)).tolist()
    kept = np.array(numbers, dtype=np.uint8 if len(names) <= _SMALL else np.int64)
    return Labels("classification", ArraySamples([kept]), len(names), names, counts)


def _are_numbers_of(targets: NDArray[Any], classes: int) -> bool:
    return bool(targets.min() >= 0 and targets.max() < classes)


def _named(
    found: NDArray[Any], numbers: NDArray[np.int64], names: tuple[str, ...], dataset: str
) -> NDArray[np.int64]:
    """Return class numbers in the order of the names."""
    if is_text(found):
        unknown = [str(item) for item in found if str(item) not in names]
        if unknown:
            raise InvalidDataError(
                f"Dataset {dataset!r} has the class {unknown[0]!r}, which is not among "
                f"the named ones: {', '.join(names)}."
            )
        order = np.array([names.index(str(item)) for item in found], dtype=np.int64)
        return order[numbers]
    whole = found.astype(np.int64)
    if len(whole) == len(names):
        return numbers
    wrong = np.flatnonzero((whole < 0) | (whole >= len(names)))
    sample = int(np.argmax(np.isin(numbers, wrong)))
    raise InvalidDataError(
        f"Dataset {dataset!r}: the label of sample {sample} is {whole[numbers[sample]]}; of "
        f"{len(names)} named classes labels go from 0 to {len(names) - 1}, but those of the data "
        f"from {whole[0]} to {whole[-1]}. Name one class for each label."
    )
