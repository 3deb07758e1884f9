"""Telling from the name of a file or folder which part of a dataset it holds."""

from __future__ import annotations

import re
from types import MappingProxyType

from jupyter_platform.core.datasets import Part

WORDS: MappingProxyType[str, Part] = MappingProxyType(
    {
        "train": "train",
        "training": "train",
        "validation": "validation",
        "valid": "validation",
        "val": "validation",
        "dev": "validation",
        "test": "test",
        "testing": "test",
        "eval": "test",
        "evaluation": "test",
    }
)
"""Words for parts, as the Hugging Face hub reads them: whole words of a name, in any case."""
_LETTERS = re.compile(r"[A-Za-z]+")


def part_named(name: str) -> Part | None:
    """Return the part that a name tells, or None where it tells none, or two.

    Parameters
    ----------
    name : str
        Of a file or folder, without its suffix: ``train-00000-of-00002``, ``my_dev``, ``Test``.
    """
    found = {WORDS[word] for word in _LETTERS.findall(name.lower()) if word in WORDS}
    return found.pop() if len(found) == 1 else None
