from __future__ import annotations

import os
import time
from types import SimpleNamespace

import psutil
import pynvml
import pytest

from jupyter_platform.runtime import telemetry
from jupyter_platform.runtime.telemetry import Telemetry, process_memory


def test_sample_tells_what_this_machine_does(tmp_path):
    meter = Telemetry(tmp_path)

    sample = meter.sample()

    assert 0 <= sample.cpu <= 100
    assert 0 < sample.memory_used < sample.memory_total == psutil.virtual_memory().total
    assert 0 < sample.disk_free <= sample.disk_total
    assert sample.time == pytest.approx(time.time(), abs=60)


def test_rates_are_differences_and_survive_a_counter_that_starts_again(tmp_path, monkeypatch):
    clock = iter([100.0, 102.0, 103.0])
    counts = iter([(1000, 5000), (3000, 5000), (0, 0)])
    monkeypatch.setattr(telemetry.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(telemetry, "_network_bytes", lambda: next(counts))
    meter = Telemetry(tmp_path)

    first, second = meter._network_rates(), meter._network_rates()

    assert first == (1000.0, 0.0)
    assert second == (0.0, 0.0)


def test_cpu_is_the_busy_share_since_the_sample_before(tmp_path, monkeypatch):
    def times(user: float, idle: float, iowait: float, guest: float):
        return psutil._pslinux.scputimes(user, 0, 0, idle, iowait, 0, 0, 0, guest, 0)

    values = iter([times(10, 10, 0, 5), times(13, 15, 2, 8), times(13, 15, 2, 8)])
    monkeypatch.setattr(telemetry.psutil, "cpu_times", lambda: next(values))
    meter = Telemetry(tmp_path)

    assert meter._cpu_percent() == 30.0
    assert meter._cpu_percent() == 0.0


def test_own_memory_is_known_and_a_dead_process_has_none():
    assert process_memory(os.getpid()) > 1_000_000
    assert process_memory(2**22) is None


def test_memory_of_others_on_a_gpu_is_foreign(monkeypatch):
    mine = SimpleNamespace(pid=os.getpid(), usedGpuMemory=10)
    other = SimpleNamespace(pid=os.getppid(), usedGpuMemory=200)
    hidden = SimpleNamespace(pid=2**22, usedGpuMemory=3000)
    monkeypatch.setattr(
        pynvml, "nvmlDeviceGetComputeRunningProcesses", lambda _: [mine, other, hidden]
    )
    monkeypatch.setattr(pynvml, "nvmlDeviceGetGraphicsRunningProcesses", lambda _: [mine])

    def foreign(own: frozenset[int]) -> int:
        return telemetry._foreign_memory(None, own)

    monkeypatch.setattr(telemetry.os, "getsid", fake_sessions({os.getppid(): 77}))
    assert foreign(frozenset({os.getpid()})) == 200
    assert foreign(frozenset({os.getpid(), 77})) == 0
    monkeypatch.setattr(telemetry.os, "getsid", fake_sessions({}))
    assert foreign(frozenset()) == 3210


def fake_sessions(sessions: dict[int, int]):
    def getsid(pid: int) -> int:
        if pid not in sessions:
            raise ProcessLookupError(pid)
        return sessions[pid]

    return getsid
