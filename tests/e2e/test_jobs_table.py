"""The table of jobs, a sweep in it, and the comparison of jobs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from .conftest import await_states, choose, open_sidebar, picture

pytestmark = pytest.mark.browser

SWEEP = {
    "submission": {
        "type": "LEARN",
        "networks": ["mlp"],
        "dataset": "iris",
        "options": {"max_iterations": 200, "validation_interval": 20},
    },
    "dimensions": {"learning_rate": [0.3, 0.03, 0.003], "batch_size": [8, 32]},
    "name": "rates on iris",
}


@pytest.fixture
def sweep(lab) -> Iterator[tuple[str, list[str]]]:
    """A sweep of six jobs that have ended."""
    record = lab.platform("POST", "sweeps", SWEEP)
    answer = lab.platform("GET", f"jobs?sweep={record['id']}&order=oldest")
    jobs = [job["id"] for job in answer["items"]]
    for job in jobs:
        await_states(lab, {"finished": job})
    yield record["id"], jobs
    for job in jobs:
        lab.platform("DELETE", f"jobs/{job}")


def test_a_sweep_is_one_row_that_opens_its_table_and_its_jobs_compare(lab, page: Page, sweep):
    found, jobs = sweep
    try:
        for theme in ("light", "dark"):
            choose(lab.url, lab.token, theme)
            sidebar = open_sidebar(lab, page)
            row = sidebar.locator(f"li[data-sweep='{found}']")
            expect(row).to_contain_text("6 jobs")
            expect(sidebar.locator(f"li[data-job='{jobs[0]}']")).to_have_count(0)
            row.hover()
            row.get_by_role("button", name="Open the table of sweep").click()
            table = page.locator(".jp-Platform-tableView")
            expect(table.locator("tbody tr")).to_have_count(6)
            expect(table.locator(".jp-Platform-parallel polyline")).to_have_count(6)
            picture(page, f"sweep-table-{theme}")

            table.get_by_role("button", name="learning_rate", exact=True).click()
            rates = table.locator("tbody tr").first
            expect(rates).to_contain_text("0.003")
            for job in jobs[:3]:
                table.locator(f"tr[data-job='{job}'] input").check()
            table.get_by_role("button", name="Compare", exact=True).click()
            compare = page.locator(".jp-Platform-compareView")
            expect(compare.locator(".jp-Platform-plot canvas")).to_have_count(3)
            options = compare.locator("section", has_text="Options")
            expect(options.locator("table")).to_contain_text("learning_rate")
            expect(options.locator("table")).not_to_contain_text("max_iterations")
            picture(page, f"compare-{theme}")
    finally:
        choose(lab.url, lab.token, "light")


def test_the_table_searches_groups_and_keeps_names_and_notes(lab, page: Page, sweep):
    _, jobs = sweep
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{lab.page_url()}&open=jobs")
    table = page.locator(".jp-Platform-tableView")
    row = table.locator(f"tr[data-job='{jobs[0]}']")
    expect(row).to_be_visible()

    row.click(button="right")
    page.get_by_role("menuitem", name="Rename…").click()
    page.locator(".jp-Dialog input").fill("the first of six")
    page.get_by_role("button", name="Ok", exact=True).click()
    expect(row).to_contain_text("the first of six")

    table.locator("select").select_option("sweep")
    expect(table.locator(".jp-Platform-table-group").first).to_contain_text("6 jobs")
    table.get_by_role("searchbox").fill("first of six")
    expect(table.locator("tr[data-job]")).to_have_count(1)
    picture(page, "jobs-table")
