"""What people, machines and networks do to a page, in a real JupyterLab."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import delete

from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import JobRow, WorkloadRow
from jupyter_platform.runtime.connection import read_connection
from jupyter_platform.runtime.paths import FOLDER, Paths

from .conftest import await_end, open_page, open_sidebar

pytestmark = pytest.mark.browser

SCREENSHOTS = Path(__file__).parent / "screenshots"
LEARN = {"type": "LEARN", "networks": ["mlp"], "dataset": "iris"}
ENDLESS = {"max_iterations": -1, "validation_interval": 0}


def open_job(lab, page: Page, job: str) -> Locator:
    page.goto(f"{lab.page_url()}&job={job}")
    view = page.locator(f"#jupyter-platform-job-{job}")
    expect(view.locator(".jp-Platform-jobHead")).to_be_visible()
    return view


def row(sidebar: Locator, name: str) -> Locator:
    return sidebar.locator("[data-job]", has_text=name)


@pytest.fixture
def paths(lab) -> Paths:
    folders = lab.environment
    return Paths(
        data=Path(folders["JUPYTER_DATA_DIR"]) / FOLDER,
        runtime=Path(folders["JUPYTER_RUNTIME_DIR"]) / FOLDER,
    )


def test_a_coordinator_that_is_killed_is_missed_and_found_again_with_the_job(
    lab, page: Page, paths
):
    submission = {**LEARN, "name": "survivor", "options": ENDLESS}
    job = lab.platform("POST", "jobs", submission)["id"]
    view = open_job(lab, page, job)
    sidebar = page.locator("#jupyter-platform-sidebar")
    expect(row(sidebar, "survivor")).to_contain_text("loss")
    before = lab.platform("GET", f"jobs/{job}")

    connection = read_connection(paths)
    assert connection is not None
    os.kill(connection.pid, signal.SIGKILL)

    expect(sidebar.locator(".jp-Platform-connection")).to_be_visible()
    expect(row(sidebar, "survivor")).to_be_visible()
    expect(sidebar.locator(".jp-Platform-connection")).to_have_count(0)
    head = view.locator(".jp-Platform-jobSentence")
    shown = head.inner_text()
    expect(head).not_to_have_text(shown)
    after = lab.platform("GET", f"jobs/{job}")
    assert [item["number"] for item in after["attempts"]] == [1]
    assert after["progress"]["step"] > before["progress"]["step"]
    lab.platform("POST", f"jobs/{job}/stop")
    await_end(view)


def test_two_browsers_see_and_do_the_same(lab, page: Page):
    here = open_sidebar(lab, page)
    other = open_page(page.context.browser)
    there = open_sidebar(lab, other)
    submission = {**LEARN, "name": "shared", "options": ENDLESS}
    job = lab.platform("POST", "jobs", submission)["id"]
    view = other.locator(f"#jupyter-platform-job-{job}")

    for sidebar in (here, there):  # a row that still moves from list to list is hard to hit
        expect(row(sidebar, "shared")).to_contain_text("loss")
    row(there, "shared").locator("[data-job-main]").click()
    expect(view.locator(".jp-Platform-jobHead")).to_contain_text("running")
    view.get_by_role("button", name="Stop").click()
    other.locator(".jp-Dialog").get_by_role("button", name="Stop").click()
    expect(row(here, "shared").locator("[data-state=stopped]")).to_be_visible()

    row(here, "shared").locator("[data-job-main]").focus()
    page.keyboard.press("Delete")
    page.locator(".jp-Dialog").get_by_role("button", name="Delete").click()

    expect(row(here, "shared")).to_have_count(0)
    expect(row(there, "shared")).to_have_count(0)
    expect(view.locator(".jp-Platform-calm")).to_contain_text("“shared” is not here")
    other.context.close()


@pytest.fixture
def crowd(lab, paths) -> Iterator[str]:
    """Fill the store with 10,000 jobs that have ended; returns the word that is in all names."""
    word = "crowd"
    start = datetime.now(UTC) - timedelta(days=10)
    rows = [
        JobRow(
            id=f"{word}{number:07}",
            name=f"{word} {number}",
            type="LEARN",
            role="learner",
            owner="somebody",
            state=("finished", "failed", "stopped", "cancelled")[number % 4],
            networks=["mlp"],
            dataset="iris",
            options={},
            given={},
            search=f"{word} {number}",
            submitted_at=start + timedelta(seconds=number),
            finished_at=start + timedelta(seconds=number + 1),
        )
        for number in range(10_000)
    ]
    asyncio.run(write(paths, lambda session: session.add_all(rows)))
    yield word
    gone = delete(WorkloadRow).where(WorkloadRow.name.startswith(word))
    asyncio.run(write(paths, lambda session: session.execute(gone)))


async def write(paths: Paths, work) -> None:
    store = Store.open(paths.database)
    await store.run(work)
    await store.close()


def test_ten_thousand_jobs_are_paged_and_searched_without_waiting(lab, crowd, page: Page):
    sidebar = open_sidebar(lab, page)
    finished = sidebar.get_by_role("region", name="Finished")
    search = sidebar.get_by_role("searchbox", name="Search finished jobs")

    search.fill(crowd)
    expect(finished.locator("h3")).to_contain_text("10,000")
    expect(finished.locator("[data-job]")).to_have_count(50)
    finished.get_by_role("button", name="Show more (50 of 10,000)").click()
    expect(finished.locator("[data-job]")).to_have_count(100)

    search.fill(f"{crowd} 1234")
    expect(finished.locator("[data-job]")).to_have_count(1)
    finished.get_by_role("button", name="failed").click()
    expect(finished).to_contain_text("No finished job matches")
    search.fill(crowd)
    expect(finished.locator("h3")).to_contain_text("2,500")


def test_wild_numbers_and_a_late_series_are_shown_as_what_they_are(lab, page: Page):
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    options = {"max_iterations": 150, "validation_interval": 40}
    submission = {**LEARN, "networks": ["wild"], "name": "wild", "options": options}
    job = lab.platform("POST", "jobs", submission)["id"]
    view = open_job(lab, page, job)
    await_end(view)

    view.get_by_role("tab", name="Curves").click()

    words = view.locator(".jp-Platform-plot figcaption p")
    expect(words.first).to_contain_text("1 point is no number")
    expect(words.first).to_contain_text("1.0e+300")
    expect(view.get_by_text("validation accuracy").first).to_be_visible()
    assert thrown == []


def test_a_failure_says_where_and_why_and_can_be_copied(lab, page: Page):
    submission = {**LEARN, "networks": ["explosive"], "name": "bad <i>luck</i>"}
    job = lab.platform("POST", "jobs", submission)["id"]
    view = open_job(lab, page, job)

    failure = view.get_by_role("region", name="Why the job failed")
    expect(failure).to_contain_text("RuntimeError the fuse is lit")
    expect(failure.locator("pre").first).to_contain_text("wild.py")
    expect(failure.get_by_role("button", name="Copy error")).to_be_visible()
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "failure.png")
