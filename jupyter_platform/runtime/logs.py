"""Logs that lose their front when they grow too long, while offsets stay valid."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_KEEP_SIZE, _PUNCH_HOLE = 0x01, 0x02
_BLOCK = 4096


def cap_log(path: Path, limit: int) -> int:
    """Give the front of a log back to the file system.

    The file keeps its length, so offsets stay valid; what is given back reads as zeros. Where the
    file system cannot do that, or there is no such file, nothing happens.

    Parameters
    ----------
    path : Path
        The log, which others may be appending to.
    limit : int
        Bytes to keep at the end; up to a block more are kept.

    Returns
    -------
    int
        Offset of the first byte that is data.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    try:
        excess = (os.fstat(descriptor).st_size - limit) // _BLOCK * _BLOCK
        start = _first_data(descriptor)
        if excess > start:
            _punch(descriptor, start, excess - start)
            start = _first_data(descriptor)
    finally:
        os.close(descriptor)
    return start


def log_start(path: Path) -> int:
    """Return the offset of the first byte of a log that is data; its length when there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    try:
        return _first_data(descriptor)
    finally:
        os.close(descriptor)


def _first_data(descriptor: int) -> int:
    if not hasattr(os, "SEEK_DATA"):
        return 0
    try:
        return os.lseek(descriptor, 0, os.SEEK_DATA)
    except OSError:
        return os.fstat(descriptor).st_size


def _punch(descriptor: int, offset: int, length: int) -> None:
    if sys.platform != "linux":
        return
    fallocate = ctypes.CDLL(None, use_errno=True).fallocate
    fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    fallocate(descriptor, _KEEP_SIZE | _PUNCH_HOLE, offset, length)
