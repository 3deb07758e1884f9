"""Tells whether a picture is bright or dark."""

from marshmallow import fields, validate
from PIL import Image, ImageStat


def get_metadata():
    """Return what the module is."""
    return {"name": "bright-or-dark", "version": "1.0.0", "license": "MIT"}


def get_predict_args():
    """Return the arguments of `predict`."""
    return {
        "picture": fields.Field(
            required=True,
            metadata={"type": "file", "location": "form", "description": "An image."},
        ),
        "threshold": fields.Float(
            load_default=0.5,
            validate=validate.Range(0, 1),
            metadata={"description": "Brightness from which a picture is bright."},
        ),
        "note": fields.Str(metadata={"description": "Any text; it is given back."}),
    }


def predict(picture, threshold=0.5, note=None):
    """Return both labels with their probabilities, the likelier first."""
    with Image.open(picture.filename) as image:
        brightness = ImageStat.Stat(image.convert("L")).mean[0] / 255
    share = min(1.0, max(0.0, 0.5 + brightness - threshold))
    found = sorted([("bright", share), ("dark", 1 - share)], key=lambda pair: -pair[1])
    return {
        "labels": [label for label, _ in found],
        "probabilities": [value for _, value in found],
        "note": note,
    }
