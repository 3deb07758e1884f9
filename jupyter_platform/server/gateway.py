"""The gateway: what comes in below ``/jupyter-platform/api/`` goes to the coordinator.

Requests and answers are streamed. No cookie, no Jupyter token passes in either direction.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.http1connection import HTTP1Connection
from tornado.web import authenticated, stream_request_body
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, WebSocketHandler

from jupyter_platform.core.errors import CoordinatorError, NotFoundError
from jupyter_platform.runtime.web_client import httpx
from jupyter_platform.server.coordinator_link import CoordinatorLink
from jupyter_platform.server.handlers import (
    AUTH_RESOURCE,
    ErrorsAsJson,
    PlatformHandler,
    require_permission,
    user_headers,
)

MAX_UPLOAD_BYTES = 2**40
"""The coordinator knows how much it takes, and where; here nothing is kept."""
REQUEST_HEADERS = (
    "Accept",
    "Accept-Encoding",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Prefer",
)
RESPONSE_HEADERS = (
    "Content-Disposition",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "ETag",
    "Retry-After",
)
BASE_URL_HEADER = "X-Jupyter-Platform-Base-Url"
"""Tells the coordinator where browsers find services of deployments."""
CHECK = "/api/jobs/check"
"""Requests that an open form sends by itself, which do not count as use of the platform."""
SERVICE_RESTART = 1012
"""Close code that lets a browser connect again."""
_OURS = frozenset({"token", "_xsrf"})
"""Query parameters that the Jupyter server itself reads."""
_QUEUED_CHUNKS = 8


def coordinator_path(path: str, query: str) -> str:
    """Return path and query as the coordinator gets them.

    Parameters
    ----------
    path : str
        What stands behind ``api/``, percent-encoded.
    query : str
        The query of the request.

    Raises
    ------
    NotFoundError
        If the path would leave the API.
    """
    if any(segment in (".", "..") for segment in re.split(r"[/\\]", unquote(path))):
        raise NotFoundError(f"There is nothing at {path[:200]!r}.")
    kept = [
        (name, value)
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name not in _OURS
    ]
    return f"/api/{path}" + (f"?{urlencode(kept)}" if kept else "")


class Body:
    """A request's body on its way through, held back where the other side is slow."""

    def __init__(self) -> None:
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUED_CHUNKS)

    async def put(self, chunk: bytes | None, taker: asyncio.Task[Any]) -> None:
        """Hand on a chunk, or None behind the last; dropped when `taker` has ended."""
        putting = asyncio.ensure_future(self._chunks.put(chunk))
        await asyncio.wait({putting, taker}, return_when=asyncio.FIRST_COMPLETED)
        putting.cancel()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield what was put, up to None."""
        while (chunk := await self._chunks.get()) is not None:
            yield chunk


@stream_request_body
class GatewayHandler(PlatformHandler):
    """One request to the coordinator."""

    def initialize(self, link: CoordinatorLink) -> None:
        """Take the way to the coordinator."""
        self._link = link
        self._body: Body | None = None
        self._sending: asyncio.Task[httpx.Response] | None = None
        # A page that only looks does not keep a server alive that is culled when idle.
        self._track_activity = self.request.method != "GET"

    @property
    def _connection(self) -> HTTP1Connection:
        connection = self.request.connection
        assert isinstance(connection, HTTP1Connection)
        return connection

    async def prepare(self, **kwargs: Any) -> None:
        """Begin to forward the request, once it is allowed and before its body is here."""
        await super().prepare(**kwargs)
        self._connection.set_max_body_size(MAX_UPLOAD_BYTES)
        # The matched path is decoded already; a name with a slash in it would fall apart.
        path = self.request.path.partition(f"/{AUTH_RESOURCE}/api/")[2]
        path = coordinator_path(path, self.request.query)
        given = self.request.headers
        headers = {name: given[name] for name in REQUEST_HEADERS if name in given}
        headers |= user_headers(self)
        headers[BASE_URL_HEADER] = str(self.base_url)
        if "Transfer-Encoding" in given or given.get("Content-Length", "0") != "0":
            self._body = Body()
        body = None if self._body is None else self._body.chunks()
        is_asked = self.request.method not in ("GET", "HEAD") and path != CHECK
        sending = self._link.send(
            str(self.request.method), path, headers=headers, body=body, is_asked=is_asked
        )
        self._sending = asyncio.create_task(sending)

    async def data_received(self, chunk: bytes) -> None:
        """Hand on a piece of the body."""
        if self._body is not None and self._sending is not None:
            await self._body.put(chunk, self._sending)

    def on_connection_close(self) -> None:
        """Give up what nobody waits for."""
        super().on_connection_close()
        if self._sending is not None:
            self._sending.cancel()

    @authenticated
    async def get(self, path: str) -> None:
        """Read something."""
        await self._forward()

    @authenticated
    async def head(self, path: str) -> None:
        """Read about something."""
        await self._forward()

    @authenticated
    async def post(self, path: str) -> None:
        """Make or do something."""
        await self._forward()

    @authenticated
    async def put(self, path: str) -> None:
        """Store something."""
        await self._forward()

    @authenticated
    async def patch(self, path: str) -> None:
        """Change something."""
        await self._forward()

    @authenticated
    async def delete(self, path: str) -> None:
        """Remove something."""
        await self._forward()

    async def _forward(self) -> None:
        assert self._sending is not None, "prepare has not run"
        if self._body is not None:
            await self._body.put(None, self._sending)
        response = await self._sending
        try:
            self.set_status(response.status_code)
            self._take_headers(response)
            async for chunk in response.aiter_raw():
                self.write(chunk)
                await self.flush()
        except httpx.TransportError as error:
            raise CoordinatorError("The coordinator broke off its answer.") from error
        finally:
            await response.aclose()
        await self.finish()

    def _take_headers(self, response: httpx.Response) -> None:
        self.clear_header("Content-Type")
        for name in RESPONSE_HEADERS:
            if name in response.headers:
                self.set_header(name, response.headers[name])
        self.set_header("Cache-Control", "no-store")

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer an error; break off an answer that has begun, or it would be taken for whole."""
        if self._headers_written:
            self._finished = True
            self._connection.close()
        else:
            super().send_error(status_code, **kwargs)


