"""Zip files that are made while they are sent."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_BYTES = 1_000_000


class _Outlet(io.RawIOBase):
    """Collects what the zip writer writes until it is sent; cannot seek, like a socket."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        view = memoryview(data)
        self._pending += view
        return view.nbytes

    def take(self) -> bytes:
        data = bytes(self._pending)
        self._pending.clear()
        return data


def stream_zip(
    members: Iterable[tuple[str, Iterable[bytes]]], compression: int = zipfile.ZIP_DEFLATED
) -> Iterator[bytes]:
    """Yield the pieces of a zip file.

    Parameters
    ----------
    members : iterable
        Name and content, in pieces, of each member.
    compression : int
        As `zipfile` has it.
    """
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", compression) as archive:
        for name, pieces in members:
            with archive.open(name, "w", force_zip64=True) as member:
                for piece in pieces:
                    member.write(piece)
                    if data := outlet.take():
                        yield data
    yield outlet.take()


def file_pieces(path: Path) -> Iterator[bytes]:
    """Yield a file in pieces; nothing of one that is not there."""
    if not path.exists():
        return
    with open(path, "rb") as file:
        while data := file.read(_BYTES):
            yield data
