"""What people end: a job deleted and had back, a failure told, the platform taken down."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .conftest import await_states, open_sidebar, picture, run_platform
from .jupyter import folders_in, running_jupyter

pytestmark = pytest.mark.browser


@pytest.fixture
def ended(lab) -> str:
    body = {"type": "LEARN", "networks": ["mlp"], "dataset": "wine", "name": "to be deleted"}
    job = lab.platform("POST", "jobs", {**body, "options": {"max_iterations": 20}})["id"]
    await_states(lab, {"finished": job})
    return job


def test_a_deleted_job_is_had_back(lab, page: Page, ended: str):
    sidebar = open_sidebar(lab, page)
    row = sidebar.locator(f"li[data-job='{ended}']")
    expect(row).to_be_visible()

    row.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete “to be deleted”?")
    expect(dialog).to_contain_text("LEARN mlp on wine, finished")
    expect(dialog.get_by_role("button", name="Keep the job")).to_be_focused()
    picture(page, "delete-dialog")
    dialog.get_by_role("button", name="Delete the job").click()
    expect(row).to_have_count(0)

    page.get_by_role("button", name="Undo").click()
    expect(row).to_be_visible()
    assert lab.platform("GET", f"jobs/{ended}")["state"] == "finished"


def test_a_failure_folds_into_the_bell(lab, page: Page):
    open_sidebar(lab, page)
    body = {"type": "LEARN", "networks": ["explosive"], "dataset": "iris", "name": "a failure"}
    job = lab.platform("POST", "jobs", {**body, "options": {"max_iterations": 50}})["id"]
    toast = page.locator(".Toastify__toast", has_text="a failure failed")
    expect(toast).to_be_visible()
    picture(page, "failure-told")

    page.mouse.move(10, 10)
    expect(toast).to_have_count(0)
    page.locator(".jp-Notification-Status").click()
    kept = page.locator(".jp-Notification-List", has_text="a failure failed")
    expect(kept).to_be_visible()
    lab.platform("DELETE", f"jobs/{job}")


def test_a_platform_that_was_taken_down_is_started_by_a_button(tmp_path, page: Page):
    environment = folders_in(tmp_path)
    run_platform(environment, "up", "--overcommit")
    try:
        with running_jupyter(tmp_path, environment) as server:
            page.goto(f"{server.url}lab?token={server.token}")
            sidebar = page.locator("#jupyter-platform-sidebar")
            tab = page.get_by_role("tab", name="Platform")
            expect(tab).to_be_visible()
            if not sidebar.is_visible():
                tab.click()
            expect(sidebar.locator(".jp-Platform-hosts")).to_be_visible()

            run_platform(environment, "down")
            expect(sidebar).to_contain_text("The platform is down.")
            picture(page, "platform-down")

            sidebar.get_by_role("button", name="Start", exact=True).click()
            expect(sidebar.locator(".jp-Platform-connection")).to_have_count(0)
    finally:
        run_platform(environment, "down", "--stop-jobs")
