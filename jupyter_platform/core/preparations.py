"""The preparation of samples: how a raw one becomes what a network gets.

A preparation is made once, from a dataset and the options of the job that learns it. It is kept
with the weights and applied wherever they are used: training, previews, predictions, drawings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from jupyter_platform.core.datasets import (
    PIXEL_KINDS,
    DatasetDescriptor,
    DatasetFacts,
    LearntSamples,
    Task,
)
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.records import Record
from jupyter_platform.core.tables import TablePreparation

METADATA_KEY = "preparation"
"""Key of a preparation in the metadata of a weights file."""
ADAPTERS = ("crop_width", "crop_height", "crop_padding", "frame", "binarize")
"""Adapter options that change inputs wherever they are used, and not in training alone."""
_PICTURES = ("images", "masks", "parquet", "huggingface")
"""Kinds whose pictures may be brought to any size."""
_TABLES = ("csv", "parquet", "huggingface")
_BYTE = 255


class PicturePreparation(Record):
    """How an image file becomes pixels from 0 to 255, and these become inputs.

    Version 1: the first frame is turned as its EXIF orientation says, 16 bits a channel are
    brought down to their upper 8, transparency is laid over `background` unless four channels are
    asked for, colours become the channels of `shape` (grey ones are repeated, coloured ones
    weighted by ITU-R 601), and another size is cut to the aspect ratio around its middle, then
    resized.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    shape: tuple[int, int, int]
    """Channels (1, 3 or 4), height, width."""
    scale: float
    """Input that one step of a pixel is: 1/255 for inputs from 0 to 1."""
    size: Literal["cropped"] = "cropped"
    """Handling of pictures of another size: cut around the middle, then resized."""
    interpolation: Literal["bilinear"] = "bilinear"
    background: Literal["white"] = "white"
    """Background colour of transparent pictures."""


class Preparation(Record):
    """How samples are prepared for the network that was learnt on them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    dataset: str
    """The dataset that it was made from."""
    raw_shape: tuple[int, ...]
    """Of one sample, before adapters."""
    input_shape: tuple[int, ...]
    """Of one sample, as the network gets it."""
    input_type: Literal["float32", "int64"] = "float32"
    scale: float = 1.0
    """Factor applied to stored inputs."""
    picture: PicturePreparation | None = None
    """How image files, and drawings, are read; None where samples are no pictures."""
    no_picture: str | None = None
    """Why samples are no pictures, as the end of a sentence."""
    table: TablePreparation | None = None
    """How a row of a table becomes raw samples; None where samples are no rows."""
    adapters: dict[str, Any] = Field(default_factory=dict)
    """Those of `ADAPTERS` that were asked for, applied last; random cuttings are taken from the
    middle."""
    task: Task | None = None
    classes: tuple[str, ...] | None = None
    """Names of the classes, in the order of the outputs."""


def prepare(
    descriptor: DatasetDescriptor,
    raw: DatasetFacts,
    seen: DatasetFacts,
    options: Mapping[str, Any],
) -> Preparation:
    """Return the preparation of the samples of a dataset.

    Parameters
    ----------
    descriptor : DatasetDescriptor
        The dataset.
    raw, seen : DatasetFacts
        Its facts before and after all adapters.
    options : mapping
        Options of a job, or of the adapters alone.
    """
    picture, reason = _picture(descriptor, raw)
    return Preparation(
        dataset=descriptor.name,
        raw_shape=tuple(raw.shape),
        input_shape=tuple(seen.shape),
        input_type=raw.input_type,
        scale=raw.scale,
        picture=picture,
        no_picture=reason,
        table=raw.table,
        adapters=adapters_of(options),
        task=seen.task,
        classes=None if seen.classes is None else tuple(seen.classes),
    )


def derive(
    descriptor: DatasetDescriptor,
    facts: DatasetFacts,
    input_shape: Sequence[int],
    options: Mapping[str, Any],
) -> Preparation:
    """Return the preparation of weights of an earlier release, which tell none.

    Parameters
    ----------
    descriptor, facts
        The dataset that they were learnt on, as it is now.
    input_shape : sequence of int
        Of one sample, as the network gets it.
    options : mapping
        Options of the job that learnt them; empty where they are not known.
    """
    classes, labels = facts.classes, options.get("labels")
    if labels:
        classes = [*labels, *(["other"] if options.get("other_label") else [])]
    seen = facts.model_copy(update={"shape": list(input_shape), "classes": classes})
    if options.get("autoencode"):
        seen = seen.model_copy(update={"task": "regression", "classes": None})
    if options.get("mask_to_class"):
        seen = seen.model_copy(update={"task": "classification", "classes": ["True", "False"]})
    return prepare(descriptor, facts, seen, options)


def as_learnt(
    descriptor: DatasetDescriptor,
    learnt: Preparation,
    facts: DatasetFacts | None,
    *,
    by_class: bool,
) -> DatasetDescriptor:
    """Return a dataset read so that its samples are what weights have learnt.

    Pictures get the size and the range of numbers, rows of tables the means and categories, and
    classes the numbers that they had then. Adapters are options, and not part of it.

    Parameters
    ----------
    descriptor : DatasetDescriptor
        The dataset that weights are used on.
    learnt : Preparation
        Kept with the weights.
    facts : DatasetFacts, optional
        Of the dataset; None while they are not known.
    by_class : bool
        Whether its classes get the numbers that they had then.
    """
    changes: dict[str, Any] = {}
    is_sized = facts is not None and tuple(facts.shape) == learnt.raw_shape
    if learnt.picture is not None and descriptor.kind in _PICTURES and not is_sized:
        changes["shape"] = learnt.picture.shape
    if facts is not None:
        factor = _factor(descriptor, learnt, facts)
        if factor != 1:
            changes["scale"] = facts.scale * factor
    sees_table = descriptor.kind in _TABLES if facts is None else facts.table is not None
    refits = sees_table and learnt.table is not None
    table = learnt.table if refits and (facts is None or facts.table != learnt.table) else None
    classes = learnt.classes if by_class else None
    if facts is not None and (facts.classes is None or tuple(facts.classes) == classes):
        classes = None
    if descriptor.kind == "characters":
        changes |= {} if classes is None else {"classes": classes}
    elif table is not None or classes is not None:
        changes["learnt"] = LearntSamples(dataset=learnt.dataset, table=table, classes=classes)
    return descriptor.model_copy(update=changes) if changes else descriptor


def _factor(descriptor: DatasetDescriptor, learnt: Preparation, facts: DatasetFacts) -> float:
    """Return by what inputs differ from those that were learnt, where that can be told."""
    if facts.table is not None:
        return 1.0
    now, _ = _picture(descriptor, facts)
    if learnt.picture is not None and now is not None:
        return learnt.picture.scale / now.scale
    is_same = learnt.dataset == descriptor.name and learnt.picture is None and now is None
    return learnt.scale / facts.scale if is_same else 1.0


def adapters_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that change inputs in every use, not in training alone."""
    given = {key: _plain(options[key]) for key in ADAPTERS if options.get(key) is not None}
    return {key: value for key, value in given.items() if (key, value) != ("crop_padding", 0)}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _picture(
    descriptor: DatasetDescriptor, facts: DatasetFacts
) -> tuple[PicturePreparation | None, str | None]:
    """Return how pictures become raw samples, or why they cannot."""
    shape = tuple(facts.shape)
    channels = shape[0] if len(shape) == 3 else 1
    if facts.sequential or len(shape) not in (2, 3) or channels not in (1, 3, 4):
        return None, f"its samples have shape {'×'.join(map(str, shape)) or '1'}"
    scale = _pixel_scale(descriptor, facts)
    if scale is None:
        low, high = (f"{value * facts.scale:g}" for value in facts.value_range or (0, 0))
        return None, f"its samples hold numbers from {low} to {high}, not pixels from 0 to 1"
    return PicturePreparation(shape=(channels, *shape[-2:]), scale=scale), None


