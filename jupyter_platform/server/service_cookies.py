"""Cookies of services: only what a service has set itself goes back to it, at its own address.

Pages of services have the same origin as JupyterLab, so the browser sends all its cookies with each
request. Which ones a service has set is kept in a signed cookie at its address.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http.cookies import Morsel
from typing import Any

from jupyter_server.base.handlers import JupyterHandler

MARK = "jupyter-platform-service-cookies"
"""Cookie with the names of those that a service has set."""
_SEPARATOR = ","
_MOST = 100


class ServiceCookies:
    """The cookies of one service in one request.

    Parameters
    ----------
    handler : JupyterHandler
        The request, with the secret that the server signs with.
    path : str
        Address of the service as the browser sees it.
    """

    def __init__(self, handler: JupyterHandler, path: str) -> None:
        self._handler = handler
        self._path = path
        kept = handler.get_signed_cookie(MARK)
        self._own = [] if not kept else kept.decode().split(_SEPARATOR)

    def request_header(self) -> str:
        """Return the value of ``Cookie`` for the service; empty where it has set none."""
        taken: dict[str, str] = {}
        for part in self._handler.request.headers.get("Cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            # Of several with one name the browser sends that of the longest path first.
            if name in self._own and name not in taken and not self._is_jupyters(name, value):
                taken[name] = value
        return "; ".join(f"{name}={value}" for name, value in taken.items())

    def response_headers(self, given: Iterable[str]) -> list[str]:
        """Return the values of ``Set-Cookie`` for the browser, from those of the service."""
        found, names = [], list(self._own)
        for header in given:
            name, attributes = _parsed(header)
            if name in ("", MARK):
                continue
            kept = [
                text
                for text in attributes
                if text.partition("=")[0].strip().lower() not in ("path", "domain")
            ]
            found.append("; ".join([*kept, f"Path={self._path}"]))
            if name not in names:
                names.append(name)
        if names != self._own:
            found.append(self._mark(names[-_MOST:]))
        return found

    def _mark(self, names: Sequence[str]) -> str:
        mark: Morsel[Any] = Morsel()
        value = self._handler.create_signed_value(MARK, _SEPARATOR.join(names)).decode()
        mark.set(MARK, value, value)
        mark["path"], mark["httponly"], mark["samesite"] = self._path, True, "Lax"
        return mark.OutputString()

    def _is_jupyters(self, name: str, value: str) -> bool:
        """Return whether a cookie is that of the login, which the server has signed."""
        return self._handler.get_signed_cookie(name, value=value.strip('"')) is not None


def _parsed(header: str) -> tuple[str, list[str]]:
    parts = [part.strip() for part in header.split(";")]
    return parts[0].partition("=")[0].strip(), parts
