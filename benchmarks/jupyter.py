"""JupyterLab beside a platform, for benchmarks of what a person sees in the browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from tests.e2e.jupyter import JupyterServer, running_jupyter

WAIT_MS = 120_000
IS_RESTORED = """() => document.querySelector('.jp-Launcher-body')
    && !document.getElementById('jupyterlab-splash') && performance.now()"""
"""Milliseconds since the page was asked for, once its launcher is there without a veil over it."""


@contextmanager
def jupyterlab(
    folder: Path, environment: Mapping[str, str], options: Sequence[str] = ()
) -> Iterator[JupyterServer]:
    """Start JupyterLab over folders of its own, and end it.

    Parameters
    ----------
    folder : Path
        Made when absent; its settings and its kernels live there.
    environment : mapping
        Leads to the data of the platform; the runtime folder is shared with it.
    options : sequence of str
        More of the command line.
    """
    folder.mkdir(parents=True, exist_ok=True)
    places = {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    with running_jupyter(folder, {**environment, **places}, options=options) as server:
        yield server


def open_lab(page: Page, server: JupyterServer) -> float:
    """Open JupyterLab's first page with an empty layout; return the milliseconds that it took."""
    page.goto(f"{server.url}lab?token={server.token}&reset", timeout=WAIT_MS)
    return float(page.wait_for_function(IS_RESTORED, timeout=WAIT_MS).json_value())


def timed(page: Page, selector: str, click: str) -> float:
    """Click something and return the seconds until something else can be seen.

    Both are CSS selectors. The time is that of the page, from the click to the frame in which it
    is there.
    """
    page.evaluate(
        """([selector, click]) => {
            const visible = () => [...document.querySelectorAll(selector)].some(
                item => item.checkVisibility() && item.getBoundingClientRect().height > 0);
            const watch = () => visible() ? (window.shownAt = performance.now())
                : requestAnimationFrame(watch);
            window.shownAt = 0;
            window.clickedAt = performance.now();
            document.querySelector(click).click();
            requestAnimationFrame(watch);
        }""",
        [selector, click],
    )
    page.wait_for_function("() => window.shownAt > 0", timeout=WAIT_MS)
    return float(page.evaluate("() => (window.shownAt - window.clickedAt) / 1000"))


def until(condition: Callable[[], object], what: str, timeout_s: float = 120) -> None:
    """Wait until a function without arguments returns something true."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come true within {timeout_s:g} s")
        time.sleep(0.1)
