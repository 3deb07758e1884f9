"""The stream of changes over one websocket, resumed when the connection breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidProxy, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from jupyter_platform.client.transport import Endpoint, Transport
from jupyter_platform.client.waiting import polled
from jupyter_platform.core.errors import AuthenticationError, CoordinatorError
from jupyter_platform.runtime.web_client import is_this_machine

MAX_MESSAGE = 32 * 2**20
"""Bytes of one message; a snapshot has about 1 MB."""


def follow_events(transport: Transport, after: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield messages for ever, resuming after the last one when the connection breaks.

    Parameters
    ----------
    transport : Transport
        The coordinator to listen to.
    after : str, optional
        ``event`` of the last message already seen.
    """
    last = after
    transport.connect()
    while True:
        # Each break starts anew with short pauses; silence in between is waited out.
        socket = next(polled(partial(_open, transport, last)))
        with socket:
            try:
                for text in socket:
                    message: dict[str, Any] = json.loads(text)
                    last = message.get("event", last)
                    yield message
            except ConnectionClosed:
                pass


def _open(transport: Transport, after: str | None) -> ClientConnection:
    endpoint = transport.endpoint
    try:
        return connect(
            _address(endpoint, after),
            additional_headers={"authorization": f"Bearer {endpoint.token}"},
            proxy=None if endpoint.local or is_this_machine(endpoint.url) else True,
            max_size=MAX_MESSAGE,
        )
    except InvalidStatus as error:
        if error.response.status_code in (401, 403) and not endpoint.local:
            raise AuthenticationError(
                f"The coordinator at {endpoint.url} refuses the token."
            ) from error
        transport.rediscover()
        raise CoordinatorError(f"No events from {endpoint.url}: {error}.") from error
    except (OSError, InvalidHandshake, InvalidProxy, ImportError, ConnectionClosed) as error:
        transport.rediscover()
        raise CoordinatorError(f"No events from {endpoint.url}: {error}.") from error


def _address(endpoint: Endpoint, after: str | None) -> str:
    parts = urlsplit(endpoint.url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    query = f"after={quote(after, safe='')}" if after else ""
    return urlunsplit((scheme, parts.netloc, f"{parts.path}/api/events", query, ""))
