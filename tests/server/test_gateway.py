"""The gateway, between a real Jupyter server and coordinators of all kinds."""

import contextlib
import json
import socket
import threading
from urllib.parse import parse_qsl, quote, unquote

import pytest
from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import IdentityProvider, User
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketError
from websockets.sync.server import serve

from jupyter_platform.core.errors import NotFoundError
from jupyter_platform.core.identity import USER_HEADER, decode_user
from jupyter_platform.server.gateway import coordinator_path

JOBS = ("jupyter-platform", "api", "jobs")
STATUS = ("jupyter-platform", "api", "status")


@pytest.fixture
def read_only(jp_server_config):
    """Let nobody change anything."""

    class ReadOnly(Authorizer):
        def is_authorized(self, handler, user, action, resource):
            return action == "read" or resource != "jupyter-platform"

    jp_server_config["ServerApp"]["authorizer_class"] = ReadOnly
    return jp_server_config


async def refused(fetching) -> HTTPClientError:
    with pytest.raises(HTTPClientError) as error:
        await fetching
    return error.value


def login_cookies(response) -> dict[str, str]:
    given = [cookie.partition(";")[0] for cookie in response.headers.get_list("Set-Cookie")]
    return dict(cookie.split("=", 1) for cookie in given)


async def test_a_request_reaches_the_coordinator_with_its_token_and_no_other(
    coordinator, jp_fetch, jp_auth_header
):
    coordinator.answers["GET /api/jobs"] = lambda _: (200, {"items": [], "total": 0})

    jupyters = jp_auth_header["Authorization"].removeprefix("token ")

    answer = await jp_fetch(
        *JOBS, params={"state": "a,b", "token": jupyters}, headers={"Cookie": "secret=1"}
    )

    assert json.loads(answer.body) == {"items": [], "total": 0}
    ((headers, _),) = coordinator.seen("GET /api/jobs")
    sent = {name.lower(): value for name, value in headers.items()}
    assert sent["authorization"] == f"Bearer {coordinator.token}"
    assert "cookie" not in sent
    assert not any(jupyters in value for value in headers.values())


async def test_a_body_arrives_whole_with_what_belongs_to_it(coordinator, jp_fetch):
    coordinator.answers["PUT /api/datasets/big"] = lambda body: (201, {"bytes": len(body)})
    content = b"0123456789" * 500_000

    answer = await jp_fetch(
        "jupyter-platform",
        "api",
        "datasets",
        "big",
        method="PUT",
        body=content,
        headers={"Idempotency-Key": "once", "Content-Type": "application/x-npz"},
    )

    assert (answer.code, json.loads(answer.body)) == (201, {"bytes": len(content)})
    ((headers, body),) = coordinator.seen("PUT /api/datasets/big")
    sent = {name.lower(): value for name, value in headers.items()}
    assert body == content
    assert (sent["idempotency-key"], sent["content-type"]) == ("once", "application/x-npz")


async def test_an_error_of_the_coordinator_comes_through(coordinator, jp_fetch):
    body = {"message": "batch_size = 0: …", "code": "invalid_options", "errors": []}
    coordinator.answers["POST /api/jobs"] = lambda _: (422, body)

    error = await refused(jp_fetch(*JOBS, method="POST", body="{}"))

    assert (error.code, json.loads(error.response.body)) == (422, body)


async def test_another_coordinator_is_found_when_the_first_is_gone(
    coordinator, start_coordinator, jp_fetch
):
    coordinator.answers["GET /api/status"] = lambda _: (200, {"from": "first"})
    assert json.loads((await jp_fetch(*STATUS)).body) == {"from": "first"}

    coordinator.close()
    second = start_coordinator(token="another")
    second.answers["GET /api/status"] = lambda _: (200, {"from": "second"})

    assert json.loads((await jp_fetch(*STATUS)).body) == {"from": "second"}


