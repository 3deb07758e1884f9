"""Inputs and targets as they are stored, before anything is learned from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class StoredArrays:
    """What a file holds."""

    inputs: NDArray[Any]
    """Shape (N, …), numeric."""
    targets: NDArray[Any]
    """Shape (N,) or (N, K); numbers, truth values or text."""
    train: int | None = None
    """Samples before which the file itself draws the line between training and test."""
    features: tuple[str, ...] | None = None
    row_offset: int = 0
    """What turns an index into the row number a person sees in the file."""


def is_text(array: NDArray[Any]) -> bool:
    """Return whether an array holds text."""
    return array.dtype.kind in "US"


def is_number(array: NDArray[Any]) -> bool:
    """Return whether an array holds truth values or real numbers."""
    return array.dtype.kind in "biuf"


def first_nan(array: NDArray[Any]) -> tuple[int, ...] | None:
    """Return the index of the first NaN or infinity of a float array, or None."""
    if array.dtype.kind != "f" or not array.size:
        return None
    # The sum is one pass without a second array; only a bad one is worth a mask.
    with np.errstate(all="ignore"):
        if np.isfinite(array.sum(dtype=np.float64)):
            return None
    bad = np.argwhere(~np.isfinite(array))
    return tuple(int(item) for item in bad[0]) if len(bad) else None
