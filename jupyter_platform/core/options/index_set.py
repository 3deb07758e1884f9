"""Sets of sample indices, as DIANNE writes them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from jupyter_platform.core.errors import shortened

FORM = "'start,stop' (half-open, like 0,1437), 'start:stop', or a list of three or more indices"


def parse_index_set(value: Any) -> tuple[int, ...] | None:
    """Return ``(start, stop)`` for a range, or three and more indices for a list.

    Two numbers are always a half-open range and more are a list (DIANNE's `RangeAdapter`).

    Parameters
    ----------
    value : str or sequence of int or None
        ``"0,1437"``, ``"0:1437"``, ``[0, 1437]``, ``"3,5,8"``; None or ``""`` for the default.

    Raises
    ------
    ValueError
        If it is neither, is empty, or holds a negative number.
    """
    if value is None or value == "":
        return None
    parts: list[Any] = list(value) if isinstance(value, list | tuple) else []
    if isinstance(value, str):
        parts = re.split(r"\s*[,:]\s*|\s+", value.strip().strip("[]()"))
        if ":" in value and len(parts) != 2:
            parts = []
    try:
        numbers = tuple(int(part) if not isinstance(part, bool) else -1 for part in parts)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{_shown(value)} is no set of samples; write {FORM}") from None
    if any(isinstance(part, float) and part != int(part) for part in parts):
        raise ValueError(f"{_shown(value)} holds a fraction; write {FORM}")
    if len(numbers) < 2 or min(numbers) < 0:
        raise ValueError(f"{_shown(value)} is no set of samples; write {FORM}")
    if len(numbers) == 2 and numbers[0] >= numbers[1]:
        raise ValueError(f"{_shown(value)} is empty: the start must lie below the stop")
    return numbers


def _shown(value: Any) -> str:
    return shortened(repr(value))


IndexSet = Annotated[
    tuple[int, ...] | None,
    BeforeValidator(parse_index_set),
    WithJsonSchema({"type": "string", "format": "index-set", "examples": ["0,1437"]}),
]
"""None, ``(start, stop)`` half-open, or three and more indices."""
