"""Whole files that are replaced in one step, so that a reader or a crash never sees half of one."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write_bytes_atomic(path: Path, data: bytes, fsync: bool = True, mode: int = 0o600) -> None:
    """Replace a file in one step.

    Parameters
    ----------
    path : Path
        The file; its folder exists.
    data : bytes
        The new content.
    fsync : bool
        Whether the content and the new name must survive a power cut once this returns.
    mode : int
        Permission bits of the new file.

    Raises
    ------
    OSError
        If the file system refuses; the old file is then untouched and nothing is left beside it.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            if fsync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    if fsync:
        fsync_folder(path.parent)


def write_json_atomic(path: Path, value: Any, fsync: bool = True, mode: int = 0o600) -> None:
    """Replace a JSON file in one step; see `write_bytes_atomic`.

    Parameters
    ----------
    path : Path
        The file; its folder exists.
    value : object
        New content, a value that JSON can express.
    fsync : bool
        Whether the content and the new name must survive a power cut once this returns.
    mode : int
        Permission bits of the new file.
    """
    write_bytes_atomic(path, json.dumps(value).encode(), fsync=fsync, mode=mode)


def read_bytes(path: Path) -> bytes | None:
    """Return the content of a file, or None when there is none."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_json(path: Path) -> Any:
    """Return the value of a JSON file, or None when there is none.

    Raises
    ------
    ValueError
        If the file is no JSON.
    """
    data = read_bytes(path)
    return None if data is None else json.loads(data)


def fsync_folder(folder: Path) -> None:
    """Make names that were created, renamed or removed in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
