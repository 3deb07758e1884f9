"""Identity of processes: a pid alone is soon used by another process."""

from __future__ import annotations

import functools
import sys

_ENDED = frozenset({b"Z", b"X", b"x"})
"""States of ``/proc/<pid>/stat`` of a process that only waits to be reaped."""

if sys.platform == "linux":

    @functools.cache
    def boot_id() -> str:
        """Return what names this boot of this machine."""
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()

    def process_start_time(pid: int) -> float | None:
        """Return when a process started, or None when it has ended.

        A zombie has ended. The unit is clock ticks since boot on Linux and seconds of Unix time
        elsewhere; the value is only good for comparing.
        """
        if pid <= 0:
            return None
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                stat = file.read()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # The command, in parentheses, may itself hold blanks and parentheses.
        fields = stat[stat.rindex(b")") + 2 :].split()
        return None if fields[0] in _ENDED else float(fields[19])

else:
    import psutil

    @functools.cache
    def boot_id() -> str:
        """Return what names this boot of this machine."""
        return f"boot-{psutil.boot_time():.0f}"

    def process_start_time(pid: int) -> float | None:
        """Return when a process started in seconds of Unix time, or None when it has ended."""
        try:
            process = psutil.Process(pid)
            ended = process.status() == psutil.STATUS_ZOMBIE
            return None if ended else float(process.create_time())
        except (psutil.NoSuchProcess, ValueError):
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
