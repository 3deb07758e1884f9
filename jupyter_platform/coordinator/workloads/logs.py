"""The mirrored logs of the runs of a workload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_platform.core.jobs import LogChunk

LOG_FILE = "output.log"


@dataclass(frozen=True, slots=True)
class _Piece:
    path: Path
    start: int
    size: int


def read_log(folders: Sequence[Path], offset: int, limit: int, ended: bool) -> LogChunk:
    """Return a piece of the logs of some runs, one after the other.

    Parameters
    ----------
    folders : sequence of Path
        Mirrors of the runs, in their order.
    offset : int
        Byte to begin at; negative counts from the end.
    limit : int
        Bytes at most; a character that would be cut is left for the next piece.
    ended : bool
        Whether nothing will be added any more.
    """
    pieces, size = [], 0
    for folder in folders:
        path = folder / LOG_FILE
        length = path.stat().st_size if path.exists() else 0
        pieces.append(_Piece(path, size, length))
        size += length
    begin = max(size + offset, 0) if offset < 0 else min(offset, size)
    raw = b"".join(_cut(piece, begin, min(begin + limit, size)) for piece in pieces)
    data = raw if ended and begin + len(raw) == size else _whole_characters(raw)
    # The front of a log that outgrew its cap is a hole, which reads as zeros.
    text = data.replace(b"\0", b"").decode("utf-8", "replace")
    end = begin + len(data)
    return LogChunk(
        offset=begin, next_offset=end, size=size, text=text, complete=ended and end == size
    )


def _cut(piece: _Piece, begin: int, end: int) -> bytes:
    low, high = max(begin - piece.start, 0), min(end - piece.start, piece.size)
    if low >= high:
        return b""
    with open(piece.path, "rb") as file:
        file.seek(low)
        return file.read(high - low)


def _whole_characters(data: bytes) -> bytes:
    """Return `data` without the beginning of a UTF-8 character at its end."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 == 0x80:
            continue
        width = 1 + (byte >= 0xC0) + (byte >= 0xE0) + (byte >= 0xF0)
        # A piece of nothing but a cut character is handed out as it is: reading must go on.
        return data[:-back] if width > back and back < len(data) else data
    return data
