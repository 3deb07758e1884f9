"""Reads one handwritten digit from a picture."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from marshmallow import fields
from PIL import Image, ImageFilter, ImageOps

from jupyter_platform.items.data import weights_folder
from jupyter_platform.items.learning import Trained, evaluate, learn

SIDE = 8
"""Pixels of a side of what the network sees."""
FINE = 32
"""Pixels of a side from which each of those is the mean, as the dataset was made."""
_INK = 0.35
"""Part of the contrast from which a pixel belongs to the digit."""
_LARGE = 96
"""Pixels of a side on which strokes are made thicker and softer."""
_WIDEST, _COVERED, _BLUR = 0.65, 0.25, 0.035
"""Of the dataset's digits: width beside height, part of the square that is ink, softness."""
_MOST_STROKES = 8


def build(folder: Path) -> float:
    """Train the network on the digits of 43 writers; return the accuracy on the test part."""
    learn(
        folder, "lenet-digits", "digits", method="adam", learning_rate=0.002, batch_size=64,
        max_iterations=600, validation_interval=50, rotation="-0.2,0.2",
        rotation_center="center", rotation_zero_pad=True, seed=1,
    )  # fmt: skip
    return float(evaluate(folder, "digits")["accuracy"])


def get_metadata() -> dict[str, Any]:
    """Return what the module is."""
    return {
        "name": "digit-classifier",
        "summary": "Reads one handwritten digit from a picture.",
        "version": "1.0.0",
        "license": "BSD-3-Clause",
        "author": ["The jupyter-platform developers"],
    }


def get_predict_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `predict`."""
    return {
        "picture": fields.Field(
            required=True,
            metadata={
                "type": "file",
                "location": "form",
                "description": "Image with one digit, dark on bright or bright on dark.",
            },
        )
    }


def warm() -> None:
    """Load the weights before the first call."""
    _trained().ask(np.zeros((1, 1, SIDE, SIDE)))


def predict(picture: Any) -> dict[str, Any]:
    """Return the ten digits with their probabilities, the likeliest first."""
    with Image.open(picture.filename) as image:
        seen = look(image)
    (probabilities,) = _trained().ask(seen[None, None]).probabilities or ([],)
    order = np.argsort(probabilities)[::-1]
    return {
        "label": str(order[0]),
        "labels": [str(digit) for digit in order],
        "probabilities": [round(float(probabilities[digit]), 6) for digit in order],
    }


def look(image: Image.Image) -> npt.NDArray[np.float32]:
    """Return a digit as the dataset has it: bright, cut out, in the middle of 8×8 pixels.

    Returns
    -------
    array, shape (8, 8)
        From 0 to 1.

    Raises
    ------
    ValueError
        If the picture is all of one colour.
    """
    turned = ImageOps.exif_transpose(image).convert("RGBA")
    paper = Image.new("RGBA", turned.size, "white")
    grey = np.asarray(Image.alpha_composite(paper, turned).convert("L"), dtype=np.float32) / 255
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if np.median(edge) > (grey.min() + grey.max()) / 2:
        grey = 1 - grey
    low, high = float(grey.min()), float(grey.max())
    if high - low < 0.05:
        raise ValueError("The picture is all of one colour; one with a digit on it is wanted.")
    grey = (grey - low) / (high - low)
    rows, columns = np.nonzero(grey > _INK)
    cut = grey[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return _as_in_the_dataset(Image.fromarray((cut * 255).astype(np.uint8)))


def _as_in_the_dataset(digit: Image.Image) -> npt.NDArray[np.float32]:
    """Return a bright digit as wide, as thick and as soft as those of the dataset are."""
    if digit.width < 1.2 * digit.height:
        width = min(digit.width, max(round(_WIDEST * digit.height), 1))
        digit = digit.resize((width, digit.height), Image.Resampling.BILINEAR)
    side = max(digit.size)
    square = Image.new("L", (side, side))
    square.paste(digit, ((side - digit.width) // 2, (side - digit.height) // 2))
    square = square.resize((_LARGE, _LARGE), Image.Resampling.BOX)
    for _ in range(_MOST_STROKES):
        if np.asarray(square).mean() / 255 >= _COVERED:
            break
        square = square.filter(ImageFilter.MaxFilter(3))
    soft = square.filter(ImageFilter.GaussianBlur(_BLUR * _LARGE))
    fine = np.asarray(soft.resize((FINE, FINE), Image.Resampling.BOX), dtype=np.float32) / 255
    blocks = fine.reshape(SIDE, FINE // SIDE, SIDE, FINE // SIDE)
    found: npt.NDArray[np.float32] = blocks.mean((1, 3), dtype=np.float32)
    return found


@cache
def _trained() -> Trained:
    return Trained(weights_folder())
