"""Options of each job type, as schemas."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from jupyter_platform.coordinator.option_schemas import offered_types, schema_of

router = APIRouter(prefix="/options", tags=["options"])


@router.get("")
async def types() -> list[str]:
    """Return the job types that are offered."""
    return offered_types()


@router.get("/{type}")
async def schema(type: str) -> dict[str, Any]:
    """Return the JSON schema of the options of a job type."""
    return schema_of(type)
