"""A service of the standard library: says what it finds around it, or behaves badly."""

import http.server
import importlib
import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from pathlib import Path

SLEEP = [sys.executable, "-c", "import time; time.sleep(1000)"]


def look(modules):
    found = {}
    for name in modules:
        try:
            module = importlib.import_module(name)
            found[name] = getattr(module, "VERSION", getattr(module, "__version__", "here"))
        except ImportError:
            found[name] = None
    return found


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.endswith("/die"):
            os._exit(3)
        modules = [word[len("import-") :] for word in sys.argv if word.startswith("import-")]
        own = ("PATH", "VIRTUAL_ENV", "PYTHONPATH", "JUPYTER_PLATFORM_")
        answer = {
            "path": self.path,
            "secret": self.headers.get("X-Jupyter-Platform-Secret"),
            "modules": look(modules),
            "variables": {k: v for k, v in os.environ.items() if k.startswith(own)},
            "pid": os.getpid(),
            "here": os.getcwd(),
        }
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        if self.path.endswith("/leave"):
            threading.Thread(target=self.server.shutdown).start()

    def log_message(self, *_):
        pass


class OnSocket(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self):
        request, _ = super().get_request()
        return request, ("local", 0)


def main(modes):
    if "die" in modes:
        sys.exit(3)
    if "stubborn" in modes:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "forks" in modes:
        # One in a session of its own, and one whose parent is gone.
        subprocess.Popen(SLEEP, start_new_session=True)
        subprocess.run(
            ["sh", "-c", f"setsid {sys.executable} -c 'import time; time.sleep(1000)' &"]
        )
    place = os.environ.get("JUPYTER_PLATFORM_SOCKET")
    if "deaf" in modes:
        time.sleep(1000)
    if "garbage" in modes:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(place)
            server.listen()
            while True:
                line, _ = server.accept()
                line.sendall(b"\x00\xff garbage\r\n")
                line.close()
    if place:
        server = OnSocket(place, Handler)
    else:
        port = int(os.environ["JUPYTER_PLATFORM_PORT"])
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.serve_forever()


def make(file):
    with open(Path(os.environ["JUPYTER_PLATFORM_ITEM_DATA"], "count"), "a") as count:
        count.write("made\n")
    Path(file).write_text("weights")


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(sys.argv[2])
    else:
        main(sys.argv[1:])
