"""Idle memory of each of our processes, and seconds from nothing to ready."""

from __future__ import annotations

import statistics
import time

import psutil

from benchmarks.lab import fresh_lab, wait_until_warm
from benchmarks.table import Row

STARTS = 5


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
            memory = {
                name.split(":")[0]: int(facts["memory"])
                for name, facts in lab.status().processes.items()
            }
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
