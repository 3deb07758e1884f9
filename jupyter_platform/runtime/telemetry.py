"""Hardware and present load of this machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path
from typing import Any

import psutil
import pynvml

from jupyter_platform.core.hosts import GpuSample, HostSample
from jupyter_platform.runtime.gpus import gpu_handles, gpu_inventory, memory_use


class Telemetry:
    """Samples of this machine; rates are taken since the sample before.

    Parameters
    ----------
    disk : Path
        A folder on the file system whose space is shown.
    """

    def __init__(self, disk: Path) -> None:
        self._disk = disk
        self._cpu_times = psutil.cpu_times()
        self._network = (time.monotonic(), *_network_bytes())

    def sample(self, own_pids: frozenset[int] = frozenset()) -> HostSample:
        """Return the present load of the machine.

        Parameters
        ----------
        own_pids : frozenset of int
            Leaders of the sessions that are ours; what other processes hold of a GPU's memory
            counts as foreign.
        """
        memory = psutil.virtual_memory()
        disk = shutil.disk_usage(self._disk)
        sent, received = self._network_rates()
        return HostSample(
            time=time.time(),
            cpu=self._cpu_percent(),
            memory_used=memory.total - memory.available,
            memory_total=memory.total,
            disk_free=disk.free,
            disk_total=disk.total,
            network_sent=sent,
            network_received=received,
            gpus=_gpu_samples(own_pids),
        )

    def _cpu_percent(self) -> float:
        before, now = self._cpu_times, psutil.cpu_times()
        self._cpu_times = now
        total, idle = _cpu_seconds(now)
        total_before, idle_before = _cpu_seconds(before)
        if total <= total_before:
            return 0.0
        busy = 1 - (idle - idle_before) / (total - total_before)
        return round(100 * min(max(busy, 0.0), 1.0), 1)

    def _network_rates(self) -> tuple[float, float]:
        """Return bytes per second that were sent and received."""
        then, sent_before, received_before = self._network
        now = time.monotonic()
        sent, received = _network_bytes()
        self._network = (now, sent, received)
        seconds = max(now - then, 1e-6)
        # A counter starts again when its interface does.
        return max(sent - sent_before, 0) / seconds, max(received - received_before, 0) / seconds


def process_memory(pid: int) -> int | None:
    """Return the resident memory of a process in bytes, or None when it is gone."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None


def _cpu_seconds(times: Any) -> tuple[float, float]:
    """Return all and idle CPU seconds; a guest's time is part of user time already."""
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return total, times.idle + getattr(times, "iowait", 0.0)


def _network_bytes() -> tuple[int, int]:
    """Return bytes sent and received over all interfaces but the loopback."""
    counters = psutil.net_io_counters(pernic=True)
    outside = [counter for name, counter in counters.items() if name != "lo"]
    return sum(item.bytes_sent for item in outside), sum(item.bytes_recv for item in outside)


def _gpu_samples(own_pids: frozenset[int]) -> list[GpuSample]:
    offered = {gpu.index for gpu in gpu_inventory().offered}
    samples = []
    for index, handle in gpu_handles():
        # One GPU that fails must not hide the others.
        with contextlib.suppress(pynvml.NVMLError):
            if index in offered:
                samples.append(_gpu_sample(index, handle, own_pids))
    return samples


def _gpu_sample(index: int, handle: Any, own_pids: frozenset[int]) -> GpuSample:
    try:
        utilisation = float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    except pynvml.NVMLError:
        utilisation = 0.0
    return GpuSample(
        index=index,
        utilisation=utilisation,
        memory_used=memory_use(handle)[1],
        foreign_memory=_foreign_memory(handle, own_pids),
    )


def _foreign_memory(handle: Any, own_pids: frozenset[int]) -> int:
    processes = []
    for ask in (
        pynvml.nvmlDeviceGetComputeRunningProcesses,
        pynvml.nvmlDeviceGetGraphicsRunningProcesses,
    ):
        with contextlib.suppress(pynvml.NVMLError):
            processes += ask(handle)
    used = {item.pid: int(item.usedGpuMemory or 0) for item in processes}
    return sum(size for pid, size in used.items() if not _is_own(pid, own_pids))


def _is_own(pid: int, own_pids: frozenset[int]) -> bool:
    if pid in own_pids:
        return True
    try:
        return os.getsid(pid) in own_pids
    except OSError:
        # Not to be seen from this pid namespace: it belongs to the lease, if there is one.
        return bool(own_pids)
