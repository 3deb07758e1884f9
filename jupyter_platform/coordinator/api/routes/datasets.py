"""Datasets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request

from jupyter_platform.coordinator.api.services import ServicesOf
from jupyter_platform.coordinator.repository import DatasetUpload
from jupyter_platform.core.catalogue import DatasetRecord

router = APIRouter(prefix="/datasets", tags=["datasets"])

UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("")
async def datasets(services: ServicesOf) -> list[DatasetRecord]:
    """Return all datasets by name."""
    return await services.datasets.records()


@router.get("/{name}")
async def dataset(name: str, services: ServicesOf) -> DatasetRecord:
    """Return a dataset with its size, shape and classes."""
    return await services.datasets.record(name)


@router.put("/{name}", status_code=201, openapi_extra=UPLOAD_BODY)
async def put(
    name: str,
    request: Request,
    services: ServicesOf,
    upload: Annotated[DatasetUpload, Query()],
    content_length: Annotated[int | None, Header(ge=0)] = None,
) -> DatasetRecord:
    """Add a dataset; the body is the ``.npz`` or CSV file."""
    return await services.datasets.put(name, request.stream(), upload, content_length)


@router.delete("/{name}", status_code=204)
async def delete(name: str, services: ServicesOf) -> None:
    """Remove a dataset that somebody added."""
    await services.datasets.delete(name)
