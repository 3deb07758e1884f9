"""From the columns of a table to features: fitted on the training rows, applied to all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.errors import nearest
from jupyter_platform.core.tables import (
    MISSING_CLASS,
    PreparedColumn,
    TableOptions,
    TablePreparation,
)
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.data.tabular.column import Column


@dataclass(frozen=True)
class Fitted:
    """The inputs of a table."""

    array: NDArray[np.float64]
    """Shape (N, F)."""
    preparation: TablePreparation
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableFeatures:
    """The input columns of a table, before anything is learned from their values.

    Parameters
    ----------
    columns : sequence of Column
        In their order; complete, unless the options say what becomes of missing values.
    options : TableOptions
        How they are encoded, filled and scaled.
    decimal, thousands : str
        Signs of numbers that are text, for rows that come later.
    """

    columns: Sequence[Column]
    options: TableOptions = field(default_factory=TableOptions)
    decimal: str = "."
    thousands: str = ""

    def __len__(self) -> int:
        return len(self.columns[0].values)

    def fitted(self, train: NDArray[np.int64]) -> Fitted:
        """Return the features of all rows.

        Parameters
        ----------
        train : ndarray, int64, shape (n,)
            Rows from which means, deviations and categories are taken.
        """
        prepared = [_fit(column, train, self.options) for column in self.columns]
        pairs = list(zip(prepared, self.columns, strict=True))
        return _fitted(
            pairs,
            TablePreparation(
                columns=tuple(prepared),
                decimal="," if self.decimal == "," else ".",
                thousands=self.thousands,
            ),
        )

    def as_learnt(self, learnt: TablePreparation, of: str) -> Fitted:
        """Return the features of all rows as they were made of the rows of another table.

        Parameters
        ----------
        learnt : TablePreparation
            Fitted on that table.
        of : str
            Name of that dataset.

        Raises
        ------
        ValueError
            If a column is missing, holds something else, or lacks values that were never missing;
            the sentence names all of them.
        """
        columns = {column.name: column for column in self.columns}
        faults, pairs = [], []
        for prepared in learnt.columns:
            column = columns.get(prepared.name)
            if column is None:
                near = nearest(prepared.name, columns)
                hint = f" (did you mean {near!r}?)" if near else ""
                faults.append(f"column {prepared.name!r} is missing{hint}")
            elif (column.kind == "text") != (prepared.kind in ("classes", "one-hot")):
                was = "text" if column.kind != "text" else "numbers"
                faults.append(f"column {prepared.name!r} held {was} then, and does not now")
            elif prepared.fill is None and column.missing.any():
                count = format_count(int(column.missing.sum()), "row")
                faults.append(f"column {prepared.name!r} has no value in {count}")
            else:
                pairs.append((prepared, column))
        if faults:
            raise ValueError(
                f"the weights learnt rows of {of!r}, and these are no such rows: "
                f"{'; '.join(faults)}"
            )
        extra = [name for name in columns if name not in {item.name for item in learnt.columns}]
        found = _fitted(pairs, learnt)
        if not extra:
            return found
        text = f"Columns that the weights have not learnt are left out: {', '.join(extra)}."
        return replace(found, warnings=(*found.warnings, text))


def _fitted(
    pairs: Sequence[tuple[PreparedColumn, Column]], preparation: TablePreparation
) -> Fitted:
    return Fitted(
        np.concatenate([_applied(*pair) for pair in pairs], axis=1),
        preparation,
        tuple(text for pair in pairs for text in _unseen(*pair)),
    )


def _fit(column: Column, train: NDArray[np.int64], options: TableOptions) -> PreparedColumn:
    """Return how a column becomes features, from its training rows alone."""
    fills = options.missing in ("mean", "class")
    if column.kind == "text":
        return _fit_text(column, train, options)
    values = column.values[train]
    known = values[~np.isnan(values)]
    mean = float(known.mean()) if len(known) else 0.0
    deviation = float(known.std()) if len(known) else 0.0
    is_scaled = options.normalise and column.kind != "truth"
    return PreparedColumn(
        name=column.name,
        kind="date" if column.kind == "date" else "number",
        date_format=column.date_format,
        fill=mean if fills else None,
        marks_missing=options.missing == "class" and bool(column.missing.any()),
        mean=mean if is_scaled else 0.0,
        deviation=deviation if is_scaled and deviation > 0 else 1.0,
    )


def _fit_text(column: Column, train: NDArray[np.int64], options: TableOptions) -> PreparedColumn:
    values = [str(item) for item in column.values[train] if item is not None]
    fill: str | None = None
    if options.missing == "mean" and values:
        # Of equally frequent values the first in the alphabet.
        counts = Counter(values)
        fill = min(counts, key=lambda item: (-counts[item], item))
    elif options.missing == "class":
        fill = MISSING_CLASS
    has_missing = options.missing == "class" and bool(column.missing.any())
    categories = sorted({*values, *([MISSING_CLASS] if has_missing else [])})
    return PreparedColumn(
        name=column.name,
        kind=options.encoding_of(column.name) or "classes",
        categories=tuple(categories),
        fill=fill,
    )


def _applied(prepared: PreparedColumn, column: Column) -> NDArray[np.float64]:
    """Return the features of a column, shape (N, 1 or more); as `TablePreparation.row` does."""
    if column.kind == "text":
        codes = _codes(prepared, column)
        if prepared.kind == "classes":
            return codes[:, None].astype(np.float64)
        hot: NDArray[np.float64] = np.equal.outer(
            codes, np.arange(len(prepared.categories))
        ).astype(np.float64)
        return hot
    missing = column.missing
    values = column.values
    if prepared.fill is not None:
        values = np.where(missing, float(prepared.fill), values)
    scaled: NDArray[np.float64] = (values - prepared.mean) / prepared.deviation
    if not prepared.marks_missing:
        return scaled[:, None]
    return np.stack([scaled, missing.astype(np.float64)], axis=1)


def _codes(prepared: PreparedColumn, column: Column) -> NDArray[np.int64]:
    """Return the number of the category of each row; that after the last where it has none."""
    number = {item: at for at, item in enumerate(prepared.categories)}
    other = len(number)
    return np.array(
        [number.get(str(prepared.fill if item is None else item), other) for item in column.values],
        dtype=np.int64,
    )


def _unseen(prepared: PreparedColumn, column: Column) -> list[str]:
    """Say which values of text are in no training row."""
    if column.kind != "text":
        return []
    rows = np.flatnonzero(_codes(prepared, column) == len(prepared.categories))
    if not len(rows):
        return []
    seen = sorted({str(column.values[row]) for row in rows})
    shown = ", ".join(repr(item) for item in seen[:3]) + (", …" if len(seen) > 3 else "")
    return [
        f"Column {column.name!r} has values that no training row has ({shown}) in "
        f"{format_count(len(rows), 'row')}; a network has learnt nothing of them."
    ]
