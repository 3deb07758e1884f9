"""How samples are changed on their way to a network (DIANNE: dataset adapters).

They are applied in the order in which they stand here. Random ones change training batches only;
what is validated or evaluated is cut out of the middle, and otherwise left as it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, WithJsonSchema, model_validator

from jupyter_platform.core.options.groups.types import Names, OptionalFloat
from jupyter_platform.core.options.index_set import parse_index_set
from jupyter_platform.core.options.model import OptionModel, option

_GROUP = "Adapters"
RANDOM, CENTER = "random", "center"
TRAINING_ONLY = (
    "vertical_flip",
    "horizontal_flip",
    "rotation",
    "rotation_center",
    "rotation_zero_pad",
    "encoder_noise",
    "encoder_drop",
)
"""Adapters that change training batches only."""


def _index_range(value: Any) -> Any:
    """Return a set of samples; one number is the end of a range from 0 on."""
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, str) and value.strip(" []").isdecimal():
        value = int(value.strip(" []"))
    return parse_index_set([0, value] if isinstance(value, int) else value)


def _parts(value: Any) -> list[Any] | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return [part.strip() for part in value.strip(" []()").split(",")]
    return list(value) if isinstance(value, list | tuple) else [value]


def _numbers(value: Any, form: str, counts: Sequence[int]) -> tuple[float, ...] | None:
    parts = _parts(value)
    if parts is None:
        return None
    try:
        numbers = tuple(float(part) for part in parts if not isinstance(part, bool))
    except (TypeError, ValueError):
        numbers = ()
    if len(numbers) not in counts or not all(math.isfinite(item) for item in numbers):
        raise ValueError(f"{value!r} is not accepted; write {form}")
    return numbers


def _angles(value: Any) -> tuple[float, float] | None:
    numbers = _numbers(value, "an angle, or the least and the largest, in radians", (1, 2))
    if numbers is None:
        return None
    least, most = (-abs(numbers[0]), abs(numbers[0])) if len(numbers) == 1 else numbers
    if least > most:
        raise ValueError(f"the least angle, {least:g}, is above the largest, {most:g}")
    return least, most


def _sizes(value: Any) -> tuple[int, ...] | None:
    return _whole(value, "pixels, or the least and the most", (1, 2))


def _frame(value: Any) -> tuple[int, ...] | None:
    return _whole(value, "height,width or channels,height,width", (2, 3))


def _whole(value: Any, form: str, counts: Sequence[int]) -> tuple[int, ...] | None:
    numbers = _numbers(value, form, counts)
    if numbers is None:
        return None
    if any(item != int(item) or item < 1 for item in numbers):
        raise ValueError(f"{value!r} is not accepted; write {form}: whole numbers from 1 on")
    if counts == (1, 2) and numbers[0] > numbers[-1]:
        raise ValueError(f"the least, {numbers[0]:g}, is above the most, {numbers[-1]:g}")
    return tuple(int(item) for item in numbers)


def _center(value: Any) -> Any:
    """Return ``random``, ``center`` or a point; DIANNE says true for the middle."""
    text = "" if value is None else str(value).strip().lower()
    if text in ("", "false", RANDOM):
        return RANDOM
    if text in ("true", "middle", CENTER):
        return CENTER
    numbers = _numbers(value, f"{RANDOM}, {CENTER} or x,y in pixels", (2,))
    return "" if numbers is None else ",".join(f"{item:g}" for item in numbers)


_List = WithJsonSchema({"type": "string", "format": "list"})
IndexRange = Annotated[
    tuple[int, ...] | None,
    BeforeValidator(_index_range),
    WithJsonSchema({"type": "string", "format": "index-set", "examples": ["0,1000"]}),
]
Angles = Annotated[tuple[float, float] | None, BeforeValidator(_angles), _List]
Sizes = Annotated[tuple[int, ...] | None, BeforeValidator(_sizes), _List]
Frame = Annotated[tuple[int, ...] | None, BeforeValidator(_frame), _List]
Center = Annotated[str, BeforeValidator(_center)]


class AdapterOptions(OptionModel):
    """Changes of samples, in this order."""

    sample_range: IndexRange = option(
        None,
        "Samples that the dataset is taken to have; other sets count within them.",
        group=_GROUP,
        default_text="all",
        dianne="range",
    )
    vertical_flip: float = option(
        0.0,
        "Probability that an image is turned upside down.",
        group=_GROUP,
        dianne="vflip",
        ge=0,
        le=1,
    )
    horizontal_flip: float = option(
        0.0,
        "Probability that an image is mirrored, left to right.",
        group=_GROUP,
        dianne="hflip",
        ge=0,
        le=1,
    )
    rotation: Angles = option(
        None,
        "Images are rotated counter-clockwise by an angle between -a and a, or a and b.",
        group=_GROUP,
        unit="radians",
        default_text="not rotated",
        dianne="rotationTheta",
    )
    rotation_center: Center = option(
        RANDOM,
        "Point around which images are rotated: random, center, or x,y in pixels.",
        needs=("rotation",),
        group=_GROUP,
        dianne="rotationCenter",
    )
    rotation_zero_pad: bool = option(
        False,
        "What a rotation brings in from outside is black; else the border is repeated.",
        needs=("rotation",),
        group=_GROUP,
        dianne="zeropad",
    )
    crop_width: Sizes = option(
        None,
        "Width of a random cutting, or the least and the most; the latter need frame.",
        group=_GROUP,
        unit="pixels",
        default_text="not cut",
        dianne="cropWidth",
    )
    crop_height: Sizes = option(
        None,
        "Height of a random cutting, or the least and the most; the latter need frame.",
        group=_GROUP,
        unit="pixels",
        default_text="not cut",
        dianne="cropHeight",
    )
    crop_padding: int = option(
        0,
        "Black border that images get on each side before they are cut.",
        group=_GROUP,
        unit="pixels",
        dianne="cropPadding",
        ge=0,
        le=10_000,
    )
    frame: Frame = option(
        None,
        "Size to which images are brought: cut to its aspect ratio around the middle, then scaled.",
        group=_GROUP,
        default_text="as they are",
        dianne="frame",
    )
    binarize: OptionalFloat = option(
        None,
        "Inputs above this become 1, all others 0.",
        group=_GROUP,
        default_text="not done",
        dianne="binarize",
        allow_inf_nan=False,
    )
    autoencode: bool = option(
        False,
        "The target of each sample is its input.",
        group=_GROUP,
        dianne="autoencode",
    )
    encoder_noise: float = option(
        0.0,
        "Standard deviation of what is added to inputs that are to be restored.",
        group=_GROUP,
        dianne="encoder_noise",
        ge=0,
        allow_inf_nan=False,
    )
    encoder_drop: float = option(
        0.0,
        "Share of the values of inputs that are set to 0, to be restored.",
        group=_GROUP,
        dianne="encoder_drop",
        ge=0,
        le=1,
    )
    labels: Names = option(
        None,
        "Classes that are kept, in this order; samples of others are left out.",
        group=_GROUP,
        default_text="all",
        dianne="labels",
    )
    other_label: bool = option(
        False,
        "Samples of classes that labels does not name become one more class, “other”.",
        group=_GROUP,
        dianne="other",
    )
    mask_to_class: bool = option(
        False,
        "Masks become two classes: True where something is marked, else False.",
        group=_GROUP,
    )
    mask_center: bool = option(
        False,
        "Only the middle pixel of a mask decides on its class, not the sum of all.",
        needs=("mask_to_class",),
        group=_GROUP,
        dianne="center",
    )
    mask_threshold: float = option(
        0.5,
        "What the sum of a mask, or its middle pixel, must exceed to be True.",
        needs=("mask_to_class",),
        group=_GROUP,
        dianne="threshold",
        allow_inf_nan=False,
    )

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        varies = [
            name
            for name in ("crop_width", "crop_height")
            if len(set(getattr(self, name) or ())) > 1
        ]
        if varies and self.frame is None:
            raise ValueError(f"{varies[0]} varies; give frame too, which brings all to one size")
        if (self.encoder_noise or self.encoder_drop) and not self.autoencode:
            name = "encoder_noise" if self.encoder_noise else "encoder_drop"
            raise ValueError(f"{name} goes with autoencode = true")
        if self.other_label and self.labels is None:
            raise ValueError("other_label goes with labels")
        if self.crop_padding and self.crop_width is None and self.crop_height is None:
            raise ValueError("crop_padding goes with crop_width and crop_height")
        return self
