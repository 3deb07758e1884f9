"""What the columns of a table hold: numbers, truth values, dates or text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jupyter_platform.core.tables import (
    MISSING_SIGNS,
    MISSING_WORDS,
    TRUTH_WORDS,
    number_pattern,
)
from jupyter_platform.learning.data.tabular.column import Column

_DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y")
_TIMES = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %H:%M:%S.%f", "T%H:%M:%S.%f")
_ZONES = ("", "%z")
_SHAPE = {
    "%Y": r"\d{4}",
    "%y": r"\d{2}",
    "%m": r"\d{1,2}",
    "%d": r"\d{1,2}",
    "%H": r"\d{1,2}",
    "%M": r"\d{2}",
    "%S": r"\d{2}",
    "%f": r"\d{1,9}",
    "%z": r"(?:Z|[+-]\d{2}:?\d{2})",
}
_DAY_S = 86_400.0


def read_column(
    name: str,
    values: pd.Series,
    decimal: str = ".",
    thousands: str = "",
    date_format: str | None = None,
) -> Column:
    """Understand a column.

    Parameters
    ----------
    name : str
        Its name.
    values : Series
        As a file had them: text of a CSV file, or the types of Parquet or pandas.
    decimal, thousands : str
        Signs of numbers that are text.
    date_format : str, optional
        How dates are written; told from the text when absent.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    kind = values.dtype
    if isinstance(kind, pd.DatetimeTZDtype) or kind.kind == "M":
        return Column(name, "date", _days(values))
    if kind.kind == "m":
        return Column(name, "number", values.dt.total_seconds().to_numpy(dtype=np.float64))
    if pd.api.types.is_bool_dtype(values):
        return Column(name, "truth", _floats(values))
    if pd.api.types.is_numeric_dtype(values) and kind.kind != "c":
        return Column(name, "number", _floats(values))
    texts = _texts(values)
    if texts is None:
        return Column(name, "number", _floats(values))
    return _from_text(name, texts, decimal, thousands, date_format)


def _floats(values: pd.Series) -> NDArray[np.float64]:
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _days(values: pd.Series) -> NDArray[np.float64]:
    known = pd.to_datetime(values, utc=True)
    seconds = (known - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    return np.asarray(seconds, dtype=np.float64) / _DAY_S


def _texts(values: pd.Series) -> pa.Array | None:
    """Return the values as text, null where missing; None where they are exact numbers."""
    given = values.dropna()
    if len(given) and all(isinstance(item, Decimal | int | float | bool) for item in given):
        return None
    if len(given) and not all(isinstance(item, str) for item in given):
        values = values.map(lambda item: None if _is_nothing(item) else str(item))
    texts = pa.array(values, type=pa.string(), from_pandas=True)
    bare = pc.utf8_trim_whitespace(texts)
    nothing = pc.is_in(pc.utf8_lower(bare), pa.array(sorted(MISSING_WORDS)))
    return pc.if_else(pc.fill_null(nothing, True), pa.scalar(None, pa.string()), bare)


def _is_nothing(item: Any) -> bool:
    return item is None or item is pd.NA or item is pd.NaT or item != item


def _from_text(
    name: str, texts: pa.Array, decimal: str, thousands: str, date_format: str | None
) -> Column:
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    signs = pc.is_in(texts, pa.array(sorted(MISSING_SIGNS)))
    bare = pc.if_else(pc.fill_null(signs, False), pa.scalar(None, pa.string()), texts)
    if bare.null_count == len(bare):
        if texts.null_count < len(texts):
            return Column(name, "text", _objects(texts))
        return Column(name, "number", np.full(len(bare), np.nan))
    numbers = _numbers(bare, decimal, thousands)
    if numbers is not None:
        return Column(name, "number", numbers)
    if _all(pc.is_in(pc.utf8_lower(bare), pa.array(list(TRUTH_WORDS)))):
        truth = pc.equal(pc.utf8_lower(bare), "true").to_numpy(zero_copy_only=False)
        return Column(
            name, "truth", np.array([np.nan if item is None else float(item) for item in truth])
        )
    return _dates(name, bare, date_format) or Column(name, "text", _objects(texts))


def _objects(texts: pa.Array) -> NDArray[np.object_]:
    return np.array(texts.to_pylist(), dtype=object)


def _all(found: pa.Array) -> bool:
    """Return whether something holds of all values that are there."""
    return bool(pc.all(found, skip_nulls=True).as_py())


def _matches(texts: pa.Array, pattern: str) -> bool:
    return _all(pc.match_substring_regex(texts, f"^(?:{pattern})$"))


def _numbers(texts: pa.Array, decimal: str, thousands: str) -> NDArray[np.float64] | None:
    """Return the numbers that texts are; None where one of them is none."""
    plain = pc.replace_substring_regex(texts, "[\u00a0\u202f]", " ")
    plain = pc.replace_substring_regex(plain, "\u2019", "'")
    pattern = number_pattern(decimal, thousands)
    infinite = r"[+-]?(?i:inf|infinity)"
    if not _matches(plain, f"{pattern}|{infinite}"):
        return None
    if thousands:
        plain = pc.replace_substring(plain, thousands, "")
    if decimal != ".":
        plain = pc.replace_substring(plain, decimal, ".")
    plain = pc.replace_substring_regex(plain, r"^\+", "")
    found: NDArray[np.float64] = pc.cast(plain, pa.float64()).to_numpy(zero_copy_only=False)
    return found


def _dates(name: str, texts: pa.Array, given: str | None) -> Column | None:
    """Return a column of dates; None where they are none."""
    fitting = [
        item for item in ([given] if given else _formats()) if _matches(texts, _date_pattern(item))
    ]
    read = {item: days for item in fitting if (days := _parsed(texts, item)) is not None}
    if not read:
        return None
    chosen = next(iter(read))
    fault = None
    if len(read) > 1 and not all(
        np.array_equal(days, read[chosen], equal_nan=True) for days in read.values()
    ):
        example = next(item for item in texts.to_pylist() if item is not None)
        fault = (
            f"holds dates such as {example!r}, which may be {' or '.join(read)}; set date_format"
        )
    return Column(name, "date", read[chosen], chosen, fault)


def _formats() -> Iterator[str]:
    for day in _DATES:
        for time in _TIMES:
            for zone in _ZONES if time else ("",):
                yield f"{day}{time}{zone}"


def _date_pattern(date_format: str) -> str:
    """Return a regular expression of what a format may write."""
    parts = re.split(r"(%[A-Za-z])", date_format)
    return "".join(
        _SHAPE.get(part, ".+?" if part[:1] == "%" else re.escape(part)) for part in parts
    )


def _parsed(texts: pa.Array, date_format: str) -> NDArray[np.float64] | None:
    found = pd.to_datetime(
        pd.Series(texts.to_pylist(), dtype=object), format=date_format, errors="coerce", utc=True
    )
    days = _days(found)
    is_given = ~texts.is_null().to_numpy(zero_copy_only=False)
    return None if np.isnan(days[is_given]).any() else days
