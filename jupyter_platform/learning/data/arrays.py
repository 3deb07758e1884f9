"""Inputs and targets as they are stored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.datasets import PARTS, Part
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.data.samples import Samples
from jupyter_platform.learning.data.tabular.features import TableFeatures

FLOAT32_MAX = float(np.finfo(np.float32).max)
_PIECE = 1 << 24
"""Values that are looked at at once."""


@dataclass(frozen=True)
class Files:
    """Where the files of a descriptor lie on this host, in its order."""

    train: tuple[Path, ...] = ()
    """Those of `DatasetDescriptor.train`, or the one of `DatasetDescriptor.file`."""
    validation: tuple[Path, ...] = ()
    test: tuple[Path, ...] = ()
    labels: Path | None = None

    @classmethod
    def of(cls, parts: Mapping[Part, Sequence[Path]]) -> Files:
        """Return the files of some parts."""
        train, validation, test = (tuple(parts.get(part, ())) for part in PARTS)
        return cls(train, validation, test)

    @property
    def only(self) -> Path:
        """The one file of a dataset that has one."""
        return self.train[0]

    @property
    def parts(self) -> dict[Part, tuple[Path, ...]]:
        """The files of each part that has any, in the order in which samples are numbered."""
        named = dict(zip(PARTS, (self.train, self.validation, self.test), strict=True))
        return {part: paths for part, paths in named.items() if paths}

    @property
    def all(self) -> tuple[Path, ...]:
        """The files of all parts, in that order."""
        return (*self.train, *self.validation, *self.test)

    def ranges(
        self, lengths: Sequence[int], files_each: int = 1
    ) -> dict[Part, tuple[int, int]] | None:
        """Return the stored rows of each part; see `ranges_of`.

        Parameters
        ----------
        lengths : sequence of int
            Samples in each file of `all`, or in each group of `files_each` that go together.
        """
        counts: dict[Part, int] = {}
        at = 0
        for part, paths in self.parts.items():
            groups = len(paths) // files_each
            counts[part] = sum(lengths[at : at + groups])
            at += groups
        return ranges_of(counts)


def ranges_of(counts: Mapping[Part, int]) -> dict[Part, tuple[int, int]] | None:
    """Return the stored rows of parts that follow one another; None where nothing is told apart.

    Parameters
    ----------
    counts : mapping
        Samples of each part, in the order in which they are stored.
    """
    if set(counts) <= {"train"}:
        return None
    found: dict[Part, tuple[int, int]] = {}
    start = 0
    for part, count in counts.items():
        found[part] = (start, start + count)
        start += count
    return found


@dataclass(frozen=True)
class StoredArrays:
    """What the files of a dataset hold."""

    inputs: NDArray[Any] | tuple[NDArray[Any], ...] | Samples | TableFeatures
    """Of shape (N, …), numeric; several arrays follow one another. Those of a table depend on
    which rows train."""
    targets: NDArray[Any] | Samples
    """Of shape (N,) or (N, K); numbers, truth values or text. Samples: masks, or class numbers
    that are known to be right."""
    parts: Mapping[Part, tuple[int, int]] | None = None
    """Half-open ranges of stored rows, where the files tell parts apart; see `ranges_of`."""
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
    skipped: int = 0
    """Samples that were left out because they cannot be read."""
    warnings: tuple[str, ...] = ()
    """Warnings about the data, as sentences."""
    notes: tuple[str, ...] = ()
    """Omissions and assumptions while reading, as sentences."""


def file_name(path: Path) -> str:
    """Return what an error calls a file; one that was added has no name of its own any more."""
    return "the file" if re.fullmatch(r"[0-9a-f]{64}", path.name) else path.name


def is_text(array: NDArray[Any]) -> bool:
    """Return whether an array holds text."""
    return array.dtype.kind in "US"


def is_number(array: NDArray[Any]) -> bool:
    """Return whether an array holds truth values or real numbers."""
    return array.dtype.kind in "biuf"


@dataclass(frozen=True)
class NotFinite:
    """The values of an array that are no finite float32."""

    first: tuple[int, ...]
    """Index of the first of them."""
    values: int
    samples: int
    """Samples, along the first axis, that hold one or more of them."""

    def counted(self) -> str:
        """Say how many there are: ``3 such values in 2 samples``."""
        return f"{self.values:,} such value{'s' * (self.values > 1)} in " + format_count(
            self.samples, "sample"
        )


def not_finite(array: NDArray[Any], factor: float = 1.0) -> NotFinite | None:
    """Find the values that are NaN or infinite once they are float32 and scaled.

    A mapped array larger than the memory is read piece by piece.

    Parameters
    ----------
    array : ndarray, shape (N, …)
        Truth values or real numbers.
    factor : float
        What they are multiplied by afterwards.

    Returns
    -------
    NotFinite or None
        None where all are finite.
    """
    if not array.size or _always_fits(array.dtype, factor):
        return None
    step = max(1, _PIECE // max(1, array[0].size))
    first: tuple[int, ...] | None = None
    values = samples = 0
    for start in range(0, len(array), step):
        piece = array[start : start + step]
        # Both ends are finite where all is: one pass without a second array.
        if _as_finite(np.array([piece.min(), piece.max()]), factor).all():
            continue
        bad = ~_as_finite(piece, factor)
        values += int(bad.sum())
        samples += int(bad.reshape(len(piece), -1).any(1).sum())
        if first is None:
            where = np.argwhere(bad)[0]
            first = (start + int(where[0]), *(int(item) for item in where[1:]))
    return None if first is None else NotFinite(first, values, samples)


def fault_of(value: Any, factor: float = 1.0) -> str:
    """Say why a value is no finite float32: ``is nan``, ``is 1e+39, which float32 cannot hold``.

    Parameters
    ----------
    value : object
        Any value that was read.
    factor : float, optional
        What it is multiplied with before it is stored.
    """
    if not np.isfinite(value):
        return f"is {value}"
    scaled = "" if factor == 1.0 else f" (multiplied by the scale {factor:g})"
    return f"is {value}{scaled}, which float32 cannot hold (at most {FLOAT32_MAX:.4g})"


def _always_fits(dtype: np.dtype[Any], factor: float) -> bool:
    """Return whether no value of a type can be too large."""
    if dtype.kind == "b":
        largest = 1.0
    elif dtype.kind in "iu":
        largest = float(np.iinfo(dtype).max) + 1.0
    else:
        return False
    return largest * abs(factor) <= FLOAT32_MAX


def _as_finite(values: NDArray[Any], factor: float) -> NDArray[np.bool_]:
    with np.errstate(all="ignore"):
        found: NDArray[np.bool_] = np.isfinite(values.astype(np.float32) * np.float32(factor))
    return found
