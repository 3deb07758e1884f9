"""Logs that lose their front when they grow too long, while offsets stay valid."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from jupyter_platform.runtime.terminal_text import shown_lines

MOST_TAIL_BYTES = 16 * 2**20
"""Bytes in which the last lines are looked for; a progress bar may be megabytes on one line."""
MOST_LINE = 2_000
"""Characters that are kept of a line."""
_KEEP_SIZE, _PUNCH_HOLE = 0x01, 0x02
_BLOCK = 4096
_READ = 65536


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


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last lines of a log as a terminal would show them.

    Parameters
    ----------
    path : Path
        The log.
    count : int
        Lines at most; fewer where the log has no more in its last `MOST_TAIL_BYTES`.

    Raises
    ------
    FileNotFoundError
        If there is no such log.
    """
    start = log_start(path)
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(start, size - MOST_TAIL_BYTES)
        blocks: list[bytes] = []
        at, breaks = size, 0
        # One more break than lines: the last line may end with one.
        while at > start and breaks <= count:
            begin = max(at - _READ, start)
            file.seek(begin)
            blocks.append(file.read(at - begin))
            breaks += blocks[-1].count(b"\n")
            at = begin
    text = b"".join(reversed(blocks)).replace(b"\0", b"").decode(errors="replace")
    return tail_of(text, count)


def tail_of(text: str, count: int) -> list[str]:
    """Return the last lines of a text as a terminal would show them, long ones cut.

    Parameters
    ----------
    text : str
        Text of the log, with control sequences of terminals.
    count : int
        Number of lines.
    """
    # Only these are worked out: what stands before them may be megabytes.
    lines = shown_lines("\n".join(text.removesuffix("\n").split("\n")[-count:]) + "\n")
    return [line if len(line) <= MOST_LINE else f"{line[:MOST_LINE]} …" for line in lines]


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
