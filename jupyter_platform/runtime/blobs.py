"""Content-addressed files."""

from __future__ import annotations

from pathlib import Path


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    raise NotImplementedError


class PartialBlob:
    """A blob that arrives in pieces."""

    @property
    def size(self) -> int:
        """Bytes that have arrived: the offset of the next piece."""
        raise NotImplementedError

    def append(self, offset: int, data: bytes) -> None:
        raise NotImplementedError

    def finish(self) -> Path:
        raise NotImplementedError


class BlobStore:
    """``blobs/<2 hex>/<sha256>``. A digest is 64 hex digits, without ``sha256:``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def has(self, digest: str) -> bool:
        raise NotImplementedError

    def path(self, digest: str) -> Path:
        raise NotImplementedError

    def put_file(self, source: Path, *, link: bool = False) -> str:
        raise NotImplementedError

    def put_bytes(self, data: bytes) -> str:
        raise NotImplementedError

    def open_partial(self, digest: str) -> PartialBlob:
        raise NotImplementedError
