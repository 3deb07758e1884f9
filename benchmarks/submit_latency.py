"""From the submit call to the first training step, beside a bare ``import torch``.

Submitit's local executor runs the same import and one step in a fresh process, which is what a
platform without a warm process must do.
"""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.lab import fresh_lab, wait_until_warm
from benchmarks.pairs import compare
from benchmarks.table import Row
from jupyter_platform import Platform

ROUNDS = 20
OURS, TORCH, SUBMITIT = "ours", "import torch", "submitit"


def first_step_time() -> float:
    """Import torch and train one step; the body that submitit runs. Unix time, s."""
    import torch  # noqa: PLC0415 - the import is what is measured

    layer = torch.nn.Linear(64, 10)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.01)
    layer(torch.zeros(32, 64)).sum().backward()
    optimizer.step()
    return time.time()


def submit_once(lab: Platform) -> float:
    """Submit a job and return the seconds until its first step, by the step's own time stamp."""
    wait_until_warm(lab)
    began = time.time()
    job = lab.submit("LEARN", "lenet-digits", "digits", max_iterations=5, validation_interval=0)
    job.wait(timeout=60, raise_on_failure=True)
    first = float(job.metrics()["time"].min())
    job.delete()
    return first - began


def import_torch() -> float:
    """Time ``python -c "import torch"``, s."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.perf_counter() - began


def submitit_once(folder: Path) -> float:
    """Submit to submitit's local executor and return the seconds to its first step."""
    import submitit  # noqa: PLC0415 - an optional peer

    executor = submitit.LocalExecutor(folder=folder)
    began = time.time()
    job = executor.submit(first_step_time)
    while not job.done():
        time.sleep(0.01)
    return float(job.result()) - began


def run() -> list[Row]:
    """Measure; about two minutes."""
    with fresh_lab() as lab, tempfile.TemporaryDirectory() as folder:
        variants: dict[str, Callable[[], float]] = {
            TORCH: import_torch,
            OURS: lambda: submit_once(lab),
        }
        if importlib.util.find_spec("submitit") is not None:
            variants[SUBMITIT] = lambda: submitit_once(Path(folder))
        result = compare(variants, TORCH, ROUNDS)
        cold_api = statistics.median(_acknowledgement(lab) for _ in range(ROUNDS))
    rows = [
        Row(
            "submit",
            "submit call → first training step / import torch",
            f"{result.ratio(OURS):.3f}",
            "≤ 0.05",
            f"{1e3 * result.median(OURS):.0f} ms / {1e3 * result.median(TORCH):.0f} ms",
        ),
        Row("submit", "submit call → acknowledged and on disk", f"{1e3 * cold_api:.1f} ms"),
    ]
    if SUBMITIT in variants:
        note = f"{1e3 * result.median(SUBMITIT):.0f} ms"
        ratio = f"{result.ratio(SUBMITIT):.2f}"
        rows.append(Row("submit", "submitit LocalExecutor / import torch", ratio, "peer", note))
    return rows


def _acknowledgement(lab: Platform) -> float:
    began = time.perf_counter()
    job = lab.submit("LEARN", "lenet-digits", "digits", max_iterations=1)
    elapsed = time.perf_counter() - began
    job.wait(timeout=60)
    job.delete()
    return elapsed
