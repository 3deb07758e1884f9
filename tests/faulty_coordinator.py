"""A coordinator that can be told to misbehave, and the connection file that leads to it."""

from __future__ import annotations

import getpass
import json
import os
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from jupyter_platform.runtime.connection import PROTOCOL, Connection, write_connection
from jupyter_platform.runtime.identity import boot_id, process_start_time
from jupyter_platform.runtime.paths import Paths

Answer = tuple[int, Any]


class FaultyCoordinator:
    """An HTTP server whose answers a test chooses.

    `answers` maps ``"GET /api/jobs"`` to a function of the request body that gives status and
    JSON body, or None to cut the connection without an answer.
    """

    def __init__(self, token: str = "secret", protocol: int = PROTOCOL) -> None:
        self.token = token
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.queries: list[str] = []
        """The query of each request, in the same order."""
        self.answers: dict[str, Callable[[bytes], Answer | None]] = {
            "GET /api/health": lambda _: (200, {"status": "ok"}),
            "GET /api/version": lambda _: (200, {"version": "9.9", "protocol": protocol}),
        }
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        self._server = server
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        self._thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def seen(self, route: str) -> list[tuple[dict[str, str], bytes]]:
        return [(headers, body) for key, headers, body in self.requests if key == route]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        coordinator = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                route = f"{self.command} {self.path.partition('?')[0]}"
                coordinator.queries.append(self.path.partition("?")[2])
                coordinator.requests.append((route, dict(self.headers.items()), body))
                answer = coordinator._answer(route, self.headers.get("authorization"), body)
                if answer is None:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                content = json.dumps(answer[1]).encode()
                self.send_response(answer[0])
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - named by http.server

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler

    def _answer(self, route: str, authorization: str | None, body: bytes) -> Answer | None:
        if route != "GET /api/health" and authorization != f"Bearer {self.token}":
            return 401, {"message": "No valid token.", "code": "unauthenticated", "errors": []}
        found = self.answers.get(route)
        if found is None:
            return 404, {"message": f"Nothing at {route}.", "code": "not_found", "errors": []}
        return found(body)


def lead_to(paths: Paths, server: FaultyCoordinator) -> None:
    """Write a connection file as the coordinator would; its process is this one."""
    start_time = process_start_time(os.getpid())
    assert start_time is not None
    write_connection(
        paths,
        Connection(
            url=server.url,
            token=server.token,
            pid=os.getpid(),
            start_time=start_time,
            boot_id=boot_id(),
            hostname=socket.gethostname(),
            user=getpass.getuser(),
            version="9.9",
            protocol=PROTOCOL,
            data_dir=str(paths.data),
        ),
    )
