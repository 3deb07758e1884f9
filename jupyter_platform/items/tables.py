"""Rows of numbers that come as a CSV file or one by one."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from marshmallow import fields

from jupyter_platform.core.datasets import DatasetDescriptor

MOST_BYTES = 20_000_000
MOST_ROWS = 100_000


def read_table(path: str | Path) -> tuple[list[str], list[list[str]]]:
    """Return the names of the columns of a CSV file, and its rows as text.

    Parameters
    ----------
    path : path
        A file in UTF-8 with a row of names first; commas, semicolons or tabs between columns.

    Raises
    ------
    ValueError
        If it is no such file, saying what is wrong and where.
    """
    data = Path(path).read_bytes()
    if len(data) > MOST_BYTES:
        raise ValueError(f"The table is larger than {MOST_BYTES:,} bytes.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"The table is not text in UTF-8 (byte {error.start:,}).") from error
    first = text.partition("\n")[0]
    between = max(",;\t", key=first.count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=between) if any(row)]
    if len(rows) < 2:
        raise ValueError("The table has no rows below the names of its columns.")
    if len(rows) - 1 > MOST_ROWS:
        raise ValueError(f"The table has {len(rows) - 1:,} rows; at most {MOST_ROWS:,} are taken.")
    names = [name.strip() for name in rows[0]]
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(names):
            raise ValueError(f"Line {number} has {len(row)} columns, and the first {len(names)}.")
    return names, rows[1:]


def numbers_of(
    names: Sequence[str], rows: Sequence[Sequence[str]], wanted: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Return columns of a table as numbers.

    Parameters
    ----------
    names, rows
        As `read_table` gives them.
    wanted : sequence of str
        Names of the columns, in the order of the answer.

    Returns
    -------
    array, shape (rows, wanted)

    Raises
    ------
    ValueError
        If a column is missing, or something in it is no number.
    """
    missing = [name for name in wanted if name not in names]
    if missing:
        raise ValueError(
            f"The table has no column {missing[0]!r}. Wanted are: {', '.join(wanted)}."
        )
    found = np.empty((len(rows), len(wanted)), np.float32)
    for place, name in enumerate(wanted):
        column = names.index(name)
        for number, row in enumerate(rows):
            found[number, place] = _number(row[column], name, number + 2)
    return found


def _number(text: str, name: str, line: int) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise ValueError(f"Column {name!r}, line {line}: {text!r} is no number.") from error
    if not math.isfinite(value):
        raise ValueError(f"Column {name!r}, line {line}: {text!r} is not finite.")
    return value


def held_out_dataset(
    folder: Path,
    inputs: npt.NDArray[np.float32],
    targets: npt.NDArray[Any],
    classes: tuple[str, ...] | None = None,
) -> DatasetDescriptor:
    """Return rows as a dataset whose test part is every fifth of them.

    Parameters
    ----------
    folder : Path
        Gets the file of the dataset.
    inputs : array, shape (rows, columns)
        What is predicted from.
    targets : array, shape (rows,) or (rows, columns)
        Numbers, or of classes the places in `classes`.
    classes : tuple of str, optional
        Names of the classes; None: numbers are predicted.
    """
    test = np.arange(len(inputs)) % 5 == 4
    order = np.concatenate([np.flatnonzero(~test), np.flatnonzero(test)])
    path = folder / "table.npz"
    np.savez(path, x=inputs[order], y=targets[order])
    cut = int((~test).sum())
    return DatasetDescriptor(
        name="table",
        kind="npz",
        task="regression" if classes is None else "classification",
        classes=classes,
        file=f"path:{path}",
        splits={"train": (0, cut), "test": (cut, len(inputs))},
    )


def file_field(description: str, *, required: bool = True) -> fields.Field[Any]:
    """Return the field of a file.

    Parameters
    ----------
    description : str
        What it holds, as people read it.
    required : bool
        Whether a call must have it; it is None in one that has not.
    """
    metadata = {"type": "file", "location": "form", "description": description}
    if required:
        return fields.Field(required=True, metadata=metadata)
    return fields.Field(load_default=None, allow_none=True, metadata=metadata)


def number_field(description: str, default: float) -> fields.Float:
    """Return the field of one number that has a default."""
    return fields.Float(load_default=default, metadata={"description": description})