class StartHandler(PlatformHandler):
    """Start the platform where it is down."""

    def initialize(self, link: CoordinatorLink) -> None:
        """Take the way to the coordinator."""
        self._link = link

    @web.authenticated
    async def post(self) -> None:
        """Answer when it is there."""
        await self._link.endpoint(is_asked=True)
        self.set_status(204)
        self.finish()


class EventsHandler(WebSocketMixin, ErrorsAsJson, WebSocketHandler):
    """The websocket of events."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, link: CoordinatorLink) -> None:
        """Take the way to the coordinator."""
        self._link = link
        self._upstream: WebSocketClientConnection | None = None
        self._pump: asyncio.Task[None] | None = None

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Connect to the coordinator first, so that an open socket means that it answers."""
        await require_permission(self, "read")
        query = coordinator_path("events", self.request.query).partition("?")[2]
        self._upstream = await self._link.events(query, user_headers(self))
        await super().get(*args, **kwargs)
        if self.ws_connection is None:
            self._upstream.close()

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Begin to hand on what comes."""
        super().open(*args, **kwargs)
        self._pump = asyncio.create_task(self._forward())

    def on_message(self, message: str | bytes) -> None:
        """Ignore what the page says; it has nothing to say here."""

    def on_close(self) -> None:
        """Let go of the coordinator."""
        super().on_close()
        if self._pump is not None:
            self._pump.cancel()
        if self._upstream is not None:
            self._upstream.close()

    async def _forward(self) -> None:
        assert self._upstream is not None, "the socket was opened without the coordinator"
        while (message := await self._upstream.read_message()) is not None:
            try:
                await self.write_message(message)
            except WebSocketClosedError:
                return
        self.close(SERVICE_RESTART, "the coordinator is gone")
