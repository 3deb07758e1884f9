"""What the values of masks mean: marks, classes, pixels to ignore, or grey levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.datasets import DatasetDescriptor, Task
from jupyter_platform.core.errors import FieldError, InvalidDataError

VALUES = 256
"""Values that a pixel of a mask can have."""
IGNORED_BYTE = 255
"""What stands for an ignored pixel among stored class numbers; and the value that says so by
custom."""
IGNORED = -100
"""What stands for it among targets: that of torch's losses."""
MOST_CLASSES = 255
_MARKS = ((0, 255), (0, 1))
_UNKNOWN = 256
_SHOWN = 12


@dataclass(frozen=True)
class MaskMeaning:
    """How values of masks become targets."""

    task: Task
    """Classes of pixels, or numbers from 0 to 1."""
    values: tuple[int, ...]
    """Value of each class; of marks that of the background and of what is marked; none of grey
    levels."""
    classes: tuple[str, ...]
    """Names of the classes; none of grey levels."""
    ignored: int | None = None
    """Value of pixels that are neither learnt nor judged."""
    absent: tuple[str, ...] = ()
    """Classes of which no mask has a pixel."""

    @property
    def is_grey(self) -> bool:
        """Whether values are levels between unmarked and marked."""
        return not self.values

    def table(self) -> NDArray[np.int64]:
        """Return class number or `IGNORED_BYTE` of each value, and a larger number of others."""
        found = np.full(VALUES, _UNKNOWN, dtype=np.int64)
        found[list(self.values)] = np.arange(len(self.values))
        if self.ignored is not None:
            found[self.ignored] = IGNORED_BYTE
        return found


def understand(
    counts: NDArray[np.int64], descriptor: DatasetDescriptor, *, has_palette: bool
) -> MaskMeaning:
    """Tell what the values of masks mean; see `_understand` for the rules.

    Parameters
    ----------
    counts : ndarray, int64, shape (256,)
        Pixels of each value, in all masks.
    has_palette : bool
        Whether the values are numbers of palettes.

    Raises
    ------
    InvalidDataError
        If they mean nothing that is known; the values are named.
    """
    found = _understand(counts, descriptor, has_palette=has_palette)
    pairs = zip(found.values, found.classes, strict=False)
    return replace(found, absent=tuple(name for value, name in pairs if not counts[value]))


def _understand(
    counts: NDArray[np.int64], descriptor: DatasetDescriptor, *, has_palette: bool
) -> MaskMeaning:
    """Tell what the values of masks mean.

    0 and 255, or 0 and 1, are marks. Whole numbers from 0 on without large gaps are classes, as
    are the numbers of a palette; 255 beside them is ignored. The descriptor's `mask_values`,
    `ignore_value`, `classes` and `task` say otherwise, or more.
    """
    ignored = descriptor.ignore_value
    seen = everything = [int(value) for value in np.flatnonzero(counts) if value != ignored]
    if descriptor.mask_values is not None:
        return _stated(seen, descriptor, ignored)
    names = descriptor.classes
    marks = next((pair for pair in _MARKS if set(seen) <= set(pair)), None)
    if marks is not None and len(names or marks) == 2:
        return _marks(marks, descriptor, ignored)
    if descriptor.task == "regression":
        return MaskMeaning("regression", (), (), ignored)
    if ignored is None and IGNORED_BYTE in seen and len(seen) > 1:
        ignored = IGNORED_BYTE
        seen = [value for value in seen if value != IGNORED_BYTE]
    most = max(seen, default=0)
    if names is not None and most >= len(names):
        raise _refusal(
            descriptor,
            everything,
            f"{len(names)} classes are named, whose pixels have the values 0 to {len(names) - 1}",
        )
    is_dense = 2 * len(seen) > most
    if names is None and not has_palette and not is_dense:
        raise _refusal(
            descriptor,
            everything,
            "they are no class numbers from 0 on. Give the value of each class as mask_values, "
            "name the classes, or set task to regression for grey levels",
        )
    if names is None and most >= MOST_CLASSES - 1:
        raise _refusal(
            descriptor, everything, "set task to regression for grey levels, or give mask_values"
        )
    found = names or tuple(str(number) for number in range(max(most + 1, 2)))
    return MaskMeaning("classification", tuple(range(len(found))), tuple(found), ignored)


def _marks(
    values: tuple[int, int], descriptor: DatasetDescriptor, ignored: int | None
) -> MaskMeaning:
    names = descriptor.classes or ("background", "marked")
    task: Task = "regression"
    if descriptor.task == "classification" or ignored is not None:
        task = "classification"
    return MaskMeaning(task, values, tuple(names), ignored)


def _stated(seen: Sequence[int], descriptor: DatasetDescriptor, ignored: int | None) -> MaskMeaning:
    values = descriptor.mask_values or ()
    unknown = [value for value in seen if value not in values]
    if unknown:
        raise _refusal(
            descriptor,
            unknown,
            f"mask_values name {_listed(values)} only; name them too, or as ignore_value",
        )
    names = descriptor.classes or tuple(str(value) for value in values)
    if len(names) != len(values):
        raise InvalidDataError(
            f"Dataset {descriptor.name!r} names {len(names)} classes and {len(values)} "
            "mask_values; give one value for each class."
        )
    is_marks = len(values) == 2 and ignored is None and descriptor.task != "classification"
    return MaskMeaning("regression" if is_marks else "classification", values, names, ignored)


def _listed(values: Sequence[int]) -> str:
    shown = ", ".join(map(str, values[:_SHOWN]))
    return f"{shown}, … ({len(values)} values)" if len(values) > _SHOWN else shown


def _refusal(descriptor: DatasetDescriptor, seen: Sequence[int], why: str) -> InvalidDataError:
    message = (
        f"Dataset {descriptor.name!r}: its masks hold the values {_listed(seen)}, which are not "
        f"understood: {why}."
    )
    field = FieldError(
        field="mask_values",
        value=_listed(seen),
        message=message,
        accepted="0 and 255, 0 and 1, class numbers from 0 on, or what mask_values says",
    )
    return InvalidDataError(message, errors=[field])
