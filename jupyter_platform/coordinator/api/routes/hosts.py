"""Hosts, what they did, and what happened."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from jupyter_platform.coordinator.api.bounds import Count
from jupyter_platform.coordinator.api.services import PrincipalOf, ServicesOf
from jupyter_platform.core.hosts import HostRecord, HostSample
from jupyter_platform.core.jobs import NotificationRecord

router = APIRouter(tags=["hosts"])


@router.get("/hosts")
async def hosts(services: ServicesOf) -> list[HostRecord]:
    """Return all hosts, lost ones included."""
    return services.hosts.records()


@router.post("/hosts/{name}/stop")
async def stop(name: str, services: ServicesOf, principal: PrincipalOf) -> HostRecord:
    """End a host on which nothing runs."""
    return await services.host_switching.stop(principal, name)


@router.post("/hosts/{name}/start")
async def start(name: str, services: ServicesOf, principal: PrincipalOf) -> HostRecord:
    """Start a host that was stopped."""
    return await services.host_switching.start(principal, name)


@router.get("/hosts/{name}/history")
async def history(
    name: str, services: ServicesOf, hours: Annotated[float, Query(gt=0, le=192)] = 24
) -> list[HostSample]:
    """Return load samples of a host, oldest first."""
    return await services.history.hosts(services.hosts.checked(name), hours)


@router.get("/notifications")
async def notifications(
    services: ServicesOf,
    principal: PrincipalOf,
    after: Count | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[NotificationRecord]:
    """Return notifications, newest first."""
    return await services.notifications.records(principal, after, limit)
