"""The way to the coordinator: started by the first request, and by no other before."""

import json
import os
import threading

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_platform.client.transport import Endpoint
from jupyter_platform.core.errors import CoordinatorError, StartingError
from jupyter_platform.core.settings import load_settings
from jupyter_platform.runtime.launch import request_down
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.processes import living
from jupyter_platform.server.coordinator_link import CoordinatorLink
from tests.waiting import DEADLINE_S


@pytest.fixture
def own_platform(jp_environ):
    """Folders for a platform that may be started here; it is ended."""
    paths = Paths.default().ensure()
    settings = load_settings(None, {"cluster.overcommit": True, "cluster.warm_start": False})
    paths.settings_file.write_text(settings.model_dump_json())
    os.chmod(paths.settings_file, 0o600)
    yield paths
    request_down(paths, timeout_s=DEADLINE_S)


@pytest.fixture
def link(jp_asyncio_loop):
    made = CoordinatorLink()
    yield made
    jp_asyncio_loop.run_until_complete(made.close())


async def test_the_first_request_starts_the_coordinator_not_the_server(own_platform, jp_fetch):
    version = await jp_fetch("jupyter-platform", "api", "version")
    assert version.code == 200
    assert living(own_platform) == {}

    status = await jp_fetch("jupyter-platform", "api", "status", request_timeout=DEADLINE_S)

    assert json.loads(status.body)["protocol"] == 1
    assert "coordinator" in living(own_platform)


async def test_what_was_taken_down_stays_down_until_somebody_asks(
    own_platform, jp_fetch, jp_ws_fetch
):
    status = ("jupyter-platform", "api", "status")
    await jp_fetch(*status, request_timeout=DEADLINE_S)
    request_down(own_platform, timeout_s=DEADLINE_S)

    for _ in range(2):
        with pytest.raises(HTTPClientError) as refused:
            await jp_fetch(*status)
        answer = json.loads(refused.value.response.body)
        assert (refused.value.code, answer["code"]) == (503, "taken_down")
    with pytest.raises(HTTPClientError):
        await jp_ws_fetch("jupyter-platform", "api", "events")
    assert living(own_platform) == {}

    started = await jp_fetch(
        "jupyter-platform", "api", "start", method="POST", body="", request_timeout=DEADLINE_S
    )
    again = await jp_fetch(*status)

    assert (started.code, again.code) == (204, 200)
    assert "coordinator" in living(own_platform)


async def test_who_cannot_wait_is_told_to_ask_again(coordinator, jp_environ):
    asked = threading.Event()
    held = threading.Event()

    def version(_):
        asked.set()
        held.wait(60)
        return 200, {"version": "9.9", "protocol": 1}

    coordinator.answers["GET /api/version"] = version
    coordinator.answers["GET /api/status"] = lambda _: (200, {"up": True})
    link = CoordinatorLink(patience_s=0.01)

    with pytest.raises(StartingError, match="is being started"):
        await link.get("/api/status")
    held.set()
    patient = CoordinatorLink()
    answer = await patient.get("/api/status")
    await patient.close()
    await link.close()

    assert asked.is_set()
    assert answer == {"up": True}


async def test_starting_is_answered_with_when_to_come_back(coordinator, jp_serverapp, jp_fetch):
    app = jp_serverapp.web_app.settings["jupyter_platform"]
    held = threading.Event()
    coordinator.answers["GET /api/version"] = lambda _: (held.wait(60), (200, {"protocol": 1}))[1]
    app.link._patience_s = 0.01

    answer = await jp_fetch("jupyter-platform", "api", "status", raise_error=False)
    held.set()

    assert (answer.code, answer.headers["Retry-After"]) == (503, "2")
    assert json.loads(answer.body)["code"] == "starting"


async def test_a_failure_is_remembered_for_a_while_and_not_tried_by_everybody(
    coordinator, paths, link
):
    paths.connection_file.chmod(0o644)
    with pytest.raises(CoordinatorError, match="can be read or written by other users"):
        await link.get("/api/status")
    paths.connection_file.chmod(0o600)

    with pytest.raises(CoordinatorError, match="can be read or written by other users"):
        await link.get("/api/status")

    assert coordinator.requests == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:9", "does not answer"),
        ("http://localhost:9", "does not answer"),
        ("http://lab.example.org:9", r"proxy.*NO_PROXY.*httpx\[socks\]"),
    ],
)
async def test_a_proxy_is_told_and_never_gets_between_us_and_this_machine(
    link, monkeypatch, url, message
):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    link._endpoint = Endpoint(url, "t", local=False)
    monkeypatch.setattr(link, "_rediscover", lambda endpoint: None)

    with pytest.raises(CoordinatorError, match=message):
        await link.get("/api/status")
