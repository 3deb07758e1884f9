"""Dashboards by Voila, with real kernels."""

import asyncio
import json
import re
import signal

import nbformat
import pytest
from tornado.httpclient import HTTPClientError

from jupyter_platform.server.dashboards import (
    list_dashboards,
    locate_dashboards,
    told_to_page,
    with_signs_of_life,
)
from tests.waiting import DEADLINE_S, until_async

PATH = ("jupyter-platform", "dashboards")
DARK_TEXT = "#dedede"
"""Of plots in the dark theme, and of nothing else."""


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


async def test_the_second_page_is_rendered_by_the_kernel_of_the_first_in_its_own_theme(
    real_platform, jp_fetch, jp_serverapp
):
    first = await open_dashboard(jp_fetch, "infrastructure")
    await until_async(lambda: pool(jp_serverapp).spare is not None)
    warm = pool(jp_serverapp).spare

    second = await open_dashboard(jp_fetch, "infrastructure", theme="dark")

    assert DARK_TEXT in second
    assert DARK_TEXT not in first
    await until_async(lambda: pool(jp_serverapp).spare == warm)
    assert kernels(jp_serverapp) == [warm]


async def test_pages_at_the_same_time_do_not_get_into_each_other(
    real_platform, jp_fetch, jp_serverapp
):
    themes = ["light", "dark"] * 3

    pages = await asyncio.gather(
        *(open_dashboard(jp_fetch, "infrastructure", theme) for theme in themes)
    )

    assert [("theme-dark" in page, DARK_TEXT in page) for page in pages] == [
        (theme == "dark",) * 2 for theme in themes
    ]
    await until_async(lambda: kernels(jp_serverapp) == [pool(jp_serverapp).spare])


async def test_a_page_comes_although_the_warm_kernel_was_killed(
    real_platform, jp_fetch, jp_serverapp
):
    await open_dashboard(jp_fetch, "summary")
    await until_async(lambda: pool(jp_serverapp).spare is not None)
    manager = jp_serverapp.kernel_manager.get_kernel(pool(jp_serverapp).spare)
    await manager.signal_kernel(signal.SIGKILL)

    page = await open_dashboard(jp_fetch, "summary")

    assert 'data-slot="finished"' in page


async def test_a_page_without_a_theme_lets_the_browser_choose_while_a_kernel_becomes_warm(
    jp_fetch, jp_serverapp
):
    page = (await jp_fetch(*PATH, "summary")).body.decode()

    assert "prefers-color-scheme" in page
    await until_async(lambda: pool(jp_serverapp).spare in kernels(jp_serverapp))


async def test_a_page_that_takes_long_shows_that_it_goes_on():
    async def pieces():
        yield "head", {}
        await asyncio.sleep(0.2)
        yield "body", {}

    written = [html async for html in with_signs_of_life(pieces(), every_s=0.02)]

    assert (written[0], written[-1]) == ("head", "body")
    assert set(written[1:-1]) == {"<!-- -->"}


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


def pool(serverapp):
    return serverapp.web_app.settings["jupyter_platform"].kernels


def kernels(serverapp) -> list[str]:
    return serverapp.kernel_manager.list_kernel_ids()


def test_the_page_of_jupyterlab_is_told_of_those_without_widgets():
    told = json.loads(told_to_page(list_dashboards()))

    assert [item["name"] for item in told] == ["summary", "infrastructure"]
    assert all(item["title"] and item["description"] for item in told)