async def test_a_submission_that_may_have_arrived_is_not_sent_twice(coordinator, jp_fetch):
    coordinator.answers["POST /api/jobs"] = lambda _: None

    error = await refused(jp_fetch(*JOBS, method="POST", body="{}"))

    assert error.code == 503
    assert json.loads(error.response.body)["code"] == "coordinator"
    assert len(coordinator.seen("POST /api/jobs")) == 1


async def test_a_coordinator_of_another_protocol_is_refused_with_the_cure(
    jp_environ, start_coordinator, jp_fetch
):
    start_coordinator(protocol=99)

    error = await refused(jp_fetch(*STATUS))

    answer = json.loads(error.response.body)
    assert (error.code, answer["code"]) == (409, "version_mismatch")
    assert "jupyter platform down" in answer["message"]


async def test_nobody_comes_in_without_login(coordinator, jp_fetch):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        body = "{}" if method in ("POST", "PUT", "PATCH") else None
        error = await refused(
            jp_fetch(*STATUS, method=method, body=body, headers={"Authorization": ""})
        )
        assert (error.code, method) == (403, method)

    assert coordinator.requests == []


async def test_a_browser_needs_the_xsrf_token_to_change_something(
    coordinator, jp_fetch, http_server_client, jp_base_url
):
    coordinator.answers["GET /api/status"] = lambda _: (200, {})
    coordinator.answers["POST /api/jobs"] = lambda _: (201, {"id": "x"})
    cookies = login_cookies(await jp_fetch(*STATUS))
    page = await jp_fetch("jupyter-platform", headers={})
    cookies |= login_cookies(page)
    cookies["_xsrf"] = "2|1234abcd|1234abcd1234abcd1234abcd1234abcd|1234567890"
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    url = f"{jp_base_url}jupyter-platform/api/jobs"

    with pytest.raises(HTTPClientError) as error:
        await http_server_client.fetch(url, method="POST", body="{}", headers=headers)
    assert error.value.code == 403
    assert coordinator.seen("POST /api/jobs") == []

    token = {"X-XSRFToken": cookies["_xsrf"]}
    answer = await http_server_client.fetch(url, method="POST", body="{}", headers=headers | token)
    assert answer.code == 201


async def test_who_may_only_read_changes_nothing(read_only, coordinator, jp_fetch):
    coordinator.answers["GET /api/status"] = lambda _: (200, {})
    coordinator.answers["POST /api/jobs"] = lambda _: (201, {})

    assert (await jp_fetch(*STATUS)).code == 200
    error = await refused(jp_fetch(*JOBS, method="POST", body="{}"))
    assert (await jp_fetch(*STATUS)).code == 200

    assert error.code == 403
    assert coordinator.seen("POST /api/jobs") == []


async def test_an_answer_that_breaks_off_is_not_taken_for_whole(jp_environ, lead_here, jp_fetch):
    with torn_server() as server:
        lead_here(server)

        with pytest.raises(Exception, match="closed|bytes|connection|599") as error:
            await jp_fetch("jupyter-platform", "api", "jobs", "x", "archive")

    assert not isinstance(error.value, HTTPClientError) or error.value.code == 599


@pytest.mark.parametrize("path", ["../secret", "%2e%2e/secret", "jobs/..%2f..%2fx", "a/%2E/b"])
def test_a_path_cannot_leave_the_api(path):
    with pytest.raises(NotFoundError):
        coordinator_path(path, "")


def test_a_name_keeps_its_escapes_and_the_query_loses_the_jupyter_token():
    assert (
        coordinator_path("datasets/a%2Fb%20c", "token=jup&search=x%26y&_xsrf=1&empty=")
        == "/api/datasets/a%2Fb%20c?search=x%26y&empty="
    )


async def test_events_begin_with_a_snapshot(real_platform, jp_ws_fetch):
    socket = await jp_ws_fetch("jupyter-platform", "api", "events")
    try:
        message = json.loads(await socket.read_message())
    finally:
        socket.close()

    assert message["type"] == "snapshot"
    assert message["status"]["hosts"] >= 1


async def test_events_are_refused_without_login(coordinator, jp_ws_fetch):
    with pytest.raises(HTTPClientError) as error:
        await jp_ws_fetch("jupyter-platform", "api", "events", headers={"Authorization": ""})

    assert error.value.code == 403
    assert coordinator.requests == []


