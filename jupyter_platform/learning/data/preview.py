"""Samples for people to look at."""

from __future__ import annotations

import base64
import colorsys
import io
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from jupyter_platform.core.datasets import DatasetFacts, DatasetPreview, Part, SampleView
from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.learning.data.adapters.chain import adapt
from jupyter_platform.learning.data.dataset import Dataset
from jupyter_platform.learning.data.pictures.mask_values import IGNORED

VALUES = 32
"""Numbers of a sample that are shown."""
TEXT_LENGTH = 80
"""Symbols of a sequence that are shown."""
SMALLEST_IMAGE = 4
"""Pixels a side below which an array is shown as numbers."""


def preview(
    dataset: Dataset,
    part: Part | None,
    count: int,
    options: AdapterOptions,
    sample: int | None = None,
) -> DatasetPreview:
    """Return samples spread evenly over a part, as a training job sees them.

    Parameters
    ----------
    dataset : Dataset
        Before any adapter.
    part : str or None
        None: all samples.
    count : int
        How many; fewer where there are fewer.
    options : AdapterOptions
        Random ones are drawn with seed 0.
    sample : int, optional
        The one sample that is shown, `count` times, each time changed anew.

    Raises
    ------
    PlatformError
        If there is no such part or sample, or the adapters do not go with the data.
    """
    selected, chain = adapt(dataset, options)
    facts = chain.shape(selected.facts)
    if sample is None:
        indices = _indices(selected, part, count)
    else:
        indices = selected.indices((sample, sample + 1), "sample").repeat(count)
    rows = selected.rows_of(indices)
    generator = torch.Generator().manual_seed(0)
    inputs, targets = chain(*selected.gather(rows), generator, training=True)
    if facts.sequential:
        samples = [_text(selected, index, facts) for index in indices.tolist()]
    else:
        shown = zip(indices.tolist(), inputs, targets, strict=True)
        samples = [_sample(index, x, y, facts) for index, x, y in shown]
    return DatasetPreview(facts=facts, part=part, samples=samples)


def _indices(dataset: Dataset, part: Part | None, count: int) -> Tensor:
    if part is None:
        numbers = torch.arange(dataset.facts.size)
    elif part in dataset.parts:
        numbers = dataset.parts[part]
    else:
        known, name = ", ".join(dataset.parts), dataset.descriptor.name
        message = f"Dataset {name!r} has no {part} part; it has {known or 'none'}."
        field = FieldError(field="part", value=part, message=message, accepted=known)
        raise InvalidDataError(message, errors=[field])
    shown = min(count, len(numbers))
    return numbers[torch.arange(shown) * len(numbers) // shown]


def _text(dataset: Dataset, index: int, facts: DatasetFacts) -> SampleView:
    stop = min(index + TEXT_LENGTH, facts.size)
    symbols, _ = dataset.gather(dataset.rows((index, stop), "sample"))
    names = facts.classes or [str(number) for number in range(facts.outputs)]
    are_characters = all(len(name) == 1 for name in names)
    shown = ("" if are_characters else " ").join(names[number] for number in symbols.tolist())
    return SampleView(index=index, text=shown)


def _sample(index: int, x: Tensor, y: Tensor, facts: DatasetFacts) -> SampleView:
    view = SampleView(index=index)
    if facts.masks and facts.task == "classification":
        view.mask = _class_picture(y, facts.outputs)
    elif facts.task == "classification":
        number = int(y)
        view.label = str(number) if facts.classes is None else facts.classes[number]
    elif _is_image(tuple(y.shape)):
        view.mask = _picture(y)
    else:
        view.target = _first(y)
    if _is_image(tuple(x.shape)):
        view.image = _picture(x)
    else:
        view.values = _first(x)
    return view


def _is_image(shape: tuple[int, ...]) -> bool:
    is_large = len(shape) in (2, 3) and min(shape[-2:]) >= SMALLEST_IMAGE
    return is_large and (len(shape) == 2 or shape[0] in (1, 3, 4))


def _first(values: Tensor) -> list[float]:
    return [float(item) for item in values.flatten()[:VALUES]]


def _class_picture(classes: Tensor, count: int) -> str:
    """Return the classes of pixels in colours: the first black, ignored ones grey."""
    hues = torch.arange(count - 1) / max(count - 1, 1)
    colours = [(0.0, 0.0, 0.0), *(colorsys.hsv_to_rgb(hue, 0.8, 1.0) for hue in hues.tolist())]
    table = torch.tensor([*colours, (0.5, 0.5, 0.5)])
    numbers = torch.where(classes == IGNORED, count, classes)
    return _picture(table[numbers].permute(2, 0, 1))


def _picture(image: Tensor) -> str:
    """Return an image as the address of a PNG; values from 0 to 1, or else spread over that.

    Values that are not finite are black.
    """
    image = image.nan_to_num(0.0, 0.0, 0.0)
    low, high = float(image.min()), float(image.max())
    if low < 0 or high > 1:
        image = (image - low) / max(high - low, 1e-12)
    pixels: NDArray[Any] = (image * 255).round().to(torch.uint8).numpy()
    if pixels.ndim == 3:
        pixels = pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0))
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "png")
    return f"data:image/png;base64,{base64.b64encode(target.getvalue()).decode()}"
