"""Warnings about a dataset that limit the meaning of a score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.learning.data.arrays import StoredArrays
from jupyter_platform.learning.data.labels import Labels
from jupyter_platform.learning.data.parts import Parts
from jupyter_platform.learning.data.tabular.features import TableFeatures
from jupyter_platform.learning.data.tabular.judging import (
    MOST_FEATURES,
    warnings_of_classes,
    warnings_of_features,
)

_MADE_UP = ("blobs", "moons", "sequences")
_MOST_VALUES = 20_000_000
"""Numbers of arrays above which they are not judged: they may be larger than the memory."""


def judged(
    stored: StoredArrays,
    labels: Labels,
    parts: Parts,
    order: Tensor | None,
    descriptor: DatasetDescriptor,
) -> list[str]:
    """Return what is suspicious about features, classes and parts, as sentences.

    Parameters
    ----------
    order : Tensor, int64, shape (N,), optional
        Stored row of each sample.
    """
    if descriptor.kind in _MADE_UP or stored.is_sequential:
        return []
    found = []
    features = _features(stored)
    if features is not None and not labels.values.shape:
        found += warnings_of_features(*features, _numbers(labels), labels.task)
    elif features is not None and labels.values.shape == (1,):
        found += warnings_of_features(*features, _numbers(labels)[:, 0], labels.task)
    if labels.task == "classification" and not labels.values.shape:
        rows = None if order is None else order.numpy()
        found += warnings_of_classes(
            _numbers(labels).astype(np.int64),
            labels.classes or (),
            {
                part: numbers.numpy() if rows is None else rows[numbers.numpy()]
                for part, numbers in parts.indices.items()
            },
            are_numbers=_are_numbers(stored, descriptor),
        )
    return found


def _numbers(labels: Labels) -> NDArray[np.float64]:
    return labels.values.whole().numpy().astype(np.float64)


def _are_numbers(stored: StoredArrays, descriptor: DatasetDescriptor) -> bool:
    is_number = isinstance(stored.targets, np.ndarray) and stored.targets.dtype.kind in "iuf"
    is_told = descriptor.task or descriptor.classes or stored.classes
    return is_number and not is_told


def _features(
    stored: StoredArrays,
) -> tuple[NDArray[np.float64], tuple[str, ...] | None, list[bool]] | None:
    """Return features with their names, and which of them are text; None where there are none."""
    inputs = stored.inputs
    if isinstance(inputs, TableFeatures):
        columns = inputs.columns[:MOST_FEATURES]
        return (
            np.stack([column.codes for column in columns], axis=1),
            tuple(column.name for column in columns),
            [column.kind == "text" for column in columns],
        )
    parts = inputs if isinstance(inputs, tuple) else (inputs,)
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    if len(arrays) < len(parts) or any(
        part.ndim != 2 or part.dtype.kind not in "iuf" or part.shape[1] > MOST_FEATURES
        for part in arrays
    ):
        return None
    if sum(part.size for part in arrays) > _MOST_VALUES:
        return None
    whole = np.concatenate(arrays).astype(np.float64)
    return whole, stored.features, [False] * whole.shape[1]
