"""Bytes and durations, read and written the way people do."""

from __future__ import annotations

import re

_FACTORS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}


def parse_bytes(text: str | int | float) -> int:
    """Return a number of bytes.

    Parameters
    ----------
    text : str or int or float
        ``"4GB"``, ``"512 MiB"``, ``"1.5g"`` or a plain number of bytes.

    Raises
    ------
    ValueError
        If the text is no size.
    """
    if isinstance(text, int | float):
        value, unit = float(text), ""
    else:
        match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([kmgt]i?)?b?\s*", text.lower())
        if match is None:
            raise ValueError(f"{text!r} is no size; write it like '4GB' or '512 MiB'")
        value, unit = float(match[1]), match[2] or ""
    size = int(value * _FACTORS[unit])
    if size < 0:
        raise ValueError(f"{text!r} is negative; a size is zero or more")
    return size


def format_bytes(size: float) -> str:
    """Return a size as ``"1.5 GB"`` (decimal units, at most three digits)."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(size) < 999.5:
            digits = 0 if unit == "B" or abs(size) >= 99.95 else 1
            return f"{size:.{digits}f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def format_duration(seconds: float) -> str:
    """Return a duration as ``"42 s"``, ``"14 min"``, ``"2 h 05 min"`` or ``"3 days"``."""
    whole = int(round(max(seconds, 0)))
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes // 1440} days"


def format_count(count: int, noun: str, plural: str | None = None) -> str:
    """Return ``"1 job"`` or ``"2 jobs"``.

    Parameters
    ----------
    count : int
        Number of things.
    noun : str
        Noun in the singular.
    plural : str, optional
        Noun in the plural; None: the singular with an ``s``.
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
