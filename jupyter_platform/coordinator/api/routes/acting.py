"""Environments, experience pools, and episodes of agents."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from jupyter_platform.coordinator.api.bounds import Count
from jupyter_platform.coordinator.api.services import PrincipalOf, ServicesOf
from jupyter_platform.core.environments import EnvironmentFacts, EnvironmentRecord
from jupyter_platform.core.pools import PoolRecord
from jupyter_platform.core.replays import ReplayKind, ReplayRecord

router = APIRouter(tags=["acting"])


@router.get("/environments")
async def environments(services: ServicesOf) -> list[EnvironmentRecord]:
    """Return the environments that are installed."""
    return await services.acting.environments()


@router.get("/environments/{name:path}")
async def environment(name: str, services: ServicesOf) -> EnvironmentFacts:
    """Return the observations and actions of an environment."""
    return await services.acting.environment(name)


@router.get("/pools")
async def pools(services: ServicesOf) -> list[PoolRecord]:
    """Return all experience pools by name."""
    return await asyncio.to_thread(services.pools.records)


@router.get("/pools/{name}")
async def pool(name: str, services: ServicesOf) -> PoolRecord:
    """Return one pool."""
    return await asyncio.to_thread(services.pools.record, name)


@router.post("/pools/{name}/clear")
async def clear(name: str, services: ServicesOf) -> PoolRecord:
    """Let a pool forget its episodes."""
    return await asyncio.to_thread(services.pools.clear, name)


@router.delete("/pools/{name}", status_code=204)
async def delete(name: str, services: ServicesOf, principal: PrincipalOf) -> None:
    """Remove a pool; refused while jobs that have not ended use it."""
    await services.jobs.delete_pool(principal, name)


@router.get("/jobs/{job}/replays")
async def replays(job: str, services: ServicesOf, principal: PrincipalOf) -> list[ReplayRecord]:
    """Return the best and the latest episode of each agent of a job, without pictures."""
    return await services.acting.replays(principal, job)


@router.get("/jobs/{job}/replays/{kind}")
async def replay(
    job: str, kind: ReplayKind, services: ServicesOf, principal: PrincipalOf, rank: Count = 0
) -> ReplayRecord:
    """Return an episode with its pictures, JPEGs in base64."""
    return await services.acting.replay(principal, job, kind, rank)
