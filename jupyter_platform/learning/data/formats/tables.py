"""From tables to inputs and targets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jupyter_platform.core.errors import FieldError, InvalidDataError, nearest, shortened
from jupyter_platform.core.tables import (
    ColumnLook,
    TableLook,
    TableOptions,
    parsed_number,
    problems_text,
)
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.data.arrays import fault_of, not_finite
from jupyter_platform.learning.data.tabular.column import Column
from jupyter_platform.learning.data.tabular.columns import read_column
from jupyter_platform.learning.data.tabular.features import TableFeatures

_Key = TypeVar("_Key")

_SHOWN = 8
"""Columns, or first rows, that are shown of many."""
_EXAMPLES = 3


@dataclass
class Table:
    """A table as its file has it, and how it is written."""

    frame: pd.DataFrame
    """One row for each sample."""
    row_offset: int = 0
    """What turns an index into the row number that people see."""
    look: TableLook = field(default_factory=lambda: TableLook(rows=0, columns=[]))
    """How it is written; the rest of it is filled in by `read_table`."""
    left_out: tuple[str, ...] = ()
    """Columns that number the rows, such as an index of pandas."""
    unclear: Mapping[str, str] = field(default_factory=dict)
    """Columns of numbers that can be read in two ways, with an example."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadTable:
    """A table told apart."""

    features: TableFeatures
    targets: NDArray[Any]
    """Shape (N,) or (N, K)."""
    target_names: tuple[str, ...]
    kept: NDArray[np.bool_]
    """Which rows of the file are samples, shape (rows,)."""
    notes: tuple[str, ...]
    """Rows and columns that were left out, as sentences."""


def read_table(table: Table, options: TableOptions, name: str) -> ReadTable:
    """Tell inputs and target of a table apart.

    Parameters
    ----------
    table : Table
        As its file has it; what is recognised is noted in its `look`.
    options : TableOptions
        What is learned, and what becomes of missing values and text.
    name : str
        Of the dataset, for errors.

    Raises
    ------
    InvalidDataError
        Naming all that is wrong with it, with columns, rows and values.
    """
    return _Reading(table, options, name).result()


