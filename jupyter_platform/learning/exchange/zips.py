"""Zip files from strangers: looked at before anything of them is read, and never unpacked."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from jupyter_platform.core.errors import InvalidDataError, shortened
from jupyter_platform.core.units import format_bytes

MAX_MEMBERS = 10_000
MAX_BYTES = 50 * 10**9
"""Bytes of all members together, unpacked."""
MAX_RATIO = 100
"""How many times larger than the file its members may be, where they are more than
`FREE_BYTES`. Trained weights hardly shrink."""
FREE_BYTES = 10**9
MAX_TEXT_BYTES = 20_000_000
"""Bytes of a member that is read into memory as text."""
_ENCRYPTED = 0x1
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)


class SafeZip:
    """The members of a zip file whose names and sizes are as they should be.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    InvalidDataError
        If it is no zip file, or holds a path outside, a link, an encrypted member, one name twice
        or too much.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except _DAMAGE as error:
            raise InvalidDataError(f"The zip file cannot be read: {error}.") from error
        members = self._zip.infolist()
        if len(members) > MAX_MEMBERS:
            raise InvalidDataError(
                f"The zip file has {len(members):,} members; at most {MAX_MEMBERS:,} are accepted."
            )
        total = sum(member.file_size for member in members)
        if total > MAX_BYTES:
            raise InvalidDataError(
                f"The zip file holds {format_bytes(total)}; at most {format_bytes(MAX_BYTES)} are "
                "accepted."
            )
        packed = path.stat().st_size
        if total > max(FREE_BYTES, MAX_RATIO * packed):
            raise InvalidDataError(
                f"The zip file of {format_bytes(packed)} would unpack to {format_bytes(total)}; at "
                f"most {MAX_RATIO} times its size, or {format_bytes(FREE_BYTES)}, are accepted."
            )
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            _check(member)
            if member.filename in self._members:
                shown = shortened(member.filename)
                raise InvalidDataError(f"The zip file holds {shown!r} twice.")
            if not member.is_dir():
                self._members[member.filename] = member

    @property
    def names(self) -> list[str]:
        """Paths of all members that are files, with ``/`` between the parts."""
        return list(self._members)

    def size(self, name: str) -> int:
        """Return the bytes of a member, unpacked."""
        return self._members[name].file_size

    def text(self, name: str) -> bytes:
        """Return a small member.

        Raises
        ------
        InvalidDataError
            If it is larger than text would be, or damaged.
        """
        if self.size(name) > MAX_TEXT_BYTES:
            raise InvalidDataError(
                f"{name} in the zip file has {format_bytes(self.size(name))}; at most "
                f"{format_bytes(MAX_TEXT_BYTES)} are accepted."
            )
        return self.data(name)

    def data(self, name: str, length: int = -1) -> bytes:
        """Return a member, or as many of its first bytes.

        Parameters
        ----------
        name : str
            Name of the member.
        length : int, optional
            Bytes at most; -1: all.

        Raises
        ------
        InvalidDataError
            If it is damaged.
        """
        with self._open(name) as source:
            return source.read(length)

    def extract(self, name: str, target: Path) -> None:
        """Write a member to a file.

        Parameters
        ----------
        name : str
            Name of the member.
        target : Path
            The file to write.

        Raises
        ------
        InvalidDataError
            If it is damaged.
        """
        with self._open(name) as source, target.open("xb") as file:
            shutil.copyfileobj(source, file)

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def __enter__(self) -> SafeZip:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        try:
            with self._zip.open(self._members[name]) as source:
                yield source
        except _DAMAGE as error:
            raise InvalidDataError(f"{name} in the zip file is damaged: {error}.") from error


def _check(member: zipfile.ZipInfo) -> None:
    name = member.filename
    path = PurePosixPath(name)
    shown = repr(shortened(name))
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not path.parts:
        raise InvalidDataError(f"The zip file holds {shown}, a path that leads outside of it.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise InvalidDataError(f"The zip file holds {shown}, a link; only files are accepted.")
    if member.flag_bits & _ENCRYPTED:
        raise InvalidDataError(f"The zip file holds {shown}, which is encrypted.")
