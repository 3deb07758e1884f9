"""Reading Parquet files."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.tables import TableLook
from jupyter_platform.learning.data.arrays import Files, StoredArrays, file_name
from jupyter_platform.learning.data.formats.arrow import read_arrow


def read(
    descriptor: DatasetDescriptor, files: Files, look: TableLook | None = None
) -> StoredArrays:
    """Read one file, or several with the same columns one after the other.

    Parameters
    ----------
    look : TableLook, optional
        Is filled in with what was recognised, also where the table is then refused.

    Raises
    ------
    InvalidDataError
        If a file is no Parquet file, or its columns cannot be learned.
    """
    tables = [read_parquet(path, descriptor.name) for path in files.all]
    return read_arrow(tables, files.ranges([len(table) for table in tables]), descriptor, look)


def read_parquet(path: Path, dataset: str) -> pa.Table:
    """Return the table of one file.

    Parameters
    ----------
    path : Path
        The file.
    dataset : str
        Name of the dataset, for messages.

    Raises
    ------
    InvalidDataError
        If it is none.
    """
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {file_name(path)} is no Parquet file: {_reason(error)}."
        ) from error


def _reason(error: Exception) -> str:
    text = str(error).splitlines()[0].rstrip(".")
    return re.sub(r"^Could not open Parquet input source '[^']*': ", "", text)
