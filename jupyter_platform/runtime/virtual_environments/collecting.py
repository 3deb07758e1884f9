"""Removing environments that nothing has used for a while."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

KEPT_S = 30 * 86400.0
"""Seconds after its last use that an environment is kept."""


def remove_unused(root: Path, kept_s: float = KEPT_S) -> list[str]:
    """Remove the environments that no process uses, and none has for a while.

    Parameters
    ----------
    root : Path
        Folder of all environments.
    kept_s : float
        Seconds after its last use that one is kept; 0 removes all that are not used now.

    Returns
    -------
    list of str
        Digests of those that are gone.
    """
    removed = []
    for mark in sorted(root.glob("*.lock")):
        digest = mark.stem
        use = root / f"{digest}.use"
        with _alone(mark) as free, _alone(use) as unused:
            if not (free and unused) or _age_s(use) < kept_s:
                continue
            # Renamed first: a removal that is killed leaves nothing that looks like an environment.
            with contextlib.suppress(FileNotFoundError):
                (root / digest).rename(root / f".removed.{digest}")
                removed.append(digest)
    for leftover in root.glob(".removed.*"):
        shutil.rmtree(leftover, ignore_errors=True)
    return removed


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Hold a lock if it is free; the file stays, since others may be about to lock it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def _age_s(path: Path) -> float:
    return max(time.time() - path.stat().st_mtime, 0.0)
