"""Three hundred websocket clients while ten thousand jobs wait.

The memory of the coordinator, and how long an ordinary request takes meanwhile. No host joins, so
that nothing starts.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.jupyter import until
from benchmarks.table import Row
from jupyter_platform.core.jobs import JobSubmission
from jupyter_platform.runtime.connection import Connection, read_connection
from jupyter_platform.runtime.paths import Paths
from tests.e2e.jupyter import folders_in

CLIENTS = 300
SILENT = 30
"""Clients of these that never read."""
JOBS = 10_000
AT_ONCE = 50
WINDOW_S = 30.0


def run() -> list[Row]:
    """Measure; about three minutes."""
    with tempfile.TemporaryDirectory() as scratch:
        environment = folders_in(Path(scratch))
        os.environ |= {key: environment[key] for key in environment if key.startswith("JUPYTER_")}
        paths = Paths.default()
        command = [sys.executable, "-m", "benchmarks.waiting_coordinator"]
        process = subprocess.Popen(command, env=environment)
        try:
            until(lambda: read_connection(paths) is not None, "the coordinator")
            connection = read_connection(paths)
            assert connection is not None
            return asyncio.run(_measure(connection, psutil.Process(process.pid)))
        finally:
            process.terminate()
            process.wait(timeout=60)


async def _measure(connection: Connection, coordinator: psutil.Process) -> list[Row]:
    headers = {"Authorization": f"Bearer {connection.token}"}
    async with httpx.AsyncClient(
        base_url=f"{connection.url}/api", headers=headers, timeout=120, trust_env=False
    ) as client:
        began = time.perf_counter()
        await _submit(client)
        submitted_s = time.perf_counter() - began
        alone = coordinator.memory_info().rss
        sockets = [await _listen(connection, headers) for _ in range(CLIENTS)]
        reading = [asyncio.create_task(_read(socket)) for socket in sockets[SILENT:]]
        latencies = await _ask(client)
        memory = coordinator.memory_info().rss
        for task in reading:
            task.cancel()
        for socket in sockets:
            socket.transport.abort()
    about = f"{CLIENTS} pages, {SILENT} of which never read, and {JOBS:,} waiting jobs"
    ordered = sorted(latencies)
    return [
        Row(
            "many clients",
            f"{about}: a page of 50 jobs",
            f"{1e3 * statistics.median(ordered):.0f} ms",
            "≤ 100 ms",
            f"slowest of {len(ordered)}: {1e3 * ordered[-1]:.0f} ms",
        ),
        Row(
            "many clients",
            f"{about}: memory of the coordinator",
            f"{memory / 1e6:.0f} MB",
            "≤ 400 MB",
            f"{alone / 1e6:.0f} MB without the pages",
        ),
        Row(
            "many clients",
            f"{JOBS:,} submissions, {AT_ONCE} at once, each on disk when it is acknowledged",
            f"{JOBS / submitted_s:.0f} /s",
        ),
    ]


async def _submit(client: httpx.AsyncClient) -> None:
    allowed = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        job = JobSubmission(type="LEARN", networks=["mlp"], dataset="iris", name=f"job {number}")
        async with allowed:
            answer = await client.post("/jobs", json=job.model_dump(exclude_unset=True))
            answer.raise_for_status()

    await asyncio.gather(*(one(number) for number in range(JOBS)))


async def _listen(connection: Connection, headers: dict[str, str]) -> ClientConnection:
    address = connection.url.replace("http", "ws", 1) + "/api/events"
    socket = await connect(address, additional_headers=headers, proxy=None, max_size=None)
    snapshot = json.loads(await socket.recv())
    assert snapshot["waiting"] == JOBS, snapshot["waiting"]
    return socket


async def _read(socket: ClientConnection) -> None:
    async for _ in socket:
        pass


async def _ask(client: httpx.AsyncClient) -> list[float]:
    found = []
    until_s = time.monotonic() + WINDOW_S
    while time.monotonic() < until_s:
        began = time.perf_counter()
        (await client.get("/jobs", params={"limit": 50})).raise_for_status()
        found.append(time.perf_counter() - began)
        await asyncio.sleep(0.1)
    return found
