"""Names that things get in the repository, made of what people call their files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container

from anyascii import anyascii

LONGEST = 64
"""Characters of a name."""


def name_from(text: str, fallback: str) -> str:
    """Return a name of letters, digits, ``.``, ``_`` and ``-`` made of any text.

    Letters of other alphabets are written in Latin ones: ``продажи`` becomes ``prodazhi``.

    Parameters
    ----------
    text : str
        The stem of a file, a title.
    fallback : str
        What the name begins with where nothing is left of the text; a digest of the text follows,
        so that different texts have different names.
    """
    cleaned = re.sub(r"[^A-Za-z0-9._-]+", "-", anyascii(text)).strip("-._")[:LONGEST]
    if cleaned:
        return cleaned
    return f"{fallback}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def free_name(name: str, taken: Container[str]) -> str:
    """Return a name, or with a number behind it the first that is not taken: ``sales-2``.

    Parameters
    ----------
    name : str
        Wanted name.
    taken : container of str
        Names in use.
    """
    number, found = 1, name
    while found in taken:
        number += 1
        end = f"-{number}"
        found = f"{name[: LONGEST - len(end)]}{end}"
    return found
