"""Real schedulers and hosts over TLS, in folders of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from jupyter_platform.cluster.host import SOCKETS
from jupyter_platform.cluster.line_protocol import make_socket_folder, remove_socket_folder
from jupyter_platform.cluster.membership import Cluster
from jupyter_platform.cluster.tls import ensure_certificates
from jupyter_platform.core.datasets import bundled_datasets
from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.core.runs import JobRun, NetworkInput, RunId, RunSpec
from jupyter_platform.core.states import JobType
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.run_folder import run_folders
from tests.waiting import until_async

STAND_IN = Path(__file__).with_name("stand_in.py")
HOST_WITH_STAND_IN = (
    "import sys; from jupyter_platform.cluster import host; "
    "sys.exit(host.main(['--name', sys.argv[1]], command=[sys.executable, sys.argv[2]]))"
)


class Processes:
    """The scheduler and the hosts of one test."""

    def __init__(self, paths: Paths, environment: dict[str, str]) -> None:
        self.paths = paths
        self.environment = environment
        self.running: list[subprocess.Popen[bytes]] = []

    def scheduler(self):
        return self._start("scheduler", "-m", "jupyter_platform.cluster.scheduler")

    def host(self, name="host-a"):
        """Start a host whose shims run the stand-in instead of training."""
        return self._start(name, "-c", HOST_WITH_STAND_IN, name, str(STAND_IN))

    def own_host(self, name="host-a"):
        """Start a host just as the supervisor does."""
        return self._start(name, "-m", "jupyter_platform.cluster.host", "--name", name)

    def settings(self, **sections):
        self.paths.settings_file.write_text(json.dumps(sections))

    def log(self, name):
        return (self.paths.data / f"{name}.log").read_text()

    def _start(self, name, *arguments):
        with open(self.paths.data / f"{name}.log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.running.append(process)
        return process

    def end_all(self):
        children = []
        for process in self.running:
            with contextlib.suppress(psutil.NoSuchProcess):
                children += psutil.Process(process.pid).children(recursive=True)
            process.kill()
            process.wait()
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        for note in self.paths.hosts.glob(f"*/{SOCKETS}"):
            remove_socket_folder(note)
        for hosts in self.paths.hosts.glob("*/runs"):
            for folder in run_folders(hosts).values():
                if folder.process() is not None:
                    folder.signal("kill")


@pytest.fixture
def processes(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    paths = Paths.default().ensure()
    started = Processes(paths, dict(os.environ))
    # A test's hosts may share the machine with another platform.
    started.settings(cluster={"cpus": 2, "memory": "2GB", "overcommit": True})
    yield started
    started.end_all()


@contextlib.asynccontextmanager
async def connected(processes):
    """Follow the cluster of a test, as the coordinator does."""
    paths = processes.paths
    cluster = Cluster(paths.scheduler_file, ensure_certificates(paths.tls))
    await cluster.start()
    try:
        yield cluster
    finally:
        await cluster.close()


async def link_to(cluster, name="host-a", other_than=None):
    """Wait for a host to belong, in another life than `other_than` when that is given."""

    def found():
        link = cluster.links().get(name)
        return link if link is not None and link is not other_than else None

    return await until_async(found, f"host {name} has joined")


@pytest.fixture
def sockets(tmp_path):
    """Return a folder for unix sockets; pytest's own has too long a path."""
    yield make_socket_folder(tmp_path / SOCKETS)
    remove_socket_folder(tmp_path / SOCKETS)


@pytest.fixture
def spec():
    def make(workload="job", attempt=1, rank=0, options=None, **changes):
        return RunSpec(
            run=RunId(workload=workload, attempt=attempt, rank=rank),
            name="a test",
            process="jupyter_platform.learning.processes.process",
            starts_warm=True,
            job=JobRun(
                type=JobType.LEARN,
                networks=[NetworkInput(description=bundled_networks()["lenet-digits"])],
                dataset=bundled_datasets()["digits"],
                options=options or {},
            ),
            **changes,
        )

    return make


def kill(process):
    """Kill -9 a process that a test started, and reap it."""
    process.send_signal(signal.SIGKILL)
    process.wait()
