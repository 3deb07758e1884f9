"""Tables: how they are read, and how a row becomes the numbers that a network gets."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from jupyter_platform.core.errors import FieldError, InvalidRequestError, nearest
from jupyter_platform.core.records import Record

Missing = Literal["refuse", "drop", "mean", "class"]
Encoding = Literal["classes", "one-hot"]
ColumnKind = Literal["number", "truth", "date", "text"]

MISSING_WORDS = frozenset(
    {"", "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "null", "none", "nil", "n.a.", "k.a."}
)
"""Spellings of a missing value in a table, in lower case."""
MISSING_SIGNS = frozenset({"-", "--", "?", ".", "–", "—"})
"""Further spellings among numbers and dates alone: in text they may be a value."""
MISSING_CLASS = "(missing)"
"""The class of text that is not there, with ``missing=class``."""
TRUTH_WORDS = {"true": 1.0, "false": 0.0}


class TableOptions(Record):
    """How a table is read; what is None is told from its content."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str | tuple[str, ...] | None = None
    """Column (or columns of numbers) to learn; the last one when absent."""
    inputs: tuple[str, ...] | None = Field(default=None, min_length=1)
    """Columns that are inputs; all but the target when absent."""
    exclude: tuple[str, ...] = ()
    """Columns that are left out."""
    separator: str | None = Field(default=None, min_length=1, max_length=4)
    """CSV: what stands between two fields."""
    decimal: Literal[".", ","] | None = None
    """CSV: the decimal sign of numbers."""
    thousands: Literal["", ".", ",", " ", "'", "_"] | None = None
    """CSV: what groups the digits of numbers; empty: nothing does."""
    encoding: str | None = None
    """CSV: encoding of the text, as Python names it."""
    header: bool | None = None
    """CSV: whether the first line names the columns; else they are named ``0``, ``1``, …"""
    date_format: str | None = None
    """How dates are written, as ``strptime`` takes it: ``%d.%m.%Y``."""
    missing: Missing = "refuse"
    """What becomes of missing values: ``refuse`` the table, ``drop`` their rows, take the ``mean``
    of the training rows (of text the most frequent value), or a ``class`` of their own (of numbers
    a column that marks them). Rows without a target are left out but with ``refuse``."""
    encode: Encoding | dict[str, Encoding] | None = None
    """What becomes of text columns that are inputs: numbers of their ``classes``, or ``one-hot``
    columns; for all of them, or by column."""
    normalise: bool = False
    """Whether inputs that are numbers get mean 0 and deviation 1 over the training rows."""

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str | None) -> str | None:
        if encoding is not None:
            try:
                codecs.lookup(encoding)
            except LookupError:
                raise ValueError(
                    f"encoding {encoding!r} is unknown; known are utf-8, utf-16, cp1252, latin-1, …"
                ) from None
        return encoding

    @field_validator("date_format")
    @classmethod
    def _date_format(cls, text: str | None) -> str | None:
        if text is not None and "%" not in text:
            raise ValueError(f"date_format {text!r} names no part of a date, as in %d.%m.%Y")
        return text

    def encoding_of(self, column: str) -> Encoding | None:
        """Return the encoding of a text column that is an input."""
        return self.encode.get(column) if isinstance(self.encode, dict) else self.encode


def options_of(described: BaseModel) -> TableOptions:
    """Return the options of a table out of what has them among its fields."""
    return TableOptions.model_construct(
        **{name: getattr(described, name) for name in TableOptions.model_fields}
    )


class PreparedColumn(Record):
    """How one column of a table becomes one feature or several, as fitted on the training rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["number", "date", "classes", "one-hot"]
    date_format: str | None = None
    categories: tuple[str, ...] = ()
    """The values of text in the training rows, sorted. Another one has the number after the last,
    or no one-hot column."""
    fill: float | str | None = None
    """Replacement for a missing value; None: a missing value is refused."""
    marks_missing: bool = False
    """Whether a second feature is 1 where the value is missing."""
    mean: float = 0.0
    deviation: float = 1.0
    """Mean subtracted from a number, and the divisor applied after."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features that it becomes."""
        if self.kind == "one-hot":
            return tuple(f"{self.name}={item}" for item in self.categories)
        return (self.name, f"{self.name} missing") if self.marks_missing else (self.name,)


