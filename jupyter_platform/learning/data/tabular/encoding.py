"""Which encoding a text file has."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

_PIECE = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; that of UTF-32 begins like that of UTF-16."""
_WESTERN = "cp1252"
_MOST_WESTERN = 0.4
"""Share of letters outside ASCII above which a text is hardly a Western European one."""


def recognise_encoding(path: Path) -> str:
    """Return the encoding of a text file, as Python names it.

    A byte order mark or valid UTF-8 decides; UTF-16 without a mark shows by its zero bytes. Text
    of few other bytes is taken for Windows' Western European code page, of which Latin-1 is a part;
    anything else is for `charset_normalizer` to tell.

    Raises
    ------
    ValueError
        If it is no text at all.
    """
    with open(path, "rb") as file:
        head = file.read(_PIECE)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if b"\0" in head:
        return _without_mark(head)
    wrong = _first_invalid(path)
    if wrong is None:
        return "utf-8"
    return _single_byte(path, wrong)


def _without_mark(head: bytes) -> str:
    """Tell UTF-16 by where the zero bytes of its ASCII characters are."""
    pairs = head[: len(head) // 2 * 2]
    even, odd = pairs[::2].count(0), pairs[1::2].count(0)
    if max(even, odd) > len(pairs) // 5 and min(even, odd) <= len(pairs) // 50:
        return "utf-16-le" if odd > even else "utf-16-be"
    raise ValueError(f"byte {head.index(0)} is 0, which no text holds")


def _first_invalid(path: Path) -> int | None:
    """Return where a file stops being UTF-8; None where all of it is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = 0
    with open(path, "rb") as file:
        while True:
            piece = file.read(_PIECE)
            try:
                decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                return max(0, read + error.start)
            if not piece:
                return None
            read += len(piece)


def _single_byte(path: Path, wrong: int) -> str:
    with open(path, "rb") as file:
        file.seek(max(0, wrong - _PIECE // 2))
        sample = file.read(_PIECE)
    high = sum(byte > 0x7F for byte in sample)
    letters = len(re.findall(rb"[A-Za-z]", sample))
    controls = len(re.findall(rb"[\x00-\x08\x0e-\x1f\x7f]", sample))
    if controls > len(sample) // 100:
        raise ValueError(f"byte {wrong} is no UTF-8 text, and much of it is no text at all")
    if high <= _MOST_WESTERN * (high + letters) or high < 3:
        try:
            sample.decode(_WESTERN)
        except UnicodeDecodeError:
            pass
        else:
            return _WESTERN
    # It takes long to import, and is needed for few files.
    from charset_normalizer import from_bytes  # noqa: PLC0415

    best = from_bytes(sample).best()
    if best is None:
        raise ValueError(f"byte {wrong} is no UTF-8 text, and no other encoding was recognised")
    return str(best.encoding)
