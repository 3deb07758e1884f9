"""Sweeps: one submission many times, with some options varied."""

from __future__ import annotations

from fastapi import APIRouter, Response

from jupyter_platform.coordinator.api.routes.jobs import IdempotencyKey
from jupyter_platform.coordinator.api.services import PrincipalOf, ServicesOf
from jupyter_platform.core.sweeps import SweepRecord, SweepSubmission

router = APIRouter(prefix="/sweeps", tags=["sweeps"])


@router.post("", status_code=201)
async def submit(
    sweep: SweepSubmission,
    response: Response,
    services: ServicesOf,
    principal: PrincipalOf,
    idempotency_key: IdempotencyKey = None,
) -> SweepRecord:
    """Queue all jobs of a sweep, or none; they are on disk when this answers."""
    record = await services.sweeps.submit(principal, sweep, idempotency_key=idempotency_key)
    response.headers["Location"] = f"/api/sweeps/{record.id}"
    return record


@router.get("")
async def every(services: ServicesOf, principal: PrincipalOf) -> list[SweepRecord]:
    """Return all sweeps, newest first."""
    return await services.sweeps.list(principal)


@router.get("/{sweep}")
async def get(sweep: str, services: ServicesOf, principal: PrincipalOf) -> SweepRecord:
    """Return a sweep; its jobs are those that ``GET /api/jobs?sweep=…`` lists."""
    return await services.sweeps.get(principal, sweep)


@router.post("/{sweep}/stop")
async def stop(sweep: str, services: ServicesOf, principal: PrincipalOf) -> SweepRecord:
    """Stop what runs of a sweep, and cancel what waits."""
    return await services.sweeps.stop(principal, sweep)
