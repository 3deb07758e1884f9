"""Content-addressed files: named by what is in them, so they never change and never conflict."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import BinaryIO

from jupyter_platform.core.errors import ConflictError, InvalidDataError, InvalidRequestError
from jupyter_platform.runtime.atomic import fsync_folder

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PIECE = 1 << 20
_ARRIVING = ".arriving"


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class BlobStore:
    """``blobs/<2 hex>/<sha256>``.

    A digest is the 64 hex digits of SHA-256, without ``sha256:`` before them. A file appears
    under its digest in one step, when it is complete, verified and on disk.

    Parameters
    ----------
    root : Path
        The folder; made when something is stored.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, digest: str) -> Path:
        """Return where the file of a digest lies, or would lie.

        Raises
        ------
        InvalidRequestError
            If it is no digest.
        """
        if not _DIGEST.fullmatch(digest):
            raise InvalidRequestError(
                f"Digest {digest!r} is not accepted: a SHA-256 in 64 lower-case hex digits is."
            )
        return self.root / digest[:2] / digest

    def has(self, digest: str) -> bool:
        """Return whether the file is here."""
        return self.path(digest).is_file()

    def put_file(self, source: Path, *, link: bool = False) -> str:
        """Store a file and return its digest.

        Parameters
        ----------
        source : Path
            The file; it stays where it is.
        link : bool
            Whether a hard link will do where the file system allows one. Only for files that are
            replaced and never written in place.
        """
        temporary = self._temporary()
        try:
            digest = self._link(source, temporary) if link else None
            if digest is None:
                with open(source, "rb") as reader, open(temporary, "wb") as writer:
                    digest = _copy(reader, writer)
            self.settle(temporary, digest)
        finally:
            temporary.unlink(missing_ok=True)
        return digest

    def put_bytes(self, data: bytes) -> str:
        """Store bytes and return their digest."""
        digest = hashlib.sha256(data).hexdigest()
        if not self.has(digest):
            temporary = self._temporary()
            try:
                temporary.write_bytes(data)
                self.settle(temporary, digest)
            finally:
                temporary.unlink(missing_ok=True)
        return digest

    def open_partial(self, digest: str) -> PartialBlob:
        """Return the file of a digest as it arrives; what arrived before a crash is kept."""
        return PartialBlob(self, digest)

    def arriving(self, digest: str) -> Path:
        """Return where the pieces of a file are gathered."""
        return self._arriving() / self.path(digest).name

    def _arriving(self) -> Path:
        folder = self.root / _ARRIVING
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def _temporary(self) -> Path:
        descriptor, name = tempfile.mkstemp(prefix="put.", dir=self._arriving())
        os.close(descriptor)
        return Path(name)

    def _link(self, source: Path, temporary: Path) -> str | None:
        """Hard-link a file; None where that cannot be done."""
        temporary.unlink()
        try:
            os.link(source, temporary, follow_symlinks=False)
        except OSError:
            return None
        if temporary.is_symlink():
            temporary.unlink()
            return None
        return digest_file(temporary)

    def settle(self, temporary: Path, digest: str) -> None:
        """Give a complete file its name, after it is on disk.

        Parameters
        ----------
        temporary : Path
            Complete file, on the same file system as the store.
        digest : str
            SHA-256 of its content, in hexadecimal.
        """
        target = self.path(digest)
        if target.is_file():
            return
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.replace(temporary, target)
        fsync_folder(target.parent)


class PartialBlob:
    """A file that arrives in pieces. Several senders of one digest do not disturb each other."""

    def __init__(self, store: BlobStore, digest: str) -> None:
        self._store = store
        self._target = store.path(digest)
        self._gathered = store.arriving(digest)

    @property
    def size(self) -> int:
        """Bytes that are here: the offset of the next piece."""
        for path in (self._target, self._gathered):
            with contextlib.suppress(FileNotFoundError):
                return path.stat().st_size
        return 0

    def append(self, offset: int, data: bytes) -> None:
        """Take a piece. One that is here already is written again, which changes nothing.

        Parameters
        ----------
        offset : int
            Byte of the whole file at which the piece begins.
        data : bytes
            Bytes of the piece.

        Raises
        ------
        ConflictError
            If a piece before it is missing.
        """
        if self._target.is_file():
            return
        descriptor = os.open(self._gathered, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if not 0 <= offset <= size:
                raise ConflictError(
                    f"A piece of {self._target.name} came for offset {offset}, and only {size} "
                    f"bytes are here; the next offset is {size}."
                )
            rest = memoryview(data)
            while rest:
                written = os.pwrite(descriptor, rest, offset)
                offset, rest = offset + written, rest[written:]
        finally:
            os.close(descriptor)

    def finish(self) -> Path:
        """Verify the whole file, give it its name, and return its path.

        Raises
        ------
        InvalidDataError
            If what arrived is not what the digest says; it is then thrown away.
        """
        if self._target.is_file():
            self._gathered.unlink(missing_ok=True)
            return self._target
        digest = self._target.name
        found = digest_file(self._gathered) if self._gathered.is_file() else "nothing"
        if found != digest:
            self._gathered.unlink(missing_ok=True)
            raise InvalidDataError(
                f"What arrived for {digest} is {found}: the file was damaged on its way or changed "
                "while it was sent. Send it again from the beginning."
            )
        self._store.settle(self._gathered, digest)
        return self._target


def _copy(reader: BinaryIO, writer: BinaryIO) -> str:
    digest = hashlib.sha256()
    while piece := reader.read(_PIECE):
        digest.update(piece)
        writer.write(piece)
    return digest.hexdigest()
