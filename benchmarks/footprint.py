"""Idle memory of each of our processes, and seconds from nothing to ready."""

from __future__ import annotations

import statistics
import time

import psutil

from benchmarks.lab import fresh_lab, wait_until_warm
from benchmarks.table import Row
from jupyter_platform import Platform

STARTS = 5


def _memory(lab: Platform) -> dict[str, int]:
    """Return the proportional set size of each process, bytes: shared pages count once."""
    found = {}
    for name, facts in lab.status().processes.items():
        process = psutil.Process(facts["pid"])
        found[name.split(":")[0]] = process.memory_full_info().pss
        if name.startswith("host:"):
            children = process.children(recursive=True)
            found["warm process and its spare"] = sum(
                child.memory_full_info().pss for child in children
            )
    return found


def run() -> list[Row]:
    """Measure; about a minute."""
    answering, joined, warm = [], [], []
    memory: dict[str, int] = {}
    for _ in range(STARTS):
        began = time.perf_counter()
        with fresh_lab() as lab:
            lab.status()
            answering.append(time.perf_counter() - began)
            while not lab.hosts():
                time.sleep(0.02)
            joined.append(time.perf_counter() - began)
            wait_until_warm(lab)
            warm.append(time.perf_counter() - began)
            time.sleep(2)
            memory = _memory(lab)
    rows = [
        Row("start", "nothing → coordinator answers", f"{statistics.median(answering):.1f} s"),
        Row("start", "nothing → a host has joined", f"{statistics.median(joined):.1f} s"),
        Row("start", "nothing → warm process ready", f"{statistics.median(warm):.1f} s"),
    ]
    rows += [
        Row("memory", f"{name}, idle", f"{size / 1e6:.0f} MB", "", "proportional set size")
        for name, size in sorted(memory.items())
    ]
    total = sum(memory.values())
    share = f"{100 * total / psutil.virtual_memory().total:.1f} % of the machine"
    return [*rows, Row("memory", "all together", f"{total / 1e6:.0f} MB", "", share)]
