"""Reading CSV files."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.tables import TableLook, TableOptions, options_of
from jupyter_platform.learning.data.arrays import Files, StoredArrays, file_name
from jupyter_platform.learning.data.formats.tables import Table, kept_ranges, read_table
from jupyter_platform.learning.data.tabular.dialect import UNNAMED, Dialect, recognise

_DEFAULT_ENCODING = ("utf-8", "utf-8-sig")


def read(
    descriptor: DatasetDescriptor, files: Files, look: TableLook | None = None
) -> StoredArrays:
    """Read one table, or several with the same columns one after the other.

    Parameters
    ----------
    look : TableLook, optional
        Is filled in with what was recognised, also where the table is then refused.

    Raises
    ------
    InvalidDataError
        If a file is no table, or a value cannot be learned; columns, rows (lines in the file) and
        values are named.
    """
    name, options = descriptor.name, options_of(descriptor)
    first, *others = files.all
    dialect = _recognised(first, options, name)
    alike = options.model_copy(update={"separator": dialect.separator, "header": dialect.header})
    frames = [_read_frame(first, dialect, name)]
    for path in others:
        own = _recognised(path, alike, name)
        if own.names != dialect.names:
            raise InvalidDataError(
                f"Dataset {name!r}: {path.name} has other columns than {first.name}: "
                f"{', '.join(own.names)}."
            )
        frames.append(_read_frame(path, own, name))
    table = _table(frames, dialect, look or TableLook(rows=0, columns=[]))
    found = read_table(table, options, name)
    ranges = files.ranges([len(frame) for frame in frames])
    return StoredArrays(
        found.features,
        found.targets,
        parts=kept_ranges(ranges, found.kept),
        row_offset=table.row_offset,
        notes=found.notes,
    )


def _recognised(path: Path, options: TableOptions, name: str) -> Dialect:
    try:
        found = recognise(path, options)
    except ValueError as error:
        raise InvalidDataError(
            f"Dataset {name!r}: {file_name(path)} is no CSV table: {error}."
        ) from error
    if not found.names:
        raise InvalidDataError(f"Dataset {name!r}: {file_name(path)} is no CSV table: it is empty.")
    return found


def _read_frame(path: Path, dialect: Dialect, name: str) -> pd.DataFrame:
    """Return a file with all values as text."""
    try:
        with warnings.catch_warnings():
            # Of rows that are longer than the header pandas would drop the end.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                path,
                sep=dialect.separator,
                encoding=dialect.encoding,
                skiprows=dialect.skipped,
                header=0 if dialect.header else None,
                names=list(dialect.names),
                dtype=str,
                keep_default_na=False,
                skip_blank_lines=False,
                skipinitialspace=True,
                index_col=False,
                engine="c" if len(dialect.separator) == 1 else "python",
            )
    except pd.errors.ParserWarning as error:
        raise InvalidDataError(
            f"Dataset {name!r}: the rows have more fields than the first line names columns; "
            "name every column."
        ) from error
    except UnicodeError as error:
        raise InvalidDataError(
            f"Dataset {name!r}: {file_name(path)} is no CSV table: its text is not "
            f"{dialect.encoding}; set encoding."
        ) from error
    except ValueError as error:
        reason = str(error).strip().removeprefix("Error tokenizing data. C error: ").rstrip(".")
        raise InvalidDataError(
            f"Dataset {name!r}: {file_name(path)} is no CSV table: {reason}."
        ) from error


def _table(frames: Sequence[pd.DataFrame], dialect: Dialect, look: TableLook) -> Table:
    frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    look.encoding, look.separator = dialect.encoding, dialect.separator
    look.decimal, look.thousands, look.header = dialect.decimal, dialect.thousands, dialect.header
    notes = list(dialect.notes)
    if dialect.encoding not in _DEFAULT_ENCODING:
        notes.append(f"The text is read as {dialect.encoding}.")
    return Table(
        frame,
        dialect.skipped + (2 if dialect.header else 1),
        look,
        left_out=(UNNAMED.format(1),) if _counts_rows(frame, dialect) else (),
        unclear=dialect.unclear,
        notes=tuple(notes),
    )


def _counts_rows(frame: pd.DataFrame, dialect: Dialect) -> bool:
    """Return whether the first column has no name and numbers the rows, as pandas writes them."""
    if not dialect.header or dialect.names[0] != UNNAMED.format(1) or not len(frame):
        return False
    numbers = pd.to_numeric(frame.iloc[:, 0], errors="coerce").to_numpy(dtype=np.float64)
    return any(np.array_equal(numbers, np.arange(len(frame)) + begin) for begin in (0, 1))
