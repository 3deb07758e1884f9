"""The way of somebody new: one's own table and network, a sweep, and what follows from it."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from .conftest import await_states, picture, run_platform
from .test_next_jobs import filled_in, open_job, submitted

pytestmark = pytest.mark.browser

ROWS = (
    f"{0.5 * n:.1f};{'' if n == 7 else 100 - n};{('mild', 'herb')[n % 2]};"
    f"{('klein', 'groß')[n > 40]}\n".replace(".", ",")
    for n in range(1, 81)
)
TABLE = ("Länge;Höhe;Sorte;Klasse\n" + "".join(ROWS)).encode("cp1252")
NETWORK = """
import torch


class Small(torch.nn.Module):
    def __init__(self, input_shape, outputs, hidden=16):
        super().__init__()
        self.inner = torch.nn.Linear(input_shape[0], hidden)
        self.outer = torch.nn.Linear(hidden, outputs)

    def forward(self, inputs):
        return torch.log_softmax(self.outer(torch.relu(self.inner(inputs))), dim=1)
"""
OPTIONS = """learning_rate=[0.03,0.01,0.003]
batch_size=[8,16]
max_iterations=60
validation_interval=20
"""


def test_from_a_table_and_a_network_of_ones_own_to_a_model_that_learns_on(
    lab, page: Page, tmp_path: Path
):
    bring_a_network(lab, tmp_path)
    form = add_the_table(lab, page)
    sweep, jobs = submit_a_sweep(lab, page, form)

    compare_them(page, jobs)

    best = lab.platform("GET", f"sweeps/{sweep}")["best"]
    assert best in jobs
    learned = lab.platform("GET", f"jobs/{best}")
    open_job(lab, page, best).get_by_role("button", name="Evaluate").click()
    evaluated = submitted(lab, page, filled_in(page, re.compile("^Evaluate small-pflanzen")))
    assert evaluated["given"] == {"tag": best}
    assert 0 <= evaluated["result"]["accuracy"] <= 1
    picture(page, "newcomer-evaluated")

    open_job(lab, page, best).get_by_role("button", name="Continue").click()
    on = submitted(lab, page, filled_in(page, re.compile("^Continue small-pflanzen")))
    assert (on["type"], on["dataset"]) == ("LEARN", "pflanzen")
    assert float(on["given"]["learning_rate"]) == learned["varied"]["learning_rate"]


def bring_a_network(lab, folder: Path) -> None:
    path = folder / "small.py"
    path.write_text(NETWORK)
    run_platform(lab.environment, "networks", "add", f"{path}:Small")


def add_the_table(lab, page: Page) -> Locator:
    """Add a file of the file browser; return the form in which it is to be learned."""
    content = base64.b64encode(TABLE).decode()
    lab.api(
        "PUT", "contents/pflanzen.csv", {"type": "file", "format": "base64", "content": content}
    )
    page.goto(lab.page_url())
    entry = page.locator(".jp-DirListing-item", has_text="pflanzen.csv")
    expect(entry).to_be_visible()
    entry.click(button="right")
    page.locator(".lm-Menu-itemLabel", has_text="Use as dataset").click()
    panel = page.locator("#jupyter-platform-panel-datasets")
    expect(panel.get_by_role("alert")).to_have_count(2)
    panel.get_by_label("Missing values").select_option(label="become the mean")
    expect(panel.get_by_role("alert")).to_have_count(1)
    panel.get_by_label("Text columns").select_option(label="becomes one-hot")
    samples = panel.get_by_text("80 samples of shape 4, 2 classes.")
    expect(samples).to_be_visible()
    panel.get_by_role("button", name="Add dataset").click()
    train = panel.get_by_role("link", name="Train")
    expect(train).to_be_visible()
    train.click()
    form = page.locator(".jp-Platform-form:visible")
    expect(form.get_by_label("Dataset")).to_have_value("pflanzen")
    return form


def submit_a_sweep(lab, page: Page, form: Locator) -> tuple[str, list[str]]:
    """Submit six jobs from the form; return the sweep and its jobs when they have finished."""
    form.get_by_role("combobox", name="Network").fill("small")
    form.locator("[data-control='text'] textarea").fill(OPTIONS)
    expect(form.get_by_text("Makes 6 jobs.")).to_be_visible()
    expect(form.get_by_label("Search", exact=True)).to_have_value("grid")
    expect(form.get_by_text("would start").first).to_be_visible()
    form.get_by_text("Makes 6 jobs.").scroll_into_view_if_needed()
    picture(page, "newcomer-sweep-form")
    form.get_by_role("button", name="Submit", exact=True).click()
    rows = page.locator(".jp-Platform-tableView tr[data-job]")
    expect(rows).to_have_count(6)
    sweep = lab.platform("GET", "sweeps")[0]["id"]
    jobs = [item["id"] for item in lab.platform("GET", f"jobs?sweep={sweep}")["items"]]
    for job in jobs:
        await_states(lab, {"finished": job})
    return sweep, jobs


def compare_them(page: Page, jobs: list[str]) -> None:
    table = page.locator(".jp-Platform-tableView")
    for job in jobs[:3]:
        table.locator(f"tr[data-job='{job}'] input").check()
    picture(page, "newcomer-sweep-table")
    table.get_by_role("button", name="Compare", exact=True).click()
    compare = page.locator(".jp-Platform-compareView")
    options = compare.locator("section", has_text="Options").locator("table")
    expect(options).to_contain_text("learning_rate")
    picture(page, "newcomer-compare")


def test_from_pictures_of_ones_own_to_a_network_that_tells_them_apart(lab, page: Page):
    form = add_the_pictures(lab, page)

    form.get_by_role("combobox", name="Network").fill("mlp")
    form.locator("[data-control='text'] textarea").fill("max_iterations=80")
    expect(form.get_by_text(re.compile("would start|starts now")).first).to_be_visible()
    picture(page, "newcomer-pictures-form")
    job = submitted(lab, page, form)

    assert (job["dataset"], job["state"]) == ("blaetter", "finished")
    assert job["headline"]["value"] is not None


def add_the_pictures(lab, page: Page) -> Locator:
    """Add a folder of the file browser with one of pictures for each class; return the form."""
    lab.api("PUT", "contents/blaetter", {"type": "directory"})
    for shade, name in ((60, "ahorn"), (190, "buche")):
        lab.api("PUT", f"contents/blaetter/{name}", {"type": "directory"})
        for number in range(12):
            content = base64.b64encode(leaf(shade + 4 * number)).decode()
            body = {"type": "file", "format": "base64", "content": content}
            lab.api("PUT", f"contents/blaetter/{name}/{number}.png", body)
    page.goto(lab.page_url())
    entry = page.locator(".jp-DirListing-item", has_text="blaetter")
    entry.click(button="right")
    page.locator(".lm-Menu-itemLabel", has_text="Use as dataset").click()
    panel = page.locator("#jupyter-platform-panel-datasets")
    expect(panel.get_by_text(re.compile("24 samples of shape .*, 2 classes"))).to_be_visible()
    picture(page, "newcomer-pictures")
    panel.get_by_role("button", name="Add dataset").click()
    panel.get_by_role("link", name="Train").click()
    form = page.locator(".jp-Platform-form:visible")
    expect(form.get_by_label("Dataset")).to_have_value("blaetter")
    return form


def leaf(shade: int) -> bytes:
    """Return a PNG of one shade of green."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (20, shade, 30)).save(file, "PNG")
    return file.getvalue()
