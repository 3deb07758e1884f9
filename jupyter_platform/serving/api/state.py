"""Routes beside the contract: how the service does, what it offers, reading its code anew."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jupyter_platform.serving.api.documents import openapi2, openapi3
from jupyter_platform.serving.metrics import Metrics
from jupyter_platform.serving.service import Service


class State:
    """Handlers of the routes.

    Parameters
    ----------
    service : Service
        What they answer from.
    metrics : Metrics
        What was counted.
    """

    def __init__(self, service: Service, metrics: Metrics) -> None:
        self._service = service
        self._metrics = metrics

    def routes(self) -> list[Route]:
        """Return all routes."""
        return [
            Route("/health", self.health),
            Route("/ready", self.ready),
            Route("/metrics", self.metrics),
            Route("/description", self.description),
            Route("/restart", self.restart, methods=["POST"]),
            Route("/swagger.json", self.swagger),
            Route("/openapi.json", self.openapi),
        ]

    async def health(self, _request: Request) -> Response:
        """Answer how the service does; with status 200 also while it gets ready."""
        return JSONResponse(self._service.health().model_dump())

    async def ready(self, _request: Request) -> Response:
        """Answer how the service does; with status 503 until it is ready."""
        health = self._service.health()
        status = 200 if health.state == "ready" else 503
        return JSONResponse(health.model_dump(), status)

    async def metrics(self, _request: Request) -> Response:
        """Answer what was counted since the start."""
        return JSONResponse(self._metrics.to_dict() | self._service.health().model_dump())

    async def description(self, _request: Request) -> Response:
        """Answer what the service offers, and whether its code was edited since it was read."""
        return JSONResponse(self._service.describe().model_dump())

    async def restart(self, _request: Request) -> Response:
        """Read the code of the models anew, and answer what the service offers now."""
        await self._service.restart()
        return JSONResponse(self._service.describe().model_dump())

    async def swagger(self, _request: Request) -> Response:
        """Answer the OpenAPI document of version 2."""
        return JSONResponse(openapi2(self._service.describe()))

    async def openapi(self, _request: Request) -> Response:
        """Answer the OpenAPI document of version 3."""
        return JSONResponse(openapi3(self._service.describe()))
