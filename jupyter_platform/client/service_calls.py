"""Requests to services of deployments: what they are sent, and their errors as ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_platform.core.errors import (
    FieldError,
    InvalidRequestError,
    OptionError,
    PlatformError,
    UnavailableError,
    refusal,
    shortened,
)

SERVICES = "/services/"
"""Part of the path of routes at which services answer, not the coordinator."""
_PLACES = ("json", "form", "query", "files", "headers", "json_or_form", "querystring")
"""Keys of webargs for where an argument was looked for."""


def service_error(status: int, answer: Any, text: str) -> PlatformError:
    """Return the error that a service answered.

    Parameters
    ----------
    status : int
        HTTP status.
    answer : Any
        Its body as JSON; None where it is none.
    text : str
        Its body.
    """
    if status == 422 and isinstance(answer, dict):
        faults = list(_faults(answer))
        if faults:
            return OptionError.from_fields(faults)
    said = answer
    if isinstance(answer, dict):
        said = next((answer[key] for key in ("message", "detail", "error") if key in answer), None)
    reason = said if isinstance(said, str) else shortened(text.strip() or "nothing more")
    message = f"The service answers {status}: {reason}"
    if status in (502, 503, 504):
        return UnavailableError(message)
    return InvalidRequestError(message) if status < 500 else PlatformError(message)


def _faults(answer: dict[str, Any]) -> Iterator[FieldError]:
    """Return what is wrong with which argument, from an answer as webargs and DEEPaaS give it."""
    for key, value in answer.items():
        if key in _PLACES and isinstance(value, dict):
            yield from _faults(value)
        elif key not in ("status", "code", "message", "reason"):
            sentences = value if isinstance(value, list) else [value]
            text = " ".join(item if isinstance(item, str) else str(item) for item in sentences)
            yield FieldError(field=key, message=f"{key}: {text}")


def told(value: Any) -> list[str]:
    """Return an argument as a query has it: a list is one that is given several times."""
    values = value if isinstance(value, list | tuple) else [value]
    return [item if isinstance(item, str) else json.dumps(item) for item in values]


def multipart(files: dict[str, Path]) -> tuple[bytes, str]:
    """Return files as the body of a form, with its content type."""
    from jupyter_platform.runtime.web_client import httpx  # noqa: PLC0415 - only for files

    opened = {name: (path.name, _content(name, path)) for name, path in files.items()}
    request = httpx.Request("POST", "http://localhost/", files=opened)
    return request.read(), request.headers["content-type"]


def _content(name: str, path: Path) -> bytes:
    try:
        return path.expanduser().read_bytes()
    except OSError as error:
        message = f"{name} = {str(path)!r} cannot be read: {error.strerror}."
        raise refusal(name, str(path), message, "the path of a file") from error
