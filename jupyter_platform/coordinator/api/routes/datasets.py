"""Datasets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request

from jupyter_platform.coordinator.api.bounds import Count
from jupyter_platform.coordinator.api.services import ServicesOf
from jupyter_platform.coordinator.repository import DatasetUpload, LookRequest
from jupyter_platform.coordinator.repository.datasets.repository import MOST_SHOWN
from jupyter_platform.core.catalogue import DatasetLook, DatasetRecord
from jupyter_platform.core.datasets import DatasetPreview, Part

OWN = frozenset({"part", "count", "sample"})
"""Parameters of a preview that are no adapter options."""
ADAPTERS = {
    "parameters": [
        {
            "name": "adapters",
            "in": "query",
            "style": "form",
            "explode": True,
            "schema": {"type": "object", "additionalProperties": {"type": "string"}},
            "description": "Adapter options, each a parameter: `horizontal_flip=0.5`.",
        }
    ]
}

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


@router.get("/{name}/preview", openapi_extra=ADAPTERS)
async def preview(
    name: str,
    request: Request,
    services: ServicesOf,
    part: Part | None = None,
    count: Annotated[int, Query(ge=1, le=MOST_SHOWN)] = 32,
    sample: Count | None = None,
) -> DatasetPreview:
    """Return samples of a dataset, or one of them `count` times, changed by adapters."""
    given = {key: value for key, value in request.query_params.items() if key not in OWN}
    return await services.datasets.preview(name, part, count, given, sample)


@router.post("/{name}/get", status_code=202)
async def get(name: str, services: ServicesOf) -> DatasetRecord:
    """Begin to download a dataset; its record tells how far it has come."""
    return await services.datasets.start_download(name)


@router.delete("/{name}/get")
async def cancel(name: str, services: ServicesOf) -> DatasetRecord:
    """Stop a download; what has come stays for the next time."""
    return await services.datasets.cancel_download(name)


@router.post("/look", openapi_extra=UPLOAD_BODY)
async def look(
    request: Request,
    services: ServicesOf,
    asked: Annotated[LookRequest, Query()],
    content_length: Annotated[int | None, Header(ge=0, include_in_schema=False)] = None,
) -> DatasetLook:
    """Return how a file or folder would be read; nothing is added."""
    looks = services.datasets.looks
    content = await looks.content(asked, request.stream(), content_length)
    return await looks.look(content, asked)


@router.put("/{name}", status_code=201, openapi_extra=UPLOAD_BODY)
async def put(
    name: str,
    request: Request,
    services: ServicesOf,
    upload: Annotated[DatasetUpload, Query()],
    content_length: Annotated[int | None, Header(ge=0, include_in_schema=False)] = None,
) -> DatasetRecord:
    """Add a dataset; the body is a ``.npz``, CSV, Parquet or text file."""
    return await services.datasets.put(name, request.stream(), upload, content_length)


@router.delete("/{name}", status_code=204)
async def delete(name: str, services: ServicesOf) -> None:
    """Remove an added dataset, or the files of a downloaded one."""
    await services.datasets.delete(name)
