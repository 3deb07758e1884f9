"""The application: all routes behind the prefix that browsers see, or without it."""

from __future__ import annotations

import time

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jupyter_platform.core.errors import NotFoundError, PlatformError
from jupyter_platform.serving.api import pages, predict
from jupyter_platform.serving.api.answers import platform_error, unknown_path
from jupyter_platform.serving.api.contract import Contract
from jupyter_platform.serving.api.state import State
from jupyter_platform.serving.metrics import Metrics
from jupyter_platform.serving.output import Captured
from jupyter_platform.serving.service import Service


def create_app(service: Service, metrics: Metrics, captured: Captured | None = None) -> ASGIApp:
    """Return the application of a service.

    Parameters
    ----------
    service : Service
        What it answers from.
    metrics : Metrics
        Where it counts.
    captured : Captured, optional
        What the module printed; None: the debug route is disabled.
    """
    app = Starlette(
        routes=[
            *Contract(service, captured).routes(),
            *State(service, metrics).routes(),
            *pages.routes(service.settings),
        ],
        exception_handlers={PlatformError: platform_error, HTTPException: unknown_path},
    )
    app.router.redirect_slashes = False
    return _Edge(app, service, metrics)


class _Edge:
    """Takes the prefix off paths, counts predictions, and bounds what is sent."""

    def __init__(self, app: ASGIApp, service: Service, metrics: Metrics) -> None:
        self._app = app
        self._service = service
        self._prefix = service.settings.base_url.rstrip("/")
        self._most = service.settings.client_max_size
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if self._prefix and (path == self._prefix or path.startswith(f"{self._prefix}/")):
            path = path[len(self._prefix) :] or "/"
        scope = {**scope, "path": path, "raw_path": path.encode(), "root_path": ""}
        if self._most:
            receive = _bounded(receive, self._most, scope)
        if scope["method"] == "POST" and path.endswith(("/predict/", "/predict")):
            await self._counted(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _routed(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/predict":
            await self._app(scope, receive, send)
            return
        try:
            if self._service.predicting is None:
                raise NotFoundError(
                    "This service answers no batches; use v2/models/<name>/predict/."
                )
            if not self._service.settings.predict_endpoint:
                raise HTTPException(402, "This service does not offer predict.")
            with self._service.activity():
                await predict.answer(self._service.predicting, scope, receive, send)
        except PlatformError as error:
            response = await platform_error(Request(scope), error)
            await response(scope, receive, send)
        except HTTPException as error:
            response = await unknown_path(Request(scope), error)
            await response(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        status = 500

        async def counting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._routed(scope, receive, counting)
        finally:
            self._metrics.add_call(status, time.perf_counter() - began)


def _bounded(receive: Receive, most: int, scope: Scope) -> Receive:
    """Return a receiver that refuses bodies of more bytes."""
    told = dict(scope["headers"]).get(b"content-length", b"0")
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most or (told.isdigit() and int(told) > most):
            raise HTTPException(413, f"The request has more than {most:,} bytes.")
        return message

    return bounded
