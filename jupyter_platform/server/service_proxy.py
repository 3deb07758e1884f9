"""Services of deployments below ``/jupyter-platform/deployments/<id>/<service>/``.

HTTP, websockets and server-sent events of any kind of page, a whole second JupyterLab among them.
No cookie of Jupyter's and no Jupyter token passes in either direction.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpcore
from tornado.http1connection import HTTP1Connection
from tornado.iostream import IOStream, StreamClosedError
from tornado.web import HTTPError, stream_request_body

from jupyter_platform.core.deployments import ServiceWay
from jupyter_platform.core.errors import HostError
from jupyter_platform.core.recipes import SECRET_HEADER
from jupyter_platform.runtime.streams import FAULTS, PIECE, Connection
from jupyter_platform.server.gateway import MAX_UPLOAD_BYTES, Body
from jupyter_platform.server.handlers import ErrorsAsJson, require_permission, user_headers
from jupyter_platform.server.service_cookies import ServiceCookies
from jupyter_platform.server.service_link import ServiceLink

SANDBOX = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"
"""Policy of pages of items that are not trusted: scripts, but no rights of this server's origin."""
USE_S = 20.0
"""Seconds after which a websocket that is in use says so again."""
_HEAD_BYTES = 64_000
_HOP = frozenset(
    {
        "connection", "host", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "trailer", "transfer-encoding", "upgrade",
        "te",  # codespell:ignore
    }
)  # fmt: skip
_NOT_ASKED = _HOP | {"authorization", "content-length", "cookie", "expect", "x-xsrftoken"}
_NOT_ANSWERED = _HOP | {"clear-site-data", "content-length", "service-worker-allowed", "set-cookie"}
"""What would reach beyond the address of the service, or is said anew."""
SERVICE_ADDRESS = r"/jupyter-platform/deployments/([0-9a-f]{12})/(api|ide|monitor|ui|custom)"
_PATH = re.compile(rf"{SERVICE_ADDRESS}/")

Headers = list[tuple[bytes, bytes]]