async def test_events_go_on_where_they_were_and_end_with_the_coordinator(
    jp_environ, lead_here, jp_ws_fetch
):
    asked = []

    def send_one_and_go(socket):
        asked.append((socket.request.path, socket.request.headers["Authorization"]))
        socket.send('{"type": "status", "event": "e-8"}')

    with event_server(send_one_and_go) as server:
        lead_here(server)
        socket = await jp_ws_fetch("jupyter-platform", "api", "events", params={"after": "e-7"})
        first = await socket.read_message()
        end = await socket.read_message()

    assert asked == [("/api/events?after=e-7", f"Bearer {server.token}")]
    assert (json.loads(first)["event"], end, socket.close_code) == ("e-8", None, 1012)


async def test_no_coordinator_for_events_is_an_error_not_an_open_socket(coordinator, jp_ws_fetch):
    with pytest.raises((HTTPClientError, WebSocketError)) as error:
        await jp_ws_fetch("jupyter-platform", "api", "events")

    assert error.value.code == 503


class Stand:
    """Something at an address that a connection file can lead to."""

    token = "secret"

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def event_server(handler):
    """Answer as a coordinator does before events are asked for, and then by `handler`."""

    def answer(connection, request):
        if request.path == "/api/health":
            return connection.respond(200, "{}")
        if request.path == "/api/version":
            return connection.respond(200, '{"version": "9.9", "protocol": 1}')
        return None

    with serve(handler, "127.0.0.1", 0, process_request=answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Stand(server.socket.getsockname()[1])
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def torn_server():
    """Announce more than is sent, once it was greeted."""
    listener = socket.create_server(("127.0.0.1", 0))
    known = {"/api/health": b"{}", "/api/version": b'{"version": "9", "protocol": 1}'}

    def run():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    path = connection.recv(65536).split(b" ")[1].decode()
                    body = known.get(path, b"only this")
                    length = len(body) if path in known else 1000
                    head = (
                        f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                    )
                    connection.sendall(head.encode() + body)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield Stand(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


class EveryoneByName(IdentityProvider):
    """Tells people apart, as JupyterHub's provider does; here by a header."""

    def get_user(self, handler):
        name = handler.request.headers.get("X-Test-User", "nobody")
        return User(username=unquote(name))


@pytest.fixture
def people(jp_server_config):
    jp_server_config["ServerApp"]["identity_provider_class"] = EveryoneByName


async def test_the_coordinator_is_told_for_whom_it_is_asked(people, coordinator, jp_fetch):
    coordinator.answers["GET /api/status"] = lambda _: (200, {})

    await jp_fetch(*STATUS, headers={"X-Test-User": quote("Bob Müller")})

    (_, headers, _) = coordinator.requests[-1]
    assert decode_user(headers[USER_HEADER]) == "Bob Müller"


@pytest.mark.parametrize("page", ["outputs/jobs/0123456789ab", "outputs/jobs?ids=a"])
async def test_pages_and_outputs_are_asked_for_by_who_looks_at_them(
    people, coordinator, jp_fetch, page
):
    path, _, query = page.partition("?")
    with contextlib.suppress(HTTPClientError):  # it knows no job
        await jp_fetch(
            "jupyter-platform",
            "api",
            *path.split("/"),
            params=dict(parse_qsl(query)),
            headers={"X-Test-User": "eve"},
        )

    asked = [headers for route, headers, _ in coordinator.requests if "/api/jobs" in route]
    assert asked
    assert {decode_user(headers[USER_HEADER]) for headers in asked} == {"eve"}


async def test_what_a_browser_says_of_itself_is_not_handed_on(coordinator, jp_fetch):
    coordinator.answers["GET /api/status"] = lambda _: (200, {})

    await jp_fetch(*STATUS, headers={USER_HEADER: "eve"})

    (_, headers, _) = coordinator.requests[-1]
    assert USER_HEADER not in {name.lower() for name in headers}
