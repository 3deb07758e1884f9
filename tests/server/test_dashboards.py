"""Dashboards by Voila, with real kernels."""

import re

import nbformat
import pytest
from tornado.httpclient import HTTPClientError

from jupyter_platform.server.dashboards import list_dashboards, locate_dashboards
from tests.waiting import DEADLINE_S, until_async

PATH = ("jupyter-platform", "dashboards")


async def open_dashboard(jp_fetch, name, theme="light") -> str:
    answer = await jp_fetch(*PATH, name, params={"theme": theme}, request_timeout=DEADLINE_S)
    return answer.body.decode()


async def test_summary_shows_what_there_is_and_leaves_no_kernel_but_the_spare(
    real_platform, jp_fetch, jp_serverapp
):
    page = await open_dashboard(jp_fetch, "summary")

    for slot in ("status", "notifications", "waiting", "running", "finished"):
        assert f'data-slot="{slot}"' in page
    assert "Traceback" not in page
    assert "theme-light" in page
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//[^"']*""", page) == []
    await until_async(lambda: len(kernels(jp_serverapp)) <= 1)


async def test_infrastructure_has_plots_for_each_host_in_the_theme_that_was_asked_for(
    real_platform, jp_fetch, jp_base_url
):
    (host,) = real_platform.hosts()

    page = await open_dashboard(jp_fetch, "infrastructure", theme="dark")

    assert f'data-slot="host {host.description.name}"' in page
    assert page.count('class="jpd-plot"') == 2
    assert f"{jp_base_url}jupyter-platform/api/columns/hosts/" in page
    assert "theme-dark" in page
    assert "#212121" in page


async def test_the_second_page_gets_the_kernel_that_was_kept_warm(
    real_platform, jp_fetch, jp_serverapp
):
    await open_dashboard(jp_fetch, "summary")
    pool = jp_serverapp.web_app.settings["jupyter_platform"].kernels
    await until_async(lambda: pool.spare is not None)
    warm = pool.spare

    page = await open_dashboard(jp_fetch, "summary", theme="dark")

    assert "theme-dark" in page
    assert pool.spare != warm
    await until_async(lambda: warm not in jp_serverapp.kernel_manager)


async def test_a_page_without_a_theme_lets_the_browser_choose(jp_fetch, jp_serverapp):
    page = (await jp_fetch(*PATH, "summary")).body.decode()

    assert "prefers-color-scheme" in page
    assert kernels(jp_serverapp) == []


async def test_an_unknown_dashboard_is_a_page_that_names_the_nearest(jp_fetch):
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch(*PATH, "sumary")

    assert error.value.code == 404
    assert b"Did you mean &#39;summary&#39;?" in error.value.response.body


@pytest.mark.parametrize("name", ["../server/extension", "%2e%2e%2fpyproject", "summary.ipynb"])
async def test_only_dashboards_are_shown(jp_fetch, name):
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch(*PATH, name)

    assert error.value.code == 404


@pytest.mark.parametrize("info", list_dashboards(), ids=lambda info: info.name)
def test_a_notebook_holds_layout_and_no_output(info):
    notebook = nbformat.read(locate_dashboards() / f"{info.name}.ipynb", as_version=4)

    nbformat.validate(notebook)
    assert info.title
    assert info.description
    assert [c.metadata.get("tags") for c in notebook.cells].count(["parameters"]) == 1
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells)
    assert max(cell.source.count("\n") for cell in notebook.cells) < 10


def kernels(serverapp) -> list[str]:
    return serverapp.kernel_manager.list_kernel_ids()
