"""A network that is built, trained, tried and found again without a line of code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

SCREENSHOTS = Path(__file__).parent / "screenshots"


def open_card(lab, page: Page, name: str) -> None:
    """Open JupyterLab, and what one of its launcher cards opens."""
    page.goto(lab.page_url())
    page.locator(".jp-Launcher").first.wait_for()
    page.locator(".jp-LauncherCard", has_text=re.compile(f"^{name}$")).click()


def panel(page: Page, name: str) -> Locator:
    return page.locator(f"#jupyter-platform-panel-{name}")


def take_picture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def draw_one(page: Page, canvas: Locator) -> None:
    """Draw a straight stroke from top to bottom."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(middle, box["y"] + box["height"] - 20, steps=8)
    page.mouse.up()


def test_a_network_is_built_trained_and_recognises_what_one_draws(lab, page: Page):
    open_card(lab, page, "Build a network")
    builder = panel(page, "builder")
    expect(builder.get_by_text("It fits: 2,410 parameters.")).to_be_visible()

    wide = builder.get_by_placeholder("no arguments").nth(1)
    wide.fill("in_features=$features out_features=33")
    expect(builder.get_by_role("alert")).to_contain_text("takes 32 values")
    train = builder.get_by_role("button", name="Train a minute")
    expect(train).to_be_disabled()
    wide.fill("in_features=$features out_features=32")
    expect(train).to_be_enabled()

    builder.get_by_label("Name").fill("drawn-digits")
    builder.get_by_label("Name").press("Enter")
    train.click()
    expect(builder.locator(".jp-PlatformPanel-curve polyline")).to_be_visible()
    expect(builder.get_by_text(re.compile(r"validation accuracy 0\.[89]"))).to_be_visible()
    builder.get_by_role("button", name="Stop").click()
    builder.get_by_role("button", name="Try it").click()

    canvas = builder.get_by_role("img", name="Draw what the network is to recognise")
    expect(canvas).to_be_visible()
    draw_one(page, canvas)
    bars = builder.get_by_role("table", name="Class probabilities")
    expect(bars).to_be_visible()
    expect(builder.locator(".jp-PlatformPanel-verdict")).to_have_text("1")
    take_picture(page, "builder")

    builder.get_by_role("link", name="Open its page").click()
    networks = panel(page, "networks")
    heading = networks.get_by_role("heading", name="drawn-digits", exact=True)
    expect(heading).to_be_visible()
    expect(networks.get_by_role("img", name="5 layers of drawn-digits")).to_be_visible()
    take_picture(page, "network-page")


@pytest.mark.parametrize(("theme", "width"), [("light", 1366), ("dark", 700)])
def test_the_page_of_a_network_fits_its_window_in_its_theme(lab, page: Page, theme, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{lab.url}jupyter-platform/dashboards/networks?theme={theme}&token={lab.token}")

    page.get_by_role("button", name="lenet-digits").click()

    drawing = page.get_by_role("img", name=re.compile("layers of lenet-digits"))
    expect(drawing).to_be_visible()
    expect(page.get_by_role("link", name="Train", exact=True)).to_be_visible()
    take_picture(page, f"networks-{theme}-{width}")
    overflow = "document.documentElement.scrollWidth - window.innerWidth"
    assert page.evaluate(overflow) <= 0
    fill = drawing.locator("text").first.evaluate("node => getComputedStyle(node).fill")
    assert (sum(map(int, re.findall(r"\d+", fill)[:3])) > 380) is (theme == "dark")


def test_a_link_opens_the_page_of_a_network_and_its_actions_the_form(lab, page: Page):
    page.goto(lab.page_url() + "&network=lenet-digits")

    networks = panel(page, "networks")
    heading = networks.get_by_role("heading", name="lenet-digits", exact=True)
    expect(heading).to_be_visible()
    networks.get_by_role("link", name="Train", exact=True).click()

    form = page.locator(".jp-Platform-submit").last
    expect(form).to_be_visible()
    expect(form.get_by_role("combobox", name=re.compile("[Nn]etwork")).first).to_have_value(
        "lenet-digits"
    )
