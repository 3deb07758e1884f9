"""Which process is which: a pid alone is soon somebody else's."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

if sys.platform != "linux":
    import psutil

_ENDED = frozenset({b"Z", b"X", b"x"})
"""States of ``/proc/<pid>/stat`` of a process that only waits to be reaped."""


@functools.cache
def boot_id() -> str:
    """Return what names this boot of this machine."""
    if sys.platform == "linux":
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"boot-{psutil.boot_time():.0f}"


def process_start_time(pid: int) -> float | None:
    """Return when a process started, or None when it has ended.

    A zombie has ended. The unit is clock ticks since boot on Linux and seconds of Unix time
    elsewhere; the value is only good for comparing.
    """
    if pid <= 0:
        return None
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # The command, in parentheses, may itself hold blanks and parentheses.
        fields = stat[stat.rindex(b")") + 2 :].split()
        return None if fields[0] in _ENDED else float(fields[19])
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.NoSuchProcess:
        return None


def is_same_process(pid: int, start_time: float, boot: str) -> bool:
    """Return whether the process that was noted down is still running.

    Parameters
    ----------
    pid, start_time : int, float
        As `process_start_time` gave them.
    boot : str
        As `boot_id` gave it.
    """
    return boot == boot_id() and process_start_time(pid) == start_time
