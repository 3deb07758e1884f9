"""From a public file to the files of a dataset, by content."""

from __future__ import annotations

import gzip
import os
import tarfile
import tempfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from jupyter_platform.core.datasets import DownloadSource
from jupyter_platform.core.errors import InvalidDataError, StoreError
from jupyter_platform.core.units import format_bytes
from jupyter_platform.runtime.blobs import BlobStore

_PIECE = 1 << 20
MAX_RATIO = 100
"""How many times larger than itself what a file holds may be, where it is more than `FREE_BYTES`
and the descriptor does not say how large it is."""
FREE_BYTES = 10**9
_FAULTS = (gzip.BadGzipFile, tarfile.TarError, EOFError, zlib.error)


def unpack(
    source: DownloadSource, path: Path, wanted: Collection[str], blobs: BlobStore
) -> dict[str, str]:
    """Store what a verified file holds.

    Parameters
    ----------
    source : DownloadSource
        What it is.
    path : Path
        The file; it stays where it is.
    wanted : collection of str
        Names of the files of a dataset; of an archive only those are taken.
    blobs : BlobStore
        Where they go.

    Returns
    -------
    dict
        Digest of each file by its name.

    Raises
    ------
    InvalidDataError
        If it cannot be unpacked.
    StoreError
        If there is no room.
    """
    try:
        if source.unpack is None:
            return {source.name: blobs.put_file(path, link=True)}
        if source.unpack == "gzip":
            with gzip.open(path) as content:
                return {source.name.removesuffix(".gz"): _store(content, blobs, _most(source))}
        return _unpack_tar(path, wanted, blobs, _most(source))
    except _FAULTS as error:
        raise InvalidDataError(f"{source.name} cannot be unpacked: {error}.") from error
    except OSError as error:
        raise StoreError(
            f"{source.name} cannot be stored: {os.strerror(error.errno or 0)}."
        ) from error


def _most(source: DownloadSource) -> int:
    """Return the bytes that a public file may unpack to."""
    return source.unpacked or max(FREE_BYTES, MAX_RATIO * source.bytes)


def _unpack_tar(path: Path, wanted: Collection[str], blobs: BlobStore, most: int) -> dict[str, str]:
    found: dict[str, str] = {}
    # Read as a stream: members that nobody wants are passed over, and no path of the archive is
    # ever used as one.
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            name = Path(member.name).name
            content = archive.extractfile(member) if member.isfile() and name in wanted else None
            if content is not None and name not in found:
                if member.size > most:
                    raise _too_large(most)
                most -= member.size
                found[name] = _store(content, blobs, member.size)
    return found


def _too_large(most: int) -> InvalidDataError:
    return InvalidDataError(f"It unpacks to more than {format_bytes(most)}, which is not kept.")


def _store(content: gzip.GzipFile | IO[bytes], blobs: BlobStore, most: int) -> str:
    with _temporary(blobs.root) as path:
        left = most
        with path.open("wb") as file:
            while piece := content.read(_PIECE):
                left -= len(piece)
                if left < 0:
                    raise _too_large(most)
                file.write(piece)
        return blobs.put_file(path, link=True)


@contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=folder) as inside:
        yield Path(inside) / "data"
