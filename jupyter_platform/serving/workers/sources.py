"""Which files of source a module consists of, and which of them were edited since."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

_MOST_FILES = 2000
_MOST_BYTES = 4_000_000


def digests(folder: Path | None) -> dict[str, str]:
    """Return the SHA-256 of the imported source files under a folder, by their paths."""
    if folder is None:
        return {}
    inside = f"{folder}/"
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    chosen = sorted(file for file in files if isinstance(file, str) and file.startswith(inside))
    return {file: digest for file in chosen[:_MOST_FILES] if (digest := _digest(file))}


def changed(known: Mapping[str, str]) -> list[str]:
    """Return the files whose content is another one now, or that are gone."""
    return [file for file, digest in known.items() if _digest(file) != digest]


def _digest(file: str) -> str:
    """Return the SHA-256 of a file of source; empty where it cannot be read."""
    try:
        path = Path(file)
        return (
            ""
            if path.stat().st_size > _MOST_BYTES
            else hashlib.sha256(path.read_bytes()).hexdigest()
        )
    except OSError:
        return ""
