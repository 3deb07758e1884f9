"""Checks of every request before it reaches a route: address, token and body."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from jupyter_platform.coordinator.api.bounds import check_address, check_body
from jupyter_platform.coordinator.api.responses import error_response
from jupyter_platform.coordinator.identity.tokens import Identity
from jupyter_platform.core.errors import (
    InvalidRequestError,
    PlatformError,
    RequestTooLargeError,
)
from jupyter_platform.core.identity import USER_HEADER, decode_user
from jupyter_platform.core.units import format_bytes

OPEN_PATHS = frozenset({"/api/health"})
"""Routes that answer without a token."""
MAX_BODY_BYTES = 1_000_000
"""Bytes of the body of a request that is not an upload."""
_DRAINED_BYTES = 64_000_000
"""Bytes of a body too large that are still read, so that the sender gets to see the answer."""


class Gate:
    """ASGI middleware: known host name, right token, body of bearable size.

    Parameters
    ----------
    app : ASGI application
        What comes after.
    identity : Identity
        Tells who asks; the principal is put into ``scope["state"]``.
    hosts : collection of str, optional
        Names that the ``Host`` header may hold. A page in a browser can point a name of its own
        at this machine (DNS rebinding); what it then sends names that host.
    is_upload : callable
        Tells from method and path whether the body may be of any size.
    body_limit : callable
        Tells from method and path how many bytes the body may have; None: `MAX_BODY_BYTES`.
    on_request : callable
        Called for everything that passes, but the open paths.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        identity: Identity,
        hosts: Collection[str] | None,
        is_upload: Callable[[str, str], bool],
        body_limit: Callable[[str, str], int | None] = lambda _method, _path: None,
        on_request: Callable[[], None],
    ) -> None:
        self._app = app
        self._identity = identity
        self._hosts = hosts
        self._is_upload = is_upload
        self._body_limit = body_limit
        self._on_request = on_request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None and scope["path"] not in OPEN_PATHS:
            self._on_request()
        if refusal is None and scope["type"] == "http" and self._is_limited(scope):
            limit = self._body_limit(scope["method"], scope["path"]) or MAX_BODY_BYTES
            refusal, receive = await _read_body(scope, receive, limit)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await _refuse(refusal, scope, receive, send)

    def _refusal(self, scope: Scope) -> PlatformError | None:
        headers = Headers(scope=scope)
        host = _host_name(headers.get("host", ""))
        if self._hosts is not None and host not in self._hosts:
            return InvalidRequestError(
                f"The request names the host {host[:100]!r}; accepted: "
                f"{', '.join(sorted(self._hosts))}."
            )
        if scope["path"] in OPEN_PATHS:
            return None
        user = headers.get(USER_HEADER)
        try:
            principal = self._identity.principal(
                headers.get("authorization", ""), None if user is None else decode_user(user)
            )
        except PlatformError as error:
            return error
        scope.setdefault("state", {})["principal"] = principal
        return check_address(scope)

    def _is_limited(self, scope: Scope) -> bool:
        return not self._is_upload(scope["method"], scope["path"])


def _host_name(header: str) -> str:
    if header.startswith("["):
        return header.partition("]")[0] + "]"
    return header.partition(":")[0].lower()


async def _read_body(
    scope: Scope, receive: Receive, limit: int
) -> tuple[PlatformError | None, Receive]:
    """Read the whole body; return an error when it is too large, and what hands it on."""
    body = bytearray()
    announced = Headers(scope=scope).get("content-length", "")
    size = 0
    if not (announced.isascii() and announced.isdecimal() and int(announced) > _DRAINED_BYTES):
        async for chunk in _chunks(receive):
            size += len(chunk)
            if size <= limit:
                body += chunk
            elif size > _DRAINED_BYTES:
                break
        if size <= limit:
            return check_body(scope, bytes(body)), _replay(bytes(body), receive)
    error = RequestTooLargeError(
        f"The request has more than {format_bytes(limit)}; that is the most that is accepted here."
    )
    return error, receive


async def _chunks(receive: Receive) -> Any:
    more = True
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)
        yield message.get("body", b"")


def _replay(body: bytes, receive: Receive) -> Receive:
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


async def _refuse(error: PlatformError, scope: Scope, receive: Receive, send: Send) -> None:
    headers = {"WWW-Authenticate": "Bearer"} if error.status_code == 401 else {}
    response = error_response(error.status_code, error.to_dict(), headers)
    if scope["type"] == "http":
        await response(scope, receive, send)
        return
    socket = WebSocket(scope, receive, send)
    await socket.receive()
    await socket.send_denial_response(response)
