"""Warnings about tables that limit the meaning of a score."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.datasets import Part, Task

FEW = 20
"""Samples below which nothing is concluded from what all of them share."""
MOST_FEATURES = 500
MOST_ROWS = 20_000
"""Features, and samples spread over all, that are looked at."""
_GIVEN_AWAY = 0.999
"""Share of samples whose class, or correlation with a number, one feature alone tells."""
_MOST_CLASSES = 100
_NAMES = re.compile(
    r"(^|[\W_])(id|ids|uuid|guid|key|index|idx|nr|no|row|lfd|number)([\W_]|$)", re.I
)
_PART_WORDS = {"train": "training", "validation": "validation", "test": "test"}


def warnings_of_features(
    features: NDArray[np.float64],
    names: Sequence[str] | None,
    texts: Sequence[bool],
    targets: NDArray[np.float64],
    task: Task,
) -> list[str]:
    """Say which features count or identify the samples, give away the target, or tell nothing.

    Parameters
    ----------
    features : ndarray, shape (N, F)
        As the files have them, text as numbers of its values; NaN where missing.
    names : sequence of str, optional
        Names of the features; their numbers when absent.
    texts : sequence of bool
        Which of them are text.
    targets : ndarray, shape (N,)
        Class numbers, or the number to learn.
    task : str
        What the targets are.
    """
    size = len(features)
    if size < FEW:
        return []
    chosen = np.arange(min(size, MOST_ROWS)) * size // min(size, MOST_ROWS)
    targets = targets[chosen]
    found: list[str] = []
    for at in range(min(features.shape[1], MOST_FEATURES)):
        name = f"feature {at}" if names is None else f"column {names[at]!r}"
        values = features[:, at]
        found += [
            f"{name[0].upper()}{name[1:]} {text}"
            for text in _judged(
                values,
                values[chosen],
                name,
                targets,
                task,
                is_text=texts[at],
                is_named=names is not None,
            )
        ]
    return found


def _judged(
    values: NDArray[np.float64],
    some: NDArray[np.float64],
    name: str,
    targets: NDArray[np.float64],
    task: Task,
    *,
    is_text: bool,
    is_named: bool,
) -> Iterator[str]:
    """Give what is to be said of one feature, as the ends of sentences."""
    given = values[~np.isnan(values)]
    if not len(given):
        return
    distinct = len(np.unique(given))
    if distinct == 1:
        if is_named:
            yield "has one value alone; it tells nothing."
        return
    counts = not is_text and _counts(given, distinct)
    identifies = distinct == len(given) and (is_text or _NAMES.search(name) is not None)
    if counts:
        yield "numbers the samples; it is no property of theirs: exclude it."
    elif identifies:
        yield "has another value for each sample, so that it identifies them: exclude it."
    known = ~np.isnan(some)
    if known.sum() >= FEW and _gives_away(
        some[known], targets[known], task, is_text=is_text, is_key=counts or identifies
    ):
        yield (
            "alone tells the target of nearly every sample: a score with it says little, "
            "unless it will be known where the target is not."
        )
    rounded = len(np.unique(given.astype(np.float32)))
    if rounded < distinct:
        yield (
            f"has {distinct:,} different values, of which float32 keeps {rounded:,} apart: "
            "subtract what they share, or scale them (normalise)."
        )


def _counts(values: NDArray[np.float64], distinct: int) -> bool:
    """Return whether numbers are 1, 2, 3, …, from any number on and in any order."""
    if distinct < len(values) or not np.array_equal(values, np.trunc(values)):
        return False
    return float(values.max() - values.min()) == len(values) - 1


def _gives_away(
    values: NDArray[np.float64],
    targets: NDArray[np.float64],
    task: Task,
    *,
    is_text: bool,
    is_key: bool,
) -> bool:
    """Return whether a feature alone tells the target of nearly all samples."""
    if len(np.unique(targets)) < 2:
        return False
    if task == "regression":
        return not is_text and _is_same_number(values, targets)
    if not is_key and _tells_by_value(values, targets):
        return True
    return not is_text and _tells_by_threshold(values, targets)


def _is_same_number(values: NDArray[np.float64], targets: NDArray[np.float64]) -> bool:
    spread = values.std(), targets.std()
    if not np.isfinite(spread).all() or min(spread) == 0:
        return False
    return abs(float(np.corrcoef(values, targets)[0, 1])) >= _GIVEN_AWAY


def _tells_by_value(values: NDArray[np.float64], targets: NDArray[np.float64]) -> bool:
    """Return whether samples of one value are of one class; values have to come again and again."""
    _, groups = np.unique(values, return_inverse=True)
    if groups.max() + 1 > len(values) // 2:
        return False
    classes = np.unique(targets, return_inverse=True)[1]
    pairs, counts = np.unique(np.stack([groups, classes]), axis=1, return_counts=True)
    most = np.zeros(groups.max() + 1, dtype=np.int64)
    np.maximum.at(most, pairs[0], counts)
    largest = np.bincount(classes).max()
    return bool(most.sum() >= _GIVEN_AWAY * len(values) and largest < len(values))


def _tells_by_threshold(values: NDArray[np.float64], targets: NDArray[np.float64]) -> bool:
    """Return whether each class has a range of values of its own, but for few samples."""
    order = np.lexsort((targets, values))
    sorted_values, classes = values[order], targets[order]
    changes = int((classes[1:] != classes[:-1]).sum())
    tied = (sorted_values[1:] == sorted_values[:-1]) & (classes[1:] != classes[:-1])
    allowed = len(np.unique(targets)) - 1 + 2 * int((1 - _GIVEN_AWAY) * len(values))
    return changes <= allowed and not tied.any()


def warnings_of_classes(
    classes: NDArray[np.int64],
    names: Sequence[str],
    parts: Mapping[Part, NDArray[np.int64]],
    *,
    are_numbers: bool,
) -> list[str]:
    """Say which parts lack a class, and where numbers are taken for a great many classes.

    Parameters
    ----------
    classes : ndarray, int64, shape (N,)
        Class of each sample.
    names : sequence of str
        Names of all classes.
    parts : mapping
        Numbers of the samples of each part.
    are_numbers : bool
        Whether the classes were told from numbers, and nobody said that they are classes.
    """
    found = []
    present = {
        part: np.bincount(classes[rows], minlength=len(names)) > 0 for part, rows in parts.items()
    }
    everywhere = np.bincount(classes, minlength=len(names)) > 0
    for part, has in present.items():
        lacking = [name for at, name in enumerate(names) if everywhere[at] and not has[at]]
        if not lacking or not len(parts[part]):
            continue
        shown = ", ".join(repr(name) for name in lacking[:5]) + (", …" if len(lacking) > 5 else "")
        which = f"class {shown}" if len(lacking) == 1 else f"{len(lacking):,} classes ({shown})"
        effect = (
            "a network learns nothing of it" if part == "train" else "no score there is about it"
        )
        found.append(f"The {_PART_WORDS[part]} part has no sample of {which}: {effect}.")
    if are_numbers and len(names) > max(_MOST_CLASSES, len(classes) // 10):
        found.append(
            f"The target has {len(names):,} different whole numbers, which are taken for classes; "
            "set task to regression if they are amounts."
        )
    return found
