"""The proxy to services of deployments, between a real Jupyter server and services on sockets."""

import asyncio
import contextlib
import json
import os
import tempfile
from pathlib import Path

import pytest
from tornado.httpclient import HTTPClientError
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket
from tornado.web import Application, RequestHandler, stream_request_body
from tornado.websocket import WebSocketHandler

from jupyter_platform.server.service_cookies import MARK
from tests.waiting import DEADLINE_S

DEPLOYMENT = "0123456789ab"
ADDRESS = ("jupyter-platform", "deployments", DEPLOYMENT, "ui")
WAY = f"GET /api/deployments/{DEPLOYMENT}/ways/ui"


class Echo(RequestHandler):
    """Says what has come, and sets cookies."""

    def get(self):
        self.set_cookie("session", "mine", path="/")
        self.set_header("Service-Worker-Allowed", "/")
        self.set_header("Content-Security-Policy", "default-src 'self'")
        pairs = [[name.lower(), value] for name, value in self.request.headers.get_all()]
        self.finish({"uri": self.request.uri, "headers": pairs})

    post = get


@stream_request_body
class Count(RequestHandler):
    """Counts the bytes that come, piece by piece."""

    def initialize(self):
        self.count = 0
        self.request.connection.set_max_body_size(2**40)

    def data_received(self, chunk):
        self.count += len(chunk)

    def post(self):
        self.finish(str(self.count))


class Events(RequestHandler):
    """Sends one event, and the next when the test has seen it."""

    seen = None

    async def get(self):
        self.set_header("Content-Type", "text/event-stream")
        self.write("data: one\n\n")
        await self.flush()
        await Events.seen.wait()
        self.finish("data: two\n\n")


class Socket(WebSocketHandler):
    """Sends back what comes."""

    def on_message(self, message):
        self.write_message(message, binary=isinstance(message, bytes))


class Away(RequestHandler):
    """Leads to its own root."""

    def get(self):
        self.redirect(self.application.settings["prefix"] + "home")


@pytest.fixture
def service(jp_asyncio_loop, coordinator):
    """A service on a socket, and a coordinator that tells the way to it."""
    with tempfile.TemporaryDirectory(prefix="jp-") as folder:
        path = Path(folder, "ui.sock")
        routes = [(".*/count", Count), (".*/events", Events), (".*/socket", Socket)]
        app = Application([*routes, (".*/away", Away), (".*", Echo)], prefix="/elsewhere/")
        server = HTTPServer(app)

        async def start():
            server.add_socket(bind_unix_socket(str(path)))

        jp_asyncio_loop.run_until_complete(start())
        way = {
            "deployment": DEPLOYMENT,
            "service": "ui",
            "attempt": 1,
            "prefix": "/elsewhere/",
            "is_trusted": False,
            "socket": str(path),
        }
        coordinator.answers[WAY] = lambda _: (200, way)
        yield way
        jp_asyncio_loop.run_until_complete(server.close_all_connections())
        server.stop()


def headers_of(response):
    return dict(json.loads(response.body)["headers"])


async def test_a_request_reaches_its_service_without_what_is_jupyters(
    service, jp_fetch, jp_auth_header, jp_serverapp
):
    cookies = "username-localhost=secret; _xsrf=outer; session=forged"
    headers = {"Cookie": cookies, "X-XSRFToken": "outer", "X-Own": "1", "Accept-Language": "de"}

    token = jp_serverapp.identity_provider.token
    answer = await jp_fetch(*ADDRESS, "a%2Fb", headers=headers, params={"q": "1", "token": token})

    told = json.loads(answer.body)
    assert told["uri"] == "/elsewhere/a%252Fb?q=1"
    got = dict(told["headers"])
    assert (got["x-own"], got["accept-language"]) == ("1", "de")
    assert not {"cookie", "authorization", "x-xsrftoken"} & got.keys()
    assert "token" not in json.dumps(told)


async def test_only_cookies_that_a_service_has_set_go_back_to_it_and_stay_at_its_address(
    service, jp_fetch, jp_base_url
):
    first = await jp_fetch(*ADDRESS, "x")
    cookies = first.headers.get_list("Set-Cookie")
    given = [cookie for cookie in cookies if cookie.startswith(("session=", MARK))]
    assert len(given) == 2
    path = f"Path={jp_base_url}{'/'.join(ADDRESS)}/"
    assert all(path in cookie for cookie in given)

    sent = "; ".join(["_xsrf=outer", *(cookie.partition(";")[0] for cookie in given)])
    second = await jp_fetch(*ADDRESS, "x", headers={"Cookie": sent})

    assert headers_of(second)["cookie"] == "session=mine"


