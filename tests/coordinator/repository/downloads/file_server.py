"""An HTTP server on the loopback address that has files, and may misbehave."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FileServer:
    """Serves bytes by path, with ranges; counts what it is asked.

    Attributes
    ----------
    files : dict
        Content by path.
    cut_after : list of int
        Bytes after which each of the next answers breaks off.
    statuses : list of int
        What the next answers say instead of having the file.
    no_ranges : bool
        Whether ranges are overlooked.
    gate : Event or None
        What an answer waits for after its first half.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut_after: list[int] = []
        self.statuses: list[int] = []
        self.no_ranges = False
        self.gate: threading.Event | None = None
        self.asked: list[tuple[str, str | None]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        """Address, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Answer no more."""
        if self.gate is not None:
            self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(server: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            server.asked.append((self.path, wanted))
            content = server.files.get(self.path)
            if server.statuses or content is None:
                self.send_response(server.statuses.pop(0) if server.statuses else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = self._head(content, wanted)
            if server.cut_after:
                self.wfile.write(body[: server.cut_after.pop(0)])
                self.wfile.flush()
                self.close_connection = True
                self.connection.shutdown(2)
                return
            half = len(body) // 2
            self.wfile.write(body[:half])
            if server.gate is not None:
                self.wfile.flush()
                server.gate.wait(60)
            self.wfile.write(body[half:])

        def _head(self, content: bytes, wanted: str | None) -> bytes:
            match = re.fullmatch(r"bytes=(\d+)-", wanted or "")
            if match is None or server.no_ranges:
                self.send_response(200)
                body = content
            else:
                start = int(match[1])
                body = content[start:]
                self.send_response(206)
                last = len(content) - 1
                self.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            return body

        def log_message(self, *arguments: Any) -> None:
            pass

    return Handler
