"""Why hosts of this machine that should be up are not."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection
from pathlib import Path

from jupyter_platform.runtime.atomic import read_json

_FRESH_S = 60.0
"""Seconds: a host tries again every few, so an older problem is of one that is no more."""


def host_problems(folder: Path, up: Collection[str] = ()) -> list[str]:
    """Return the problems that keep hosts from joining, a sentence each.

    Parameters
    ----------
    folder : Path
        Holds a folder for each host of this machine.
    up : collection of str
        Names of hosts that have joined.
    """
    found = []
    for file in sorted(folder.glob("*/problem.json")):
        name = file.parent.name
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            if name not in up and time.time() - file.stat().st_mtime < _FRESH_S:
                found.append(f"Host {name} cannot join: {read_json(file)['message']}")
    return found