async def test_pages_that_are_not_trusted_have_no_rights_of_the_origin(service, jp_fetch):
    answer = await jp_fetch(*ADDRESS, "x")

    policies = answer.headers.get_list("Content-Security-Policy")
    assert policies[0] == "default-src 'self'"
    assert policies[1].startswith("sandbox ")
    assert "allow-same-origin" not in policies[1]
    assert "Service-Worker-Allowed" not in answer.headers


async def test_a_redirection_leads_to_the_address_that_browsers_see(service, jp_fetch, jp_base_url):
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch(*ADDRESS, "away", follow_redirects=False)

    assert error.value.response.headers["Location"] == f"{jp_base_url}{'/'.join(ADDRESS)}/home"


async def test_uploads_are_streamed_whatever_their_size(service, jp_fetch):
    pieces = 40
    piece = os.urandom(2**20)

    async def body(write):
        for _ in range(pieces):
            await write(piece)

    answer = await jp_fetch(
        *ADDRESS, "count", method="POST", body_producer=body, request_timeout=DEADLINE_S
    )

    assert int(answer.body) == pieces * len(piece)


async def test_events_come_as_they_are_sent(service, jp_fetch):
    Events.seen = asyncio.Event()
    got = []

    def take(chunk):
        got.append(chunk)
        Events.seen.set()

    await jp_fetch(*ADDRESS, "events", streaming_callback=take, request_timeout=DEADLINE_S)

    assert b"".join(got) == b"data: one\n\ndata: two\n\n"
    assert len(got) >= 2


async def test_a_websocket_is_handed_on_frame_by_frame(service, jp_ws_fetch):
    socket = await jp_ws_fetch(*ADDRESS, "socket")

    await socket.write_message("Grüße")
    assert await socket.read_message() == "Grüße"
    await socket.write_message(b"\0" * 200_000, binary=True)
    assert await socket.read_message() == b"\0" * 200_000
    socket.close()


@pytest.mark.parametrize("method", ["POST", "socket"])
async def test_a_page_of_another_address_is_refused(
    service, jp_fetch, jp_ws_fetch, jp_http_port, method
):
    headers = {"Origin": "https://evil.example"}
    fetching = (
        jp_ws_fetch(*ADDRESS, "socket", headers=headers)
        if method == "socket"
        else jp_fetch(*ADDRESS, "x", method=method, body="", headers=headers)
    )
    with pytest.raises(HTTPClientError) as error:
        await fetching
    assert error.value.code == 403


async def test_without_login_nothing_is_reached(service, coordinator, jp_fetch):
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch(*ADDRESS, "x", headers={"Authorization": ""}, follow_redirects=False)

    assert error.value.code in (302, 403)
    assert coordinator.seen(WAY) == []


async def test_somebody_elses_deployment_is_refused_as_the_coordinator_does(
    coordinator, jp_fetch, answer_of
):
    refusal = {"message": "Deployment 0123456789ab is ada's.", "code": "forbidden", "errors": []}
    coordinator.answers[WAY] = lambda _: (403, refusal)

    with pytest.raises(HTTPClientError) as error:
        await jp_fetch(*ADDRESS, "x")

    assert (error.value.code, answer_of(error.value.response)["code"]) == (403, "forbidden")


@pytest.mark.parametrize("says", [b"no HTTP at all\r\n\r\n", b""])
async def test_a_port_that_answers_garbage_is_said_to(
    coordinator, service, jp_fetch, says, answer_of
):
    async def garbage(reader, writer):
        await reader.read(100)
        writer.write(says)
        writer.close()

    server = await asyncio.start_server(garbage, "127.0.0.1", 0)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(server)
        way = {**service, "socket": None, "port": server.sockets[0].getsockname()[1], "attempt": 2}
        coordinator.answers[WAY] = lambda _: (200, way)

        with pytest.raises(HTTPClientError) as error:
            await jp_fetch(*ADDRESS, "x")

    assert error.value.code == 503
    assert "does not answer in HTTP" in answer_of(error.value.response)["message"]


async def test_a_service_on_a_port_gets_its_secret(coordinator, service, jp_fetch):
    coordinator.answers[WAY] = lambda _: (200, {**service, "secret": "s3", "attempt": 3})

    assert headers_of(await jp_fetch(*ADDRESS, "x"))["x-jupyter-platform-secret"] == "s3"


async def test_the_address_without_its_slash_leads_to_the_one_with_it(service, jp_fetch):
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch(*ADDRESS, params={"a": "1"}, follow_redirects=False)

    assert error.value.response.headers["Location"].endswith(f"{DEPLOYMENT}/ui/?a=1")
