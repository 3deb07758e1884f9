"""Deployments: ask for one, look, stop, start, delete, and reach its services."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from jupyter_platform.coordinator.api.bounds import Count, Number
from jupyter_platform.coordinator.api.responses import PlatformJSONResponse
from jupyter_platform.coordinator.api.routes.jobs import IdempotencyKey
from jupyter_platform.coordinator.api.services import PrincipalOf, ServicesOf
from jupyter_platform.coordinator.api.streaming import tunnel
from jupyter_platform.core.deployments import (
    ConfigurationDocument,
    DeploymentCheck,
    DeploymentPage,
    DeploymentRecord,
    DeploymentRequest,
    ServiceWay,
)
from jupyter_platform.core.jobs import LogChunk
from jupyter_platform.core.recipes import Purpose

router = APIRouter(tags=["deployments"])

BaseUrl = Annotated[
    str, Header(alias="x-jupyter-platform-base-url", pattern=r"^/(.*/)?$", max_length=500)
]
"""Base URL of the Jupyter server through which the request came."""


class DeploymentQuery(BaseModel):
    """Which deployments to list."""

    model_config = ConfigDict(extra="forbid")

    kind: str | None = Field(default=None, description="module, tool, try; comma-separated.")
    state: str | None = Field(default=None, description="States, comma-separated.")
    text: str | None = Field(default=None, max_length=300)
    limit: int = Field(default=100, ge=1, le=1000)
    offset: Count = 0


class DeploymentLogQuery(BaseModel):
    """Which part of a log."""

    model_config = ConfigDict(extra="forbid")

    offset: Number = Field(default=0, description="Byte to begin at; negative: from the end.")
    limit: int = Field(default=256_000, ge=1, le=4_000_000, description="Bytes at most.")


class TrialRequest(BaseModel):
    """Which item to try."""

    model_config = ConfigDict(extra="forbid")

    item: str = Field(min_length=1, max_length=200)


@router.get("/marketplace/items/{item}/configuration")
async def configuration(
    item: str, services: ServicesOf, principal: PrincipalOf, purpose: Purpose = "infer"
) -> ConfigurationDocument:
    """Return what may be configured about a deployment of an item."""
    return await services.deployments.configuration(principal, item, purpose)


@router.post("/deployments", status_code=201)
async def create(
    request: DeploymentRequest,
    response: Response,
    services: ServicesOf,
    principal: PrincipalOf,
    base_url: BaseUrl = "/",
    idempotency_key: IdempotencyKey = None,
) -> DeploymentRecord:
    """Put a deployment into the queue; it is on disk when this answers."""
    made = await services.deployments.create(
        principal, request, base_url=base_url, idempotency_key=idempotency_key
    )
    response.headers["Location"] = f"/api/deployments/{made.id}"
    return made


@router.post("/deployments/check")
async def check(
    request: DeploymentRequest, services: ServicesOf, principal: PrincipalOf
) -> DeploymentCheck:
    """Say what would become of a request, without storing anything."""
    return await services.deployments.check(principal, request)


@router.post("/deployments/try", status_code=201)
async def try_item(
    request: TrialRequest, services: ServicesOf, principal: PrincipalOf, base_url: BaseUrl = "/"
) -> DeploymentRecord:
    """Start a trial of an item."""
    return await services.trials.begin(principal, request.item, base_url=base_url)


@router.get("/deployments", response_model=DeploymentPage)
async def page(
    services: ServicesOf, principal: PrincipalOf, query: Annotated[DeploymentQuery, Query()]
) -> Response:
    """Return a page of deployments, newest first."""
    # Records that were validated once: a long page is not gone through again.
    return PlatformJSONResponse(await services.deployments.list(principal, **query.model_dump()))


@router.get("/deployments/{deployment}")
async def get(deployment: str, services: ServicesOf, principal: PrincipalOf) -> DeploymentRecord:
    """Return a deployment; a unique prefix of its id will do."""
    return await services.deployments.get(principal, deployment)


@router.post("/deployments/{deployment}/stop")
async def stop(deployment: str, services: ServicesOf, principal: PrincipalOf) -> DeploymentRecord:
    """Let a deployment give back what it holds."""
    return await services.deployments.stop(principal, deployment)


@router.post("/deployments/{deployment}/start")
async def start(deployment: str, services: ServicesOf, principal: PrincipalOf) -> DeploymentRecord:
    """Start a deployment again that has ended."""
    return await services.deployments.start(principal, deployment)


@router.delete("/deployments/{deployment}", status_code=204)
async def delete(deployment: str, services: ServicesOf, principal: PrincipalOf) -> None:
    """End a deployment and remove what is left of it; the second time, without waiting."""
    await services.deployment_deletion.delete(principal, deployment)


@router.get("/deployments/{deployment}/log")
async def log(
    deployment: str,
    services: ServicesOf,
    principal: PrincipalOf,
    query: Annotated[DeploymentLogQuery, Query()],
) -> LogChunk:
    """Return a piece of what its processes printed."""
    return await services.deployments.log(principal, deployment, query.offset, query.limit)


@router.get("/deployments/{deployment}/ways/{service}")
async def way(
    deployment: str, service: str, services: ServicesOf, principal: PrincipalOf
) -> ServiceWay:
    """Return how a gateway reaches a service."""
    return await services.service_proxy.way(principal, deployment, service)


@router.websocket("/deployments/{deployment}/tunnel/{service}")
async def connect(
    socket: WebSocket, deployment: str, service: str, services: ServicesOf, principal: PrincipalOf
) -> None:
    """Hand bytes on between a gateway and a service, in frames of any size."""
    await tunnel(socket, services.service_proxy.connect(principal, deployment, service))


async def _forward(
    deployment: str,
    service: str,
    path: str,
    request: Request,
    services: ServicesOf,
    principal: PrincipalOf,
) -> StreamingResponse:
    """Hand a request on to a service."""
    query = request.url.query
    raw = request.scope["raw_path"].split(b"/", 6)[6]
    answer = await services.service_proxy.send(
        principal,
        deployment,
        service,
        request.method,
        raw + (b"?" + query.encode() if query else b""),
        request.headers.raw,
        request.stream(),
    )
    return StreamingResponse(answer.body, answer.status, answer.headers)


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    router.add_api_route(
        "/deployments/{deployment}/services/{service}/{path:path}",
        _forward,
        methods=[_method],
        name=f"{_method.lower()}_service",
        operation_id=f"{_method.lower()}_service",
        response_class=StreamingResponse,
    )
