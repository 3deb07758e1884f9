"""Tells the type of a file by its content: Magika, whose network its package carries."""

from __future__ import annotations

from functools import cache
from typing import Any

from magika import Magika
from marshmallow import fields


def get_metadata() -> dict[str, Any]:
    """Return what the module is."""
    return {
        "name": "file-types",
        "summary": "Tells the type of a file by its content, whatever its name says.",
        "version": "1.0.3",
        "license": "Apache-2.0",
        "author": ["Google"],
    }


def get_predict_args() -> dict[str, fields.Field[Any]]:
    """Return the arguments of `predict`."""
    return {
        "file": fields.Field(
            required=True,
            metadata={
                "type": "file",
                "location": "form",
                "description": "Any file; its name is not looked at.",
            },
        )
    }


def warm() -> None:
    """Load the network before the first call."""
    _detector().identify_bytes(b"print('hello')\n")


def predict(file: Any) -> dict[str, Any]:
    """Return the type of a file, its MIME type, group and usual extensions, and a certainty."""
    found = _detector().identify_path(file.filename)
    if not found.ok:
        raise ValueError(f"The file cannot be told: {found.status}.")
    told = found.output
    return {
        "label": told.label,
        "description": told.description,
        "mime_type": told.mime_type,
        "group": told.group,
        "extensions": list(told.extensions),
        "is_text": told.is_text,
        "score": round(float(found.score), 4),
        "labels": [told.label],
        "probabilities": [round(float(found.score), 4)],
    }


@cache
def _detector() -> Magika:
    return Magika()
