"""From the submit call to the first training step, beside a bare ``import torch``.

Submitit's local executor and Ray Jobs run the same import and one step in a fresh process, which
is what a platform without a warm process must do. Ray is measured where it is installed:
``pip install "ray[default]"``.
"""

from __future__ import annotations

import contextlib
import importlib.util
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.lab import fresh_lab, wait_until_warm
from benchmarks.pairs import compare
from benchmarks.table import Row
from jupyter_platform import Platform

ROUNDS = 20
OURS, TORCH, SUBMITIT, RAY = "ours", "import torch", "submitit", "ray"
PEERS = {SUBMITIT: "submitit LocalExecutor", RAY: "Ray Jobs"}


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


@contextlib.contextmanager
def ray_jobs() -> Iterator[Callable[[], float]]:
    """Start a Ray cluster of this machine; give the function that submits one job to it."""
    import ray  # noqa: PLC0415 - an optional peer
    from ray.job_submission import JobSubmissionClient  # noqa: PLC0415

    context = ray.init(include_dashboard=True, dashboard_host="127.0.0.1", log_to_driver=False)
    client = JobSubmissionClient(f"http://{context.dashboard_url}")
    body = "from benchmarks.submit_latency import first_step_time; print(first_step_time())"
    command = f"cd {Path(__file__).parents[1]} && {sys.executable} -c '{body}'"

    def once() -> float:
        began = time.time()
        job = client.submit_job(entrypoint=command)
        while not client.get_job_status(job).is_terminal():
            time.sleep(0.02)
        return float(client.get_job_logs(job).split()[-1]) - began

    try:
        yield once
    finally:
        ray.shutdown()


def run() -> list[Row]:
    """Measure; about two minutes, four with Ray."""
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(fresh_lab())
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        variants: dict[str, Callable[[], float]] = {
            TORCH: import_torch,
            OURS: lambda: submit_once(lab),
        }
        if importlib.util.find_spec("submitit") is not None:
            variants[SUBMITIT] = lambda: submitit_once(Path(folder))
        if importlib.util.find_spec("ray") is not None:
            variants[RAY] = stack.enter_context(ray_jobs())
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
    for peer in (name for name in PEERS if name in variants):
        note = f"{1e3 * result.median(peer):.0f} ms"
        what = f"{PEERS[peer]} / import torch"
        rows.append(Row("submit", what, f"{result.ratio(peer):.2f}", "peer", note))
    return rows


def _acknowledgement(lab: Platform) -> float:
    began = time.perf_counter()
    job = lab.submit("LEARN", "lenet-digits", "digits", max_iterations=1)
    elapsed = time.perf_counter() - began
    job.wait(timeout=60)
    job.delete()
    return elapsed
