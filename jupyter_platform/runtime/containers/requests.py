"""What is asked of a container service, and what it says of a container's end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

RECORD = "container.json"
"""File of a run folder that a container is made for; written before there is one."""
REQUEST, PORTS, END = "container-request.json", "ports.json", "container-end.json"
"""Files of a run folder: what its container is made of, port inside to port of this machine, and
why it ended where it did not end well."""
WORK = "/workspace"
"""Where the run's own folder is mounted in the container."""


@dataclass(frozen=True)
class ContainerRequest:
    """A container to be made.

    Parameters
    ----------
    image : str
        With its tag or digest.
    work : Path
        Folder of this machine that is mounted, writable, at `WORK`.
    command : sequence of str, optional
        Instead of the image's own.
    environment : mapping
        Variables.
    mounts : mapping
        Other folders of this machine, which are read only, to where they are mounted.
    ports : sequence of int
        Ports inside; each is reached at a free port of the loopback interface.
    cpus : float
        CPUs that it may use.
    memory : int
        Bytes of memory, swap included.
    shared_memory : int, optional
        Bytes of ``/dev/shm``; half of the memory where None.
    gpus : sequence of str
        UUIDs or indices of the GPUs that it sees.
    user : str, optional
        ``uid:gid`` inside; the image's own where None.
    read_only : bool
        Whether only `WORK`, ``/tmp`` and ``/dev/shm`` can be written to.
    """

    image: str
    work: Path
    command: Sequence[str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: Mapping[Path, str] = field(default_factory=dict)
    ports: Sequence[int] = ()
    cpus: float = 1.0
    memory: int = 1_000_000_000
    shared_memory: int | None = None
    gpus: Sequence[str] = ()
    user: str | None = None
    read_only: bool = True


@dataclass(frozen=True)
class ContainerExit:
    """How a container ended.

    Parameters
    ----------
    code : int
        Exit code of its first process; 128 and more: ended by a signal.
    out_of_memory : bool
        Whether it was ended because it reached its limit of memory.
    """

    code: int
    out_of_memory: bool


def request_to(request: ContainerRequest) -> dict[str, Any]:
    """Return a request as JSON takes it."""
    found = asdict(request)
    return found | {
        "work": str(request.work),
        "mounts": {str(path): place for path, place in request.mounts.items()},
    }


def request_from(told: Mapping[str, Any]) -> ContainerRequest:
    """Return the request that `request_to` wrote."""
    mounts = {Path(path): place for path, place in told["mounts"].items()}
    return ContainerRequest(**{**told, "work": Path(told["work"]), "mounts": mounts})
