"""A page with the curves of the jobs that run, for a wall or a second screen.

It needs no kernel and nothing from elsewhere: the page asks for the curves every two seconds and
draws them itself.
"""

from __future__ import annotations

import http.server
import json
import os
import signal
import socketserver
import threading
import warnings
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jupyter_platform import Platform
from jupyter_platform.core.errors import PlatformError

MOST_JOBS = 12
"""Jobs that are shown at once, the newest of those that run."""
MOST_POINTS = 300
"""Points of a curve."""
RUNNING = ("running", "starting", "stopping")
PAGE = Path(__file__).with_name("monitor.html")


def curves() -> dict[str, Any]:
    """Return the jobs that run, with their curves thinned to what a screen shows."""
    try:
        with Platform(start=False) as platform:
            jobs = platform.jobs(state=RUNNING, limit=MOST_JOBS)
            return {"jobs": [_described(job) for job in jobs], "problem": None}
    except PlatformError as error:
        return {"jobs": [], "problem": error.message}


def _described(job: Any) -> dict[str, Any]:
    record = job.record
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = job.metrics()
    series = {}
    for name in frame.columns.drop(["step", "time"]):
        points = frame[["step", name]].dropna()
        # The last point always stands at the end.
        thinned = points.iloc[:: -max(len(points) // MOST_POINTS, 1)].iloc[::-1]
        series[name] = [[int(step), float(value)] for step, value in thinned.to_numpy()]
    return {"id": record.id, "name": record.name, "type": str(record.type), "series": series}


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer the page, or the curves."""
        if self.path.partition("?")[0].endswith("/curves.json"):
            self._answer(json.dumps(curves()).encode(), "application/json")
        elif self.path.partition("?")[0] == os.environ["JUPYTER_PLATFORM_BASE_URL"]:
            self._answer(PAGE.read_bytes(), "text/html; charset=utf-8")
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing: a request every two seconds would fill the log."""


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self) -> tuple[Any, Any]:
        """Return a connection with an address, which the handler expects to have two parts."""
        connection, _ = super().get_request()
        return connection, ("", 0)


def main() -> None:
    """Serve until SIGTERM."""
    place = os.environ["JUPYTER_PLATFORM_SOCKET"]
    os.umask(0o177)
    with _Server(place, _Handler) as server:
        stopping = threading.Thread(target=server.shutdown, daemon=True)
        signal.signal(signal.SIGTERM, lambda *_: stopping.start())
        server.serve_forever()


if __name__ == "__main__":
    main()
