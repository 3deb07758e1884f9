"""Byte-for-byte copies of the append-only files of one run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class Mirror:
    """``mirror/<job>/<attempt>/<rank>/``; its lengths are the offsets to pull from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def offsets(self) -> dict[str, int]:
        raise NotImplementedError

    def append(self, chunks: Mapping[str, bytes]) -> None:
        raise NotImplementedError

    def truncate(self, name: str, length: int) -> None:
        raise NotImplementedError

    def path(self, name: str) -> Path:
        raise NotImplementedError
