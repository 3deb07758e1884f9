"""The parts of a dataset: which samples train, validate and test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from jupyter_platform.core.datasets import PARTS, DatasetDescriptor, Part, PartFacts
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data.arrays import StoredArrays
from jupyter_platform.learning.data.labels import Labels

HELD_OUT_SHARE = 0.1
"""Share of the samples that tests, and validates, where nobody says which ones do."""
SEED = 0
"""Of `numpy.random.default_rng`, with which samples are drawn out of the training part."""

Ranges = Mapping[Part, tuple[int, int]]


@dataclass(frozen=True)
class Parts:
    """Sample numbers of each part, and what people are told of them."""

    indices: dict[Part, Tensor]
    """int64, shape (n,), ascending."""
    facts: dict[Part, PartFacts]


def make_parts(
    descriptor: DatasetDescriptor,
    size: int,
    stored: StoredArrays,
    labels: Labels,
    order: Tensor | None,
) -> Parts:
    """Return the parts of a dataset.

    What the descriptor's `splits` or the files tell holds. A test or validation part that they do
    not tell is taken out of the training samples, a tenth of them each: drawn with `SEED` so that
    each class has its share, or, of samples that follow one another, the last ones. `splits` that
    name neither a test part nor all three are taken as they are.

    Parameters
    ----------
    size : int
        Samples of the dataset.
    order : Tensor, int64, shape (size,), optional
        Stored row of each sample.

    Raises
    ------
    InvalidDataError
        If `splits` reach beyond the samples.
    """
    told = _told(descriptor, size, stored, order)
    seed = None
    missing = [part for part in PARTS if part not in told]
    is_stated = descriptor.splits is not None and missing != ["validation"]
    if "train" in told and missing and not is_stated:
        drawn = descriptor.shuffle and not stored.is_sequential
        is_one_class = labels.task == "classification" and labels.values.shape == ()
        classes = _classes(labels, order) if drawn and is_one_class else None
        seed = SEED if drawn else None
        told = _completed(told, classes, np.random.default_rng(SEED) if drawn else None)
    indices = {part: torch.from_numpy(told[part]) for part in PARTS if part in told}
    return Parts(indices, part_facts(indices, seed))


def part_facts(indices: Mapping[Part, Tensor], seed: int | None = None) -> dict[Part, PartFacts]:
    """Return what people are told of parts.

    Parameters
    ----------
    indices : mapping
        Sample numbers of each part, int64, shape (n,), at least one.
    seed : int, optional
        With which those that are no range were drawn.
    """
    found: dict[Part, PartFacts] = {}
    for part, numbers in indices.items():
        facts = PartFacts(
            start=int(numbers.min()), stop=int(numbers.max()) + 1, size=len(numbers), seed=seed
        )
        found[part] = facts.model_copy(update={"seed": None}) if facts.is_range else facts
    return found


def _told(
    descriptor: DatasetDescriptor, size: int, stored: StoredArrays, order: Tensor | None
) -> dict[Part, NDArray[np.int64]]:
    """Return the parts that descriptor or files tell; all samples train where neither does."""
    everything = np.arange(size)
    if descriptor.splits is not None:
        _check_reach(descriptor.splits, size, descriptor.name)
        return {part: everything[slice(*found)] for part, found in descriptor.splits.items()}
    if stored.parts is None:
        return {"train": everything}
    rows = everything if order is None else order.numpy()
    found = {
        part: np.flatnonzero((rows >= start) & (rows < stop))
        for part, (start, stop) in stored.parts.items()
    }
    return {part: numbers for part, numbers in found.items() if len(numbers)}


def _check_reach(splits: Ranges, size: int, name: str) -> None:
    for part, (start, stop) in splits.items():
        if stop > size:
            raise InvalidDataError(
                f"Dataset {name!r}: split {part!r} is [{start}, {stop}), but there are {size:,} "
                "samples."
            )


def _classes(labels: Labels, order: Tensor | None) -> NDArray[np.int64]:
    values = labels.values.whole()
    chosen = values if order is None else values[order]
    return chosen.to(torch.int64).numpy()


def _completed(
    told: Mapping[Part, NDArray[np.int64]],
    classes: NDArray[np.int64] | None,
    generator: np.random.Generator | None,
) -> dict[Part, NDArray[np.int64]]:
    """Take the parts that are missing out of the training part, where it is large enough."""
    found = dict(told)
    missing: list[Part] = [part for part in ("test", "validation") if part not in told]
    whole = len(told["train"])
    if whole <= len(missing):
        return found
    count = max(1, round(whole * HELD_OUT_SHARE))
    for part in missing:
        train = found["train"]
        if generator is None:
            found["train"], found[part] = train[:-count], train[-count:]
            continue
        taken = _drawn(train, count, None if classes is None else classes[train], generator)
        found["train"], found[part] = train[~taken], train[taken]
    return found


def _drawn(
    samples: NDArray[np.int64],
    count: int,
    classes: NDArray[np.int64] | None,
    generator: np.random.Generator,
) -> NDArray[np.bool_]:
    """Mark so many samples, of each class its share."""
    taken = np.zeros(len(samples), dtype=np.bool_)
    if classes is None:
        taken[generator.permutation(len(samples))[:count]] = True
        return taken
    by_class = np.argsort(classes, kind="stable")
    sizes = np.bincount(classes)
    stops = np.cumsum(sizes)
    for number, wanted in enumerate(_shares(sizes, count)):
        members = by_class[stops[number] - sizes[number] : stops[number]]
        taken[generator.permutation(members)[:wanted]] = True
    return taken


def _shares(sizes: NDArray[np.int64], count: int) -> list[int]:
    """Share a number among classes by their sizes: largest remainders first, then the larger class.

    One sample of each class is left, as long as `count` allows it.
    """
    shares, remainders = np.divmod(sizes * count, sizes.sum())
    order = np.lexsort((-sizes, -remainders))
    for room in (sizes - 1, sizes):
        for number in order:
            if shares.sum() == count:
                break
            shares[number] += int(shares[number] < room[number])
    return [int(item) for item in shares]
