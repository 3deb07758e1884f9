"""The platform as a whole: health, version, status, shutdown, events."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket
from pydantic import BaseModel, ConfigDict, Field

from jupyter_platform._version import __version__
from jupyter_platform.coordinator.api.services import PrincipalOf, ServicesOf
from jupyter_platform.coordinator.api.streaming import forward
from jupyter_platform.core.hosts import StatusRecord
from jupyter_platform.core.records import Record
from jupyter_platform.runtime.connection import PROTOCOL

router = APIRouter(tags=["platform"])


class HealthRecord(Record):
    """That the coordinator answers."""

    status: str = "ok"


class VersionRecord(Record):
    """What the coordinator speaks."""

    version: str = __version__
    protocol: int = PROTOCOL


class ShutdownRequest(BaseModel):
    """How to end the platform."""

    model_config = ConfigDict(extra="forbid")

    force: bool = Field(default=False, description="Also while jobs run; they go on.")


class HoldRequest(BaseModel):
    """Whether jobs that wait stay where they are."""

    model_config = ConfigDict(extra="forbid")

    held: bool = Field(default=True, description="False lets the queue move again.")


@router.get("/health")
async def health() -> HealthRecord:
    """Confirm that the coordinator is healthy; the only route without a token."""
    return HealthRecord()


@router.get("/version")
async def version() -> VersionRecord:
    """Return the versions of the package and of this API."""
    return VersionRecord()


@router.get("/status")
async def status(services: ServicesOf) -> StatusRecord:
    """Return the state of the whole platform at a glance."""
    return await services.status.record()


@router.post("/shutdown", status_code=202)
async def shutdown(
    services: ServicesOf, principal: PrincipalOf, request: ShutdownRequest | None = None
) -> HealthRecord:
    """End coordinator, scheduler and hosts; refused while jobs run unless forced."""
    await services.shutdown(principal, request is not None and request.force)
    return HealthRecord(status="stopping")


@router.post("/queue/hold", status_code=204)
async def hold(
    services: ServicesOf, principal: PrincipalOf, request: HoldRequest | None = None
) -> None:
    """Start nothing that waits until the coordinator restarts; what runs goes on."""
    services.jobs.hold(principal, request is None or request.held)


@router.websocket("/events")
async def events(
    socket: WebSocket, services: ServicesOf, principal: PrincipalOf, after: str | None = None
) -> None:
    """Send a snapshot, then what changes, as it changes."""
    await forward(socket, services.hub.subscribe(principal, after))
