"""Services of the tests: real processes that listen on unix sockets.

They run as in an environment of a module's own: importing what that does not hold fails.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx

from jupyter_platform.serving.runner.services import free_port
from jupyter_platform.serving.runner.variables import SOCKET
from tests.waiting import DEADLINE_S, until

MODULES = Path(__file__).parent / "modules"
PREDICT = "/v2/models/showcase/predict/"
TRAIN = "/v2/models/showcase/train/"
BLOCKED = """
from importlib.machinery import PathFinder

NAMES = {
    "aiohttp", "alembic", "anywidget", "bokeh", "cryptography", "dask", "deepaas", "distributed",
    "fastapi", "httpx", "ipywidgets", "IPython", "jupyter_client", "jupyter_core",
    "jupyter_server", "jupyterlab", "numpy", "pandas", "psutil", "pyarrow", "rich", "scipy",
    "sqlalchemy", "torch", "tornado", "yaml",
}
find = PathFinder.find_spec

def find_spec(name, path=None, target=None):
    return None if name.partition(".")[0] in NAMES else find(name, path, target)

PathFinder.find_spec = find_spec
"""


def installed(folder: Path, *, keeps_source: bool = True) -> Path:
    """Install the module ``showcase`` as pip does, not editable; return the site folder.

    Its metadata file lies beside the source alone. Without `keeps_source` it lies nowhere.
    """
    site, source = folder / "site", folder / "source"
    shutil.copytree(MODULES / "showcase", site / "showcase")
    source.mkdir()
    if keeps_source:
        (source / "ai4-metadata.yml").write_text("title: Showcase\n")
    info = site / "showcase-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: showcase\nVersion: 1.0\nSummary: A showcase\n"
    )
    (info / "entry_points.txt").write_text("[deepaas.v2.model]\nshowcase = showcase.api\n")
    (info / "direct_url.json").write_text(f'{{"dir_info": {{}}, "url": "file://{source}"}}')
    (site / "sitecustomize.py").write_text(BLOCKED)
    return site


@contextlib.contextmanager
def process(
    folder: Path, arguments: Sequence[str], environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run ``api`` on a socket in a folder, its log in ``log``; end it with all that it started."""
    path = folder / "api.sock"
    command = [sys.executable, "-m", "jupyter_platform.serving", "api", *arguments]
    variables = {**os.environ, SOCKET: str(path), **environment}
    variables["PYTHONPATH"] = os.pathsep.join(
        filter(None, [environment.get("PYTHONPATH"), str(Path(__file__).parents[2])])
    )
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(command, env=variables, stdout=log, stderr=log, cwd=folder)
    try:
        yield running, path
    finally:
        running.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(DEADLINE_S)
        running.kill()
        running.wait()


def answers(client: httpx.Client) -> bool:
    """Return whether a service takes connections, and is ready."""
    with contextlib.suppress(httpx.TransportError):
        return client.get("/ready").status_code == 200
    return False


@contextlib.contextmanager
def service(
    folder: Path, *arguments: str, on_port: bool = False, **environment: str
) -> Iterator[httpx.Client]:
    """Run a service, and yield a client of it once it is ready.

    It listens on a unix socket; with `on_port` on a port, as a browser needs it.
    """
    url = "http://api"
    if on_port:
        port = str(free_port())
        arguments, environment = (*arguments, "--listen-port", port), {**environment, SOCKET: ""}
        url = f"http://127.0.0.1:{port}"
    with (
        process(folder, arguments, environment) as (running, path),
        httpx.Client(
            transport=None if on_port else httpx.HTTPTransport(uds=str(path)),
            base_url=url,
            timeout=DEADLINE_S,
        ) as client,
    ):

        def is_ready() -> bool:
            assert running.poll() is None, (folder / "log").read_text()
            return answers(client)

        until(is_ready, lambda: (folder / "log").read_text())
        yield client
