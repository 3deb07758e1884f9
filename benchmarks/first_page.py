"""What the extension adds to JupyterLab's first page: seconds, work of the main thread, bytes.

Two servers over one platform, one of them without our extensions; each page is opened with an
empty cache. Our half connects when the page is there, and is given the time for that.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession

from benchmarks.jupyter import jupyterlab, open_lab
from benchmarks.lab import fresh_lab
from benchmarks.pairs import CONTROL, compare
from benchmarks.table import Row
from tests.e2e.jupyter import JupyterServer, chromium

ROUNDS = 10
WITH, WITHOUT = "with", "without"
LABEXTENSION = "@jupyter-platform/platform"
SETTLED_MS = 3_000
OFF = ["--ServerApp.jpserver_extensions={'jupyter_platform': False}"]
SIZES = """() => performance.getEntriesByType('resource')
    .filter(item => item.name.includes('%s')).map(item => item.transferSize)"""


@dataclass
class Visits:
    """What was seen beside the time, page by page."""

    work_s: dict[str, list[float]] = field(default_factory=dict)
    sizes: list[float] = field(default_factory=list)

    def opening(self, browser: Browser, server: JupyterServer, name: str) -> Callable[[], float]:
        """Return a function that opens the page and returns the seconds it took."""

        def once() -> float:
            context = browser.new_context(viewport={"width": 1366, "height": 768})
            page = context.new_page()
            client = context.new_cdp_session(page)
            # CPU time of the thread: what else the machine does meanwhile does not count.
            client.send("Performance.enable", {"timeDomain": "threadTicks"})
            seconds = open_lab(page, server) / 1000
            page.wait_for_timeout(SETTLED_MS)
            self.work_s.setdefault(name, []).append(_work_s(client))
            if name == WITH:
                self.sizes = page.evaluate(SIZES % LABEXTENSION)
            context.close()
            return seconds

        return once


def _work_s(client: CDPSession) -> float:
    """Return the seconds that the main thread has worked so far."""
    found: list[dict[str, Any]] = client.send("Performance.getMetrics")["metrics"]
    return float(next(item["value"] for item in found if item["name"] == "TaskDuration"))


def run() -> list[Row]:
    """Measure; about four minutes."""
    visits = Visits()
    with tempfile.TemporaryDirectory() as scratch, fresh_lab() as lab:
        lab.status()
        folder, environment = Path(scratch), dict(os.environ)
        _disable(folder / WITHOUT)
        with (
            jupyterlab(folder / WITH, environment) as ours,
            jupyterlab(folder / WITHOUT, environment, OFF) as bare,
            chromium() as browser,
        ):
            variants = {
                WITHOUT: visits.opening(browser, bare, WITHOUT),
                WITH: visits.opening(browser, ours, WITH),
                CONTROL: visits.opening(browser, bare, CONTROL),
            }
            result = compare(variants, WITHOUT, ROUNDS)
    added = statistics.median(item[WITH] - item[WITHOUT] for item in result.rounds)
    noise = statistics.median(item[CONTROL] - item[WITHOUT] for item in result.rounds)
    work = {name: statistics.median(found[1:]) for name, found in visits.work_s.items()}
    note = f"{result.median(WITHOUT):.2f} s without; control {1000 * noise:+.0f} ms"
    return [
        Row(
            "first page",
            "added to JupyterLab's first page, until its launcher is there",
            f"{1000 * added:+.0f} ms",
            "",
            note,
        ),
        Row(
            "first page",
            "added to the CPU time of its main thread, connecting included",
            f"{1000 * (work[WITH] - work[WITHOUT]):+.0f} ms",
            "",
            f"{sum(visits.sizes) / 1e3:.0f} kB in {len(visits.sizes)} files",
        ),
    ]


def _disable(folder: Path) -> None:
    settings = folder / "config" / "labconfig"
    settings.mkdir(parents=True)
    disabled = {"disabledExtensions": {LABEXTENSION: True}}
    (settings / "page_config.json").write_text(json.dumps(disabled), encoding="utf-8")
