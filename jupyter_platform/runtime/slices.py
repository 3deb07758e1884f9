"""The slice of this machine that one host offers."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_platform.core.hosts import GpuRecord


@dataclass
class Slice:
    """What a host offers, held until `release` or the end of the process."""

    cpus: int
    memory: int
    """Bytes."""
    gpus: list[GpuRecord]
    cpu_affinity: list[int] | None
    """CPUs that were claimed; None when overcommitted."""
    overcommitted: str | None
    """A sentence when more is offered than the machine has or others leave."""

    def release(self) -> None:
        raise NotImplementedError


def machine_cpus() -> int:
    """CPUs that this process may use, by affinity and cgroup quota."""
    raise NotImplementedError


def machine_memory() -> int:
    """Bytes of memory that this process may use, by machine and cgroup limit."""
    raise NotImplementedError


def claim_slice(
    *,
    cpus: int | None = None,
    memory: int | None = None,
    gpus: int | None = None,
    overcommit: bool = False,
) -> Slice:
    """Claim CPUs, memory and GPUs of this machine; None asks for all that is left."""
    raise NotImplementedError
