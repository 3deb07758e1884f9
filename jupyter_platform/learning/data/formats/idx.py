"""Reading idx files, the format of MNIST."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.units import format_bytes
from jupyter_platform.learning.data.arrays import Files, StoredArrays

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""Type of the values by the third byte of the file (Y. LeCun, C. Cortes, C. Burges, "The MNIST
database of handwritten digits")."""
_GZIP = b"\x1f\x8b"
MEMORY_SHARE = 0.5
"""Share of the free memory that a compressed file may unpack to."""


def read(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    """Read pairs of a file of inputs and a file of labels; images of grey values get a channel.

    Parameters
    ----------
    descriptor : DatasetDescriptor
        Description of the dataset.
    files : Files
        Its files on this host.

    Raises
    ------
    InvalidDataError
        If a file is cut short or no idx file, or pairs do not fit.
    """
    inputs: list[NDArray[Any]] = []
    targets: list[NDArray[Any]] = []
    for which, paths in files.parts.items():
        for x, y in pairs(paths, which, descriptor.name):
            inputs.append(read_idx(x, descriptor.name))
            targets.append(read_idx(y, descriptor.name))
            if targets[-1].ndim > 1 == inputs[-1].ndim:
                raise InvalidDataError(
                    f"Dataset {descriptor.name!r}: {y.name} holds samples and {x.name} labels; "
                    f"{which} names the samples first."
                )
            if len(inputs[-1]) != len(targets[-1]):
                raise InvalidDataError(
                    f"Dataset {descriptor.name!r}: {x.name} holds {len(inputs[-1]):,} samples and "
                    f"{y.name} {len(targets[-1]):,} labels."
                )
    shape = inputs[0].shape[1:]
    if any(item.shape[1:] != shape for item in inputs):
        raise InvalidDataError(f"Dataset {descriptor.name!r}: its files hold samples of two sizes.")
    return StoredArrays(
        tuple(inputs),
        np.concatenate(targets),
        parts=files.ranges([len(item) for item in targets], files_each=2),
        shape=(1, *shape) if len(shape) == 2 else None,
    )


def pairs(paths: Sequence[Path], which: str, dataset: str) -> list[tuple[Path, Path]]:
    """Return files of inputs with the files of their labels.

    Parameters
    ----------
    paths : sequence of Path
        Inputs and labels, one after the other.
    which : str
        What they are called, for messages.
    dataset : str
        Name of the dataset, for messages.

    Raises
    ------
    InvalidDataError
        If there is an odd number of them.
    """
    if len(paths) % 2:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {which} names {len(paths)} files; they come in pairs: inputs, "
            "labels, …"
        )
    return list(zip(paths[::2], paths[1::2], strict=True))


def read_idx(path: Path, dataset: str) -> NDArray[Any]:
    """Return the array of one file; mapped, unless it is compressed.

    Parameters
    ----------
    path : Path
        The file, plain or gzipped.
    dataset : str
        Name of the dataset, for messages.

    Raises
    ------
    InvalidDataError
        If it is no idx file, or not as long as it says.
    """
    with open(path, "rb") as file:
        start = file.read(2)
    try:
        content = _unpacked(path, dataset) if start == _GZIP else None
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {path.name} cannot be unpacked: {error}."
        ) from error
    if content is not None:
        dtype, shape, offset = _header(content[: 4 + 4 * 255], len(content), path.name, dataset)
        return np.frombuffer(content, dtype, offset=offset).reshape(shape)
    with open(path, "rb") as file:
        head = file.read(4 + 4 * 255)
    dtype, shape, offset = _header(head, path.stat().st_size, path.name, dataset)
    if 0 in shape:
        return np.empty(shape, dtype)
    # Copy-on-write: torch wants writable memory, and nothing reaches the file.
    return np.memmap(path, dtype, mode="c", offset=offset, shape=shape)


def _unpacked(path: Path, dataset: str) -> bytes:
    """Return what a compressed file holds, but no more than its first bytes promise."""
    with gzip.open(path) as source:
        head = source.read(4 + 4 * 255)
        dtype, shape, offset = _shape_of(head, path.name, dataset, len(head))
        wanted = offset + math.prod(shape) * dtype.itemsize
        room = int(psutil.virtual_memory().available * MEMORY_SHARE)
        if wanted > room:
            raise InvalidDataError(
                f"Dataset {dataset!r}: {path.name} unpacks to {format_bytes(wanted)}, and this "
                f"host has room for {format_bytes(room)}; unpack it, then it is mapped."
            )
        # One more shows that there is more than was promised.
        return head + source.read(max(wanted + 1 - len(head), 0))


def _header(
    head: bytes, size: int, file: str, dataset: str
) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    dtype, shape, offset = _shape_of(head, file, dataset, size)
    wanted = offset + math.prod(shape) * dtype.itemsize
    if size < wanted:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {file} is cut short: it has {size:,} bytes; its first ones "
            f"promise {wanted:,}."
        )
    if size > wanted:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {file} has {size - wanted:,} bytes more than its first ones "
            "promise."
        )
    return dtype, shape, offset


def _shape_of(
    head: bytes, file: str, dataset: str, size: int
) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES or not head[3]:
        found = head[:4].hex(" ") or "nothing"
        raise InvalidDataError(
            f"Dataset {dataset!r}: {file} is no idx file: it begins with {found}, not with "
            "00 00, the type of its values (08 for bytes) and the number of its axes."
        )
    dtype, axes = np.dtype(_TYPES[head[2]]), head[3]
    offset = 4 + 4 * axes
    if len(head) < offset:
        raise InvalidDataError(f"Dataset {dataset!r}: {file} is cut short: it has {size:,} bytes.")
    shape = tuple(int(item) for item in np.frombuffer(head[4:offset], ">u4"))
    return dtype, shape, offset
