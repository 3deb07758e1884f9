"""A curve of 1,000,000 points over HTTP, thinned to 2,000 buckets, beside TensorBoard's."""

from __future__ import annotations

import importlib.util
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np

from benchmarks.lab import fresh_lab
from benchmarks.table import Row
from jupyter_platform import Platform
from jupyter_platform.runtime.connection import read_connection
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.record_repair import RECORD_DTYPE

POINTS = 1_000_000
BUCKETS = 2_000
READS = 30


def _median_ms(client: httpx.Client, url: str) -> tuple[float, int]:
    times, size = [], 0
    for _ in range(READS + 1):
        began = time.perf_counter()
        answer = client.get(url).raise_for_status()
        times.append(time.perf_counter() - began)
        size = len(answer.content)
    return 1e3 * statistics.median(times[1:]), size


def _ours(lab: Platform) -> tuple[float, int]:
    job = lab.submit("LEARN", "logistic-regression", "digits", max_iterations=1)
    job.wait(timeout=120, raise_on_failure=True)
    paths = Paths.default()
    [record] = (paths.mirror / job.id).rglob("loss.rec")
    points = np.zeros(POINTS, RECORD_DTYPE)
    points["step"] = np.arange(1, POINTS + 1)
    points["time"] = 1.7e9 + points["step"] / 1000
    points["value"] = np.random.default_rng(0).normal(size=POINTS).cumsum()
    points.tofile(record)
    connection = read_connection(paths)
    assert connection is not None
    headers = {"Authorization": f"Bearer {connection.token}"}
    with httpx.Client(base_url=connection.url, headers=headers, timeout=60) as client:
        url = f"/api/jobs/{job.id}/metrics?series=loss&buckets={BUCKETS}"
        points_seen = client.get(url).raise_for_status().json()["series"]["loss"]["points"]
        assert points_seen == POINTS, points_seen
        return _median_ms(client, url)


def _tensorboard() -> tuple[float, int]:
    from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - an optional peer

    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        writer = SummaryWriter(folder)
        for step in range(POINTS):
            writer.add_scalar("loss", float(step % 1000), step)
        writer.close()
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        program = Path(sys.executable).with_name("tensorboard")
        command = [str(program), "--logdir", folder, "--port", str(port), "--host", "127.0.0.1"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                url = "/data/plugin/scalars/scalars?run=.&tag=loss"
                _wait_for_last_step(client, url)
                return _median_ms(client, url)
        finally:
            server.terminate()
            server.wait()


def _wait_for_last_step(client: httpx.Client, url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            answer = client.get(url)
            if answer.status_code == 200 and answer.json()[-1][1] >= POINTS - 1:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise TimeoutError("TensorBoard did not show the last step within 120 s")


def run() -> list[Row]:
    """Measure; about two minutes, most of it TensorBoard writing its points."""
    with fresh_lab() as lab:
        ours, size = _ours(lab)
    what = f"curve of {POINTS:,} points in {BUCKETS:,} buckets (exact extremes), HTTP"
    rows = [Row("curve", what, f"{ours:.1f} ms", "≤ 10 ms", f"{size / 1e3:.0f} kB")]
    if importlib.util.find_spec("tensorboard") is not None:
        peer, peer_size = _tensorboard()
        what = "TensorBoard, the same curve sampled to 1,000 points, HTTP"
        note = f"{peer_size / 1e3:.0f} kB; {peer / ours:.1f} × ours"
        rows.append(Row("curve", what, f"{peer:.1f} ms", "peer", note))
    return rows
