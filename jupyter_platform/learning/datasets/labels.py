"""From stored targets to what a criterion takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.datasets.arrays import StoredArrays, first_nan, is_number, is_text

Task = Literal["classification", "regression"]


@dataclass(frozen=True)
class Labels:
    """Targets ready to learn."""

    task: Task
    values: NDArray[Any]
    """int64 of shape (N,) for classes, float32 of shape (N, K) for numbers."""
    outputs: int
    classes: tuple[str, ...] | None = None


def read_labels(stored: StoredArrays, descriptor: DatasetDescriptor) -> Labels:
    """Turn stored targets into class numbers or regression targets.

    Raises
    ------
    InvalidDataError
        If they cannot be what the descriptor says they are.
    """
    name = descriptor.name
    targets = stored.targets
    if not is_text(targets) and not is_number(targets):
        raise InvalidDataError(
            f"Dataset {name!r}: targets have type {targets.dtype}; they are numbers or text."
        )
    bad = first_nan(targets)
    if bad is not None:
        raise InvalidDataError(
            f"Dataset {name!r}: the target of sample {bad[0]} is {targets[bad]}; targets are "
            "finite."
        )
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    task = descriptor.task or _guess_task(targets)
    if task == "classification":
        return _class_labels(targets, descriptor)
    if is_text(targets):
        raise InvalidDataError(
            f"Dataset {name!r} is for regression, but its targets are text, first {targets[0]!r}."
        )
    values = np.ascontiguousarray(targets, dtype=np.float32).reshape(len(targets), -1)
    return Labels("regression", values, values.shape[1])


def _guess_task(targets: NDArray[Any]) -> Task:
    if targets.ndim > 1:
        return "regression"
    if targets.dtype.kind == "f" and not np.array_equal(targets, np.trunc(targets)):
        return "regression"
    return "classification"


def _class_labels(targets: NDArray[Any], descriptor: DatasetDescriptor) -> Labels:
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
        targets = targets.astype(np.int64)
    found, numbers = np.unique(targets, return_inverse=True)
    numbers = numbers.astype(np.int64)
    names = descriptor.classes
    if names is None:
        return Labels("classification", numbers, len(found), tuple(str(item) for item in found))
    return Labels("classification", _named(found, numbers, descriptor), len(names), names)


def _named(
    found: NDArray[Any], numbers: NDArray[np.int64], descriptor: DatasetDescriptor
) -> NDArray[np.int64]:
    """Return class numbers in the order of the descriptor's names."""
    names = descriptor.classes or ()
    if is_text(found):
        unknown = [str(item) for item in found if str(item) not in names]
        if unknown:
            raise InvalidDataError(
                f"Dataset {descriptor.name!r} has the class {unknown[0]!r}, which is not among "
                f"the named ones: {', '.join(names)}."
            )
        order = np.array([names.index(str(item)) for item in found], dtype=np.int64)
        return order[numbers]
    whole = found.astype(np.int64)
    if whole[0] >= 0 and whole[-1] < len(names):
        return whole[numbers]
    if len(whole) == len(names):
        return numbers
    raise InvalidDataError(
        f"Dataset {descriptor.name!r} names {len(names)} classes, but its labels go from "
        f"{whole[0]} to {whole[-1]}; name one for each label."
    )
