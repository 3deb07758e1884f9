"""Reading CSV files."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from jupyter_platform.core.errors import FieldError, InvalidDataError, nearest
from jupyter_platform.learning.datasets.arrays import StoredArrays

FIRST_ROW = 2
"""Line of the first sample in the file; line 1 names the columns."""


def read_csv(path: Path, name: str, target: str | None) -> StoredArrays:
    """Read a table with a header line; every column but the target is a feature.

    Parameters
    ----------
    path : Path
        The file, UTF-8.
    name : str
        Name of the dataset, for errors.
    target : str or None
        Name of the column to learn; None for the last one.

    Raises
    ------
    InvalidDataError
        If the file is no table, a value is missing, or a feature is text; column, row (line in
        the file) and value are named.
    """
    try:
        with warnings.catch_warnings():
            # Of rows that are longer than the header pandas would drop the end.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path, skip_blank_lines=False, skipinitialspace=True, index_col=False
            )
    except pd.errors.ParserWarning as error:
        raise InvalidDataError(
            f"Dataset {name!r}: the rows have more fields than the first line names columns; "
            "name every column."
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidDataError(
            f"Dataset {name!r}: the file is no CSV table: byte {error.start} is no UTF-8 text."
        ) from error
    except ValueError as error:
        reason = str(error).strip().removeprefix("Error tokenizing data. C error: ").rstrip(".")
        raise InvalidDataError(f"Dataset {name!r}: the file is no CSV table: {reason}.") from error
    table.columns = pd.Index([str(column) for column in table.columns])
    _check_header(table, name)
    column = _target_column(table, name, target)
    _check_complete(table, name)
    features = table.drop(columns=column)
    _check_numeric(features, name)
    labels = table[column]
    return StoredArrays(
        features.to_numpy(dtype=np.float32),
        labels.to_numpy() if _is_number(labels) else labels.to_numpy(dtype=np.str_),
        features=tuple(features.columns),
        row_offset=FIRST_ROW,
    )


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column)) and column.dtype.kind != "c"


def _check_header(table: pd.DataFrame, name: str) -> None:
    if len(table.columns) < 2 or not len(table):
        raise InvalidDataError(
            f"Dataset {name!r}: the table has {len(table.columns)} columns and {len(table)} rows; "
            "it needs a feature, a target and at least one row, separated by commas."
        )
    if all(_looks_like_number(column) for column in table.columns):
        raise InvalidDataError(
            f"Dataset {name!r}: the first line is {', '.join(table.columns[:5])}, …; it must name "
            "the columns."
        )


def _looks_like_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _target_column(table: pd.DataFrame, name: str, target: str | None) -> str:
    columns: Sequence[str] = list(table.columns)
    if target is None:
        return columns[-1]
    if target not in columns:
        near = nearest(target, columns)
        hint = f" Did you mean {near!r}?" if near else ""
        message = f"Dataset {name!r} has no column {target!r}.{hint} Columns: {', '.join(columns)}."
        field = FieldError(field="target", value=target, message=message, nearest=near)
        raise InvalidDataError(message, errors=[field])
    return target


def _check_complete(table: pd.DataFrame, name: str) -> None:
    missing = np.argwhere(table.isna().to_numpy())
    if len(missing):
        row, column = (int(item) for item in missing[0])
        raise InvalidDataError(
            f"Dataset {name!r}: column {table.columns[column]!r} has no value in row "
            f"{row + FIRST_ROW} ({len(missing)} missing in all); fill or remove such rows."
        )


def _check_numeric(features: pd.DataFrame, name: str) -> None:
    for column in features.columns:
        values = features[column]
        if _is_number(values):
            continue
        texts = [str(value) for value in values]
        row = next((i for i, text in enumerate(texts) if not _looks_like_number(text)), 0)
        raise InvalidDataError(
            f"Dataset {name!r}: column {column!r} is a feature and holds text, first "
            f"{texts[row]!r} in row {row + FIRST_ROW}; features are numbers. Encode or remove the "
            "column, or name it as the target."
        )