class _Reading:
    """One reading of a table; what is wrong is gathered, so that people see all of it at once."""

    def __init__(self, table: Table, options: TableOptions, name: str) -> None:
        self._table, self._options, self._name = table, options, name
        self._faults: list[FieldError] = []
        self._notes = list(table.notes)
        frame = table.frame
        frame.columns = pd.Index([str(column) for column in frame.columns])
        look, date_format = table.look, options.date_format
        self._columns = {
            column: read_column(column, frame[column], look.decimal, look.thousands, date_format)
            for column in frame.columns
        }
        self._kept = self._rows_with_values()

    def result(self) -> ReadTable:
        """Return inputs and target, or refuse the table."""
        options = self._options
        usable = self._usable()
        self._check_size(usable)
        self._check_names()
        targets = self._targets(usable)
        inputs = self._inputs(usable, targets)
        self._look(inputs, targets)
        if not self._faults:
            self._drop_rows(inputs, targets)
        self._check_values(inputs, targets)
        if self._faults:
            raise InvalidDataError(problems_text(self._name, self._faults), errors=self._faults)
        columns = [self._cut(self._columns[item]) for item in inputs]
        look = self._table.look
        return ReadTable(
            TableFeatures(
                [self._as_category(column) for column in columns],
                options,
                look.decimal,
                look.thousands,
            ),
            self._target_values(targets),
            tuple(targets),
            self._kept,
            tuple(self._notes),
        )

    def _rows_with_values(self) -> NDArray[np.bool_]:
        """Return the rows that are not empty."""
        kept = np.zeros(len(self._table.frame), dtype=np.bool_)
        for column in self._columns.values():
            kept |= ~column.missing
        empty = int((~kept).sum())
        if empty and len(self._columns) > 1:
            self._notes.append(f"{format_count(empty, 'empty row')} left out.".capitalize())
            return kept
        return np.ones(len(kept), dtype=np.bool_)

    def _usable(self) -> list[str]:
        """Return the columns that may be inputs or target, unless they are asked for by name."""
        options = self._options
        named = {*_names(options.target), *(options.inputs or ())}
        found = []
        for name, column in self._columns.items():
            if name in named or name in options.exclude:
                found.append(name)
            elif name in self._table.left_out:
                self._notes.append(f"Column {name!r} numbers the rows; it is left out.")
            elif len(column.values) and column.missing.all():
                self._notes.append(f"Column {name!r} is empty; it is left out.")
            else:
                found.append(name)
        return [name for name in found if name not in options.exclude]

    def _check_size(self, usable: Sequence[str]) -> None:
        rows = int(self._kept.sum())
        if len(usable) >= 2 and rows:
            return
        message = (
            f"the table has {format_count(len(usable), 'column')} and "
            f"{format_count(rows, 'row')}; it needs a feature, a target and at least one row"
        )
        if self._table.look.separator is not None and len(self._columns) == 1:
            only = shortened(next(iter(self._columns)))
            message += (
                f". Its only column is {only!r}; set separator, which is "
                f"{self._table.look.separator!r}, where columns are told apart otherwise"
            )
        raise InvalidDataError(f"Dataset {self._name!r}: {message}.")

    def _check_names(self) -> None:
        """Note names that no column has, and those that are asked for two things."""
        options = self._options
        encoded = tuple(options.encode) if isinstance(options.encode, dict) else ()
        given = {
            "target": _names(options.target),
            "inputs": options.inputs or (),
            "exclude": options.exclude,
            "encode": encoded,
        }
        for field_name, names in given.items():
            for name in names:
                if name not in self._columns:
                    self._unknown(name, field_name)
        for name in sorted(set(options.exclude) & {*given["target"], *given["inputs"]}):
            self._fault("exclude", name, f"column {name!r} is excluded, and asked for by name.")
        for name in sorted(set(given["target"]) & set(given["inputs"])):
            self._fault("inputs", name, f"column {name!r} is an input and the target.")

    def _unknown(self, name: str, field_name: str) -> None:
        near = nearest(name, self._columns)
        hint = f" Did you mean {near!r}?" if near else ""
        shown = ", ".join(list(self._columns)[:50])
        message = f"there is no column {name!r}.{hint} Columns: {shown}."
        self._faults.append(FieldError(field=field_name, value=name, message=message, nearest=near))

    def _targets(self, usable: Sequence[str]) -> list[str]:
        given = [name for name in _names(self._options.target) if name in self._columns]
        return given or [usable[-1]]

    def _inputs(self, usable: Sequence[str], targets: Sequence[str]) -> list[str]:
        if self._options.inputs is None:
            return [name for name in usable if name not in targets]
        return [name for name in self._options.inputs if name in self._columns]

    def _drop_rows(self, inputs: Sequence[str], targets: Sequence[str]) -> None:
        """Leave out rows with missing values, as far as that is asked for."""
        missing = self._options.missing
        if missing == "refuse":
            return
        looked_at = [*targets, *(inputs if missing == "drop" else ())]
        bad = np.zeros(len(self._kept), dtype=np.bool_)
        for name in looked_at:
            bad |= self._columns[name].missing
        count = int((bad & self._kept).sum())
        if count:
            what = "a value" if missing == "drop" else "a target"
            self._notes.append(f"{format_count(count, 'row')} without {what} left out.")
        self._kept = self._kept & ~bad
        if not self._kept.any():
            self._fault(
                "missing", missing, f"each row misses a value; with missing={missing} none is left."
            )

    def _check_values(self, inputs: Sequence[str], targets: Sequence[str]) -> None:
        used, options = [*inputs, *targets], self._options
        for name in used:
            column = self._columns[name]
            if column.fault:
                self._fault("date_format", name, f"column {name!r} {column.fault}.")
            if name in self._table.unclear:
                example = self._table.unclear[name]
                self._fault(
                    "decimal",
                    name,
                    f"column {name!r} holds numbers such as {example!r}, whose sign may be the "
                    "decimal one or group digits; set decimal to '.' or ','.",
                )
        if options.date_format and not any(c.kind == "date" for c in self._columns.values()):
            self._fault(
                "date_format",
                options.date_format,
                f"no column holds dates written {options.date_format!r}.",
            )
        self._check_missing(used)
        self._check_text(inputs)
        if len(targets) > 1:
            for name in targets:
                if not self._columns[name].is_number:
                    place = self._first_text(self._columns[name])
                    self._fault(
                        "target", name, f"column {name!r} is one of several targets, {place}."
                    )
        self._check_finite(used)

    def _check_missing(self, used: Iterable[str]) -> None:
        if self._options.missing != "refuse":
            return
        total = int(self._kept.sum())
        places = []
        for name in used:
            rows = np.flatnonzero(self._columns[name].missing & self._kept)
            if len(rows):
                more = f" and {len(rows) - 1:,} more" if len(rows) > 1 else ""
                places.append(
                    f"column {name!r} has no value in row {self._row(rows[0])}{more} "
                    f"({len(rows):,} of {format_count(total, 'row')})"
                )
        if places:
            self._fault(
                "missing",
                "refuse",
                f"{_listed(places)}; fill them in, exclude the columns, or set missing to drop, "
                "mean or class.",
            )

    def _check_text(self, inputs: Iterable[str]) -> None:
        places = [
            f"column {name!r} is a feature {self._first_text(self._columns[name])}"
            for name in inputs
            if not self._columns[name].is_number and self._options.encoding_of(name) is None
        ]
        if places:
            self._fault(
                "encode",
                None,
                f"{_listed(places)}; features are numbers: set encode to classes or one-hot, "
                "exclude such columns, or name one as the target.",
            )

    def _first_text(self, column: Column) -> str:
        """Say where the first text of a column is that is no number."""
        look = self._table.look
        given = [row for row in np.flatnonzero(self._kept) if column.values[row] is not None]
        row = next((at for at in given if not _is_number(column.values[at], look)), given[0])
        distinct = len({column.values[at] for at in given})
        return (
            f"and holds text, first {shortened(column.values[row])!r} in row {self._row(row)} "
            f"({format_count(distinct, 'different value')})"
        )

    def _check_finite(self, used: Iterable[str]) -> None:
        for name in used:
            column = self._columns[name]
            if not column.is_number:
                continue
            rows = np.flatnonzero(self._kept & ~column.missing)
            bad = not_finite(column.values[rows])
            if bad is not None:
                at = rows[bad.first[0]]
                count = f" ({bad.values:,} such values)" if bad.values > 1 else ""
                self._fault(
                    "file",
                    name,
                    f"column {name!r} in row {self._row(at)} {fault_of(column.values[at])}{count}; "
                    "inputs and targets are finite.",
                )

    def _target_values(self, targets: Sequence[str]) -> NDArray[Any]:
        columns = [self._cut(self._columns[name]) for name in targets]
        if len(columns) > 1:
            return np.stack([column.values for column in columns], axis=1)
        column = columns[0]
        if column.kind == "text":
            return column.values.astype(np.str_)
        if column.kind == "truth":
            return column.values.astype(np.bool_)
        given = self._table.frame[column.name]
        if pd.api.types.is_integer_dtype(given) and not given.isna().any():
            found: NDArray[Any] = given.to_numpy()[self._kept]
            return found
        return column.values

    def _cut(self, column: Column) -> Column:
        """Return a column with the rows that are kept."""
        return replace(column, values=column.values[self._kept])

    def _as_category(self, column: Column) -> Column:
        """Return a column of numbers that is to be encoded as text."""
        options = self._options
        if column.kind == "text" or not isinstance(options.encode, dict):
            return column
        if column.name not in options.encode:
            return column
        texts = [None if np.isnan(item) else f"{item:g}" for item in column.values]
        return Column(column.name, "text", np.array(texts, dtype=object))

    def _row(self, index: int | np.int64) -> int:
        return int(index) + self._table.row_offset

    def _fault(self, field_name: str, value: Any, message: str) -> None:
        self._faults.append(FieldError(field=field_name, value=value, message=message))

    def _look(self, inputs: Sequence[str], targets: Sequence[str]) -> None:
        """Note what was recognised."""
        frame, look = self._table.frame, self._table.look
        look.rows = int(self._kept.sum())
        look.columns = [
            _column_look(
                self._cut(column),
                "target" if name in targets else "input" if name in inputs else "left out",
                frame[name][self._kept],
            )
            for name, column in self._columns.items()
        ]
        first = frame[self._kept].head(_SHOWN)
        look.first = [
            [_written(value) for value in row] for row in first.itertuples(index=False, name=None)
        ]