class TablePreparation(Record):
    """How a row of a table becomes the numbers that a network gets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: tuple[PreparedColumn, ...]
    decimal: Literal[".", ","] = "."
    thousands: str = ""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of all features."""
        return tuple(name for column in self.columns for name in column.features)

    def row(self, values: Mapping[str, Any]) -> list[float]:
        """Return the features of a row.

        Parameters
        ----------
        values : mapping
            Value of each column by its name, as the table had them: numbers, text, dates. Columns
            that are no inputs are passed over.

        Raises
        ------
        InvalidRequestError
            Naming all columns that are missing or hold something else.
        """
        faults: list[FieldError] = []
        found: list[float] = []
        for column in self.columns:
            try:
                found += self._features(column, values.get(column.name))
            except ValueError as error:
                near = None if column.name in values else nearest(column.name, values)
                message = f"column {column.name!r} {error}" + (
                    f" (given is {near!r})" if near else ""
                )
                faults.append(FieldError(field="inputs", value=column.name, message=message))
        if faults:
            raise InvalidRequestError(
                "; ".join(fault.message for fault in faults) + ".", errors=faults
            )
        return found

    def _features(self, column: PreparedColumn, value: Any) -> list[float]:
        value = None if is_missing(value) else value
        if value is None and column.fill is None:
            raise ValueError("has no value")
        if column.kind in ("classes", "one-hot"):
            text = str(column.fill if value is None else value).strip()
            if column.kind == "one-hot":
                return [float(text == item) for item in column.categories]
            known = column.categories
            return [float(known.index(text) if text in known else len(known))]
        number = column.fill if value is None else self._number(column, value)
        scaled = (float(number or 0.0) - column.mean) / column.deviation
        return [scaled, float(value is None)] if column.marks_missing else [scaled]

    def _number(self, column: PreparedColumn, value: Any) -> float:
        if column.kind == "date":
            number = days(value, column.date_format)
        elif isinstance(value, str):
            number = parsed_number(value, self.decimal, self.thousands)
        else:
            number = float(value)
        if not math.isfinite(number):
            raise ValueError(f"is {value}")
        return number


def is_missing(value: Any) -> bool:
    """Return whether something stands for no value."""
    if isinstance(value, str):
        return value.strip().lower() in MISSING_WORDS
    return value is None or (isinstance(value, float) and math.isnan(value))


def number_pattern(decimal: str, thousands: str) -> str:
    """Return a regular expression of whole texts that are numbers.

    Parameters
    ----------
    decimal : str
        Decimal mark.
    thousands : str
        Mark between groups of three digits; empty for none.
    """
    point, group = re.escape(decimal), re.escape(thousands)
    whole = rf"(?:\d{{1,3}}(?:{group}\d{{3}})+|\d+)" if thousands else r"\d+"
    return rf"[+-]?(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"


def plain_number(text: str) -> str:
    """Return a text with the blanks and apostrophes of typeset numbers made plain."""
    return text.strip().replace("\u00a0", " ").replace("\u202f", " ").replace("\u2019", "'")


def parsed_number(text: str, decimal: str = ".", thousands: str = "") -> float:
    """Return the number that a text is.

    Parameters
    ----------
    text : str
        Text of a cell.
    decimal : str
        Decimal mark.
    thousands : str
        Mark between groups of three digits; empty for none.

    Raises
    ------
    ValueError
        If it is none.
    """
    bare = plain_number(text)
    if bare.lower() in TRUTH_WORDS:
        return TRUTH_WORDS[bare.lower()]
    if not re.fullmatch(number_pattern(decimal, thousands), bare):
        raise ValueError(f"holds {text!r}, which is no number")
    return float((bare.replace(thousands, "") if thousands else bare).replace(decimal, "."))


def days(value: Any, date_format: str | None = None) -> float:
    """Return a date as days since 1970-01-01; without a time zone it is taken for UTC.

    Parameters
    ----------
    value : object
        Date, or its text.
    date_format : str, optional
        Format of `datetime.strptime`; None: ISO 8601.

    Raises
    ------
    ValueError
        If it is no date.
    """
    if isinstance(value, str):
        try:
            given = datetime.strptime(value.strip(), date_format) if date_format else None
            value = given or datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(
                f"holds {value!r}, which is no date ({date_format or 'ISO 8601'})"
            ) from None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not hasattr(value, "timestamp"):
        raise ValueError(f"holds {value!r}, which is no date")
    known = value if value.tzinfo else value.replace(tzinfo=UTC)
    return float(known.timestamp()) / 86_400


class ColumnLook(Record):
    """Recognised properties of one column."""

    name: str
    role: Literal["input", "target", "left out"]
    kind: ColumnKind | str
    """What its values are; of other things than a table's their type."""
    date_format: str | None = None
    missing: int = 0
    distinct: int = 0
    examples: list[str] = Field(default_factory=list)
    """Some of its values, as they are written."""


class TableLook(Record):
    """How a table would be read."""

    encoding: str | None = None
    separator: str | None = None
    decimal: str = "."
    thousands: str = ""
    header: bool = True
    rows: int
    columns: list[ColumnLook]
    first: list[list[str]] = Field(default_factory=list)
    """The first rows as they are written, one text a column."""


def problems_text(name: str, faults: Sequence[FieldError]) -> str:
    """Return the message of everything that is wrong with a dataset.

    Parameters
    ----------
    name : str
        Name of the dataset.
    faults : sequence of FieldError
        Faults found in it.
    """
    if len(faults) == 1:
        return f"Dataset {name!r}: {faults[0].message}"
    return f"Dataset {name!r}, {len(faults)} faults: " + " ".join(
        f"({number}) {fault.message}" for number, fault in enumerate(faults, 1)
    )
