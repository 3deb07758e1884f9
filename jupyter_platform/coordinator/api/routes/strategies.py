"""Strategies: ways to learn, and ways to judge."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from jupyter_platform.coordinator.api.services import ServicesOf
from jupyter_platform.core.strategies import StrategyRecord

router = APIRouter(prefix="/strategies", tags=["strategies"])

SOURCE_BODY = {
    "requestBody": {
        "required": True,
        "content": {"text/x-python": {"schema": {"type": "string"}}},
    }
}


@router.get("")
async def strategies(services: ServicesOf) -> list[StrategyRecord]:
    """Return all strategies: built-in, installed and uploaded ones."""
    return await services.strategies.records()


@router.get("/{name}/source", response_class=PlainTextResponse)
async def source(name: str, services: ServicesOf) -> PlainTextResponse:
    """Return the Python source of an uploaded strategy."""
    return PlainTextResponse(await services.strategies.source(name), media_type="text/x-python")


@router.put("/{name}", status_code=201, openapi_extra=SOURCE_BODY)
async def put(
    name: str, request: Request, services: ServicesOf, replace: bool = False
) -> StrategyRecord:
    """Add a strategy, or replace one of other content; the body is a Python file."""
    return await services.strategies.put(name, await request.body(), replace=replace)


@router.delete("/{name}", status_code=204)
async def delete(name: str, services: ServicesOf) -> None:
    """Remove an uploaded strategy."""
    await services.strategies.delete(name)
