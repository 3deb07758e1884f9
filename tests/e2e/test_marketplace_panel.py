"""The marketplace as people meet it: three clicks from the sidebar to a prediction."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from .conftest import open_sidebar, picture

pytestmark = pytest.mark.browser

ITEM, TITLE = "bright-or-dark", "Bright or dark"
SERIOUS = ("serious", "critical")


@pytest.fixture(autouse=True)
def nothing_left(lab) -> Iterator[None]:
    """Delete what a test has deployed."""
    yield
    for item in lab.platform("GET", "deployments")["items"]:
        lab.platform("DELETE", f"deployments/{item['id']}")


def open_marketplace(lab, page: Page) -> Locator:
    """Open the marketplace from the sidebar, and wait for its cards."""
    open_sidebar(lab, page).get_by_role("button", name="Marketplace").click()
    panel = page.locator("#jupyter-platform-panel-marketplace")
    expect(panel.get_by_role("button", name=TITLE)).to_be_visible()
    return panel


def accessible(page: Page, selector: str) -> None:
    """Check that nothing in a panel is a serious hindrance."""
    found = Axe().run(page, context=selector).response["violations"]
    worst = [
        (item["id"], [node["html"][:160] for node in item["nodes"]])
        for item in found
        if item["impact"] in SERIOUS
    ]
    assert worst == []


def a_picture() -> dict[str, object]:
    file = io.BytesIO()
    Image.new("L", (16, 16), 230).save(file, "PNG")
    return {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}


def test_three_clicks_lead_to_a_prediction_on_a_picture_of_ones_own(lab, page: Page):
    panel = open_marketplace(lab, page)
    panel.get_by_role("button", name=TITLE).click()
    panel.get_by_role("button", name=re.compile("Try$")).click()  # behind its icon

    with page.expect_file_chooser() as chosen:
        panel.get_by_role("button", name=re.compile("picture")).click()
    chosen.value.set_files(a_picture())
    expect(panel.get_by_role("img", name="mine.png")).to_be_visible()
    panel.get_by_role("button", name="Predict").click()
    expect(panel.locator(".jp-PlatformPanel-verdict")).to_have_text("bright")
    picture(page, "marketplace-try")
    accessible(page, "#jupyter-platform-panel-marketplace")

    sidebar = page.locator("#jupyter-platform-sidebar")
    row = sidebar.get_by_role("region", name="Deployments").locator("[data-deployment]")
    expect(row).to_contain_text("running")
    row.get_by_role("button").click()
    table = page.locator("#jupyter-platform-panel-deployments")
    expect(table.get_by_role("row", name=TITLE).first).to_contain_text("running")
    expect(table.get_by_text("UUID")).to_be_visible()
    accessible(page, "#jupyter-platform-panel-deployments")
    picture(page, "deployments")

    table.get_by_role("button", name="Delete Trial").click()
    table.get_by_role("button", name="Delete Trial").click()
    expect(row).to_have_count(0)


def test_they_are_pages_of_their_own_also_on_a_narrow_screen(lab, page: Page):
    page.set_viewport_size({"width": 360, "height": 800})
    for name, shown in (("marketplace", TITLE), ("deployments", "Modules 0")):
        page.goto(f"{lab.url}jupyter-platform/dashboards/{name}?theme=dark&token={lab.token}")
        expect(page.get_by_role("button", name=shown)).to_be_visible()
        picture(page, f"{name}-360-dark")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
