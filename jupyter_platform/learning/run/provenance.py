"""Samples that weights were trained and chosen on, as their file records them."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from pydantic import BaseModel, Field, ValidationError
from torch import Tensor

from jupyter_platform.core.datasets import Part
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.data import Dataset
from jupyter_platform.learning.networks import read_metadata

KEY = "learned_from"
"""Of the metadata of a weights file."""
MOST_BYTES = 4 * 1024**2
"""Compressed bytes of a set of rows above which it is not remembered."""


class Lesson(BaseModel):
    """One dataset that weights were learned from."""

    dataset: str
    """Its name then."""
    content: str
    """`DatasetDescriptor.content` then."""
    rows: int
    """Stored rows that it had."""
    train: str | None
    """Those that the weights were learned from: base64 of the deflated bits; None: too many."""
    validation: str | None = None
    """Those by which the weights were chosen as the best, likewise; None: none, or too many."""

    @classmethod
    def of(cls, dataset: Dataset, train: Tensor, validation: Tensor | None) -> Lesson:
        """Return what is to be remembered of training.

        Parameters
        ----------
        dataset : Dataset
            Before or after adapters.
        train, validation : Tensor, int64, shape (n,)
            Stored rows.
        """
        count = len(dataset.stored_inputs)
        return cls(
            dataset=dataset.descriptor.name,
            content=dataset.descriptor.content,
            rows=count,
            train=_packed(train, count),
            validation=None if validation is None else _packed(validation, count),
        )


class Provenance(BaseModel):
    """All that weights were learned from, first things first."""

    lessons: list[Lesson] = Field(default_factory=list)
    complete: bool = True
    """False where they go back to weights that remember nothing."""

    @classmethod
    def of(cls, weights: Path) -> Provenance:
        """Read what a weights file remembers.

        Raises
        ------
        InvalidDataError
            If it is no safetensors file.
        """
        text = read_metadata(weights).get(KEY)
        try:
            return cls(complete=False) if text is None else cls.model_validate_json(text)
        except ValidationError:
            return cls(complete=False)

    def after(self, lesson: Lesson | None) -> Provenance:
        """Return what weights remember that were learned on from these."""
        if lesson is None or lesson in self.lessons:
            return self
        return Provenance(lessons=[*self.lessons, lesson], complete=self.complete)

    def metadata(self, *, best: bool) -> dict[str, str]:
        """Return it as metadata of a weights file.

        Parameters
        ----------
        best : bool
            Whether the newest lesson's validation chose these weights.
        """
        kept = list(self.lessons)
        if kept and not best:
            kept[-1] = kept[-1].model_copy(update={"validation": None})
        return {KEY: self.model_copy(update={"lessons": kept}).model_dump_json()}


@dataclass(frozen=True)
class Measured:
    """By which samples something was judged."""

    text: str
    """``test, 360 samples``; what is known of them follows: ``, 12 learned from``."""
    warnings: tuple[str, ...] = ()
    """Warnings about samples that the weights know already, as sentences."""


def measured(
    dataset: Dataset,
    indices: Tensor,
    given: Sequence[int] | None,
    part: Part,
    weights: Sequence[tuple[str, Provenance]],
) -> Measured:
    """Return by which samples weights are judged, and how far they know them.

    Parameters
    ----------
    dataset : Dataset
        What they are judged by.
    indices : Tensor, int64, shape (n,)
        Its samples that are used.
    given : sequence of int, optional
        The set that was asked for; None: `part`.
    weights : sequence of (str, Provenance)
        Name of each network and what its weights remember.
    """
    words = [_described(dataset, indices, given, part)]
    warnings: list[str] = []
    rows = dataset.rows_of(indices)
    for name, provenance in weights:
        for word, warning in _known(dataset, rows, name, provenance):
            words += [word] if word and word not in words else []
            warnings.append(warning)
    return Measured(", ".join(words), tuple(warnings))


def _described(dataset: Dataset, indices: Tensor, given: Sequence[int] | None, part: Part) -> str:
    count = format_count(len(indices), "sample")
    for name, numbers in dataset.parts.items():
        if len(numbers) == len(indices) and bool((numbers == indices).all()):
            return f"{name}, {count}"
    if given is None:
        return f"{part}, {count}"
    return f"{count} from {int(indices.min()):,} to {int(indices.max()):,}"


def _known(
    dataset: Dataset, rows: Tensor, name: str, provenance: Provenance
) -> Iterator[tuple[str, str]]:
    """Give what to say of weights that know samples, in short and as a sentence."""
    count, content = len(rows), dataset.descriptor.content
    learned, chosen = torch.zeros(count, dtype=torch.bool), torch.zeros(count, dtype=torch.bool)
    is_known, has_changed = provenance.complete, False
    for lesson in provenance.lessons:
        if lesson.content != content or lesson.rows != len(dataset.stored_inputs):
            has_changed |= lesson.dataset == dataset.descriptor.name
            continue
        is_known &= lesson.train is not None
        for packed, marked in ((lesson.train, learned), (lesson.validation, chosen)):
            if packed is not None:
                marked |= _unpacked(packed, lesson.rows)[rows]
    samples = format_count(count, "sample")
    if number := int(learned.sum()):
        yield (
            f"{_share(number, count)} learned from",
            f"The weights of {name!r} were learned from {_share(number, count)} of the {samples}: "
            "the score says little of new ones.",
        )
    if number := int(chosen.sum()):
        yield (
            f"{_share(number, count)} chosen by",
            f"The weights of {name!r} were chosen as the best by {_share(number, count)} of the "
            f"{samples}: on new ones they may do worse.",
        )
    if has_changed:
        yield (
            "data changed since learning",
            f"The data of {dataset.descriptor.name!r} are not those that the weights of {name!r} "
            "were learned from: they have changed since.",
        )
    if not is_known:
        yield (
            "",
            f"Not all samples that the weights of {name!r} were learned from and chosen by are on "
            "record: some of these may be among them.",
        )


def _share(number: int, count: int) -> str:
    return "all" if number == count else f"{number:,}"


def _packed(rows: Tensor, count: int) -> str | None:
    marked = np.zeros(count, dtype=np.bool_)
    marked[rows.cpu().numpy()] = True
    data = zlib.compress(np.packbits(marked).tobytes(), 9)
    return None if len(data) > MOST_BYTES else base64.b64encode(data).decode()


def _unpacked(text: str, count: int) -> Tensor:
    """Return which rows are marked, shape (count,)."""
    try:
        limit = (count + 7) // 8
        data = zlib.decompressobj().decompress(base64.b64decode(text), limit)
        bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8), count=count)
    except (zlib.error, binascii.Error, ValueError):
        bits = np.zeros(count, dtype=np.uint8)
    return torch.from_numpy(bits.astype(np.bool_))
