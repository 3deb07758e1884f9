"""``POST predict`` as plain ASGI: most of a small network's time would go into anything else."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from jupyter_platform.core.errors import InvalidRequestError, RequestTooLargeError
from jupyter_platform.core.predictions import MAX_BODY_BYTES
from jupyter_platform.serving.api.requests import raw_arguments
from jupyter_platform.serving.contract.parsing import FilePart
from jupyter_platform.serving.models import Predicting

_JSON = b"application/json"
_TRUE = frozenset({"1", "true", "on", "yes"})


async def answer(predicting: Predicting, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one question.

    The body is JSON, an image file, or a form with image files.

    Raises
    ------
    PlatformError
        If it is none of these, or the samples do not fit.
    """
    kind = _type(scope)
    if kind == b"multipart/form-data":
        body = await _form(predicting, Request(scope, receive))
    elif kind.startswith(b"image/"):
        body = await predicting.of_body(await _body(receive))
    elif kind in (_JSON, b"", b"application/x-www-form-urlencoded"):
        # curl sends what it was told with --data under the last one.
        body = await predicting.json_answer(await _body(receive))
    else:
        raise InvalidRequestError(
            f"content-type = {kind.decode('latin-1')}: send application/json, an image, or "
            "multipart/form-data with images."
        )
    headers = [(b"content-type", _JSON), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _type(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"content-type":
            found: bytes = value.partition(b";")[0].strip().lower()
            return found
    return b""


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts = bytearray(body)
        while message.get("more_body"):
            message = await receive()
            parts += message.get("body", b"")
            _bound(len(parts))
        return bytes(parts)
    _bound(len(body))
    return body


def _bound(size: int) -> None:
    if size > MAX_BODY_BYTES:
        raise RequestTooLargeError(
            f"The question has more than {MAX_BODY_BYTES:,} bytes; send several of them."
        )


async def _form(predicting: Predicting, request: Request) -> bytes:
    folder = Path(tempfile.mkdtemp(prefix="jupyter-platform-call-"))
    try:
        raw = await raw_arguments(request, folder)
        told = dict(raw.query) | {name: text for name, text in raw.form if isinstance(text, str)}
        unknown = set(told) - {"invert"}
        if unknown:
            raise InvalidRequestError(
                f"{min(unknown)} is unknown; a form holds image files and invert."
            )
        files = [
            (part.filename or name, Path(part.path))
            for name, part in raw.form
            if isinstance(part, FilePart)
        ]
        if not files:
            raise InvalidRequestError("The form holds no file; send one image or several.")
        return await predicting.of_files(files, invert=told.get("invert", "").lower() in _TRUE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
