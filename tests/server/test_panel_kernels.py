"""The kernel of the panels in a real Jupyter server: kept while a page is there, ended after."""

import asyncio
import json
import logging

import pytest
from traitlets import TraitError

from jupyter_platform.server.panel_kernels import SESSION_PATH, PanelKernels
from tests.waiting import until_async


@pytest.fixture
def watch(jp_serverapp, jp_asyncio_loop):
    """Return a function that begins to look, very often; looking is stopped in the end."""
    started = []

    def begin(kept_s: float) -> None:
        sessions = jp_serverapp.session_manager
        started.append(PanelKernels(sessions, logging.getLogger(), kept_s=kept_s, check_s=0.01))
        jp_asyncio_loop.call_soon(started[-1].start)

    yield begin
    for panels in started:
        jp_asyncio_loop.run_until_complete(panels.close())


@pytest.fixture
def open_session(jp_fetch):
    """Return a function that opens a session as a page does, and returns the id of its kernel."""

    async def start(path: str) -> str:
        body = {"path": path, "name": "", "type": "console", "kernel": {"name": "python3"}}
        answer = await jp_fetch("api", "sessions", method="POST", body=json.dumps(body))
        return json.loads(answer.body)["kernel"]["id"]

    return start


async def test_a_kernel_is_kept_while_a_page_is_connected_and_ended_after(
    watch, open_session, jp_serverapp, jp_ws_fetch
):
    kernels = jp_serverapp.kernel_manager
    panels = await open_session(SESSION_PATH)
    other = await open_session("notebook.ipynb")
    page = await jp_ws_fetch("api", "kernels", panels, "channels")
    watch(0.05)
    await asyncio.sleep(0.5)
    assert panels in kernels

    page.close()

    await until_async(lambda: panels not in kernels)
    paths = [item["path"] for item in await jp_serverapp.session_manager.list_sessions()]
    assert paths == ["notebook.ipynb"]
    assert other in kernels


@pytest.mark.parametrize("kept_s", [3600, 0])
async def test_one_that_is_left_for_a_moment_is_kept_and_where_the_time_is_0_any(
    watch, open_session, jp_serverapp, kept_s
):
    panels = await open_session(SESSION_PATH)
    watch(kept_s)

    await asyncio.sleep(0.3)

    assert panels in jp_serverapp.kernel_manager


def test_the_time_is_a_setting_of_the_jupyter_server(jp_serverapp):
    extension = jp_serverapp.web_app.settings["jupyter_platform"]

    assert extension.panel_kernel_minutes == 30
    with pytest.raises(TraitError, match="panel_kernel_minutes"):
        extension.panel_kernel_minutes = -1
