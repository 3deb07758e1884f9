"""Notebook 7: an application without tabs, of which the sidebar takes the side area."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from .conftest import picture, run_platform
from .jupyter import JupyterServer, folders_in, running_jupyter

pytestmark = pytest.mark.browser

KERNEL = {"name": "python3", "display_name": "Python 3"}
EMPTY = {"cells": [], "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def notebook(tmp_path) -> Iterator[JupyterServer]:
    """Start Notebook 7 beside a notebook, and a platform."""
    (tmp_path / "own.ipynb").write_text(json.dumps(EMPTY))
    environment = folders_in(tmp_path)
    run_platform(environment, "up", "--overcommit")
    try:
        with running_jupyter(tmp_path, environment, module=("notebook",)) as server:
            yield server
    finally:
        run_platform(environment, "down", "--stop-jobs")


@pytest.mark.parametrize("path", ["notebooks/own.ipynb", "tree"])
def test_the_sidebar_opens_from_the_view_menu(notebook: JupyterServer, page: Page, path: str):
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.goto(f"{notebook.url}{path}?token={notebook.token}")

    page.get_by_role("menuitem", name="View").click()
    page.get_by_role("menuitem", name="Show the AI platform sidebar").click()
    sidebar = page.locator("#jupyter-platform-sidebar")
    expect(sidebar.locator(".jp-Platform-hosts")).to_be_visible()

    picture(page, f"notebook-{path.partition('/')[0]}")
    with page.expect_popup() as opened:
        sidebar.get_by_role("button", name="Submit", exact=True).click()
    form = opened.value.locator(".jp-Platform-form")
    expect(form).to_be_visible()

    sidebar.get_by_role("button", name="Open", exact=True).click()
    with page.expect_popup() as opened:
        page.get_by_role("menuitem", name="Summary").click()
    tab = opened.value.get_by_role("tab", name="Summary")
    expect(tab).to_have_attribute("aria-selected", "true")
    # A server that is ended while it starts a kernel may never end.
    frame = opened.value.frame_locator("iframe[title='Summary']")
    expect(frame.get_by_text("Storage").first).to_be_visible()
    assert [line for line in said if "platform" in line.lower()] == []