def _pixel_scale(descriptor: DatasetDescriptor, facts: DatasetFacts) -> float | None:
    """Return the input that a step of a pixel is, from what the numbers of a dataset reach to."""
    if facts.streamed or descriptor.kind in PIXEL_KINDS:
        return facts.scale
    if facts.value_range is None:
        return 1 / _BYTE  # facts of an earlier release: what was done then
    low, high = facts.value_range
    if low >= 0 and _BYTE // 2 < high <= _BYTE:
        return facts.scale
    scaled = sorted((low * facts.scale, high * facts.scale))
    return 1 / _BYTE if scaled[0] >= 0 and scaled[1] <= 1 else None


def to_metadata(preparation: Preparation) -> str:
    """Return a preparation as the text that stands in a weights file."""
    return preparation.model_dump_json(exclude_defaults=True)


def from_metadata(text: str, file: str) -> Preparation:
    """Return the preparation that a weights file tells.

    Parameters
    ----------
    text : str
        JSON of the preparation.
    file : str
        Name of the weights file, for the message of an error.

    Raises
    ------
    InvalidDataError
        If it is not understood, as one of a later release is not.
    """
    try:
        return Preparation.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidDataError(
            f"Weights file {file}: its preparation of samples is not understood: {where}: "
            f"{first['msg']}. It may have been made by a later release."
        ) from error


def differences(learnt: Preparation, used: Preparation) -> list[str]:
    """Return the differences from the preparation that the weights learnt, a phrase each.

    Parameters
    ----------
    learnt : Preparation
        Preparation kept with the weights.
    used : Preparation
        Preparation of the samples at hand.
    """
    found = []
    if learnt.adapters != used.adapters:
        names = sorted(learnt.adapters.keys() | used.adapters.keys())
        found += [
            f"{name} was {_shown(was)} and is {_shown(now)}"
            for name in names
            if (was := learnt.adapters.get(name)) != (now := used.adapters.get(name))
        ]
    if learnt.table is not None and used.table is not None and learnt.table != used.table:
        found.append("rows of the table become other numbers than they did")
    if learnt.picture is None or used.picture is None:
        if learnt.scale != used.scale:
            found.append(f"scale was {learnt.scale:g} and is {used.scale:g}")
    elif learnt.picture.scale != used.picture.scale:
        found.append(f"a pixel's step was {learnt.picture.scale:g} and is {used.picture.scale:g}")
    if learnt.classes is not None and used.classes is not None and learnt.classes != used.classes:
        found.append(_classes(learnt.classes, used.classes))
    return found


def _classes(learnt: tuple[str, ...], used: tuple[str, ...]) -> str:
    place = next(
        (
            number
            for number, pair in enumerate(zip(learnt, used, strict=False))
            if pair[0] != pair[1]
        ),
        min(len(learnt), len(used)),
    )
    was, is_now = (item[place] if place < len(item) else "none" for item in (learnt, used))
    return f"class {place} was {was!r} and is {is_now!r}"


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
