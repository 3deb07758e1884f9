"""From what a call came to, to an HTTP response."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from jupyter_platform.core.errors import PlatformError
from jupyter_platform.serving.contract.results import Answer

_PIECE = 1 << 18


def respond(answer: Answer) -> Response:
    """Return the response of an answer; a file goes out of an open file, which may be unlinked."""
    if answer.path is None:
        return Response(answer.text or "", answer.status, media_type=answer.content_type)
    file = Path(answer.path).open("rb")  # noqa: SIM115 - closed when it is sent
    size = os.fstat(file.fileno()).st_size
    return StreamingResponse(
        _pieces(file),
        answer.status,
        media_type=answer.content_type,
        headers={"content-length": str(size)},
    )


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece


async def platform_error(_request: Request, error: Exception) -> Response:
    """Return the response that tells of an error of ours."""
    if not isinstance(error, PlatformError):
        raise error
    headers = {"retry-after": "1"} if error.status_code == 503 else None
    return JSONResponse(error.to_dict(), error.status_code, headers)


async def unknown_path(request: Request, error: Exception) -> Response:
    """Return the response to a path, or a method of a path, that there is not."""
    status = getattr(error, "status_code", 404)
    headers = getattr(error, "headers", None)
    text = {
        404: f"There is nothing at {request.scope['path']}.",
        405: f"{request.scope['path']} does not take {request.method}.",
    }
    message = text.get(status, str(getattr(error, "detail", "")))
    return JSONResponse({"message": message}, status, headers)
