"""How soon jobs are acknowledged and listed, and a killed coordinator is back.

A real platform whose queue is held, so that nothing is trained meanwhile. A submission is on disk
when it is acknowledged. Beside it MLflow makes a run through its tracking server on SQLite, and
jupyter-scheduler lists as many jobs.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import statistics
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from benchmarks import peers
from benchmarks.jupyter import until
from benchmarks.lab import fresh_lab
from benchmarks.pairs import CONTROL, compare
from benchmarks.table import Row
from jupyter_platform import Platform
from jupyter_platform.runtime.connection import Connection, read_connection
from jupyter_platform.runtime.paths import Paths

ROUNDS = 30
AT_ONCE = 200
TOGETHER = 1_000
JOBS = 10_000
PAGE = 50
OURS, MLFLOW, SCHEDULER = "ours", "MLflow", "jupyter-scheduler"


def submission(name: str) -> dict[str, Any]:
    """Return what is submitted, as a person would."""
    return {
        "type": "LEARN",
        "networks": ["lenet-digits"],
        "dataset": "digits",
        "name": name,
        "options": {"max_iterations": 100},
    }


def run() -> list[Row]:
    """Measure; about three minutes."""
    with fresh_lab() as lab:
        until(lambda: bool(lab.hosts()), "a host")
        lab.hold_queue()
        connection = _connection()
        with _client(connection) as client:
            rows = _acknowledgements(client)
            rows.append(_at_once(connection))
            rows.append(_together(client))
            rows += _first_page(client)
        rows.append(_restart(lab))
    return rows


def _connection() -> Connection:
    found = read_connection(Paths.default())
    assert found is not None
    return found


def _client(connection: Connection) -> httpx.Client:
    headers = {"Authorization": f"Bearer {connection.token}"}
    url = f"{connection.url}/api"
    return httpx.Client(base_url=url, headers=headers, timeout=120, trust_env=False)


def _acknowledgements(client: httpx.Client) -> list[Row]:
    def submit() -> float:
        began = time.perf_counter()
        client.post("/jobs", json=submission("alone")).raise_for_status()
        return time.perf_counter() - began

    submit()  # the first is checked against the data
    with contextlib.ExitStack() as stack:
        variants: dict[str, Callable[[], float]] = {OURS: submit, CONTROL: submit}
        if peers.is_there("mlflow"):
            variants[MLFLOW] = stack.enter_context(peers.mlflow_run())
        result = compare(variants, OURS, ROUNDS)
    slowest = max(item[OURS] for item in result.rounds)
    note = f"slowest of {len(result.rounds)}: {1e3 * slowest:.0f} ms; "
    note += f"control {result.ratio(CONTROL):.2f}"
    value = f"{1e3 * result.median(OURS):.1f} ms"
    rows = [Row("queueing", "a submission acknowledged and on disk", value, "≤ 5 ms", note)]
    if MLFLOW in variants:
        note = f"{1e3 * result.median(MLFLOW):.1f} ms"
        what = "MLflow makes a run / a submission"
        rows.append(Row("queueing", what, f"{result.ratio(MLFLOW):.1f}", "peer", note))
    return rows


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _at_once(connection: Connection) -> Row:
    slowest = [max(asyncio.run(_all_at_once(connection))) for _ in range(5)]
    what = f"{AT_ONCE} submissions at once: the last is acknowledged after"
    value = f"{statistics.median(slowest):.2f} s"
    note = f"median of {len(slowest)}; a connection each"
    return Row("queueing", what, value, "≤ 0.5 s", note)


async def _all_at_once(connection: Connection) -> list[float]:
    """Return after how many seconds each of the submissions is acknowledged.

    They are written to connections that stand, as HTTP: a client of the library in one process
    would take longer to make so many requests than the coordinator to answer them.
    """
    address = urlsplit(connection.url)
    lines = await asyncio.gather(
        *(asyncio.open_connection(address.hostname, address.port) for _ in range(AT_ONCE))
    )
    requests = []
    for number in range(AT_ONCE):
        body = json.dumps(submission(f"at once {number}")).encode()
        head = (
            f"POST /api/jobs HTTP/1.1\r\nHost: {address.hostname}\r\n"
            f"Authorization: Bearer {connection.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    began = time.perf_counter()

    async def one(number: int) -> float:
        reader, writer = lines[number]
        writer.write(requests[number])
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 201"), head
        return time.perf_counter() - began

    try:
        return await asyncio.gather(*(one(number) for number in range(AT_ONCE)))
    finally:
        for _, writer in lines:
            writer.close()


def _together(client: httpx.Client) -> Row:
    seconds = []
    stored = client.get("/jobs", params={"limit": 1}).json()["total"]
    while stored < JOBS:
        jobs = [submission(f"together {number}") for number in range(min(TOGETHER, JOBS - stored))]
        began = time.perf_counter()
        client.post("/jobs/batch", json={"jobs": jobs}).raise_for_status()
        seconds.append((time.perf_counter() - began) / len(jobs))
        stored += len(jobs)
    value = f"{1 / statistics.median(seconds):,.0f} /s"
    what = f"{TOGETHER:,} submissions in one request"
    return Row("queueing", what, value, "≥ 1,000 /s", f"median of {len(seconds)}")


def _first_page(client: httpx.Client) -> list[Row]:
    def page() -> float:
        began = time.perf_counter()
        found = client.get("/jobs", params={"limit": PAGE}).raise_for_status().json()
        seconds = time.perf_counter() - began
        assert (found["total"], len(found["items"])) == (JOBS, PAGE)
        return seconds

    with contextlib.ExitStack() as stack:
        variants: dict[str, Callable[[], float]] = {OURS: page, CONTROL: page}
        if peers.is_there("jupyter-server"):
            variants[SCHEDULER] = stack.enter_context(peers.scheduler_page(JOBS, PAGE))
        result = compare(variants, OURS, ROUNDS)
    value, note = f"{1e3 * result.median(OURS):.1f} ms", f"control {result.ratio(CONTROL):.2f}"
    rows = [Row("queueing", f"the first page of {JOBS:,} jobs", value, "≤ 5 ms", note)]
    if SCHEDULER in variants:
        note = f"{1e3 * result.median(SCHEDULER):.1f} ms"
        what = "jupyter-scheduler's first page of as many / that"
        rows.append(Row("queueing", what, f"{result.ratio(SCHEDULER):.1f}", "peer", note))
    return rows


def _restart(lab: Platform) -> Row:
    seconds = []
    for _ in range(5):
        pid = _connection().pid
        began = time.perf_counter()
        os.kill(pid, signal.SIGKILL)

        def is_back(killed: int = pid) -> bool:
            found = read_connection(Paths.default())
            return found is not None and found.pid != killed and _answers(f"{found.url}/api/health")

        until(is_back, "the coordinator")
        seconds.append(time.perf_counter() - began)
        lab.hold_queue()
    what = f"kill -9 → the coordinator answers again, {JOBS:,} jobs stored"
    value = f"{statistics.median(seconds):.1f} s"
    return Row("queueing", what, value, "≤ 3 s", f"slowest of 5: {max(seconds):.1f} s")
