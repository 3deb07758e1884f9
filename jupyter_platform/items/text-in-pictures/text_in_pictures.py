"""Reads text in pictures: RapidOCR with the PP-OCR networks, which its package carries."""

from __future__ import annotations

import tempfile
from functools import cache
from typing import Any

import numpy as np
from marshmallow import fields, validate
from PIL import Image, ImageDraw, ImageOps
from rapidocr_onnxruntime import RapidOCR

MOST_PIXELS = 50_000_000


def get_metadata() -> dict[str, Any]:
    """Return what the module is."""
    return {
        "name": "text-in-pictures",
        "summary": "Finds lines of text in a picture and reads them.",
        "version": "1.4.4",
        "license": "Apache-2.0",
        "author": ["RapidAI"],
    }


def get_predict_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `predict`."""
    return {
        "picture": fields.Field(
            required=True,
            metadata={
                "type": "file",
                "location": "form",
                "description": "Image of a page, a sign, a screen.",
            },
        ),
        "least_score": fields.Float(
            load_default=0.5,
            validate=validate.Range(min=0, max=1),
            metadata={"description": "Certainty below which a line is left out, 0 to 1."},
        ),
        "accept": fields.Str(
            load_default="application/json",
            validate=validate.OneOf(["application/json", "image/png"]),
            metadata={"description": "The lines as JSON, or the picture with their boxes."},
        ),
    }


def warm() -> None:
    """Load the networks before the first call."""
    _reader()(np.full((64, 64, 3), 255, np.uint8))


def predict(picture: Any, least_score: float = 0.5, accept: str = "application/json") -> Any:
    """Return lines from top to bottom: their text, certainty, and four corners in pixels."""
    with Image.open(picture.filename) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"The picture has more than {MOST_PIXELS:,} pixels.")
        seen = _on_white(image)
    found, _ = _reader()(np.asarray(seen)[:, :, ::-1])
    lines = [
        {
            "text": text,
            "score": round(float(score), 4),
            "corners": [[round(float(x)), round(float(y))] for x, y in corners],
        }
        for corners, text, score in found or ()
        if float(score) >= least_score
    ]
    if accept == "image/png":
        return _drawn(seen, lines)
    return {"text": "\n".join(line["text"] for line in lines), "lines": lines}


def _on_white(image: Image.Image) -> Image.Image:
    turned = ImageOps.exif_transpose(image).convert("RGBA")
    paper = Image.new("RGBA", turned.size, "white")
    return Image.alpha_composite(paper, turned).convert("RGB")


def _drawn(image: Image.Image, lines: list[dict[str, Any]]) -> Any:
    canvas = image.copy()
    draw = ImageDraw.Draw(canvas)
    for line in lines:
        corners = [tuple(corner) for corner in line["corners"]]
        draw.line([*corners, corners[0]], fill=(220, 30, 30), width=2)
    file = tempfile.TemporaryFile(suffix=".png")  # noqa: SIM115 - whoever answers closes it
    canvas.save(file, "PNG")
    file.seek(0)
    return file


@cache
def _reader() -> RapidOCR:
    return RapidOCR()
