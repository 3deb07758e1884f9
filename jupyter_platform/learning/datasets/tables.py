"""From tables to inputs and targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import FieldError, InvalidDataError, nearest, shortened
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.datasets.arrays import StoredArrays


def read_table(
    table: pd.DataFrame, descriptor: DatasetDescriptor, row_offset: int = 0
) -> StoredArrays:
    """Tell inputs and target of a table apart.

    Parameters
    ----------
    table : DataFrame
        One row for each sample.
    descriptor : DatasetDescriptor
        Names the target, and the inputs where they are not all other columns.
    row_offset : int
        What turns an index into the row number that errors name.

    Raises
    ------
    InvalidDataError
        If a column is not there, a value is missing, or a feature is text; column, row and value
        are named.
    """
    name = descriptor.name
    table.columns = pd.Index([str(column) for column in table.columns])
    if len(table.columns) < 2 or not len(table):
        raise _too_small(table, descriptor)
    targets = _target_columns(table, descriptor)
    inputs = _input_columns(table, descriptor, targets)
    used = table[[*inputs, *targets]]
    _check_complete(used, name, row_offset)
    _check_numeric(used[inputs], name, row_offset, "is a feature")
    if len(targets) > 1:
        _check_numeric(used[targets], name, row_offset, "is one of several targets")
    return StoredArrays(
        used[inputs].to_numpy(dtype=np.float32),
        _targets(used, targets),
        features=tuple(inputs),
        row_offset=row_offset,
    )


def _too_small(table: pd.DataFrame, descriptor: DatasetDescriptor) -> InvalidDataError:
    columns = [str(column) for column in table.columns]
    message = (
        f"Dataset {descriptor.name!r}: the table has {format_count(len(columns), 'column')} and "
        f"{format_count(len(table), 'row')}; it needs a feature, a target and at least one row"
    )
    if descriptor.kind != "csv" or len(columns) != 1:
        return InvalidDataError(f"{message}.")
    hint = (
        f"set separator, which is {descriptor.separator!r}, where columns are told apart otherwise"
    )
    return InvalidDataError(f"{message}. Its only column is {shortened(columns[0])!r}; {hint}.")


def _targets(table: pd.DataFrame, columns: Sequence[str]) -> NDArray[Any]:
    if len(columns) > 1:
        return table[list(columns)].to_numpy(dtype=np.float32)
    labels = table[columns[0]]
    return labels.to_numpy() if is_number(labels) else labels.to_numpy(dtype=np.str_)


def is_number(column: pd.Series) -> bool:
    """Return whether a column holds truth values or real numbers."""
    return bool(pd.api.types.is_numeric_dtype(column)) and column.dtype.kind != "c"


def _target_columns(table: pd.DataFrame, descriptor: DatasetDescriptor) -> list[str]:
    target = descriptor.target
    if target is None:
        return [str(table.columns[-1])]
    wanted = [target] if isinstance(target, str) else list(target)
    return [_column(table, item, "target", descriptor.name) for item in wanted]


def _input_columns(
    table: pd.DataFrame, descriptor: DatasetDescriptor, targets: Sequence[str]
) -> list[str]:
    if descriptor.inputs is None:
        return [str(column) for column in table.columns if column not in targets]
    return [_column(table, item, "inputs", descriptor.name) for item in descriptor.inputs]


def _column(table: pd.DataFrame, wanted: str, field_name: str, dataset: str) -> str:
    columns = list(table.columns)
    if wanted in columns:
        return wanted
    near = nearest(wanted, columns)
    hint = f" Did you mean {near!r}?" if near else ""
    message = f"Dataset {dataset!r} has no column {wanted!r}.{hint} Columns: {', '.join(columns)}."
    field = FieldError(field=field_name, value=wanted, message=message, nearest=near)
    raise InvalidDataError(message, errors=[field])


def _check_complete(table: pd.DataFrame, name: str, row_offset: int) -> None:
    missing = np.argwhere(table.isna().to_numpy())
    if len(missing):
        row, column = (int(item) for item in missing[0])
        raise InvalidDataError(
            f"Dataset {name!r}: column {table.columns[column]!r} has no value in row "
            f"{row + row_offset} ({len(missing)} missing in all); fill or remove such rows."
        )


def _check_numeric(table: pd.DataFrame, name: str, row_offset: int, role: str) -> None:
    for column in table.columns:
        values = table[column]
        if is_number(values):
            continue
        texts = [str(value) for value in values]
        row = next((i for i, text in enumerate(texts) if not looks_like_number(text)), 0)
        raise InvalidDataError(
            f"Dataset {name!r}: column {column!r} {role} and holds text, first "
            f"{texts[row]!r} in row {row + row_offset}; features are numbers. Encode or remove the "
            "column, or name it as the target."
        )


def looks_like_number(text: str) -> bool:
    """Return whether a text could be read as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
