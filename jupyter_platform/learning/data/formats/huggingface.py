"""Reading folders of Hugging Face datasets, without their library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.json as pa_json

from jupyter_platform.core.datasets import DatasetDescriptor, Part
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.tables import TableLook
from jupyter_platform.learning.data.arrays import Files, StoredArrays
from jupyter_platform.learning.data.dataset_infos import read_infos
from jupyter_platform.learning.data.formats.arrow import read_arrow, with_features
from jupyter_platform.learning.data.formats.parquet import read_parquet
from jupyter_platform.learning.data.layout import Layout, parted_files
from jupyter_platform.learning.data.part_names import WORDS, part_named

STATE = "state.json"
"""What ``save_to_disk`` writes beside the tables of a split."""


def read(
    descriptor: DatasetDescriptor, files: Files, look: TableLook | None = None
) -> StoredArrays:
    """Read a folder that ``save_to_disk`` wrote, or a clone of a repository of the hub.

    A clone holds Parquet, CSV or JSON Lines files, whose names or folders tell the split.

    Where the README tells nothing of the data, a ``dataset_infos.json`` names the classes, and the
    files must hold as many samples as it tells.

    The splits ``train``, ``validation`` and ``test`` follow one another; a folder without splits
    is one sequence. Lists, numbers, classes and images are understood, as `read_arrow` says.

    Parameters
    ----------
    look : TableLook, optional
        Is filled in with what was recognised, also where the table is then refused.

    Raises
    ------
    InvalidDataError
        If the folder is no such dataset, or its columns cannot be learned.
    """
    folder = files.only
    if not folder.is_dir():
        raise InvalidDataError(f"Dataset {descriptor.name!r}: {folder.name} is no folder.")
    shards = _shards(folder, descriptor.name)
    found = Files.of(shards)
    tables = _tables(found.all, descriptor.name)
    lengths = [len(table) for table in tables]
    told = read_infos(folder, descriptor.name)
    told.check_counts(_counts(found, lengths), descriptor.name)
    tables = [with_features(table, told.features) for table in tables]
    stored = read_arrow(tables, found.ranges(lengths), descriptor, look)
    return replace(stored, bytes=sum(path.stat().st_size for path in found.all))


def _counts(files: Files, lengths: Sequence[int]) -> dict[Part, int]:
    """Return the rows of each part, from those of each file."""
    rows = iter(lengths)
    return {part: sum(islice(rows, len(paths))) for part, paths in files.parts.items()}


def _shards(folder: Path, dataset: str) -> Layout:
    """Return the files of each split, in order."""
    if (folder / STATE).is_file():
        return {"train": _arrow_files(folder, dataset)}
    saved = sorted(path.parent for path in folder.glob(f"*/{STATE}"))
    if not saved:
        return parted_files(folder, _SUFFIXES, dataset)
    parts = {path: part_named(path.name) for path in saved}
    unknown = [path.name for path, part in parts.items() if part is None]
    if unknown:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {folder.name} holds the splits "
            f"{', '.join(path.name for path in saved)}; {', '.join(unknown)} is none of "
            f"{', '.join(WORDS)}. Rename or remove it."
        )
    layout: Layout = {}
    for path, part in parts.items():
        if part is not None:
            layout.setdefault(part, []).extend(_arrow_files(path, dataset))
    return layout


def _arrow_files(folder: Path, dataset: str) -> list[Path]:
    found = sorted(folder.glob("*.arrow"))
    if not found:
        raise InvalidDataError(f"Dataset {dataset!r}: {folder.name} holds no .arrow file.")
    return found


def _tables(paths: Sequence[Path], dataset: str) -> list[pa.Table]:
    return [_READERS[path.suffix.lower()](path, dataset) for path in paths]


def _read_text_file(path: Path, dataset: str) -> pa.Table:
    """Return the table of a CSV file, or of one with a JSON object a line."""
    read = pa_csv.read_csv if path.suffix.lower() == ".csv" else pa_json.read_json
    try:
        return read(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {path.name} cannot be read: {str(error).splitlines()[0]}."
        ) from error


def _read_arrow_file(path: Path, dataset: str) -> pa.Table:
    """Return the table of a file that is mapped: only what is used is read."""
    try:
        return pa.ipc.open_stream(pa.memory_map(str(path))).read_all()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {path.name} is no Arrow stream: {error}."
        ) from error


_READERS: dict[str, Callable[[Path, str], pa.Table]] = {
    ".parquet": read_parquet,
    ".csv": _read_text_file,
    ".jsonl": _read_text_file,
    ".arrow": _read_arrow_file,
}
_SUFFIXES = (".parquet", ".csv", ".jsonl")
"""Files of a repository of the hub."""
