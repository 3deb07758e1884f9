"""JSON as people leave it behind when they edit it, and as DIANNE's parser takes it."""

from __future__ import annotations

import json
import re
from typing import Any

_STRING = r'"(?:\\.|[^"\\])*"'
_COMMENT = re.compile(rf"({_STRING})|//[^\r\n]*|#[^\r\n]*|/\*.*?\*/", re.DOTALL)
_LAST_COMMA = re.compile(rf"({_STRING})|,(?=\s*[\]}}])", re.DOTALL)


def parse_loose(data: bytes) -> Any:
    """Return what JSON says, which may hold comments, and a comma before a closing bracket.

    Parameters
    ----------
    data : bytes
        UTF-8 or UTF-16, with or without byte order mark; Latin-1 where it is neither.

    Raises
    ------
    ValueError
        If it is no JSON even so; line and column are those of the file.
    """
    text = _decode(data)
    try:
        return json.loads(text, strict=False)
    except ValueError:
        blank = _COMMENT.sub(_blank, text)
        return json.loads(_LAST_COMMA.sub(_blank, blank), strict=False)


def _decode(data: bytes) -> str:
    try:
        return data.decode(json.detect_encoding(data))
    except UnicodeDecodeError:
        # Java writes in the encoding of the machine that it runs on.
        return data.decode("latin-1")


def _blank(match: re.Match[str]) -> str:
    """Return a string as it is, and blanks in place of anything else, so that nothing moves."""
    return match.group(1) or re.sub(r"[^\r\n]", " ", match.group())
