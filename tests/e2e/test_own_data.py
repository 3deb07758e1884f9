"""One's own table and network: from the file browser or a file to a form that trains."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import expect

from tests.waiting import until

from .conftest import choose, open_sidebar, picture

ROWS = (
    f"{n};{('Markt', 'Gärten', 'Allee')[n % 3]};{'' if n == 4 else f'1.{n:03d},5'};"
    f"{n % 28 + 1:02d}.03.2024;{('groß', 'klein')[n % 2]}\n"
    for n in range(1, 61)
)
MODULE = """
import torch


class Tiny(torch.nn.Sequential):
    def __init__(self, input_shape, outputs):
        super().__init__(torch.nn.Linear(input_shape[0], outputs))
"""
TABLE = ("Nr;Straße;Fläche;Gebaut;Klasse\n" + "".join(ROWS)).encode("cp1252")

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def table(lab) -> str:
    """A German table where the file browser shows it; returns its name."""
    content = base64.b64encode(TABLE).decode()
    body = {"type": "file", "format": "base64", "content": content}
    lab.api("PUT", "contents/wohnungen.csv", body)
    return "wohnungen.csv"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_table_of_the_file_browser_becomes_a_dataset(lab, page, table, theme):
    choose(lab.url, lab.token, theme)
    page.goto(lab.page_url())
    entry = page.locator(".jp-DirListing-item", has_text=table)
    expect(entry).to_be_visible()
    entry.click(button="right")
    page.locator(".lm-Menu-itemLabel", has_text="Use as dataset").click()

    panel = page.locator("#jupyter-platform-panel-datasets")
    expect(panel.get_by_text("Add a dataset")).to_be_visible()
    expect(panel.get_by_text("First of 60 rows")).to_be_visible()
    place = panel.get_by_label("or a path")
    assert place.input_value().startswith(("/", "~"))
    problems = panel.get_by_role("alert")
    expect(problems).to_have_count(2)
    expect(problems.nth(0)).to_contain_text("has no value in row 5 (1 of 60 rows)")
    expect(panel.get_by_text("semicolon (as recognised)")).to_be_attached()
    expect(panel.get_by_text("Klasse (as recognised)")).to_be_attached()
    picture(page, f"add-table-{theme}")

    panel.get_by_label("Missing values").select_option(label="become the mean")
    expect(problems).to_have_count(1)
    panel.get_by_label("Text columns").select_option(label="becomes one-hot")
    expect(panel.get_by_text("60 samples of shape 6, 2 classes.")).to_be_visible()
    panel.get_by_label("Leave out").select_option(label="Nr")
    expect(panel.get_by_text("60 samples of shape 5, 2 classes.")).to_be_visible()
    page.locator(".jp-SideBar.jp-mod-left .lm-TabBar-tab.lm-mod-current").click()
    page.set_viewport_size({"width": 360, "height": 740})
    shown, around = place.bounding_box(), panel.bounding_box()
    assert shown["x"] + shown["width"] <= around["x"] + around["width"]
    picture(page, f"add-table-narrow-{theme}")
    page.set_viewport_size({"width": 1366, "height": 768})

    name = f"wohnungen-{theme}"
    panel.get_by_label("Name").fill(name)
    panel.get_by_role("button", name="Add dataset").click()
    train = panel.get_by_role("link", name="Train")
    expect(train).to_be_visible()
    picture(page, f"added-table-{theme}")
    train.click()
    form = page.locator(".jp-Platform-submit")
    expect(form.get_by_label("Dataset")).to_have_value(name)
    facts = lab.platform("GET", f"datasets/{name}")["facts"]
    assert facts["features"][:3] == ["Straße=Allee", "Straße=Gärten", "Straße=Markt"]


def test_a_file_is_dropped_from_the_file_browser(lab, page, table):
    page.goto(lab.page_url("lab", reset=True) + "&open=datasets")
    panel = page.locator("#jupyter-platform-panel-datasets")
    expect(panel.get_by_role("button", name=re.compile(r"\bAdd$"))).to_be_visible()
    entry = page.locator(".jp-DirListing-item", has_text=table)
    expect(entry).to_be_attached()
    if not entry.is_visible():
        page.get_by_role("tab", name=re.compile("^File Browser")).click()
    expect(entry).to_be_visible()
    start, end = entry.bounding_box(), panel.bounding_box()

    page.mouse.move(start["x"] + 40, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(start["x"] + 80, start["y"] + 40, steps=4)
    x, y = end["x"] + end["width"] / 2, end["y"] + end["height"] / 2
    target = page.locator("#jupyter-platform-panel-datasets.jp-mod-dropTarget")

    def is_marked() -> bool:
        # A busy page takes several moves for one, so the hand does not lie still.
        page.mouse.move(x, y, steps=4)
        page.mouse.move(x + 5, y + 5, steps=2)
        return target.is_visible()

    until(is_marked, "the drop target is marked")
    picture(page, "drop-target")
    page.mouse.up()

    expect(panel.get_by_text("First of 60 rows")).to_be_visible()
    expect(page.locator(".jp-mod-dropTarget")).to_have_count(0)
    assert panel.get_by_label("or a path").input_value().endswith(table)


def test_a_module_of_ones_own_is_uploaded_in_the_form(lab, page):
    sidebar = open_sidebar(lab, page)
    sidebar.get_by_role("button", name="Submit", exact=True).click()
    form = page.locator(".jp-Platform-form:visible")

    form.get_by_label("File of a network").set_input_files(
        {"name": "Tiny Net.py", "mimeType": "text/x-python", "buffer": MODULE.encode()}
    )

    network = form.get_by_role("combobox", name="Network")
    expect(network).to_have_value("tiny-net")
    form.get_by_label("Dataset").fill("iris")
    expect(form.get_by_text(re.compile("would start|starts now")).first).to_be_visible()
    facts = lab.platform("GET", "networks/tiny-net")
    assert facts["description"]["source"]["main"].endswith(".py")
