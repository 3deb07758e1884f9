"""What comes after a job: evaluated, tried, continued, done again, each filled in from it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import await_states, open_sidebar, picture

pytestmark = pytest.mark.browser

RATE = 0.01


@pytest.fixture
def learned(lab) -> Iterator[dict]:
    """A job whose weights a later one has taken the tag from."""
    body = {"type": "LEARN", "networks": ["mlp"], "dataset": "wine", "name": "first steps"}
    body["options"] = {"learning_rate": RATE, "max_iterations": 30, "tag": "shared"}
    jobs = []
    for _ in range(2):
        jobs.append(lab.platform("POST", "jobs", body))
        await_states(lab, {"finished": jobs[-1]["id"]})
    yield jobs[0]
    for job in jobs:
        lab.platform("DELETE", f"jobs/{job['id']}")


def open_job(lab, page: Page, job: str) -> Locator:
    page.goto(f"{lab.page_url()}&job={job}")
    view = page.locator(f"#jupyter-platform-job-{job}")
    expect(view.locator("h1")).to_be_visible()
    return view


def filled_in(page: Page, title: str | re.Pattern[str]) -> Locator:
    """Return the form of the tab that is current, which has a title."""
    tab = page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab.jp-mod-current")
    expect(tab).to_have_text(title)
    form = page.locator(".jp-Platform-form:visible")
    expect(form.get_by_text(re.compile("^would (start|wait)")).first).to_be_visible()
    return form


def submitted(lab, page: Page, form: Locator) -> dict:
    """Submit what stands in a form, and return the job once it has finished."""
    form.get_by_role("button", name="Submit", exact=True).click()
    view = page.locator("[id^='jupyter-platform-job-']:visible").last
    expect(view.locator("h1")).to_be_visible()
    expect(form).to_have_count(0)
    job = lab.platform("GET", "jobs?limit=1")["items"][0]["id"]
    await_states(lab, {"finished": job})
    return lab.platform("GET", f"jobs/{job}")


def test_the_weights_of_a_job_are_evaluated_and_continued(lab, page: Page, learned: dict):
    view = open_job(lab, page, learned["id"])
    picture(page, "job-finished")

    view.get_by_role("button", name="Evaluate").click()
    job = submitted(lab, page, filled_in(page, "Evaluate first steps"))
    assert (job["type"], job["networks"], job["dataset"]) == ("EVALUATE", ["mlp"], "wine")
    assert job["name"] == "first steps evaluated"
    assert job["given"] == {"tag": learned["id"]}

    view = open_job(lab, page, learned["id"])
    view.get_by_role("button", name="Continue").click()
    job = submitted(lab, page, filled_in(page, "Continue first steps"))
    assert job["name"] == "first steps continued"
    assert job["given"]["init_tag"] == f"{learned['id']}/last"
    assert job["given"]["learning_rate"] == RATE
    assert "tag" not in job["given"]


def test_what_can_be_done_stays_in_one_row_on_a_narrow_screen(lab, page: Page, learned: dict):
    page.set_viewport_size({"width": 768, "height": 1024})
    view = open_job(lab, page, learned["id"])
    buttons = view.locator(".jp-Platform-jobActions button")
    expect(buttons).to_have_count(6)

    boxes = [button.bounding_box() for button in buttons.all()]

    assert len({round(box["y"]) for box in boxes}) == 1
    around = view.bounding_box()
    assert max(box["x"] + box["width"] for box in boxes) <= around["x"] + around["width"]
    picture(page, "job-768")
    view.get_by_role("button", name="More actions").click()
    for name in ("Download", "Rename", "Delete"):
        expect(page.get_by_role("menuitem", name=re.compile(name))).to_be_visible()


def test_a_job_is_done_again_under_another_name_from_its_row(lab, page: Page, learned: dict):
    sidebar = open_sidebar(lab, page)
    row = sidebar.locator(f"li[data-job='{learned['id']}']")
    row.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Resubmit").click()

    form = filled_in(page, "Resubmit first steps")

    expect(form.get_by_label("Name", exact=True)).to_have_value("first steps 2")


def test_the_weights_of_a_job_are_tried(lab, page: Page, learned: dict):
    view = open_job(lab, page, learned["id"])

    view.get_by_role("button", name="Try it").click()

    panel = page.locator("#jupyter-platform-panel-networks")
    weights = panel.get_by_label("Weights")
    expect(weights).to_be_visible()
    shown = weights.evaluate("node => node.selectedOptions[0].text")
    assert shown.startswith(f"{learned['id']}/")
    expect(panel.locator(".jp-PlatformPanel-result")).not_to_be_empty()
    picture(page, "job-tried")


@pytest.mark.parametrize("name", ["Networks", "Datasets", "Build a network"])
def test_a_panel_becomes_the_current_tab(lab, page: Page, name: str):
    sidebar = open_sidebar(lab, page)
    icons = set()

    sidebar.get_by_role("button", name="Open", exact=True).click()
    menu = page.locator(".lm-Menu")
    icons = {item.inner_html() for item in menu.locator(".lm-Menu-itemIcon svg").all()}
    assert len(icons) == menu.locator(".lm-Menu-item[data-type='command']").count()
    picture(page, "open-menu")
    menu.get_by_role("menuitem", name=name, exact=True).click()

    tab = page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab.jp-mod-current")
    expect(tab).to_have_text(name)
    expect(page.locator(".jp-Platform-panelTab:visible")).to_have_count(1)
