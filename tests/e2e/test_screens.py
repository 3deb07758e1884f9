"""The screens that people meet first, in both themes: pictures to look at, and what must hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from jupyter_platform.runtime.paths import FOLDER

from .conftest import await_states, choose, make_as_wide, open_sidebar, picture, run_platform
from .jupyter import JupyterServer, folders_in, running_jupyter

pytestmark = pytest.mark.browser

NARROW_PX = 320
DATASET = {
    "kind": "blobs",
    "title": "A hundred clouds",
    "parameters": {"samples": 3000, "classes": 100, "features": 8, "spread": 1.0},
}
CUT_OFF = """node => [...node.querySelectorAll('*')]
    .filter(item => item.checkVisibility() && getComputedStyle(item).overflowX !== 'visible')
    .filter(item => item.scrollWidth > item.clientWidth + 1
        && getComputedStyle(item).textOverflow !== 'ellipsis'
        && item.clientWidth > 1)
    .map(item => `${item.tagName}.${item.className}: ${item.textContent.slice(0, 60)}`)"""
"""What is wider than the room it has, but for names that end in an ellipsis."""


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[JupyterServer]:
    """JupyterLab as `jupyter platform lab` opens it for somebody who has nothing yet."""
    environment = folders_in(tmp_path)
    module = ["jupyter_platform.cli.main", "lab"]
    try:
        with running_jupyter(tmp_path, environment, module=module, is_asked=True) as server:
            yield server
    finally:
        run_platform(environment, "down", "--stop-jobs")


@pytest.fixture(params=["light", "dark"])
def theme(request) -> str:
    return str(request.param)


@pytest.fixture
def themed(lab, theme: str) -> Iterator[str]:
    choose(lab.url, lab.token, theme)
    yield theme
    choose(lab.url, lab.token, "light")


def brightness(place: Locator) -> float:
    """Return how bright the background of a place is, 0 to 255."""
    colour = place.evaluate(
        """node => {
            while (getComputedStyle(node).backgroundColor === 'rgba(0, 0, 0, 0)') {
                node = node.parentElement;
            }
            return getComputedStyle(node).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number);
        }"""
    )
    return sum(colour) / 3


def test_the_first_opening_shows_a_job_that_learns(alone: JupyterServer, page: Page, theme: str):
    choose(alone.url, alone.token, theme)
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)

    page.goto(f"{alone.url}?token={alone.token}")

    view = page.locator("[id^='jupyter-platform-job-']")
    expect(view.locator(".u-over").first).to_be_visible()
    expect(view.locator(".jp-Platform-jobHead")).to_contain_text("running")
    expect(view.get_by_text("validation accuracy").first).to_be_visible()
    expect(view.get_by_role("button", name=re.compile("^loss"))).to_be_visible()
    sidebar = page.locator("#jupyter-platform-sidebar")
    row = sidebar.get_by_role("region", name="Running").locator("[data-job]")
    expect(row).to_contain_text("loss")
    before = row.inner_text()
    expect(row).not_to_have_text(before)
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    page.wait_for_timeout(1500)  # what would come late, such as a question, has come
    picture(page, f"first-opening-{theme}")

    filled = page.locator(".jp-mod-filled:visible, .jp-mod-accept:visible")
    assert [item.inner_text() for item in filled.all()] == ["Submit"]
    expect(page.locator(".Toastify__toast, .jp-Dialog")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for place in (sidebar, view):
        assert place.evaluate(CUT_OFF) == []
        assert (brightness(place) < 128) is (theme == "dark")
    assert said == []


@pytest.fixture
def every_state(lab) -> Iterator[dict[str, str]]:
    """Jobs in each state that people meet: two that run, one that waits for them, three ended."""

    def submit(name: str, network: str = "mlp", **options) -> str:
        body = {"type": "LEARN", "networks": [network], "dataset": "iris", "name": name}
        return lab.platform("POST", "jobs", {**body, "options": options})["id"]

    endless = {"max_iterations": -1, "validation_interval": 0}
    jobs = {"stopped": submit("given up after a minute", **endless)}
    lab.platform("POST", f"jobs/{jobs['stopped']}/stop")
    jobs["failed"] = submit("too large a step", "explosive", max_iterations=50)
    jobs["finished"] = submit("iris with a wide hidden layer", max_iterations=50)
    await_states(lab, jobs)
    slots = lab.platform("GET", "status")["slots"]["total"]
    running = [submit(f"sweep {number + 1}", **endless) for number in range(slots)]
    jobs["queued"] = submit("waits for the sweep", max_iterations=50)
    yield jobs
    lab.platform("POST", f"jobs/{jobs['queued']}/stop")
    for job in running:
        lab.platform("POST", f"jobs/{job}/stop")
        await_states(lab, {"stopped": job})


def test_a_narrow_sidebar_shows_every_state(lab, page: Page, every_state):
    try:
        for theme in ("dark", "light"):
            choose(lab.url, lab.token, theme)
            sidebar = open_sidebar(lab, page)
            make_as_wide(page, sidebar, NARROW_PX)
            shows_every_state(page, sidebar, every_state, theme)
    finally:
        choose(lab.url, lab.token, "light")


def shows_every_state(page: Page, sidebar: Locator, jobs: dict[str, str], theme: str) -> None:
    """Check that jobs are told apart and nothing is cut off, and take a picture."""
    waiting = sidebar.locator(f"[data-job='{jobs['queued']}']")
    expect(waiting).to_contain_text("needs 1 CPU on one host")
    running = sidebar.get_by_role("region", name="Running")
    for detail in running.locator(".jp-Platform-job-detail").all():
        expect(detail).to_contain_text("loss")

    picture(page, f"sidebar-{NARROW_PX}-{theme}")

    reason = waiting.locator(".jp-Platform-job-detail")
    assert reason.evaluate("node => node.scrollWidth <= node.clientWidth")
    shapes = {
        state: sidebar.locator(f"[data-job='{job}'] svg").first.inner_html()
        for state, job in jobs.items()
    }
    shapes["running"] = running.locator("[data-job] svg").first.inner_html()
    assert len(set(shapes.values())) == len(shapes)  # a shape for each, whatever its colour
    assert sidebar.evaluate(CUT_OFF) == []
    assert (brightness(sidebar) < 128) is (theme == "dark")


def evaluate(lab, network: str, dataset: str) -> str:
    """Let a network learn and be judged; return the id of the evaluation."""
    jobs = {}
    for kind, options in (("LEARN", {"method": "ADAM", "max_iterations": 400}), ("EVALUATE", {})):
        body = {"type": kind, "networks": [network], "dataset": dataset}
        options["tag"] = f"{network}-{dataset}"
        jobs["finished"] = lab.platform("POST", "jobs", {**body, "options": options})["id"]
        await_states(lab, jobs)
    return jobs["finished"]


@pytest.fixture(scope="module")
def evaluated(lab) -> Iterator[str]:
    """Return the id of an evaluation of a hundred classes."""
    folder = Path(lab.environment["JUPYTER_DATA_DIR"]) / FOLDER / "datasets"
    descriptor = folder / "hundred.json"
    folder.mkdir(parents=True, exist_ok=True)
    descriptor.write_text(json.dumps(DATASET))
    yield evaluate(lab, "mlp", "hundred")
    descriptor.unlink()


def test_a_matrix_of_a_hundred_classes_can_be_read(lab, page: Page, evaluated: str, themed: str):
    page.goto(f"{lab.page_url()}&job={evaluated}")
    view = page.locator(f"#jupyter-platform-job-{evaluated}")
    matrix = view.get_by_role("img", name="Confusion matrix of 100 classes")
    expect(matrix).to_be_visible()

    picture(page, f"evaluation-100-{themed}")
    matrix.scroll_into_view_if_needed()
    matrix.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    picture(page, f"evaluation-100-matrix-{themed}")

    expect(view.get_by_text("true 1, predicted 1:")).to_be_visible()
    assert view.evaluate(CUT_OFF) == []
    assert (brightness(view) < 128) is (themed == "dark")


@pytest.fixture(scope="module")
def regression(lab) -> str:
    """Return the id of an evaluation of numbers."""
    return evaluate(lab, "mlp-regression", "diabetes")


def test_predicted_numbers_are_plotted_over_the_true_ones(lab, page: Page, regression, themed: str):
    page.goto(f"{lab.page_url()}&job={regression}")
    view = page.locator(f"#jupyter-platform-job-{regression}")
    plot = view.get_by_role("img", name="Predicted over true numbers of")
    expect(plot.locator("canvas")).to_be_visible()

    picture(page, f"evaluation-regression-{themed}")

    expect(view.locator(".jp-Platform-scores .jp-mod-main")).to_contain_text("R²")
    assert view.evaluate(CUT_OFF) == []
