"""The dashboards in a real browser: live without a kernel, in both themes, with a lost host."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from jupyter_platform.runtime.launch import request_down
from jupyter_platform.runtime.paths import FOLDER, Paths
from jupyter_platform.runtime.processes import read_supervised
from tests.waiting import DEADLINE_S, until

from .jupyter import folders_in, running_jupyter

pytestmark = pytest.mark.browser

SCREENSHOTS = Path(__file__).parent / "screenshots"
BASE_URL = "/user/x/"
TOKEN = "dashboards"


class Server:
    """A Jupyter server at a base URL of its own, and a platform of two hosts."""

    def __init__(self, url: str, paths: Paths) -> None:
        self.url = url
        self.paths = paths

    def address(self, path: str = "", theme: str = "light") -> str:
        return f"{self.url}jupyter-platform/{path}?theme={theme}"

    def api(self, path: str):
        headers = {"Authorization": f"token {TOKEN}"}
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=DEADLINE_S).json()

    def signal_host(self, name: str, number: int) -> None:
        process = read_supervised(self.paths, f"host-{name}")
        assert process is not None
        os.kill(process.pid, number)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("dashboards")
    environment = folders_in(folder)
    paths = Paths(
        data=Path(environment["JUPYTER_DATA_DIR"]) / FOLDER,
        runtime=Path(environment["JUPYTER_RUNTIME_DIR"]) / FOLDER,
    )
    up = ["-m", "jupyter_platform.cli.main", "up", "--overcommit", "--hosts", "2"]
    subprocess.run([sys.executable, *up], env=environment, check=True, capture_output=True)
    extensions = {"jupyter_platform": True, "voila": True}
    options = [
        f"--ServerApp.base_url={BASE_URL}",
        f"--ServerApp.jpserver_extensions={extensions}",
        f"--IdentityProvider.token={TOKEN}",
    ]
    try:
        with running_jupyter(
            folder, environment, module=["jupyter_server"], options=options
        ) as jupyter:
            made = Server(jupyter.url, paths)
            _await_hosts(made)
            yield made
    finally:
        request_down(paths, timeout_s=DEADLINE_S)


def _await_hosts(server: Server) -> None:
    until(lambda: len(server.api("jupyter-platform/api/hosts")) == 2, "two hosts", pause_s=0.2)


@pytest.fixture
def watched(page: Page, server: Server) -> Iterator[Page]:
    """A page that is logged in, and may ask no other host nor log an error."""
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.goto(f"{server.url}jupyter-platform/?token={TOKEN}")
    yield page
    hosts = {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}
    assert said == []


def open_dashboard(page: Page, server: Server, name: str, theme: str = "light") -> None:
    page.goto(server.address(f"dashboards/{name}", theme))
    expect(page.locator("[data-slot=status]")).to_be_visible()


def take_picture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def columns_drawn(page: Page) -> list[int]:
    """How many samples each live plot has."""
    return page.evaluate(
        """() => Bokeh.documents.flatMap(document => [...document._all_models.values()])
            .filter(model => model.type === 'AjaxDataSource')
            .map(source => (source.data.time ?? []).length)"""
    )


def test_the_index_leads_to_each_dashboard(watched: Page, server: Server):
    watched.get_by_role("link", name="Infrastructure").click()

    expect(watched.locator("[data-slot=status]")).to_be_visible()
    assert "theme=" in watched.url


def test_plots_and_texts_go_on_without_any_kernel(watched: Page, server: Server):
    open_dashboard(watched, server, "infrastructure")
    watched.wait_for_function(
        """() => Bokeh.documents.length >= 2 && Bokeh.documents.every(document =>
            [...document._all_models.values()].some(model => model.type === 'AjaxDataSource'
                && (model.data.time ?? []).length > 0))"""
    )
    for kernel in server.api("api/kernels"):
        headers = {"Authorization": f"token {TOKEN}"}
        httpx.delete(f"{server.url}api/kernels/{kernel['id']}", headers=headers, timeout=DEADLINE_S)

    newest = "() => Math.max(...Bokeh.documents.flatMap(d => [...d._all_models.values()]"
    newest += ".filter(m => m.type === 'AjaxDataSource').map(m => m.data.time.at(-1))))"
    before = watched.evaluate(newest)

    watched.wait_for_function(f"() => ({newest})() > {before}")
    assert all(columns_drawn(watched))


def test_a_lost_host_stays_listed_in_every_size_and_theme_and_comes_back(
    watched: Page, server: Server
):
    name = server.api("jupyter-platform/api/hosts")[1]["description"]["name"]
    open_dashboard(watched, server, "infrastructure")
    card = watched.locator(f"section[aria-label='{name}']")
    expect(card).to_contain_text("up, joined")

    server.signal_host(name, signal.SIGSTOP)
    try:
        expect(card).to_contain_text("lost")
        for theme in ("light", "dark"):
            for width in (768, 1366):
                watched.set_viewport_size({"width": width, "height": 900})
                open_dashboard(watched, server, "infrastructure", theme)
                expect(card).to_contain_text("lost")
                both = "() => document.querySelectorAll('.jpd-plot > *').length >= 2"
                watched.wait_for_function(both)
                fits_its_window(watched, f"infrastructure-{theme}-{width}", theme)
                open_dashboard(watched, server, "summary", theme)
                fits_its_window(watched, f"summary-{theme}-{width}", theme)
    finally:
        server.signal_host(name, signal.SIGCONT)

    open_dashboard(watched, server, "infrastructure")
    expect(card).to_contain_text("up, joined")


def fits_its_window(page: Page, name: str, theme: str) -> None:
    """Check size, colour and that a host is missed, and take a picture."""
    expect(page.locator("[data-slot=status]")).to_contain_text("1 up, 1 lost")
    take_picture(page, name)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(33, 33, 33)" if theme == "dark" else "rgb(255, 255, 255)"), name


def test_counts_equal_the_api_and_names_stay_text(watched: Page, server: Server):
    name = '<img src=x onerror="alert(1)"> 🎉 ' + "long " * 50
    headers = {"Authorization": f"token {TOKEN}"}
    submission = {
        "type": "LEARN",
        "networks": ["lenet-digits"],
        "dataset": "digits",
        "name": name.strip(),
        "options": {"max_iterations": 50},
    }
    answer = httpx.post(
        f"{server.url}jupyter-platform/api/jobs",
        headers=headers,
        json=submission,
        timeout=DEADLINE_S,
    )
    assert answer.status_code == 201
    open_dashboard(watched, server, "summary", "dark")

    finished = watched.locator("[data-slot=finished]")

    expect(finished.locator("tbody tr")).to_have_count(1)
    expect(finished).to_contain_text("<img src=x onerror")
    expect(watched.locator("[data-slot=waiting]")).to_contain_text("Nothing waits.")
    expect(watched.locator("[data-slot=running]")).to_contain_text("Nothing runs.")
    assert watched.locator("#rendered_cells img").count() == 0
    ended = server.api("jupyter-platform/api/status")["finished"]
    expect(finished.locator("h2")).to_have_text(f"Finished {ended}")
    take_picture(watched, "summary-hostile-name")
