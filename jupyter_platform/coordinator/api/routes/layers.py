"""Routes of the layers that networks are made of."""

from __future__ import annotations

from fastapi import APIRouter

from jupyter_platform.coordinator.api.services import ServicesOf
from jupyter_platform.core.drafts import LayerTypeRecord

router = APIRouter(prefix="/layers", tags=["networks"])


@router.get("")
async def layers(services: ServicesOf) -> list[LayerTypeRecord]:
    """Return all types of layers that a description may name."""
    return await services.drafts.layer_types()
