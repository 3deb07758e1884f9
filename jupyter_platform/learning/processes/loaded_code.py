"""Modules that a process has imported, and whether their files are still the same."""

from __future__ import annotations

import sys
from pathlib import Path


class LoadedCode:
    """Watches the files of modules that are imported from now on.

    A process that answers questions about people's packages must not go on with what they were
    before an upgrade.
    """

    def __init__(self) -> None:
        self._before = set(sys.modules)
        self._seen: dict[str, int | None] = {}

    def has_changed(self) -> bool:
        """Return whether a file is another one than when its module was first seen here."""
        for name in sys.modules.keys() - self._before:
            path = getattr(sys.modules[name], "__file__", None)
            if isinstance(path, str) and path not in self._seen:
                self._seen[path] = _modified(path)
            self._before.add(name)
        return any(_modified(path) != before for path, before in self._seen.items())


def _modified(path: str) -> int | None:
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return None
