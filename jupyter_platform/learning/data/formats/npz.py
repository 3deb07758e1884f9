"""Reading ``.npz`` archives, without ever unpickling anything."""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.lib import format as npy
from numpy.typing import NDArray

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.units import format_bytes
from jupyter_platform.learning.data.arrays import (
    Files,
    StoredArrays,
    is_number,
    ranges_of,
)

_LOCAL_HEADER = struct.Struct("<4s2B4HL2L2H")
"""ZIP local file header (APPNOTE 6.3.10, section 4.3.7)."""
_MEMORY_SHARE = 0.5
"""Share of the free memory that an array may take; it is converted to float32 beside itself."""
_MAGIC = b"PK\x03\x04"
_SPLIT_KEYS = ("x_train", "y_train", "x_test", "y_test")


def read(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    """Read the archive of a dataset; see `read_npz`.

    Parameters
    ----------
    descriptor : DatasetDescriptor
        Description of the dataset.
    files : Files
        Its files on this host.
    """
    return read_npz(files.only, descriptor.name)


def read_npz(path: Path, name: str) -> StoredArrays:
    """Read inputs and targets.

    Parameters
    ----------
    path : Path
        An archive with ``x`` and ``y``, or ``x_train``, ``y_train``, ``x_test`` and ``y_test``.
        Arrays that are stored uncompressed are mapped, not read.
    name : str
        Name of the dataset, for errors.

    Raises
    ------
    InvalidDataError
        If it is no such archive.
    """
    with open(path, "rb") as file:
        start = file.read(8)
    if start[:1] == b"\x80":
        raise InvalidDataError(
            f"The file of dataset {name!r} is a pickle, which is never opened; save it with "
            "numpy.savez(file, x=inputs, y=targets)."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            return _read_archive(archive, path, name)
    except (zipfile.BadZipFile, EOFError, zipfile.LargeZipFile) as error:
        raise InvalidDataError(
            f"The file of dataset {name!r} is no .npz archive ({error}); save it with "
            "numpy.savez(file, x=inputs, y=targets)."
        ) from error


def _read_archive(archive: zipfile.ZipFile, path: Path, name: str) -> StoredArrays:
    members = {item.filename.removesuffix(".npy"): item for item in archive.infolist()}
    if {"x", "y"} <= members.keys():
        inputs, targets = (_array(archive, path, members[key], name) for key in ("x", "y"))
        _same_length(inputs, targets, "x", "y", name)
        return StoredArrays(_numeric(inputs, "x", name), targets)
    if set(_SPLIT_KEYS) <= members.keys():
        parts = [_array(archive, path, members[key], name) for key in _SPLIT_KEYS]
        _same_length(parts[0], parts[1], "x_train", "y_train", name)
        _same_length(parts[2], parts[3], "x_test", "y_test", name)
        for first, second, key in ((0, 2, "x"), (1, 3, "y")):
            if parts[first].shape[1:] != parts[second].shape[1:]:
                raise InvalidDataError(
                    f"Dataset {name!r}: samples of {key}_train have shape "
                    f"{parts[first].shape[1:]} and those of {key}_test {parts[second].shape[1:]}."
                )
        return StoredArrays(
            (_numeric(parts[0], "x_train", name), _numeric(parts[2], "x_test", name)),
            np.concatenate((parts[1], parts[3])),
            parts=ranges_of({"train": len(parts[0]), "test": len(parts[2])}),
        )
    if any(member.startswith("xl/") for member in members):
        raise InvalidDataError(
            f"Dataset {name!r}: the file is an Excel workbook; save its sheet as CSV (UTF-8)."
        )
    raise InvalidDataError(
        f"Dataset {name!r}: the archive holds {', '.join(sorted(members)) or 'nothing'}; it must "
        f"hold x and y, or {', '.join(_SPLIT_KEYS)}."
    )


def _array(
    archive: zipfile.ZipFile, path: Path, member: zipfile.ZipInfo, name: str
) -> NDArray[Any]:
    key = member.filename.removesuffix(".npy")
    try:
        with archive.open(member) as file:
            shape, fortran_order, dtype = _npy_header(file)
            header_size = file.tell()
            if dtype.hasobject:
                raise InvalidDataError(
                    f"Dataset {name!r}: array {key!r} holds Python objects, that is a pickle, "
                    "which is never opened; save plain numbers or text."
                )
            if member.compress_type == zipfile.ZIP_STORED and not fortran_order and 0 not in shape:
                offset = _data_offset(path, member) + header_size
                # Copy-on-write: torch wants writable memory, and nothing reaches the file.
                return np.memmap(path, dtype=dtype, mode="c", offset=offset, shape=shape)
            _check_size(shape, dtype, header_size, member, f"Dataset {name!r}: array {key!r}")
            file.seek(0)
            return npy.read_array(file, allow_pickle=False)
    except (ValueError, struct.error, RuntimeError, zlib.error, NotImplementedError) as error:
        raise InvalidDataError(
            f"Dataset {name!r}: array {key!r} cannot be read: {error}."
        ) from error


def _check_size(
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    header_size: int,
    member: zipfile.ZipInfo,
    what: str,
) -> None:
    """Refuse an array that is not as large as it says, or that unpacks to more than fits."""
    size = math.prod(shape) * dtype.itemsize
    if size != member.file_size - header_size:
        raise InvalidDataError(
            f"{what} should have {format_bytes(size)} for shape {shape}, but the archive holds "
            f"{format_bytes(member.file_size - header_size)}."
        )
    room = int(psutil.virtual_memory().available * _MEMORY_SHARE)
    if size > room:
        raise InvalidDataError(
            f"{what} unpacks to {format_bytes(size)}, and this host has room for "
            f"{format_bytes(room)}; save it with numpy.savez, uncompressed, or make it smaller."
        )


def _npy_header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    if npy.read_magic(file) == (1, 0):
        return npy.read_array_header_1_0(file)
    file.seek(npy.MAGIC_LEN)
    return npy.read_array_header_2_0(file)


def _data_offset(path: Path, member: zipfile.ZipInfo) -> int:
    with open(path, "rb") as file:
        file.seek(member.header_offset)
        fields = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    if fields[0] != _MAGIC:
        raise ValueError("its place in the archive is wrong")
    return member.header_offset + _LOCAL_HEADER.size + int(fields[-2]) + int(fields[-1])


def _same_length(
    inputs: NDArray[Any], targets: NDArray[Any], x_key: str, y_key: str, name: str
) -> None:
    if not inputs.ndim or not targets.ndim or len(inputs) != len(targets) or not len(inputs):
        sizes = [len(item) if item.ndim else "no" for item in (inputs, targets)]
        raise InvalidDataError(
            f"Dataset {name!r}: {x_key} has {sizes[0]} samples and {y_key} has {sizes[1]}; "
            "both must have the same number, at least one."
        )


def _numeric(inputs: NDArray[Any], key: str, name: str) -> NDArray[Any]:
    if not is_number(inputs):
        raise InvalidDataError(
            f"Dataset {name!r}: {key} has type {inputs.dtype}; inputs are real numbers."
        )
    return inputs
