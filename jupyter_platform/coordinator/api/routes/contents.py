"""Files that jobs are submitted with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request

from jupyter_platform.coordinator.api.services import ServicesOf
from jupyter_platform.core.jobs import ContentRecord

router = APIRouter(prefix="/contents", tags=["jobs"])

FILE_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.put("", status_code=201, openapi_extra=FILE_BODY)
async def put(
    request: Request,
    services: ServicesOf,
    content_length: Annotated[int | None, Header(ge=0, include_in_schema=False)] = None,
) -> ContentRecord:
    """Keep a file that a submission will name by its digest; the body is the file."""
    return await services.contents.put(request.stream(), content_length)
