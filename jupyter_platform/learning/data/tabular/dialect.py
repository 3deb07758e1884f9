"""How a CSV file is written: encoding, separator, heading, and signs of its numbers."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_platform.core.tables import TableOptions, is_missing, number_pattern, plain_number
from jupyter_platform.learning.data.tabular.encoding import recognise_encoding

UNNAMED = "column {}"
"""Name of a column that has none, with its number."""
_LOOKED_AT = 1 << 20
"""Characters from which all is told."""
_SEPARATORS = (",", ";", "\t", "|")
_SPACES = r"\s+"
_MOST_ROWS = 5000
_ANY_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d+)*|[.,]\d+)(?:[eE][+-]?\d+)?")
_COUNTED = 3
"""Numbers in the first line that count the columns rather than being values."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_POINT = {
    sign: re.compile(
        rf"[+-]?(?:\d{{1,3}}(?:{other}\d{{3}})+{own}\d+|\d*{own}(?:\d{{1,2}}|\d{{4,}})|0{own}\d+"
        rf"|\d{{4,}}{own}\d+)(?:[eE][+-]?\d+)?|[+-]?\d+{own}\d+[eE][+-]?\d+"
    )
    for sign, own, other in ((".", r"\.", ","), (",", ",", r"\."))
}
"""Texts in which a sign is the decimal one, and cannot group digits."""
_GROUPS = {
    sign: re.compile(rf"[+-]?\d{{1,3}}(?:{re.escape(sign)}\d{{3}}){{2,}}") for sign in (".", ",")
}
"""Texts in which a sign groups digits, and cannot be the decimal one."""
_UNCLEAR = {
    sign: re.compile(rf"[+-]?[1-9]\d{{0,2}}{re.escape(sign)}\d{{3}}") for sign in (".", ",")
}
"""Texts in which a sign may be either."""


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written."""

    encoding: str
    separator: str
    header: bool
    names: tuple[str, ...]
    """Of the columns, all different."""
    skipped: int = 0
    """Lines before the heading."""
    decimal: str = "."
    thousands: str = ""
    unclear: dict[str, str] = field(default_factory=dict)
    """Columns of numbers that can be read in two ways, with the first of these texts."""
    notes: tuple[str, ...] = ()
    """Decisions about the heading, as sentences."""


def recognise(path: Path, options: TableOptions) -> Dialect:
    """Tell how a CSV file is written, but for what the options say.

    Parameters
    ----------
    path : Path
        The file.
    options : TableOptions
        What is known of the table.

    Raises
    ------
    ValueError
        If it is no text, or an option does not fit it.
    """
    encoding = options.encoding or recognise_encoding(path)
    try:
        with open(path, encoding=encoding, newline="") as file:
            text = file.read(_LOOKED_AT)
            is_whole = not file.read(1)
    except UnicodeError as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
        raise ValueError(f"its text is not {encoding}: {reason}") from error
    if "\0" in text:
        raise ValueError(f"read as {encoding} it holds characters that no text has")
    text, skipped, hinted = _without_hint(text)
    separator = options.separator or hinted or _separator(text)
    rows = _rows(text, separator, is_whole)
    header = _has_header(rows) if options.header is None else options.header
    names, notes = _names(rows, header)
    body = [row for row in rows[1 if header else 0 :] if any(item.strip() for item in row)]
    decimal, thousands, unclear = _signs(body, names, separator, options)
    if options.header is None and not header:
        notes = ["The first line holds values, so it is a row and names no columns.", *notes]
    return Dialect(
        encoding, separator, header, names, skipped, decimal, thousands, unclear, tuple(notes)
    )


def _without_hint(text: str) -> tuple[str, int, str | None]:
    """Take away the line ``sep=;`` with which Excel is told the separator."""
    match = re.match(r"\"?sep=(.|\\t)\"?\r?\n", text, re.IGNORECASE)
    if match is None:
        return text, 0, None
    return text[match.end() :], 1, "\t" if match[1] == "\\t" else match[1]


def _separator(text: str) -> str:
    """Return what divides most lines into the same number of fields, the most of them."""
    scores = {item: _score(_rows(text, item, is_whole=False)[:200]) for item in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda item: scores[item])
    if scores[best][1] > 1:
        return best
    spaced = _score([re.split(_SPACES, line.strip()) for line in text.splitlines()[:200]])
    return _SPACES if spaced[1] > 1 and spaced[0] == 1 else ","


def _score(rows: Iterable[Sequence[str]]) -> tuple[float, int]:
    """Return the share of rows that have the usual number of fields, and that number."""
    widths = Counter(len(row) for row in rows if any(item.strip() for item in row))
    if not widths:
        return (0.0, 0)
    width, count = widths.most_common(1)[0]
    return (count / widths.total() if width > 1 else 0.0, width)


def _rows(text: str, separator: str, is_whole: bool) -> list[list[str]]:
    """Return the rows of a text; the last one may be cut."""
    if len(separator) > 1:
        lines = text.splitlines()
        return [re.split(separator, line.strip()) for line in lines[: _MOST_ROWS + 1]]
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
    found: list[list[str]] = []
    try:
        for row in reader:
            found.append(row)
            if len(found) > _MOST_ROWS:
                break
    except csv.Error:
        pass  # whoever reads it whole says what is wrong
    else:
        if not is_whole and len(found) <= _MOST_ROWS:
            found = found[:-1] or found
    return found


def _has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first line names columns: most of a row of values are numbers."""
    first = [item.strip() for item in rows[0]] if rows else []
    given = [item for item in first if item]
    numbers = [item for item in given if _ANY_NUMBER.fullmatch(item)]
    are_years = all(_YEAR.fullmatch(item) for item in numbers)
    if not numbers or (are_years and len(numbers) < len(given)):
        return True
    counted = [[str(number + begin) for number in range(len(numbers))] for begin in (0, 1)]
    if len(numbers) >= _COUNTED and numbers in counted:
        return True  # as pandas names columns that have no names
    return len(numbers) * 2 < len(given)