@stream_request_body
class ServiceHandler(ErrorsAsJson):
    """One request to a service."""

    auth_resource = "jupyter-platform"

    def initialize(self, services: ServiceLink) -> None:
        """Take the way to the services."""
        self._services = services
        self._body: Body | None = None
        self._sending: asyncio.Task[httpcore.Response] | None = None
        self._way: ServiceWay

    @property
    def _connection(self) -> HTTP1Connection:
        connection = self.request.connection
        assert isinstance(connection, HTTP1Connection)
        return connection

    @property
    def _own_prefix(self) -> str:
        found = _PATH.search(self.request.path)
        assert found is not None, "the route has matched"
        return self.request.path[: found.end()]

    @property
    def _is_websocket(self) -> bool:
        return self.request.headers.get("Upgrade", "").lower() == "websocket"

    def check_xsrf_cookie(self) -> None:
        """Check where a request comes from instead: services have forms of their own."""
        headers = self.request.headers
        origin = headers.get("Origin") or headers.get("Sec-Websocket-Origin")
        is_read = self.request.method in ("GET", "HEAD", "OPTIONS") and not self._is_websocket
        if is_read or origin is None:
            return
        if urlsplit(origin).netloc.lower() != str(headers.get("Host", "")).lower():
            raise HTTPError(403, "The request comes from a page of another address.")

    async def prepare(self, **kwargs: Any) -> None:
        """Begin to hand the request on, once it is allowed and before its body is here."""
        await super().prepare(**kwargs)
        if self._finished:
            return  # to the login
        self._connection.set_max_body_size(MAX_UPLOAD_BYTES)
        await require_permission(self, "execute" if self._is_websocket else None)
        self.check_xsrf_cookie()
        deployment, service, *_ = self.path_args
        self._user = user_headers(self)
        self._way = await self._services.way(deployment, service, self._user)
        self._cookies = ServiceCookies(self, self._own_prefix)
        if self._is_websocket:
            return
        given = self.request.headers
        headers = self._request_headers()
        if "Transfer-Encoding" in given:
            self._body = Body()
            headers.append((b"Transfer-Encoding", b"chunked"))
        elif given.get("Content-Length", "0") != "0":
            self._body = Body()
            headers.append((b"Content-Length", given["Content-Length"].encode()))
        sending = self._services.client.send(
            self._services.name(self._way, self._user),
            str(self.request.method),
            self._target(),
            headers,
            None if self._body is None else self._body.chunks(),
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

    async def get(self, *args: str) -> None:
        """Hand on a request, or the connection of a websocket."""
        if self._is_websocket:
            await self._connect()
        else:
            await self._forward()

    async def head(self, *args: str) -> None:
        """Hand on a request."""
        await self._forward()

    async def post(self, *args: str) -> None:
        """Hand on a request."""
        await self._forward()

    async def put(self, *args: str) -> None:
        """Hand on a request."""
        await self._forward()

    async def patch(self, *args: str) -> None:
        """Hand on a request."""
        await self._forward()

    async def delete(self, *args: str) -> None:
        """Hand on a request."""
        await self._forward()

    async def options(self, *args: str) -> None:
        """Hand on a request."""
        await self._forward()

    async def _forward(self) -> None:
        assert self._sending is not None, "prepare has not run"
        if self._body is not None:
            await self._body.put(None, self._sending)
        try:
            response = await self._sending
        except FAULTS as error:
            raise self._silent(error) from error
        try:
            self._take_head(response.status, response.headers)
            async for chunk in response.aiter_stream():
                self.write(chunk)
                await self.flush()
        except FAULTS as error:
            raise self._silent(error) from error
        except StreamClosedError:
            return
        finally:
            await response.aclose()
        await self.finish()

    def _silent(self, error: Exception) -> HostError:
        way = self._way
        return HostError(
            f"Service {way.service} of deployment {way.deployment} does not answer in HTTP "
            f"({type(error).__name__}{f': {error}' if str(error) else ''})."
        )

    def _take_head(self, status: int, headers: Headers) -> None:
        self.set_status(status)
        for name in ("Content-Type", "Server", "Date", "Content-Security-Policy"):
            self.clear_header(name)
        for name, value in self._response_headers(headers):
            self.add_header(name, value)
        if status not in (204, 304):
            for name_, value_ in headers:
                if name_.lower() == b"content-length":
                    self.set_header("Content-Length", value_.decode("latin-1"))

    def _response_headers(self, headers: Headers) -> list[tuple[str, str]]:
        """Return what of the head of an answer goes to the browser."""
        told = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        found = [
            (name, self._moved(value) if name.lower() == "location" else value)
            for name, value in told
            if name.lower() not in _NOT_ANSWERED
        ]
        cookies = [value for name, value in told if name.lower() == "set-cookie"]
        found += [("Set-Cookie", text) for text in self._cookies.response_headers(cookies)]
        if not self._way.is_trusted:
            found.append(("Content-Security-Policy", SANDBOX))
        return found

    def _moved(self, location: str) -> str:
        """Return where a redirection leads to at this server's address."""
        prefix = self._way.prefix
        if location.startswith(prefix):
            return self._own_prefix + location.removeprefix(prefix)
        return location

    def _target(self) -> bytes:
        """Return path and query for the service, without a token of this server's."""
        path, _, query = str(self.request.uri).partition("?")
        rest = path[len(self._own_prefix) :] if path.startswith(self._own_prefix) else ""
        token = self.identity_provider.token
        if token and token in query:
            kept = parse_qsl(query, keep_blank_values=True)
            query = urlencode([(name, value) for name, value in kept if value != token])
        return (self._way.prefix + rest + (f"?{query}" if query else "")).encode("latin-1")

    def _request_headers(self) -> Headers:
        given = self.request.headers
        found = [
            (name.encode(), value.encode("latin-1"))
            for name, value in given.get_all()
            if name.lower() not in _NOT_ASKED
        ]
        found.append((b"Host", str(given.get("Host", "localhost")).encode("latin-1")))
        if cookies := self._cookies.request_header():
            found.append((b"Cookie", cookies.encode("latin-1")))
        authorization = given.get("Authorization", "")
        if authorization and not self._is_jupyters(authorization):
            found.append((b"Authorization", authorization.encode("latin-1")))
        if self._is_own_xsrf(given.get("X-Xsrftoken")):
            found.append((b"X-XSRFToken", given["X-Xsrftoken"].encode("latin-1")))
        if self._way.secret:
            found.append((SECRET_HEADER.encode(), self._way.secret.encode()))
        return found

    def _is_jupyters(self, authorization: str) -> bool:
        """Return whether a header is one that the Jupyter server, or its hub, logs people in by."""
        scheme, _, value = authorization.partition(" ")
        token = self.identity_provider.token
        return scheme.lower() == "token" or bool(token and value.strip() == token)

    def _is_own_xsrf(self, value: str | None) -> bool:
        """Return whether a token of a form is the service's own, not this server's."""
        return value is not None and f"_xsrf={value}" in self._cookies.request_header()

    async def _connect(self) -> None:
        """Hand a websocket on as bytes, so that its frames stay what they are."""
        connection = await self._services.open(self._way, self._user)
        reader, writer = connection
        try:
            writer.write(self._websocket_head())
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            writer.close()
            raise self._silent(error) from error
        answer = self._websocket_answer(head)
        stream = self.detach()
        try:
            await stream.write(answer)
            await self._exchange(stream, connection)
        except StreamClosedError:
            pass
        finally:
            stream.close()
            writer.close()

    def _websocket_head(self) -> bytes:
        lines = [b"GET " + self._target() + b" HTTP/1.1"]
        lines += [name + b": " + value for name, value in self._request_headers()]
        return b"\r\n".join([*lines, b"Connection: Upgrade", b"Upgrade: websocket", b"", b""])

    def _websocket_answer(self, head: bytes) -> bytes:
        first, *lines = head[:_HEAD_BYTES].decode("latin-1").rstrip("\r\n").split("\r\n")
        pairs = [line.partition(":") for line in lines]
        headers = [
            (name.strip().encode(), value.strip().encode("latin-1")) for name, _, value in pairs
        ]
        told = [f"{name}: {value}" for name, value in self._response_headers(headers)]
        if first.split(" ")[1:2] == ["101"]:
            told += ["Connection: Upgrade", "Upgrade: websocket"]
        else:
            told.append("Connection: close")
        return "\r\n".join([first, *told, "", ""]).encode("latin-1")

    async def _exchange(self, stream: IOStream, connection: Connection) -> None:
        reader, writer = connection
        is_used = asyncio.Event()

        async def to_service() -> None:
            with contextlib.suppress(StreamClosedError, OSError):
                while True:
                    writer.write(await stream.read_bytes(PIECE, partial=True))
                    is_used.set()
                    await writer.drain()

        async def to_browser() -> None:
            with contextlib.suppress(StreamClosedError, OSError):
                while piece := await reader.read(PIECE):
                    await stream.write(piece)

        async def say_used() -> None:
            while True:
                await is_used.wait()
                is_used.clear()
                with contextlib.suppress(Exception):
                    way = self._way
                    await self._services.way(way.deployment, way.service, self._user)
                await asyncio.sleep(USE_S)

        ways = [asyncio.create_task(work()) for work in (to_service, to_browser)]
        saying = asyncio.create_task(say_used())
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*ways, saying):
                task.cancel()
            await asyncio.gather(*ways, saying, return_exceptions=True)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer an error; break off an answer that has begun, or it would be taken for whole."""
        if self._headers_written:
            self._finished = True
            self._connection.close()
        else:
            super().send_error(status_code, **kwargs)


class ServiceRootHandler(ErrorsAsJson):
    """The address of a service without its last slash."""

    def get(self, *args: str) -> None:
        """Lead to the one with it."""
        query = f"?{self.request.query}" if self.request.query else ""
        self.redirect(f"{self.request.path}/{query}")
