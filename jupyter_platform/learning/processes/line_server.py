"""A server of one thread that answers JSON lines on a unix socket."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import selectors
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from jupyter_platform.core.errors import InvalidRequestError, PlatformError
from jupyter_platform.runtime.identity import process_start_time

MAX_LINE = 64_000_000
"""Bytes of the longest request."""
SEND_TIMEOUT_S = 10.0
TICK_S = 0.5

logger = logging.getLogger(__name__)


class EndServing(BaseException):
    """Raised instead of an answer: serving ends, and the connection of the caller is closed."""


class LineServer:
    """Listens on a unix socket that only its owner can reach.

    One thread and no event loop, so that a process may fork while it answers.

    Parameters
    ----------
    path : Path
        The socket, made with mode 0600; its folder is made with mode 0700 when it is missing.
    parent : int or None
        A process without which this one is of no use.
    """

    def __init__(self, path: Path, parent: int | None) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self.path = path
        self.last_request = time.monotonic()
        self._parent = parent
        self._parent_start = None if parent is None else process_start_time(parent)
        self._selector = selectors.DefaultSelector()
        self._buffers: dict[socket.socket, bytearray] = {}
        self._listener = socket.socket(socket.AF_UNIX)
        old = os.umask(0o177)
        try:
            self._listener.bind(str(path))
        finally:
            os.umask(old)
        self._listener.listen(16)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)

    def __enter__(self) -> LineServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()
        self.path.unlink(missing_ok=True)

    def release(self) -> None:
        """Close every descriptor but leave the socket's name: what a forked child does first."""
        for connection in list(self._buffers):
            connection.close()
        self._buffers.clear()
        self._listener.close()
        self._selector.close()

    def parent_is_gone(self) -> bool:
        """Return whether the process that this one serves has ended."""
        if self._parent is None:
            return False
        start = self._parent_start
        return start is None or process_start_time(self._parent) != start

    def serve(
        self, answer: Callable[[dict[str, Any]], dict[str, Any]], go_on: Callable[[], bool]
    ) -> None:
        """Answer requests one after the other.

        Parameters
        ----------
        answer : callable
            Takes a request, returns its answer. A `PlatformError` becomes ``{"error": …}``;
            `EndServing` ends it.
        go_on : callable
            Asked between requests, at least every `TICK_S`; False ends it.
        """
        with contextlib.suppress(EndServing):
            while go_on():
                for key, _ in self._selector.select(TICK_S):
                    if key.fileobj is self._listener:
                        self._accept()
                    elif isinstance(key.fileobj, socket.socket):
                        self._receive(key.fileobj, answer)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            connection, _ = self._listener.accept()
            connection.settimeout(SEND_TIMEOUT_S)
            self._buffers[connection] = bytearray()
            self._selector.register(connection, selectors.EVENT_READ)

    def _receive(
        self, connection: socket.socket, answer: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> None:
        try:
            data = connection.recv(1 << 20)
            buffer = self._buffers[connection]
            buffer += data
            while (end := buffer.find(b"\n")) >= 0:
                line = bytes(buffer[:end])
                del buffer[: end + 1]
                connection.sendall(json.dumps(self._answer(line, answer)).encode() + b"\n")
        except OSError:
            data = b""
        if not data or len(self._buffers[connection]) > MAX_LINE:
            self._selector.unregister(connection)
            del self._buffers[connection]
            connection.close()

    def _answer(
        self, line: bytes, answer: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> dict[str, Any]:
        self.last_request = time.monotonic()
        identity: dict[str, Any] = {}
        try:
            request = _parse(line)
            identity = {"id": request["id"]} if "id" in request else {}
            answered = answer(request)
        except PlatformError as error:
            answered = {"error": error.to_dict()}
        except Exception:
            logger.exception("A request could not be answered.")
            hidden = PlatformError("The request could not be answered; the host's log says why.")
            answered = {"error": hidden.to_dict()}
        return {**identity, **answered}


def _parse(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except ValueError as error:
        raise InvalidRequestError(f"A request is one JSON object on a line: {error}.") from error
    if not isinstance(request, dict):
        raise InvalidRequestError(f"A request is a JSON object, not {type(request).__name__}.")
    return request
