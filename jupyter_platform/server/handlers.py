"""The base of all routes: authentication, permissions and error responses."""

from __future__ import annotations

import json
from http.client import responses
from typing import Any

from jupyter_server.auth.identity import (
    IdentityProvider,
    LegacyIdentityProvider,
    PasswordIdentityProvider,
)
from jupyter_server.auth.utils import HTTP_METHOD_TO_AUTH_ACTION
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.utils import ensure_async
from tornado.web import HTTPError

from jupyter_platform.core.errors import PlatformError, StartingError
from jupyter_platform.core.identity import USER_HEADER, encode_user

AUTH_RESOURCE = "jupyter-platform"
RETRY_AFTER_S = 2
_OF_ONE_PERSON = (IdentityProvider, PasswordIdentityProvider, LegacyIdentityProvider)


async def require_permission(handler: JupyterHandler, action: str | None = None) -> None:
    """Refuse a request without login or permission.

    Called before a handler's method, since a body that is streamed is taken before it.

    Parameters
    ----------
    handler : JupyterHandler
        What was asked.
    action : str, optional
        ``read``, ``write`` or ``execute``; by default what the HTTP method means.
    """
    user = handler.current_user
    if user is None:
        raise HTTPError(403, "Log in to the Jupyter server, or send its token.")
    wanted = action or HTTP_METHOD_TO_AUTH_ACTION[str(handler.request.method)]
    allowed = handler.authorizer.is_authorized(handler, user, wanted, AUTH_RESOURCE)
    if not await ensure_async(allowed):
        raise HTTPError(403, f"You are not allowed to {wanted} {AUTH_RESOURCE}.")


def user_headers(handler: JupyterHandler) -> dict[str, str]:
    """Return the headers that name the user of a request to the coordinator.

    The identity providers that Jupyter has of its own know one person, the owner of the server,
    and give that person a random name; others, such as JupyterHub's, tell people apart.
    """
    user, provider = handler.current_user, handler.identity_provider
    if user is None or type(provider) in _OF_ONE_PERSON:
        return {}
    return {USER_HEADER: encode_user(user.username)}


def describe_error(error: BaseException | None, status: int) -> tuple[int, dict[str, Any]]:
    """Return status and body with which an error is answered; the one place that knows."""
    if isinstance(error, PlatformError):
        return error.status_code, error.to_dict()
    if isinstance(error, HTTPError):
        code = {401: "unauthenticated", 403: "forbidden", 404: "not_found"}.get(status, "http")
        message = error.get_message() or error.reason or responses.get(status, "Unknown error")
        return status, {"message": message, "code": code, "errors": []}
    message = "The Jupyter server failed at this; its log says why."
    return 500, {"message": message, "code": "error", "errors": []}


class ErrorsAsJson(JupyterHandler):
    """Answers errors as the coordinator does."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with ``{"message", "code", "errors"}``."""
        error = kwargs.get("exc_info", (None, None))[1]
        status, body = describe_error(error, status_code)
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        if self.request.headers.get("Content-Length", "0") != "0" or self._is_chunked():
            # The rest of the body is not read: nothing else may come on this connection.
            self.set_header("Connection", "close")
        if isinstance(error, StartingError):
            self.set_header("Retry-After", str(RETRY_AFTER_S))
        self.finish(json.dumps(body))

    def _is_chunked(self) -> bool:
        return "Transfer-Encoding" in self.request.headers

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log an error that is meant for a person as one line, a defect in full."""
        if isinstance(value, PlatformError):
            self.log.warning("%s: %s", self.request.path, value.message)
        else:
            super().log_exception(typ, value, tb)


class PlatformHandler(ErrorsAsJson, APIHandler):
    """A route that answers programs."""

    auth_resource = AUTH_RESOURCE

    async def prepare(self, **kwargs: Any) -> None:
        """Let in who may do this; XSRF and origin are checked by the Jupyter server."""
        await super().prepare(**kwargs)
        await require_permission(self)
