"""What no request may hold, wherever it stands: what neither store nor JSON can keep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import parse_qsl

from pydantic import Field
from starlette.datastructures import Headers
from starlette.types import Scope

from jupyter_platform.core.errors import FieldError, InvalidRequestError, shortened

LARGEST = 2**63 - 1
"""The largest whole number that the store keeps."""
Number = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
Count = Annotated[int, Field(ge=0, le=LARGEST)]


def check_address(scope: Scope) -> InvalidRequestError | None:
    """Return the fault of a request's path or query; None without a fault."""
    if (fault := _text_fault(scope["path"])) is not None:
        return _refused("path", scope["path"], fault)
    query = scope.get("query_string", b"").decode("latin-1")
    for name, value in parse_qsl(query, keep_blank_values=True):
        for text in (name, value):
            if (fault := _text_fault(text)) is not None:
                return _refused(name, text, fault)
    return None


def check_body(scope: Scope, body: bytes) -> InvalidRequestError | None:
    """Return what is wrong with a body of JSON; that it is none is for others to say.

    Parameters
    ----------
    scope : Scope
        Of the request.
    body : bytes
        All of it.
    """
    if not body or "json" not in Headers(scope=scope).get("content-type", ""):
        return None
    try:
        content = json.loads(body)
        for place, value in _values(content, ()):
            if (fault := _fault(value)) is not None:
                return _refused(".".join(place) or "body", value, fault)
    except RecursionError:
        message = "body: it is nested too deeply."
        return InvalidRequestError(message, errors=[FieldError(field="body", message=message)])
    except ValueError:
        return None
    return None


def _values(content: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(content, dict):
        for key, value in content.items():
            yield place, key
            yield from _values(value, (*place, key))
    elif isinstance(content, list):
        for number, value in enumerate(content):
            yield from _values(value, (*place, str(number)))
    else:
        yield place, content


def _fault(value: Any) -> str | None:
    if isinstance(value, str):
        return _text_fault(value)
    if isinstance(value, int) and abs(value) > LARGEST:
        return f"whole numbers go up to {LARGEST:,}"
    return None


def _text_fault(text: str) -> str | None:
    if "\0" in text:
        return "text holds no NUL character"
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        return "half of a surrogate pair is no character"
    return None


def _refused(field: str, value: str | int, fault: str) -> InvalidRequestError:
    shown = field.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")[:200]
    text = shortened(ascii(value) if isinstance(value, str) else hex(value))
    message = f"{shown} = {text} is not accepted: {fault}."
    return InvalidRequestError(
        message, errors=[FieldError(field=shown, value=text, message=message)]
    )
