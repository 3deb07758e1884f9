"""Logs that lose their front when they grow too long, while offsets stay valid."""

from __future__ import annotations

from pathlib import Path


def cap_log(path: Path, limit: int) -> int:
    """Give back the front of a log beyond `limit` bytes; return the first byte that is data."""
    raise NotImplementedError


def log_start(path: Path) -> int:
    """Return the offset of the first byte that is data."""
    raise NotImplementedError
