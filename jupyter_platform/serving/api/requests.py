"""From an HTTP request to raw arguments, with its files on the disk."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.serving.contract.parsing import FilePart, RawArguments

MOST_FIELDS = 10_000
"""Fields, and files, of one form."""
_FIELD_BYTES = 64 * 1024 * 1024
"""Bytes of a field that is no file."""


async def raw_arguments(request: Request, folder: Path) -> RawArguments:
    """Return what a request holds.

    Parameters
    ----------
    request : Request
        Its body is a form, JSON or empty.
    folder : Path
        Where its files are put.

    Raises
    ------
    InvalidRequestError
        If the body is not what its type says.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form: list[tuple[str, Any]] = []
    body: dict[str, Any] = {}
    if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        form = await _form(request, folder)
    elif kind == "application/json":
        body = _object(await request.body())
    return RawArguments(
        query=list(request.query_params.multi_items()),
        form=form,
        json=body,
        headers={key.lower(): value for key, value in request.headers.items()},
        cookies=dict(request.cookies),
    )


def _object(data: bytes) -> dict[str, Any]:
    if not data.strip():
        return {}
    try:
        found = json.loads(data)
    except ValueError as error:
        raise InvalidRequestError(f"The body is no JSON: {error}.") from error
    if not isinstance(found, dict):
        raise InvalidRequestError(
            f"The body is JSON of type {type(found).__name__}; an object with the arguments by "
            "name is wanted."
        )
    return found


async def _form(request: Request, folder: Path) -> list[tuple[str, Any]]:
    try:
        data = await request.form(
            max_files=MOST_FIELDS, max_fields=MOST_FIELDS, max_part_size=_FIELD_BYTES
        )
    except HTTPException as error:
        if error.status_code != 400:
            raise
        raise InvalidRequestError(f"The form cannot be read: {error.detail}.") from error
    try:
        return await asyncio.to_thread(_written, data, folder)
    finally:
        await data.close()


def _written(data: FormData, folder: Path) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for number, (name, value) in enumerate(data.multi_items()):
        if not isinstance(value, UploadFile):
            found.append((name, value))
        elif value.filename or value.size:
            # An empty file field of a browser's form has neither a name nor content.
            found.append((name, _file(value, folder, number)))
    return found


def _file(upload: UploadFile, folder: Path, number: int) -> FilePart:
    """Write a file under a name of ours that keeps its ending, which some libraries go by."""
    ending = re.sub(r"[^A-Za-z0-9.]", "", PurePosixPath(upload.filename or "").suffix)[:20]
    path = folder / f"file{number}{ending}"
    with path.open("wb") as target:
        shutil.copyfileobj(upload.file, target, 1 << 20)
    return FilePart(
        path=str(path),
        content_type=upload.content_type or "application/octet-stream",
        filename=upload.filename or "",
    )
