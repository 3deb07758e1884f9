"""What this machine has and does at the moment."""

from __future__ import annotations

from pathlib import Path

from jupyter_platform.core.hosts import GpuRecord, HostSample


class Telemetry:
    """Samples of this machine; rates are differences between two calls."""

    def __init__(self, disk: Path) -> None:
        self._disk = disk

    def sample(self, own_pids: frozenset[int] = frozenset()) -> HostSample:
        raise NotImplementedError


def gpus() -> list[GpuRecord]:
    """GPUs of this machine that ``CUDA_VISIBLE_DEVICES`` leaves visible; none is fine."""
    raise NotImplementedError


def process_memory(pid: int) -> int | None:
    """Resident memory of a process in bytes; None when it is gone."""
    raise NotImplementedError
