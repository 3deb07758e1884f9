"""Seconds until the networks panel and a dashboard can be seen, beside what others show.

The panel is opened from JupyterLab's launcher beside one that holds a single label and takes the
same way: the same extension, a hidden kernel, ipywidgets. Cold, there is no kernel yet. The
dashboard is opened beside an application of ``bokeh serve`` and a notebook of plain Voila that
draw two plots as it does.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import nbformat
from playwright.sync_api import Browser, Page

from benchmarks.jupyter import WAIT_MS, jupyterlab, open_lab, timed, until
from benchmarks.lab import fresh_lab
from benchmarks.pairs import Comparison, compare
from benchmarks.table import Row
from tests.e2e.jupyter import JupyterServer, chromium

ROUNDS = 10
OURS, LABEL = "networks", "label"
BOKEH, VOILA = "bokeh serve", "voila"
CARD = '.jp-LauncherCard[title^="Layers of the networks"]'
PANEL = "#jupyter-platform-panel-networks"
SHOWN = {OURS: f"{PANEL} .jp-PlatformPanel-line button", LABEL: f"{PANEL} .widget-label"}

# Stands for our package in kernels of the server that is compared with: one label, nothing else.
LABEL_PANEL = """
import sys, types

def _open(*_):
    import ipywidgets
    from IPython.display import display
    display(ipywidgets.Label("one label"))

_package = sys.modules["jupyter_platform"] = types.ModuleType("jupyter_platform")
_package.panels = sys.modules["jupyter_platform.panels"] = types.ModuleType("panels")
_package.panels.open = _open
"""
PLOTS = """
from bokeh.layouts import column
from bokeh.plotting import figure

plots = [figure(width=600, height=200), figure(width=600, height=200)]
for plot in plots:
    plot.line(list(range(120)), [number % 7 for number in range(120)])
"""
BOKEH_APP = PLOTS + "\nfrom bokeh.io import curdoc\n\ncurdoc().add_root(column(*plots))\n"
VOILA_CELLS = (
    "from bokeh.io import output_notebook, show\nfrom bokeh.resources import INLINE\n"
    "output_notebook(INLINE, hide_banner=True)",
    PLOTS + "\nshow(column(*plots))",
)


class Panels:
    """Opens the panel of one server, cold and again."""

    def __init__(self, browser: Browser, server: JupyterServer, shown: str) -> None:
        self._browser = browser
        self._server = server
        self._shown = shown
        self.warm: list[float] = []

    def cold(self) -> float:
        """Open it without a kernel and return the seconds; what it takes again is noted."""
        self._end_kernels()
        context = self._browser.new_context(viewport={"width": 1366, "height": 768})
        page = context.new_page()
        open_lab(page, self._server)
        seconds = timed(page, self._shown, CARD)
        tab = page.locator("#jp-main-dock-panel li.lm-TabBar-tab", has_text="Networks")
        tab.locator(".lm-TabBar-tabCloseIcon").click()
        page.locator(PANEL).wait_for(state="detached")
        self.warm.append(timed(page, self._shown, CARD))
        context.close()
        return seconds

    def _end_kernels(self) -> None:
        headers = {"Authorization": f"token {self._server.token}"}
        with httpx.Client(base_url=self._server.url, headers=headers, timeout=60) as client:
            for session in client.get("api/sessions").json():
                client.delete(f"api/sessions/{session['id']}").raise_for_status()


def _page_opening(browser: Browser, url: str, cookies_from: str | None) -> Callable[[], float]:
    """Return a function that opens a page with an empty cache and times its first plot, s."""

    def once() -> float:
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        page: Page = context.new_page()
        # What others load from elsewhere would measure the way there.
        page.route(lambda address: "127.0.0.1" not in address, lambda route: route.abort())
        if cookies_from is not None:
            page.goto(cookies_from)
        began = time.perf_counter()
        page.goto(url, wait_until="commit", timeout=WAIT_MS)
        page.locator(".bk-Canvas").first.wait_for(timeout=WAIT_MS)
        seconds = time.perf_counter() - began
        context.close()
        return seconds

    return once


@contextmanager
def _served(folder: Path, program: str, *words: str) -> Iterator[str]:
    """Run a program of the environment with a free port behind its words; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name(program)), *words, f"--port={port}"]
    with (folder / f"{program}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(address), program)
        yield address
    finally:
        process.terminate()
        process.wait()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5).status_code < 500
    except httpx.TransportError:
        return False


def _write_peers(folder: Path) -> None:
    (folder / "app.py").write_text(BOKEH_APP, encoding="utf-8")
    cells = [nbformat.v4.new_code_cell(source) for source in VOILA_CELLS]  # type: ignore[no-untyped-call]
    notebook = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    nbformat.write(notebook, folder / "plots.ipynb")  # type: ignore[no-untyped-call]
    startup = folder / LABEL / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "label.py").write_text(LABEL_PANEL, encoding="utf-8")


def run() -> list[Row]:
    """Measure; about five minutes."""
    with tempfile.TemporaryDirectory() as scratch, fresh_lab() as lab, ExitStack() as stack:
        folder, environment = Path(scratch), dict(os.environ)
        until(lab.hosts, "a host")
        _write_peers(folder)
        enter = stack.enter_context
        servers = {name: enter(jupyterlab(folder / name, environment)) for name in (OURS, LABEL)}
        peers = {
            BOKEH: enter(_served(folder, "bokeh", "serve", "app.py")) + "/app",
            VOILA: enter(_served(folder, "voila", "plots.ipynb", "--no-browser")),
        }
        browser = enter(chromium())
        panels = {name: Panels(browser, servers[name], SHOWN[name]) for name in servers}
        cold = compare({name: item.cold for name, item in panels.items()}, LABEL, ROUNDS)
        root = f"{servers[OURS].url}jupyter-platform/"
        variants = {name: _page_opening(browser, url, None) for name, url in peers.items()}
        variants[OURS] = _page_opening(
            browser,
            f"{root}dashboards/infrastructure?theme=light",
            f"{root}?token={servers[OURS].token}",
        )
        dashboards = compare(variants, BOKEH, ROUNDS)
    return [*_panel_rows(panels, cold), *_dashboard_rows(dashboards)]


def _panel_rows(panels: dict[str, Panels], cold: Comparison) -> list[Row]:
    warm = {name: statistics.median(item.warm[1:]) for name, item in panels.items()}
    return [
        Row(
            "opening",
            "networks panel without a kernel / a panel of one label",
            f"{cold.ratio(OURS):.2f}",
            "≤ 1.3",
            f"{cold.median(OURS):.2f} s / {cold.median(LABEL):.2f} s",
        ),
        Row(
            "opening",
            "networks panel again",
            f"{warm[OURS]:.2f} s",
            "≤ 0.3 s",
            f"one label {warm[LABEL]:.2f} s",
        ),
    ]


def _dashboard_rows(found: Comparison) -> list[Row]:
    return [
        Row(
            "opening",
            "dashboard Infrastructure until its first plot / two plots by bokeh serve",
            f"{found.ratio(OURS):.2f}",
            "< 1",
            f"{found.median(OURS):.2f} s / {found.median(BOKEH):.2f} s; its kernel is warm",
        ),
        Row("opening", "two plots by voila / by bokeh serve", f"{found.ratio(VOILA):.2f}", "peer"),
    ]
