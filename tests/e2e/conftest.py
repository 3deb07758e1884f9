"""A real JupyterLab and a real browser, in folders of their own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.waiting import DEADLINE_S, until

from .jupyter import chromium, folders_in, running_jupyter

# Neither an expectation nor an action has a time of its own.
expect.set_options(timeout=1000 * DEADLINE_S)
SCREENSHOTS = Path(__file__).parent / "screenshots"


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab, beside a running platform."""

    url: str
    token: str
    environment: dict[str, str]
    """Leads a process to the folders of both."""

    def page_url(self, path: str = "lab", *, reset: bool = True) -> str:
        """Return the address of a page, logged in; `reset` forgets the layout of the last one."""
        return f"{self.url}{path}?token={self.token}{'&reset' if reset else ''}"

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the Jupyter server's own API, and return its JSON answer."""
        return self._ask(method, f"api/{path}", body)

    def platform(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the platform through the Jupyter server, and return its JSON answer."""
        return self._ask(method, f"jupyter-platform/api/{path}", body)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"token {self.token}"}
        # Long: a kernel that is restarted or ended is waited for.
        answer = httpx.request(
            method, self.url + path, headers=headers, json=body, timeout=DEADLINE_S
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None


MARKETPLACE = f"""
[[marketplace.sources]]
kind = "folder"
name = "tests"
location = {json.dumps(str(Path(__file__).parents[1] / "items"))}
"""
NETWORKS = """
import torch

class Wild(torch.nn.Module):
    odd = {20: -1e300, 60: float("nan")}

    def __init__(self, input_shape, outputs):
        super().__init__()
        self.linear = torch.nn.Linear(input_shape[0], outputs)
        self.calls = 0

    def forward(self, inputs):
        scores = torch.log_softmax(self.linear(inputs), dim=1)
        if self.training:
            self.calls += 1
            scores = scores.double() + self.odd.get(self.calls, 0.0)
        return scores

class Explosive(Wild):
    def forward(self, inputs):
        if self.calls == 10:
            raise RuntimeError("the fuse is lit")
        return super().forward(inputs)
"""


def _install_networks(site: Path) -> Path:
    """Install networks by entry point, as a user's own package does.

    The loss of one is once 1e300 and once no number; learning with the other one fails.
    """
    info = site / "wild-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "wild.py").write_text(NETWORKS)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wild\nVersion: 1.0\n")
    points = "[jupyter_platform.networks]\nwild = wild:Wild\nexplosive = wild:Explosive\n"
    (info / "entry_points.txt").write_text(points)
    return site


def open_sidebar(lab, page: Page) -> Locator:
    """Open JupyterLab with an empty layout, and the sidebar in it."""
    page.goto(lab.page_url())
    sidebar = page.locator("#jupyter-platform-sidebar")
    tab = page.get_by_role("tab", name="Platform")
    expect(tab).to_be_visible()
    if not sidebar.is_visible():
        tab.click()
    expect(sidebar.locator(".jp-Platform-hosts")).to_be_visible()
    return sidebar


def open_page(browser: Browser) -> Page:
    """Open an empty page that shares nothing with others, at the size of a small laptop."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.set_default_timeout(1000 * DEADLINE_S)
    return page


def make_as_wide(page: Page, sidebar: Locator, width: int) -> None:
    """Drag the edge of the sidebar until it has a width, in pixels."""
    box = sidebar.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] + 1, 400)
    page.mouse.down()
    page.mouse.move(box["x"] + width + 1, 400, steps=5)
    page.mouse.up()
    made = sidebar.bounding_box()
    assert made is not None
    assert made["width"] == pytest.approx(width, abs=2)


def choose(url: str, token: str, theme: str) -> None:
    """Set JupyterLab's theme, as its menu does."""
    settings = {"theme": f"JupyterLab {theme.title()}"}
    answer = httpx.put(
        f"{url}lab/api/settings/@jupyterlab/apputils-extension:themes",
        headers={"Authorization": f"token {token}"},
        json={"raw": json.dumps(settings)},
        timeout=DEADLINE_S,
    )
    answer.raise_for_status()


def await_states(lab, jobs: dict[str, str]) -> None:
    """Wait until each job has the state under which it is listed."""
    for state, job in jobs.items():
        until(
            lambda job=job, state=state: lab.platform("GET", f"jobs/{job}")["state"] == state,
            f"state {state} of {job}",
            pause_s=0.1,
        )


def await_end(view: Locator) -> None:
    """Wait until the view of a job says that it has ended."""
    state = view.locator(".jp-Platform-jobHead .jp-Platform-state")
    ended = re.compile("^(finished|stopped|failed|cancelled)$")
    expect(state).to_have_attribute("data-state", ended)


def picture(page: Page, name: str) -> None:
    """Keep what the page shows, for people to look at."""
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def run_platform(environment: dict[str, str], *words: str) -> None:
    """Run ``jupyter platform`` with some words, which has to go well."""
    command = [sys.executable, "-m", "jupyter_platform.cli.main", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start JupyterLab with the installed extension, and a platform; end both."""
    folder = tmp_path_factory.mktemp("lab")
    environment = folders_in(folder)
    places = [str(_install_networks(folder / "site")), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, places))
    config = folder / "platform.toml"
    config.write_text(MARKETPLACE, encoding="utf-8")
    # Other platforms of this machine may have been given all of it.
    run_platform(environment, "up", "--overcommit", "--config", str(config))
    try:
        with running_jupyter(folder, environment) as server:
            yield Lab(server.url, server.token, environment)
    finally:
        run_platform(environment, "down", "--stop-jobs")


@pytest.fixture
def page() -> Iterator[Page]:
    """A page in a Chromium of its own."""
    with chromium() as browser:
        yield open_page(browser)
