"""What a person sees who opens JupyterLab with the platform installed."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_sidebar_opens(lab, page: Page):
    page.goto(lab.page_url())
    tab = page.get_by_role("tab", name="Platform")
    sidebar = page.locator("#jupyter-platform-sidebar")

    expect(tab).to_be_visible()
    if not sidebar.is_visible():
        tab.click()

    expect(sidebar).to_be_visible()
    expect(sidebar.get_by_role("button", name="Submit", exact=True)).to_be_visible()


def test_first_page_asks_no_other_host(lab, page: Page):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(lab.page_url())
    expect(page.get_by_role("tab", name="Platform")).to_be_visible()

    web = [urlsplit(url) for url in asked if url.startswith(("http", "ws"))]
    assert any("/static/lab/" in address.path for address in web)
    assert {address.hostname for address in web} == {"127.0.0.1"}
