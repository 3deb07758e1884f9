"""The platform's own processes as they are noted down, and whether they are wanted."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from jupyter_platform.runtime.atomic import read_json, write_json_atomic
from jupyter_platform.runtime.identity import boot_id, is_same_process, process_start_time
from jupyter_platform.runtime.paths import Paths

Target = Literal["up", "down"]
SUPERVISOR = "supervisor"
COORDINATOR = "coordinator"
SCHEDULER = "scheduler"
HOST_PREFIX = "host-"


@dataclass(frozen=True)
class Supervised:
    """One of the platform's own processes."""

    pid: int
    start_time: float
    boot_id: str
    quick_ends: int = 0
    """How many times in a row it ended within seconds of its start."""
    last_end: str | None = None
    """How it ended the last time, in words."""

    def is_alive(self) -> bool:
        """Return whether the process still runs."""
        return is_same_process(self.pid, self.start_time, self.boot_id)


def supervised_now(pid: int, quick_ends: int = 0, last_end: str | None = None) -> Supervised:
    """Describe a process that has just started.

    Parameters
    ----------
    pid : int
        Process id.
    quick_ends : int
        How often in a row it has ended soon after its start.
    last_end : str, optional
        Reason of its last end, as a sentence.
    """
    start_time = process_start_time(pid) or 0.0
    return Supervised(pid, start_time, boot_id(), quick_ends, last_end)


def write_supervised(paths: Paths, name: str, process: Supervised) -> None:
    """Write the record of a supervised process.

    Parameters
    ----------
    paths : Paths
        Folders of the platform.
    name : str
        Name of the process, such as ``"coordinator"``.
    process : Supervised
        The process.
    """
    write_json_atomic(paths.supervised(name), asdict(process), fsync=False)


def read_supervised(paths: Paths, name: str) -> Supervised | None:
    """Return the record of a supervised process; None without a readable record.

    Parameters
    ----------
    paths : Paths
        Folders of the platform.
    name : str
        Name of the process, such as ``"coordinator"``.
    """
    try:
        data = read_json(paths.supervised(name))
        return None if data is None else Supervised(**data)
    except (ValueError, TypeError):
        return None


def supervised_names(paths: Paths) -> list[str]:
    """Return the names of all processes that are noted down."""
    return sorted(path.stem for path in paths.supervised_folder.glob("[!.]*.json"))


def living(paths: Paths) -> dict[str, Supervised]:
    """Return the platform's own processes that run."""
    found = {name: read_supervised(paths, name) for name in supervised_names(paths)}
    return {name: item for name, item in found.items() if item is not None and item.is_alive()}


def write_target(
    paths: Paths, target: Target, *, process: str | None = None, until_asked: bool = False
) -> None:
    """Say whether the platform is to be up or down; the supervisor sees to it.

    Parameters
    ----------
    paths : Paths
        The platform's folders.
    target : str
        ``up`` or ``down``.
    process : str, optional
        The one of its processes that is meant; it is forgotten when the platform goes down.
    until_asked : bool
        Whether it is to stay down until somebody asks for something: who only looks on, such as
        an open page, does not start it.
    """
    content = {"target": target, "until_asked": until_asked}
    file = paths.target_file if process is None else paths.process_target(process)
    if process is not None:
        file.parent.mkdir(mode=0o700, exist_ok=True)
    write_json_atomic(file, content, fsync=False)


def is_taken_down(paths: Paths) -> bool:
    """Return whether the platform was taken down and has not been wanted since."""
    try:
        data = read_json(paths.target_file)
    except ValueError:
        return False
    return isinstance(data, dict) and data.get("target") == "down" and bool(data.get("until_asked"))


def read_target(paths: Paths, process: str | None = None) -> Target:
    """Return whether the platform, or one of its processes, is to be up or down.

    Without the folder nobody could ever find the platform again, so it is to be down.

    Parameters
    ----------
    paths : Paths
        The platform's folders.
    process : str, optional
        Name of a process; None: the platform.
    """
    file = paths.target_file if process is None else paths.process_target(process)
    try:
        data = read_json(file)
    except ValueError:
        return "up"
    if data is None:
        return "up" if paths.runtime.is_dir() else "down"
    return "down" if isinstance(data, dict) and data.get("target") == "down" else "up"


@contextlib.contextmanager
def file_lock(path: Path) -> Iterator[bool]:
    """Hold a file lock; yield False at once when another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            got = True
        except BlockingIOError:
            got = False
        yield got
    finally:
        os.close(descriptor)
