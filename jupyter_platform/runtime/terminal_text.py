"""Output for terminals, as the text that a terminal would finally show.

Control sequences are those of ECMA-48 and, for titles and links, of xterm ("OSC").
"""

from __future__ import annotations

import re

_STRINGS = r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])"
"""Introducers of strings for the terminal itself: a title, a link, a device command."""
_SEQUENCE = re.compile(
    rf"""
    {_STRINGS}[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?   # up to BEL or ST
    | (?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?             # CSI: colours, movements, erasures
    | \x1b[ -/]*[0-Z\\`-~]?                         # other escapes
    | [\x00-\x07\x0b\x0c\x0e-\x1f\x7f-\x9f]         # controls alone
    """,
    re.VERBOSE,
)
_ERASURE = re.compile(r"(?:\x1b\[|\x9b)([012]?)K\Z")
_UNFINISHED = re.compile(
    rf"(?:{_STRINGS}[^\x07\x1b\x9c\n]{{0,4096}}\x1b?|(?:\x1b\[|\x9b)[0-?]*[ -/]*|\x1b[ -/]*)\Z"
)
_REWRITES = re.compile(r"[\r\b]")
_PLAIN = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f-\x9f]+")


def shown_lines(text: str) -> list[str]:
    """Return the lines of a text as they stand when all of it was printed.

    A carriage return begins its line again, and what is printed then replaces what stood there:
    a progress bar is one line. Colours, titles and other control sequences are left out.
    """
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [_shown(line) for line in lines]


def without_controls(text: str) -> str:
    """Return a text without control sequences; carriage returns and backspaces stay."""
    return _SEQUENCE.sub("", text)


class ControlFilter:
    """Takes the control sequences out of a text that comes in pieces."""

    def __init__(self) -> None:
        self._pending = ""

    def feed(self, piece: str) -> str:
        """Return the text that can be shown and was not returned before."""
        text = self._pending + piece
        cut = _UNFINISHED.search(text)
        end = cut.start() if cut is not None else len(text)
        self._pending = text[end:]
        return without_controls(text[:end])


def _shown(line: str) -> str:
    line = line.removesuffix("\r")
    if _REWRITES.search(line) is None:
        return without_controls(line)
    cells: list[str] = []
    column, at = 0, 0
    while at < len(line):
        sequence = _SEQUENCE.match(line, at)
        if sequence is not None:
            erasure = _ERASURE.match(sequence[0])
            if erasure is not None:
                _erase(cells, column, erasure[1] or "0")
            at = sequence.end()
            continue
        plain = _PLAIN.match(line, at)
        if plain is not None:
            cells[len(cells) :] = " " * (column - len(cells))
            cells[column : column + len(plain[0])] = plain[0]
            column += len(plain[0])
            at = plain.end()
        else:
            column = 0 if line[at] == "\r" else max(column - 1, 0)
            at += 1
    return "".join(cells).rstrip()


def _erase(cells: list[str], column: int, part: str) -> None:
    """Erase from the cursor on ("0"), up to it ("1") or the whole line ("2")."""
    if part == "0":
        del cells[column:]
    elif part == "2":
        cells.clear()
    else:
        count = min(column + 1, len(cells))
        cells[:count] = " " * count
