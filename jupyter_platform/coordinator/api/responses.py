"""Errors and JSON as the API writes them."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from jupyter_platform.core.errors import FieldError, PlatformError, nearest
from jupyter_platform.core.jobs import JobSubmission

_SHOWN = 200
"""Characters of a bad value that are repeated."""


class ErrorBody(BaseModel):
    """What is answered instead of what was asked for."""

    message: str
    code: str
    errors: list[FieldError] = []


class PlatformJSONResponse(Response):
    """JSON in which numbers that are not finite are null."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Turn JSON values and records into text."""
        return to_json(content, inf_nan_mode="null")


def error_response(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """Return an error in the one form that all of them have.

    Parameters
    ----------
    status : int
        HTTP status.
    body : mapping
        The error as JSON, of `PlatformError.to_dict`.
    headers : mapping, optional
        Further headers of the response.
    """
    return PlatformJSONResponse(body, status_code=status, headers=dict(headers or {}))


def install_error_handlers(app: FastAPI) -> None:
    """Map every exception to an answer, in this one place."""
    app.add_exception_handler(PlatformError, _platform_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(OSError, _full_disk)
    app.add_exception_handler(Exception, _defect)


async def _platform_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, PlatformError)
    return error_response(error.status_code, error.to_dict())


async def _validation_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [_field_error(item) for item in error.errors()]
    message = " ".join(field.message for field in fields)
    body = ErrorBody(message=message, code="invalid_request", errors=fields)
    return error_response(422, body.model_dump(mode="json"))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        code, message = "not_found", f"There is nothing at {request.url.path[:_SHOWN]!r}."
    elif error.status_code == 405:
        code = "method_not_allowed"
        message = f"{request.method} is not possible at {request.url.path[:_SHOWN]!r}."
    else:
        code, message = "invalid_request", str(error.detail)
    body = ErrorBody(message=message, code=code)
    headers = {"Allow": _methods_at(request)} if error.status_code == 405 else error.headers
    return error_response(error.status_code, body.model_dump(mode="json"), headers)


def _methods_at(request: Request) -> str:
    """Return the methods that a path knows: several routes may serve it, one method each."""
    found: set[str] = set()
    for route in request.app.routes:
        pattern = getattr(route, "path_regex", None)
        if pattern is not None and pattern.match(request.scope["path"]):
            found |= set(getattr(route, "methods", None) or ())
    return ", ".join(sorted(found))


async def _full_disk(_request: Request, error: Exception) -> Response:
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT):
        raise error
    message = (
        "The coordinator's disk is full, so nothing was stored. Make room on it, by deleting jobs "
        "for example, then try again; what runs goes on meanwhile."
    )
    body = ErrorBody(message=message, code="store")
    return error_response(507, body.model_dump(mode="json"))


async def _defect(_request: Request, _error: Exception) -> Response:
    # The server logs the exception; a person gets no detail that could hold a secret.
    body = ErrorBody(message="The coordinator failed; its log says why.", code="error")
    return error_response(500, body.model_dump(mode="json"))


def _field_error(item: Mapping[str, Any]) -> FieldError:
    place = [str(part) for part in item["loc"] if part not in ("body", "query", "path", "header")]
    field = ".".join(place) or "body"
    kind = item["type"]
    if kind == "json_invalid":
        return FieldError(field="body", message="The body is no JSON.")
    if kind == "missing":
        return FieldError(field=field, message=f"{field} is missing.")
    if kind == "extra_forbidden":
        near = nearest(field, JobSubmission.model_fields)
        hint = f" Did you mean {near!r}?" if near else ""
        return FieldError(field=field, message=f"Unknown field {field!r}.{hint}", nearest=near)
    if kind in ("model_attributes_type", "dict_type") and not place:
        message = "The body is no JSON object with the header Content-Type: application/json."
        return FieldError(field="body", message=message)
    value = _shown(item.get("input"))
    text = str(item["msg"])
    message = f"{field} = {value!r}: {text[0].lower()}{text[1:]}."
    return FieldError(field=field, value=value, message=message, accepted=_accepted(item))


def _accepted(item: Mapping[str, Any]) -> str | None:
    context = item.get("ctx") or {}
    expected = context.get("expected")
    return None if expected is None else str(expected)


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
