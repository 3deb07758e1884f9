"""The one way from the Jupyter server to the coordinator: found, started and found again."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from jupyter_platform.client.transport import Endpoint, Transport
from jupyter_platform.core.errors import (
    CoordinatorError,
    PlatformError,
    StartingError,
    TakenDownError,
    UnavailableError,
    from_dict,
)
from jupyter_platform.runtime.web_client import (
    PROXY_FAULTS,
    httpx,
    is_this_machine,
    proxy_problem,
)

PATIENCE_S = 20.0
"""Seconds that a request waits for a coordinator that is being started."""
FAILURE_MEMORY_S = 5.0
"""Seconds in which a failed start is not tried again."""
MAX_EVENT_BYTES = 64 * 2**20
"""Bytes of one message; a snapshot of 10,000 active jobs takes about 20 MB."""
_TIMEOUT = httpx.Timeout(600, connect=5)
_CONNECTIONS = httpx.Limits(max_connections=200, max_keepalive_connections=20)


class CoordinatorLink:
    """Requests to the coordinator, which is started by the first of them.

    One that was taken down is started only by requests that want work done: an
    open page that merely watches does not restart it.

    Parameters
    ----------
    patience_s : float
        Seconds that a request waits for the start; it goes on after that.
    """

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._transport: Transport | None = None
        self._endpoint: Endpoint | None = None
        self._client: httpx.AsyncClient | None = None
        self._search: asyncio.Task[Endpoint] | None = None
        self._failure: tuple[float, PlatformError] | None = None

    async def endpoint(self, *, is_asked: bool = False) -> Endpoint:
        """Return where the coordinator answers, starting it when there is none.

        Parameters
        ----------
        is_asked : bool
            Whether the request wants work done, so that one that was taken down is started too.

        Raises
        ------
        StartingError
            If it does not answer yet.
        TakenDownError
            If it was taken down, and nobody asks for anything.
        PlatformError
            If it cannot be started or trusted.
        """
        if self._endpoint is not None:
            return self._endpoint
        # Made late: the environment says where to look.
        transport = self._transport = self._transport or Transport()
        if not is_asked and self._search is None and transport.is_taken_down:
            raise TakenDownError(
                "The platform is down: it was taken down, and jobs that were not stopped go on. "
                "Start it in the sidebar of JupyterLab, or with 'jupyter platform up'."
            )
        if self._failure is not None and time.monotonic() < self._failure[0] + FAILURE_MEMORY_S:
            raise self._failure[1]
        if self._search is None:
            self._search = asyncio.create_task(self._find(transport))
        search = self._search
        await asyncio.wait({search}, timeout=self._patience_s)
        if not search.done():
            raise StartingError("The platform is being started; it answers in a few seconds.")
        return await search

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: AsyncIterator[bytes] | None = None,
        is_asked: bool = False,
    ) -> httpx.Response:
        """Send a request; its answer is still to be read, and to be closed.

        Parameters
        ----------
        method, path : str
            Such as ``"GET"`` and ``"/api/jobs?limit=10"``, percent-encoded.
        headers : mapping, optional
            Sent beside the coordinator's token.
        body : async iterator of bytes, optional
            Streamed.
        is_asked : bool
            As for `endpoint`.

        Raises
        ------
        UnavailableError
            If nothing answers.
        """
        repeatable = body is None and method in ("GET", "HEAD")
        for is_last in (False, False, True):
            endpoint = await self.endpoint(is_asked=is_asked)
            client = self._client_of(endpoint)
            request = client.build_request(method, path, headers=headers, content=body)
            try:
                response = await client.send(request, stream=True)
            except httpx.TransportError as error:
                self._rediscover(endpoint)
                # Where no connection was made nothing was sent, so it can be sent again.
                unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if is_last or not (repeatable or unsent):
                    raise _no_answer(error) from error
                continue
            if response.status_code != 401 or is_last or not (repeatable and endpoint.local):
                return response
            # Another coordinator took the port over: read the connection file again.
            await response.aclose()
            self._rediscover(endpoint)
        raise AssertionError("unreachable")

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Any:
        """Return the JSON answer of a GET.

        Parameters
        ----------
        path : str
            As for `send`.
        headers : mapping, optional
            Sent beside the coordinator's token.

        Raises
        ------
        PlatformError
            The coordinator's own error, or `UnavailableError` when nothing answers.
        """
        response = await self.send("GET", path, headers=headers)
        try:
            content = await response.aread()
        except httpx.TransportError as error:
            raise _no_answer(error) from error
        finally:
            await response.aclose()
        answer = json.loads(content)
        if response.is_error:
            raise from_dict(answer)
        return answer

    async def events(
        self, query: str, headers: Mapping[str, str] | None = None
    ) -> WebSocketClientConnection:
        """Open the websocket of events.

        Parameters
        ----------
        headers : mapping, optional
            Sent beside the coordinator's token.

        Raises
        ------
        UnavailableError
            If nothing answers.
        """
        return await self.socket("/api/events", headers, query)

    async def socket(
        self, path: str, headers: Mapping[str, str] | None = None, query: str = ""
    ) -> WebSocketClientConnection:
        """Open a websocket of the coordinator.

        Parameters
        ----------
        path : str
            Such as ``/api/events``.
        headers : mapping, optional
            Sent beside the coordinator's token.
        query : str
            Behind the path.

        Raises
        ------
        UnavailableError
            If nothing answers.
        """
        for is_last in (False, True):
            endpoint = await self.endpoint()
            parts = urlsplit(endpoint.url)
            scheme = "wss" if parts.scheme == "https" else "ws"
            url = urlunsplit((scheme, parts.netloc, f"{parts.path}{path}", query, ""))
            request = HTTPRequest(
                url, headers={"authorization": f"Bearer {endpoint.token}", **(headers or {})}
            )
            try:
                return await websocket_connect(request, max_message_size=MAX_EVENT_BYTES)
            except (OSError, HTTPClientError) as error:
                self._rediscover(endpoint)
                if is_last:
                    raise _no_answer(error) from error
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Give the connections back; the coordinator goes on."""
        if self._search is not None:
            self._search.cancel()
        if self._client is not None:
            await self._client.aclose()
        self._client = self._endpoint = self._search = None

    async def _find(self, transport: Transport) -> Endpoint:
        try:
            self._endpoint = await asyncio.to_thread(lambda: transport.endpoint)
            self._failure = None
        except PlatformError as error:
            self._failure = (time.monotonic(), error)
            raise
        finally:
            self._search = None
        return self._endpoint

    def _client_of(self, endpoint: Endpoint) -> httpx.AsyncClient:
        if self._client is None:
            try:
                self._client = _new_client(endpoint)
            except PROXY_FAULTS as error:
                raise CoordinatorError(proxy_problem(endpoint.url, error)) from error
        return self._client

    def _rediscover(self, endpoint: Endpoint) -> None:
        """Look for the coordinator anew, unless another request has done it already.

        The client is not closed: others may still be reading an answer through it.
        """
        if self._endpoint is endpoint:
            self._client = self._endpoint = None
            if self._transport is not None:
                self._transport.rediscover()


def _new_client(endpoint: Endpoint) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=endpoint.url,
        headers={"authorization": f"Bearer {endpoint.token}"},
        timeout=_TIMEOUT,
        limits=_CONNECTIONS,
        # A proxy must never get between us and this machine.
        trust_env=not (endpoint.local or is_this_machine(endpoint.url)),
    )


def _no_answer(error: Exception) -> UnavailableError:
    return CoordinatorError(
        f"The coordinator does not answer ({type(error).__name__}: {error}). It is looked for "
        "again at the next request; 'jupyter platform status' tells more."
    )