def kept_ranges(
    parts: Mapping[_Key, tuple[int, int]] | None, kept: NDArray[np.bool_]
) -> dict[_Key, tuple[int, int]] | None:
    """Return ranges of rows of files as ranges of the rows that are kept.

    Parameters
    ----------
    parts : mapping of str to tuple of int or None
        File to its first row and the one after its last.
    kept : ndarray of bool
        Whether each row is kept, shape (N,).
    """
    if parts is None:
        return None
    before = np.concatenate([[0], np.cumsum(kept)])
    return {part: (int(before[start]), int(before[stop])) for part, (start, stop) in parts.items()}


def _column_look(column: Column, role: Any, written: pd.Series) -> ColumnLook:
    known = written[~column.missing]
    return ColumnLook(
        name=column.name,
        role=role,
        kind=column.kind,
        date_format=column.date_format,
        missing=int(column.missing.sum()),
        distinct=int(known.nunique()),
        examples=[_written(item) for item in known.drop_duplicates().head(_EXAMPLES)],
    )


def _written(value: Any) -> str:
    nothing = value is None or value is pd.NaT or value is pd.NA or value != value
    return "" if nothing else shortened(str(value))


def _is_number(text: str, look: TableLook) -> bool:
    try:
        parsed_number(text, look.decimal, look.thousands)
    except ValueError:
        return False
    return True


def _listed(places: Sequence[str]) -> str:
    shown = list(places[:_SHOWN])
    left = len(places) - len(shown)
    return "; ".join(shown) + (f"; and {left} more columns" if left else "")


def _names(target: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return () if target is None else (target,) if isinstance(target, str) else target
