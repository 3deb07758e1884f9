"""Inputs and targets as they are stored, before anything is learned from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.learning.datasets.samples import Samples

_PIECE = 1 << 24
"""Values that are looked at at once."""


@dataclass(frozen=True)
class Files:
    """Where the files of a descriptor lie on this host, in its order."""

    train: tuple[Path, ...] = ()
    """Those of `DatasetDescriptor.train`, or the one of `DatasetDescriptor.file`."""
    test: tuple[Path, ...] = ()
    labels: Path | None = None

    @property
    def only(self) -> Path:
        """The one file of a dataset that has one."""
        return self.train[0]


@dataclass(frozen=True)
class StoredArrays:
    """What the files of a dataset hold."""

    inputs: NDArray[Any] | tuple[NDArray[Any], ...] | Samples
    """Of shape (N, …), numeric; several arrays follow one another."""
    targets: NDArray[Any] | Samples
    """Of shape (N,) or (N, K); numbers, truth values or text. Samples: masks, or class numbers
    that are known to be right."""
    train: int | None = None
    """Samples before which the files themselves draw the line between training and test."""
    classes: tuple[str, ...] | None = None
    """Names of the classes, where the files tell them."""
    features: tuple[str, ...] | None = None
    row_offset: int = 0
    """What turns an index into the row number a person sees in the file."""
    shape: tuple[int, ...] | None = None
    """Shape of a sample that the format of the files decides."""
    is_sorted: bool = False
    """Whether samples come class by class, so that no range of them is a fair sample."""
    is_sequential: bool = False
    """Whether samples follow each other, as the characters of a text."""
    bytes: int | None = None
    """Size, where it is not that of the files."""


def file_name(path: Path) -> str:
    """Return what an error calls a file; one that was added has no name of its own any more."""
    return "the file" if re.fullmatch(r"[0-9a-f]{64}", path.name) else path.name


def is_text(array: NDArray[Any]) -> bool:
    """Return whether an array holds text."""
    return array.dtype.kind in "US"


def is_number(array: NDArray[Any]) -> bool:
    """Return whether an array holds truth values or real numbers."""
    return array.dtype.kind in "biuf"


def first_nan(array: NDArray[Any]) -> tuple[int, ...] | None:
    """Return the index of the first NaN or infinity of a float array, or None.

    A mapped array larger than the memory is read piece by piece.
    """
    if array.dtype.kind != "f" or not array.size:
        return None
    step = max(1, _PIECE // max(1, array[0].size))
    for start in range(0, len(array), step):
        piece = array[start : start + step]
        # The sum is one pass without a second array; only a bad one is worth a mask.
        with np.errstate(all="ignore"):
            if np.isfinite(piece.sum(dtype=np.float64)):
                continue
        bad = np.argwhere(~np.isfinite(piece))
        if len(bad):
            return (start + int(bad[0][0]), *(int(item) for item in bad[0][1:]))
    return None
