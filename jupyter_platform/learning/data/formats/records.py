"""Reading files of raw bytes: CIFAR-10 and CIFAR-100, and one's own of that kind."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data.arrays import Files, StoredArrays
from jupyter_platform.learning.data.formats.idx import pairs


class _Layout(NamedTuple):
    """How a record is made up."""

    label_bytes: int
    shape: tuple[int, ...]
    label: int = -1
    """Which of the label bytes is the class."""


_LAYOUTS = {"cifar10": _Layout(1, (3, 32, 32)), "cifar100": _Layout(2, (3, 32, 32))}
"""Of CIFAR-100 the first label byte is the coarse class, the second the fine one
(A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009)."""
_COARSE = 20
"""Named classes with which CIFAR-100 is learned by its coarse labels."""


def read(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    """Map files of records, each the bytes of a label (or none) and those of a sample.

    Parameters
    ----------
    descriptor : DatasetDescriptor
        Description of the dataset.
    files : Files
        Its files on this host.

    Raises
    ------
    InvalidDataError
        If no shape is given, or a file does not hold whole records.
    """
    layout = _LAYOUTS.get(descriptor.kind)
    if layout is None:
        if descriptor.shape is None:
            raise InvalidDataError(
                f"Dataset {descriptor.name!r}: raw bytes say nothing of their shape; give 'shape', "
                "such as [3, 32, 32]."
            )
        layout = _Layout(descriptor.label_bytes, descriptor.shape)
    if descriptor.kind == "cifar100" and len(descriptor.classes or ()) == _COARSE:
        layout = layout._replace(label=0)
    parts: list[tuple[NDArray[Any], NDArray[Any]]] = []
    for which, paths in files.parts.items():
        if layout.label_bytes:
            parts += [_labelled(path, layout, descriptor.name) for path in paths]
        else:
            parts += [
                _apart(x, y, layout, descriptor.name)
                for x, y in pairs(paths, which, descriptor.name)
            ]
    return StoredArrays(
        tuple(inputs for inputs, _ in parts),
        np.concatenate([targets for _, targets in parts]),
        parts=files.ranges(
            [len(targets) for _, targets in parts], files_each=1 if layout.label_bytes else 2
        ),
        shape=layout.shape,
    )


def _labelled(path: Path, layout: _Layout, dataset: str) -> tuple[NDArray[Any], NDArray[Any]]:
    records = map_records(path, layout.label_bytes + math.prod(layout.shape), dataset)
    return records[:, layout.label_bytes :], np.array(
        records[:, : layout.label_bytes][:, layout.label]
    )


def _apart(x: Path, y: Path, layout: _Layout, dataset: str) -> tuple[NDArray[Any], NDArray[Any]]:
    inputs, labels = map_records(x, math.prod(layout.shape), dataset), map_records(y, 1, dataset)
    if len(inputs) != len(labels):
        raise InvalidDataError(
            f"Dataset {dataset!r}: {x.name} holds {len(inputs):,} samples and {y.name} "
            f"{len(labels):,} labels."
        )
    return inputs, np.array(labels[:, 0])


def map_records(path: Path, length: int, dataset: str) -> NDArray[np.uint8]:
    """Return a file of records of so many bytes, mapped, shape (N, length).

    Parameters
    ----------
    path : Path
        The file.
    length : int
        Bytes of one record.
    dataset : str
        Name of the dataset, for messages.

    Raises
    ------
    InvalidDataError
        If it is empty, or its last record is cut short.
    """
    size = path.stat().st_size
    if not size or size % length:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {path.name} has {size:,} bytes, which is not a whole number of "
            f"records of {length:,} bytes; it is cut short, or of another kind."
        )
    # Copy-on-write: torch wants writable memory, and nothing reaches the file.
    return np.memmap(path, np.uint8, mode="c", shape=(size // length, length))