def _names(rows: Sequence[Sequence[str]], header: bool) -> tuple[tuple[str, ...], list[str]]:
    """Return a name for each column, and what had to be said of them."""
    width = _width(rows, header)
    if not header:
        return tuple(str(number) for number in range(width)), []
    first = [item.strip() for item in rows[0]] if rows else []
    names: list[str] = []
    notes = []
    for number in range(width):
        name = first[number] if number < len(first) else ""
        name = name or UNNAMED.format(number + 1)
        if name in names:
            other = next(f"{name}.{n}" for n in range(1, width + 1) if f"{name}.{n}" not in names)
            notes.append(f"Two columns are named {name!r}; the later one is {other!r} here.")
            name = other
        names.append(name)
    return tuple(names), notes


def _width(rows: Sequence[Sequence[str]], header: bool) -> int:
    """Return the number of columns; fields after the heading count while all are empty."""
    if not rows:
        return 0
    if not header:
        return max(len(row) for row in rows[:200])
    width = len(rows[0])
    beyond = [item for row in rows[1:] for item in row[width:]]
    if beyond and not any(item.strip() for item in beyond):
        return max(len(row) for row in rows)
    return width


def _signs(
    rows: Sequence[Sequence[str]], names: Sequence[str], separator: str, options: TableOptions
) -> tuple[str, str, dict[str, str]]:
    """Return decimal sign, thousands sign, and columns that can be read in two ways."""
    columns = {
        name: [plain_number(row[at]) for row in rows if at < len(row) and not is_missing(row[at])]
        for at, name in enumerate(names)
    }
    decimal = options.decimal or _decimal(columns.values(), separator, options.thousands)
    sign = decimal or "."
    thousands: str | None = options.thousands
    if thousands is None:
        other = "," if sign == "." else "."
        candidates = (other, " ", "'", "_")
        thousands = next((item for item in candidates if _groups(columns, sign, item)), "")
    unclear: dict[str, str] = {}
    if decimal is None and options.thousands is None:
        for name, values in columns.items():
            text = next((v for v in values if any(p.fullmatch(v) for p in _UNCLEAR.values())), None)
            if text is not None and all(_ANY_NUMBER.fullmatch(value) for value in values):
                unclear[name] = text
    return sign, thousands, unclear


def _decimal(columns: Iterable[Sequence[str]], separator: str, thousands: str | None) -> str | None:
    """Return the decimal sign that numbers show; None where they can be read in two ways."""
    if thousands in (".", ","):
        return "," if thousands == "." else "."
    votes = {".": 0, ",": 0}
    unclear = 0
    for values in columns:
        for sign, other in ((".", ","), (",", ".")):
            shown = sum(
                bool(_POINT[sign].fullmatch(value) or _GROUPS[other].fullmatch(value))
                for value in values
            )
            votes[sign] += shown
        unclear += sum(any(p.fullmatch(value) for p in _UNCLEAR.values()) for value in values)
    if votes["."] or votes[","]:
        return "," if votes[","] > votes["."] else "."
    # Where commas are between the fields a decimal comma would have to be quoted.
    return None if unclear and separator != "," else "."


def _groups(columns: dict[str, list[str]], decimal: str, sign: str) -> bool:
    """Return whether a column of numbers alone groups their digits with a sign."""
    whole = re.compile(number_pattern(decimal, sign))
    return any(
        values
        and any(sign in value for value in values)
        and all(whole.fullmatch(value) for value in values)
        for values in columns.values()
    )
