"""Errors with an HTTP status that modules raise, where ``aiohttp`` is not installed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class HTTPException(Exception):  # noqa: N818 - the name that modules import
    """An answer with a status, raised.

    Parameters
    ----------
    reason : object, optional
        What went wrong, as text or as another error.
    text : str, optional
        Body of the answer.
    """

    status_code = 500

    def __init__(self, *, reason: object = None, text: str | None = None, **_other: Any) -> None:
        phrase = HTTPStatus(self.status_code).phrase
        self.reason = phrase if reason is None else str(reason)
        self.text = text
        super().__init__(self.reason)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.status_code


class HTTPError(HTTPException):
    """An answer that tells of an error."""


class HTTPClientError(HTTPError):
    """The caller is to blame."""

    status_code = 400


class HTTPServerError(HTTPError):
    """The module is to blame."""


def _named() -> dict[str, type[HTTPException]]:
    """Return the errors of all statuses by the names that modules import."""
    found: dict[str, type[HTTPException]] = {}
    for status in HTTPStatus:
        if status < 400:
            continue
        base = HTTPClientError if status < 500 else HTTPServerError
        words = status.phrase.replace("-", " ").replace("'", "").split()
        name = "HTTP" + "".join(word[:1].upper() + word[1:] for word in words)
        found[name] = type(name, (base,), {"status_code": int(status), "__doc__": status.phrase})
    found["HTTPUnprocessableEntity"] = type(
        "HTTPUnprocessableEntity", (HTTPClientError,), {"status_code": 422}
    )
    return found


NAMED = _named()
"""Classes by name, such as ``HTTPBadRequest``."""
globals().update(NAMED)
