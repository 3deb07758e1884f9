"""Networks and their weights."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import FileResponse

from jupyter_platform.coordinator.api.services import ServicesOf
from jupyter_platform.core.catalogue import NetworkRecord
from jupyter_platform.core.drafts import DraftRecord, DraftRequest
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.predictions import Prediction, PredictionRequest

router = APIRouter(prefix="/networks", tags=["networks"])


@router.get("")
async def networks(services: ServicesOf) -> list[NetworkRecord]:
    """Return all networks by name."""
    return await services.networks.records()


@router.post("/check")
async def check(request: DraftRequest, services: ServicesOf) -> DraftRecord:
    """Look at a network without storing it: layers, shapes, and what does not fit."""
    return await services.drafts.check(request)


@router.get("/{name}")
async def network(name: str, services: ServicesOf) -> NetworkRecord:
    """Return a network with its layers, parameters and tags."""
    return await services.networks.record(name)


@router.put("/{name}")
async def put(name: str, description: NetworkDescription, services: ServicesOf) -> NetworkRecord:
    """Add a network, or replace one that somebody added."""
    return await services.networks.put(name, description)


@router.delete("/{name}", status_code=204)
async def delete(name: str, services: ServicesOf) -> None:
    """Remove a network that somebody added; its weights stay."""
    await services.networks.delete(name)


@router.post("/{name}/predict")
async def predict(name: str, request: PredictionRequest, services: ServicesOf) -> Prediction:
    """Return what a trained network gives for samples: given ones, or those of a dataset."""
    return await services.predictions.predict(name, request)


@router.get("/{name}/weights/{tag}", response_class=FileResponse)
@router.get("/{name}/weights/{tag}/{variant}", response_class=FileResponse)
async def weights(
    name: str, tag: str, services: ServicesOf, variant: str | None = None
) -> FileResponse:
    """Return weights as a safetensors file; without a variant ``best``, else ``last``."""
    found = await services.tags.resolve(name, f"{tag}/{variant}" if variant else tag)
    return FileResponse(
        services.tags.path(found.variant),
        media_type="application/octet-stream",
        filename=f"{name}-{found.record.tag}-{found.variant.variant}.safetensors",
        headers={"X-Content-Digest": f"sha256:{found.variant.digest}"},
    )
