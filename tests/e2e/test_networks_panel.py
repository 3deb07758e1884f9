"""The networks panel, on its hidden kernel, as people meet it."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import jupyter_client
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.waiting import DEADLINE_S

from .conftest import open_page

pytestmark = pytest.mark.browser

SESSION = "jupyter-platform/panels"


def open_panel(lab, page: Page, *, reset: bool = True) -> Locator:
    """Open JupyterLab and its networks panel, and wait for the list."""
    page.goto(lab.page_url(reset=reset))
    page.get_by_role("region", name="Launcher").or_(page.locator(".jp-Launcher")).first.wait_for()
    page.locator(".jp-LauncherCard", has_text=re.compile("^Networks$")).click()
    return listed(page)


def listed(page: Page) -> Locator:
    """Return the panel once it lists the networks."""
    panel = page.locator("#jupyter-platform-panel-networks")
    expect(panel.get_by_role("button", name="lenet-digits")).to_be_visible()
    return panel


def show(panel: Locator, name: str) -> None:
    panel.get_by_role("button", name=name, exact=True).click()
    expect(panel.get_by_role("heading", name=name, exact=True)).to_be_visible()


def kernel_id(lab) -> str:
    (session,) = [item for item in lab.api("GET", "sessions") if item["path"] == SESSION]
    return session["kernel"]["id"]


def run_in_kernel(lab, kernel: str, code: str) -> None:
    """Run code in a kernel from outside."""
    folder = Path(lab.environment["JUPYTER_RUNTIME_DIR"])
    client = jupyter_client.BlockingKernelClient()
    client.load_connection_file(str(folder / f"kernel-{kernel}.json"))
    client.start_channels()
    try:
        reply = client.execute(code, reply=True, timeout=DEADLINE_S)
    finally:
        client.stop_channels()
    assert reply["content"]["status"] == "ok"


def test_it_shows_layers_from_this_machine_alone(lab, page: Page):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    panel = open_panel(lab, page)
    show(panel, "lenet-digits")

    expect(panel.get_by_role("cell", name="Conv2d").first).to_be_visible()
    expect(panel.get_by_role("columnheader", name="output shape")).to_be_visible()
    web = {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))}
    assert web == {"127.0.0.1"}


def test_it_is_the_same_after_a_reload_and_in_another_tab(lab, page: Page):
    panel = open_panel(lab, page)
    panel.get_by_placeholder("Search networks").fill("lenet")
    expect(panel.get_by_role("button", name="mlp", exact=True)).to_have_count(0)
    show(panel, "lenet")
    # The layout of the page is saved a moment after it has changed.
    with page.expect_response(lambda answer: "/api/workspaces" in answer.url):
        pass

    page.goto(lab.page_url(reset=False))
    panel = listed(page)

    expect(panel.get_by_placeholder("Search networks")).to_have_value("lenet")
    expect(panel.get_by_role("heading", name="lenet", exact=True)).to_be_visible()

    other = open_page(page.context.browser)
    other_panel = open_panel(lab, other)
    show(other_panel, "lenet-digits")
    expect(panel.get_by_role("heading", name="lenet-digits", exact=True)).to_be_visible()
    panel.get_by_placeholder("Search networks").fill("")
    # The kernel has it, and the next page will, once the other tab shows it.
    expect(other_panel.get_by_placeholder("Search networks")).to_have_value("")


def test_it_comes_back_when_its_kernel_restarts_and_asks_when_it_has_ended(lab, page: Page):
    panel = open_panel(lab, page)
    panel.get_by_placeholder("Search networks").fill("lenet")

    lab.api("POST", f"kernels/{kernel_id(lab)}/restart")
    # Restarted by somebody else, it is noticed when it says something for the first time.
    panel.get_by_role("button", name="lenet", exact=True).click()
    expect(panel.get_by_placeholder("Search networks")).to_have_value("")
    show(panel, "mlp")

    lab.api("DELETE", f"kernels/{kernel_id(lab)}")
    panel.get_by_role("button", name="Restart", exact=True).click()
    expect(panel.get_by_role("heading", name="mlp", exact=True)).to_have_count(0)
    listed(page)
    show(panel, "mlp")


def test_a_network_is_copied_renamed_and_deleted_from_its_page(lab, page: Page):
    panel = open_panel(lab, page)
    show(panel, "mlp")
    page_of = panel.locator(".jp-PlatformPanel-page")
    question = panel.locator(".jp-PlatformPanel-question")

    page_of.get_by_role("button", name="Copy").click()
    question.get_by_role("textbox").fill("lenet")
    expect(question.get_by_role("alert")).to_have_text("There is a network 'lenet' already.")
    question.get_by_role("textbox").fill("browser-copy")
    question.get_by_role("button", name="Copy").click()
    title = page_of.get_by_role("heading", level=2)
    expect(title).to_have_text("browser-copy")

    page_of.get_by_role("button", name="Rename").click()
    question.get_by_role("textbox").fill("browser-renamed")
    question.get_by_role("button", name="Rename").click()
    expect(title).to_have_text("browser-renamed")

    page_of.get_by_role("button", name="Delete").click()
    expect(question).to_contain_text("cannot be brought back")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_empty()
    page_of.get_by_role("button", name="Delete").click()
    question.get_by_role("button", name="Delete").click()
    line = panel.get_by_role("button", name="browser-renamed", exact=True)
    expect(line).to_have_count(0)


def test_it_never_talks_to_code_of_another_version(lab, page: Page):
    panel = open_panel(lab, page)
    before = kernel_id(lab)
    run_in_kernel(
        lab, before, "import jupyter_platform.panels.opening as o; o.__version__ = '0.0.1'; x = 1"
    )

    panel.get_by_placeholder("Search networks").fill("old")
    page.goto(lab.page_url())
    panel = open_panel(lab, page)

    expect(panel.get_by_placeholder("Search networks")).to_have_value("")
    show(panel, "mlp")
    run_in_kernel(lab, kernel_id(lab), "assert 'x' not in globals()")


def test_it_is_a_page_of_its_own(lab, page: Page):
    page.goto(f"{lab.url}jupyter-platform/dashboards/networks?theme=dark&token={lab.token}")

    page.get_by_role("button", name="lenet-digits").click()

    expect(page.get_by_role("heading", name="lenet-digits")).to_be_visible()
    expect(page.get_by_role("cell", name="Conv2d").first).to_be_visible()
