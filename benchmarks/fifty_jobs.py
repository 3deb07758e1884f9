"""Fifty running jobs at four updates a second each, in the sidebar and in an open job view.

How long the page's main thread is blocked (Chromium's Long Tasks), and what the Jupyter server
takes for it: its CPU time with the page, and with the same page whose websocket goes nowhere.
The hosts of the coordinator are played, as `played_coordinator` says.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from playwright.sync_api import Browser, Page

from benchmarks.jupyter import jupyterlab, open_lab, until
from benchmarks.table import Row
from jupyter_platform.runtime.connection import read_connection
from jupyter_platform.runtime.paths import Paths
from tests.e2e.jupyter import JupyterServer, chromium, folders_in

JOBS = 50
ROUNDS = 5
SETTLE_S = 10.0
WINDOW_S = 20.0
ROWS = "#jupyter-platform-sidebar [data-job]"
RECORD = """
window.blocks = [];
new PerformanceObserver(list => list.getEntries().forEach(entry =>
    window.blocks.push([entry.startTime, entry.duration]))).observe({type: 'longtask'});
"""


@contextmanager
def played_coordinator(environment: dict[str, str]) -> Iterator[psutil.Process]:
    """Start the coordinator with the jobs, and end it."""
    command = [sys.executable, "-m", "benchmarks.played_coordinator"]
    process = subprocess.Popen(command, env=environment)
    try:
        until(lambda: read_connection(Paths.default()) is not None, "the coordinator")
        _submit()
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _submit() -> None:
    connection = read_connection(Paths.default())
    assert connection is not None
    headers = {"Authorization": f"Bearer {connection.token}"}
    with httpx.Client(base_url=f"{connection.url}/api", headers=headers, timeout=60) as client:
        until(lambda: client.get("hosts").json(), "the host")
        for number in range(JOBS):
            job = {"type": "LEARN", "networks": ["mlp"], "dataset": "iris", "name": f"job {number}"}
            client.post("jobs", json=job).raise_for_status()
        until(lambda: client.get("status").json()["running"] == JOBS, "fifty running jobs")


def _page(browser: Browser, server: JupyterServer, *, live: bool) -> Page:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.add_init_script(RECORD)
    if not live:
        page.route_web_socket(lambda url: "/jupyter-platform/api/events" in url, lambda _: None)
    open_lab(page, server)
    if not page.locator("#jupyter-platform-sidebar").is_visible():
        page.get_by_role("tab", name="Platform").click()
    if live:
        page.locator(ROWS).nth(JOBS - 1).wait_for(timeout=60_000)
        page.locator(ROWS).first.locator("[data-job-main]").click()
        page.locator(".jp-Platform-jobView .u-over").first.wait_for(timeout=60_000)
    return page


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


class Window:
    """What a page took in `WINDOW_S` seconds, after `SETTLE_S` in which it came to rest."""

    def __init__(self, page: Page, processes: dict[str, psutil.Process]) -> None:
        page.wait_for_timeout(1000 * SETTLE_S)
        page.evaluate("() => { window.blocks.length = 0; }")
        began = time.perf_counter()
        before = {name: _cpu_s(process) for name, process in processes.items()}
        page.wait_for_timeout(1000 * WINDOW_S)
        elapsed = time.perf_counter() - began
        self.share = {
            name: (_cpu_s(process) - before[name]) / elapsed for name, process in processes.items()
        }
        self.blocks_ms = [float(item[1]) for item in page.evaluate("() => window.blocks")]


def run() -> list[Row]:
    """Measure; about six minutes."""
    live: list[Window] = []
    silent: list[Window] = []
    with tempfile.TemporaryDirectory() as scratch:
        environment = folders_in(Path(scratch))
        os.environ |= {key: environment[key] for key in environment if key.startswith("JUPYTER_")}
        with (
            played_coordinator(environment) as coordinator,
            jupyterlab(Path(scratch) / "lab", environment) as server,
            chromium() as browser,
        ):
            processes = {"server": psutil.Process(server.pid), "coordinator": coordinator}
            for _ in range(ROUNDS):
                for windows, is_live in ((silent, False), (live, True)):
                    page = _page(browser, server, live=is_live)
                    windows.append(Window(page, processes))
                    page.context.close()
    return _rows(live, silent)


def _rows(live: list[Window], silent: list[Window]) -> list[Row]:
    blocks = [block for window in live for block in window.blocks_ms]
    more = {
        name: statistics.median(
            with_page.share[name] - without.share[name]
            for with_page, without in zip(live, silent, strict=True)
        )
        for name in live[0].share
    }
    seconds = ROUNDS * WINDOW_S
    longest = f"{max(blocks):.0f} ms" if blocks else "< 50 ms"
    about = f"{JOBS} running jobs at 4 Hz, sidebar and a job view open"
    return [
        Row(
            "fifty jobs",
            f"{about}: longest block of the main thread in {seconds:.0f} s",
            longest,
            "≤ 50 ms",
            f"{len(blocks)} blocks over 50 ms; hosts are played",
        ),
        Row(
            "fifty jobs",
            "the same: CPU of the Jupyter server more than without the page's websocket",
            f"{100 * more['server']:.1f} %",
            "≤ 3 % of a core",
            f"coordinator {100 * more['coordinator']:+.1f} %",
        ),
    ]
