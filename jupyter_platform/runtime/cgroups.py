"""CPU and memory limits of the cgroup that this process is in, versions 1 and 2."""

from __future__ import annotations

from pathlib import Path

_NO_LIMIT = 1 << 60
"""Version 1 writes "no limit" as a number of about this size."""


def cpu_quota(
    proc: Path = Path("/proc/self"), mounts: Path = Path("/sys/fs/cgroup")
) -> float | None:
    """Return the quota in CPUs, the least of the cgroup and those above it; None without one.

    Parameters
    ----------
    proc : Path
        Folder of the process in ``/proc``.
    mounts : Path
        Folder where cgroups are mounted.
    """
    found = [
        quota for folder in _folders("cpu", proc, mounts) if (quota := _quota(folder)) is not None
    ]
    return min(found, default=None)


def memory_limit(
    proc: Path = Path("/proc/self"), mounts: Path = Path("/sys/fs/cgroup")
) -> int | None:
    """Return the limit in bytes, the least of the cgroup and those above it; None without one.

    Parameters
    ----------
    proc : Path
        Folder of the process in ``/proc``.
    mounts : Path
        Folder where cgroups are mounted.
    """
    found = [
        limit
        for folder in _folders("memory", proc, mounts)
        for name in ("memory.max", "memory.limit_in_bytes")
        if (limit := _number(folder / name)) is not None and 0 < limit < _NO_LIMIT
    ]
    return min(found, default=None)


def _folders(controller: str, proc: Path, mounts: Path) -> list[Path]:
    """List the folders of a controller, from our cgroup up to the root that we can see."""
    try:
        lines = (proc / "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    folders: list[Path] = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        root = mounts / controllers if controllers else mounts
        if controllers and not root.is_dir():
            root = mounts / controller
        here = root / path.lstrip("/")
        # In a container the path may be that of the machine, which is not visible here.
        folders += [here, *(above for above in here.parents if above.is_relative_to(root))]
    return [folder for folder in folders if folder.is_dir()]


def _quota(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        pass
    microseconds = _number(folder / "cpu.cfs_quota_us")
    period_us = _number(folder / "cpu.cfs_period_us")
    if microseconds is None or microseconds <= 0 or not period_us:
        return None
    return microseconds / period_us


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
