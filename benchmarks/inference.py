"""The inference API beside FastAPI, DEEPaaS and LitServe: a small network, one sample a request.

Sixteen clients that keep their connections. Each server runs in an environment of its own; the
peers find torch in that of the platform. All of them are up in turn, and the figure is the median
over the rounds of the ratio within a round.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.peers.mlp import CLASSES, HIDDEN, INPUTS, make_network
from benchmarks.table import Row
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.predictions import SERVED_DESCRIPTION, SERVED_WEIGHTS, ServedNetwork
from jupyter_platform.learning.networks.weights import WeightsHeader, save_weights
from jupyter_platform.serving.runner.services import free_port

ROUNDS = 15
ROUND_S = 1.0
CLIENTS = 16
ENVIRONMENTS = Path(".make/peers")
PEERS = Path(__file__).parent / "peers"
PACKAGES = {"deepaas": "deepaas==2.6.0", "litserve": "litserve==0.2.19"}
GOALS = {"fastapi": 0.95, "deepaas": 4.0, "litserve": 4.0}
PREDICT = "/predict"
_DEADLINE_S = 120


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    port: int
    path: str


def run() -> list[Row]:
    """Measure; about three minutes, the installation of the peers not counted."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        body = folder / "body.json"
        body.write_text(json.dumps({"inputs": [number / INPUTS for number in range(INPUTS)]}))
        servers = {
            "platform": stack.enter_context(_platform(folder)),
            "fastapi": stack.enter_context(_script(sys.executable, "fastapi_server.py")),
            "litserve": stack.enter_context(
                _script(str(_environment("litserve") / "bin/python"), "litserve_server.py")
            ),
            "deepaas": stack.enter_context(_deepaas()),
        }
        _agree(servers, body)
        rounds = [
            {name: _rate(server, body) for name, server in _rotated(servers, number)}
            for number in range(ROUNDS + 1)
        ][1:]
    return [_row(name, rounds) for name in GOALS]


def _row(peer: str, rounds: list[dict[str, float]]) -> Row:
    ratio = statistics.median(item["platform"] / item[peer] for item in rounds)
    own, other = (statistics.median(item[name] for item in rounds) for name in ("platform", peer))
    return Row(
        "inference",
        f"a small network, one sample a request, {CLIENTS} clients: rate beside {peer}",
        f"{ratio:.2f}",
        f"≥ {GOALS[peer]:g}",
        f"{own:,.0f} and {other:,.0f} answers a second, median of {len(rounds)} rounds",
    )


def _rotated(servers: dict[str, Server], number: int) -> Iterator[tuple[str, Server]]:
    items = list(servers.items())
    start = number % len(items)
    yield from items[start:] + items[:start]


def _rate(server: Server, body: Path) -> float:
    """Return answers a second."""
    words = [str(server.port), server.path, str(CLIENTS), str(ROUND_S), str(body)]
    command = [sys.executable, "-m", "benchmarks.load", *words]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return int(told[0]) / float(told[1])


def _agree(servers: dict[str, Server], body: Path) -> None:
    """Wait until all answer, and see that they tell the same class."""
    found = {}
    for name, server in servers.items():
        answer = _first_answer(f"http://127.0.0.1:{server.port}{server.path}", body.read_bytes())
        found[name] = answer.get("predictions", answer)["predicted"]
    if len({str(item) for item in found.values()}) != 1:
        raise ValueError(f"the servers do not agree: {found}")


def _first_answer(url: str, body: bytes) -> dict[str, dict[str, object]]:
    deadline = time.monotonic() + _DEADLINE_S
    while time.monotonic() < deadline:
        try:
            answer = httpx.post(url, content=body, headers={"content-type": "application/json"})
            answer.raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
            continue
        told: dict[str, dict[str, object]] = answer.json()
        return told
    raise TimeoutError(f"{url} does not answer")


@contextmanager
def _process(command: list[str], **variables: str) -> Iterator[None]:
    running = subprocess.Popen(
        command,
        env={**os.environ, **variables},
        cwd=PEERS,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        # LitServe leaves processes behind where only its first one is told to end.
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


@contextmanager
def _platform(folder: Path) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "jupyter_platform.serving", "api", "--listen-port", str(port)]
    with _process([*command, "--network", str(_served(folder / "network"))]):
        yield Server(port, PREDICT)


def _served(folder: Path) -> Path:
    """Write the network of the peers as the platform serves it."""
    layers = (
        {"type": "Linear", "name": "0", "in_features": INPUTS, "out_features": HIDDEN},
        {"type": "ReLU", "name": "1"},
        {"type": "Linear", "name": "2", "in_features": HIDDEN, "out_features": CLASSES},
    )
    description = NetworkDescription.model_validate(
        {"name": "mlp", "task": "classification", "layers": layers}
    )
    folder.mkdir()
    header = WeightsHeader.of(description, [INPUTS], CLASSES)
    save_weights(folder / SERVED_WEIGHTS, make_network().state_dict(), header)
    names = [str(number) for number in range(CLASSES)]
    served = ServedNetwork(
        description=description, tag="first/best", task="classification", classes=names
    )
    (folder / SERVED_DESCRIPTION).write_text(served.model_dump_json())
    return folder


@contextmanager
def _script(python: str, name: str) -> Iterator[Server]:
    port = free_port()
    with _process([python, str(PEERS / name), str(port)]):
        yield Server(port, PREDICT)


@contextmanager
def _deepaas() -> Iterator[Server]:
    port = free_port()
    program = str(_environment("deepaas") / "bin/deepaas-run")
    with _process([program, "--listen-port", str(port)]):
        yield Server(port, "/v2/models/mlp/predict/")


def _environment(peer: str) -> Path:
    """Return an environment that holds a peer, and behind it the platform's packages with torch."""
    folder = (ENVIRONMENTS / peer).absolute()
    done = folder / "installed"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        python = folder / "bin/python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", PACKAGES[peer]], check=True)
        told = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
        site = Path(subprocess.run(told, check=True, capture_output=True, text=True).stdout.strip())
        paths = f"{sysconfig.get_path('purelib')}\n{PEERS}\n"
        (site / "beside.pth").write_text(paths)
        if peer == "deepaas":
            _install_module(site)
        done.touch()
    return folder


def _install_module(site: Path) -> None:
    info = site / "mlp-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mlp\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[deepaas.v2.model]\nmlp = deepaas_module\n")
