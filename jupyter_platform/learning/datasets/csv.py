"""Reading CSV files."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import pandas as pd

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.datasets.arrays import Files, StoredArrays
from jupyter_platform.learning.datasets.tables import looks_like_number, read_table

FIRST_ROW = 2
"""Line of the first sample in the file; line 1 names the columns."""


def read(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    """Read one table, or several with the same columns one after the other.

    Raises
    ------
    InvalidDataError
        If a file is no table, a value is missing, or a feature is text; column, row (line in the
        file) and value are named.
    """
    paths = files.all
    tables = [_read_table(path, descriptor) for path in paths]
    for path, table in zip(paths, tables, strict=True):
        if list(table.columns) != list(tables[0].columns):
            raise InvalidDataError(
                f"Dataset {descriptor.name!r}: {path.name} has other columns than "
                f"{paths[0].name}: {', '.join(str(item) for item in table.columns)}."
            )
    whole = tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)
    stored = read_table(whole, descriptor, FIRST_ROW if descriptor.header else 1)
    return replace(stored, parts=files.ranges([len(table) for table in tables]))


def _read_table(path: Path, descriptor: DatasetDescriptor) -> pd.DataFrame:
    name = descriptor.name
    try:
        with warnings.catch_warnings():
            # Of rows that are longer than the header pandas would drop the end.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                sep=descriptor.separator,
                header="infer" if descriptor.header else None,
                skip_blank_lines=False,
                skipinitialspace=True,
                index_col=False,
                engine="c" if len(descriptor.separator) == 1 else "python",
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
    columns = [str(column) for column in table.columns]
    if descriptor.header and len(table) and all(looks_like_number(item) for item in columns):
        raise InvalidDataError(
            f"Dataset {name!r}: the first line is {', '.join(columns[:5])}, …; it must name "
            "the columns, or set header to false."
        )
    return table
