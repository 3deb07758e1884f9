"""The datasets panel, as people meet it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

SCREENSHOTS = Path(__file__).parent / "screenshots"
NARROW = {"width": 420, "height": 900}


@pytest.fixture(scope="module")
def dropped(lab) -> Iterator[Path]:
    """Put a folder of images and a broken descriptor into the watched folder."""
    folder = Path(lab.environment["JUPYTER_DATA_DIR"]) / "jupyter_platform" / "datasets"
    random = np.random.default_rng(0)
    for name, brightness in (("night", 60), ("day", 190)):
        (folder / "skies" / name).mkdir(parents=True)
        for number in range(12):
            pixels = random.normal(brightness, 30, (24, 24, 3)).clip(0, 255).astype("u1")
            Image.fromarray(pixels).save(folder / "skies" / name / f"{number}.png")
    descriptor = folder / "skies" / "skies.yaml"
    descriptor.write_text("kind: images\nfile: .\ntitle: Skies by day and by night\n")
    broken = folder / "broken.yaml"
    broken.write_text("kind: csv\n\tfile: table.csv\n")
    yield folder
    descriptor.unlink()
    broken.unlink()


def open_panel(lab, page: Page) -> Locator:
    page.goto(lab.page_url())
    page.locator(".jp-LauncherCard", has_text=re.compile("^Datasets$")).click()
    panel = page.locator("#jupyter-platform-panel-datasets")
    expect(panel.get_by_role("button", name="digits", exact=True)).to_be_visible()
    return panel


def show(panel: Locator, name: str) -> None:
    panel.get_by_role("button", name=name, exact=True).click()
    expect(panel.get_by_role("heading", name=name, exact=True)).to_be_visible()


def shoot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"datasets-{name}.png")


def shown_in_full(panel: Locator) -> None:
    """Check that nothing has to be scrolled to the side."""
    wide, room = panel.evaluate("node => [node.scrollWidth, node.clientWidth]")
    assert wide <= room


def test_samples_are_seen_and_adapters_tried_on_them(lab, page: Page, dropped):
    panel = open_panel(lab, page)
    show(panel, "skies")

    expect(panel.get_by_role("img", name=re.compile("day$")).first).to_be_visible()
    expect(panel.get_by_text("Skies by day and by night")).to_be_visible()
    expect(panel.get_by_role("rowheader", name="night")).to_be_visible()
    shown_in_full(panel)

    panel.get_by_role("button", name="Turn").click()
    expect(panel.get_by_role("img", name="sample changed")).to_have_count(7)
    shoot(page, "adapters")
    panel.get_by_placeholder("horizontal_flip=0.5 rotation=0.3").fill("frame=1,8,8,8")
    expect(panel.get_by_role("alert")).to_contain_text("height,width")


def test_what_is_missing_or_broken_says_what_to_do(lab, page: Page, dropped):
    panel = open_panel(lab, page)

    show(panel, "mnist")
    expect(panel.get_by_role("button", name="Download 11.6 MB")).to_be_visible()
    expect(panel.get_by_text("not downloaded ↓").first).to_be_visible()
    shoot(page, "not-downloaded")

    show(panel, "broken")
    expect(panel.get_by_role("alert")).to_contain_text("not tabs")


def test_it_is_a_page_of_its_own_also_on_a_narrow_screen(lab, page: Page, dropped):
    page.set_viewport_size(NARROW)
    page.goto(f"{lab.url}jupyter-platform/dashboards/datasets?theme=dark&token={lab.token}")

    page.get_by_role("button", name="digits", exact=True).click()

    expect(page.get_by_role("img", name=re.compile("^sample 0 ")).first).to_be_visible()
    shoot(page, "dark-narrow")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= NARROW["width"]
