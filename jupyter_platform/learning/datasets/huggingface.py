"""Reading folders of Hugging Face datasets, without their library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from jupyter_platform.core.datasets import PARTS, DatasetDescriptor, Part
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.datasets.arrays import Files, StoredArrays
from jupyter_platform.learning.datasets.arrow import read_arrow
from jupyter_platform.learning.datasets.parquet import read_parquet
from jupyter_platform.learning.datasets.part_names import part_named


def read(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    """Read a folder that ``save_to_disk`` wrote, or a clone of a repository with Parquet files.

    The splits ``train``, ``validation`` and ``test`` follow one another; a folder without splits
    is one sequence. Lists, numbers, classes and images are understood, as `read_arrow` says.

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
    stored = read_arrow(tables, found.ranges([len(table) for table in tables]), descriptor)
    return replace(stored, bytes=sum(path.stat().st_size for path in found.all))


def _shards(folder: Path, dataset: str) -> dict[Part, list[Path]]:
    """Return the files of each split, in order."""
    inside = [name for name in PARTS if (folder / name / "state.json").is_file()]
    if inside:
        return {name: _arrow_files(folder / name, dataset) for name in inside}
    if (folder / "state.json").is_file():
        return {"train": _arrow_files(folder, dataset)}
    found: dict[Part, list[Path]] = {}
    for path in sorted(folder.rglob("*.parquet")):
        part = part_named(path.stem) or "train"
        found.setdefault(part, []).append(path)
    if not found:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {folder.name} holds neither what save_to_disk writes nor "
            f"Parquet files of {', '.join(PARTS)}."
        )
    return found


def _arrow_files(folder: Path, dataset: str) -> list[Path]:
    found = sorted(folder.glob("*.arrow"))
    if not found:
        raise InvalidDataError(f"Dataset {dataset!r}: {folder.name} holds no .arrow file.")
    return found


def _tables(paths: Sequence[Path], dataset: str) -> list[pa.Table]:
    return [
        read_parquet(path, dataset)
        if path.suffix == ".parquet"
        else _read_arrow_file(path, dataset)
        for path in paths
    ]


def _read_arrow_file(path: Path, dataset: str) -> pa.Table:
    """Return the table of a file that is mapped: only what is used is read."""
    try:
        return pa.ipc.open_stream(pa.memory_map(str(path))).read_all()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {path.name} is no Arrow stream: {error}."
        ) from error
