"""A curve of 1,000,000 points over HTTP, thinned to 2,000 buckets, beside TensorBoard's."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import numpy as np

from benchmarks.lab import fresh_lab
from benchmarks.pairs import CONTROL, compare
from benchmarks.table import Row
from jupyter_platform.runtime.connection import read_connection
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.record_repair import RECORD_DTYPE

POINTS = 1_000_000
BUCKETS = 2_000
READS = 30
OURS, PEER = "ours", "TensorBoard"


@contextmanager
def _ours() -> Iterator[Callable[[], bytes]]:
    """Give what reads the curve from a coordinator."""
    with fresh_lab() as lab:
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
        url = f"/api/jobs/{job.id}/metrics?series=loss&buckets={BUCKETS}"
        with httpx.Client(base_url=connection.url, headers=headers, timeout=60) as client:
            points_seen = client.get(url).raise_for_status().json()["series"]["loss"]["points"]
            assert points_seen == POINTS, points_seen
            yield lambda: client.get(url).raise_for_status().content


@contextmanager
def _tensorboard() -> Iterator[Callable[[], bytes]]:
    """Give what reads the curve from TensorBoard."""
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
                yield lambda: client.get(url).raise_for_status().content
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
    """Measure, in turns; about two minutes, most of it TensorBoard writing its points."""
    with ExitStack() as stack:
        readers = {OURS: stack.enter_context(_ours())}
        readers[CONTROL] = readers[OURS]
        if importlib.util.find_spec("tensorboard") is not None:
            readers[PEER] = stack.enter_context(_tensorboard())
        sizes = {name: len(read()) for name, read in readers.items()}
        found = compare({name: _timed(read) for name, read in readers.items()}, OURS, READS)
    what = f"curve of {POINTS:,} points in {BUCKETS:,} buckets (exact extremes), HTTP"
    note = f"{sizes[OURS] / 1e3:.0f} kB; control {found.ratio(CONTROL):.2f}"
    rows = [Row("curve", what, f"{1e3 * found.median(OURS):.1f} ms", "≤ 10 ms", note)]
    if PEER in readers:
        what = "TensorBoard, the same curve sampled to 1,000 points, HTTP"
        value = f"{1e3 * found.median(PEER):.1f} ms"
        note = f"{sizes[PEER] / 1e3:.0f} kB; {found.ratio(PEER):.1f} × ours"
        rows.append(Row("curve", what, value, "peer; ≥ 6 × ours", note))
    return rows


def _timed(read: Callable[[], bytes]) -> Callable[[], float]:
    def once() -> float:
        began = time.perf_counter()
        read()
        return time.perf_counter() - began

    return once
