"""Folders that no test shares with a person, and one running platform for those that want it."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

from jupyter_platform import Platform
from jupyter_platform.core.settings import load_settings
from jupyter_platform.runtime.connection import PROTOCOL
from jupyter_platform.runtime.launch import ensure_coordinator, request_down
from jupyter_platform.runtime.paths import Paths
from tests.waiting import DEADLINE_S, until

from .faulty_coordinator import FaultyCoordinator, lead_to

# No test measures time: neither an example nor the making of one fails on a machine that is busy.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

MARK = "JP_TEST_SESSION"
"""Environment variable that marks every process of a platform of the tests."""


@pytest.fixture(scope="session", autouse=True)
def private_folders(tmp_path_factory):
    """Keep every test away from the data of whoever runs it."""
    folder = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(folder / "data"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
        patch.delenv("JUPYTER_PLATFORM_API_URL", raising=False)
        patch.delenv("JUPYTER_PLATFORM_API_TOKEN", raising=False)
        yield folder


@contextlib.contextmanager
def running_platform(folder: Path, **settings: object) -> Iterator[Paths]:
    """Run a platform in the folders that the environment names; end all of it afterwards.

    Parameters
    ----------
    folder : Path
        Marks its processes.
    settings : object
        Dotted names with two underscores for each dot.
    """
    dotted = {name.replace("__", "."): value for name, value in settings.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MARK, str(folder))
        paths = Paths.default()
        try:
            ensure_coordinator(paths, settings=load_settings(None, dotted), timeout_s=DEADLINE_S)
            yield paths
        finally:
            try:
                request_down(paths, timeout_s=DEADLINE_S)
            finally:
                end_processes(MARK, str(folder))


@pytest.fixture(scope="session")
def run_platform():
    """Return what runs a platform of one's own."""
    return running_platform


@pytest.fixture(scope="session")
def shared_paths(private_folders: Path):
    """Start one platform for the whole session and return its folders."""
    settings = {"cluster__hosts": 1, "cluster__cpus": 4, "cluster__overcommit": True}
    with running_platform(private_folders, **settings, coordinator__idle_stop_minutes=0) as paths:
        yield paths


@pytest.fixture
def platform(shared_paths: Path):
    """The shared platform, with a host that has joined."""
    with Platform() as found:
        until(lambda: any(host.state == "up" for host in found.hosts()), "a host that has joined")
        yield found


@pytest.fixture
def paths(tmp_path, monkeypatch) -> Paths:
    """Folders of this test alone."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    return Paths.default().ensure()


@pytest.fixture
def lead_here(paths):
    """Return a function that points this machine to a faulty coordinator."""
    return functools.partial(lead_to, paths)


@pytest.fixture
def start_coordinator(paths):
    """Return a function that starts a faulty coordinator and points this machine to it."""
    started: list[FaultyCoordinator] = []

    def start(token: str = "secret", protocol: int = PROTOCOL) -> FaultyCoordinator:
        server = FaultyCoordinator(token, protocol)
        started.append(server)
        lead_to(paths, server)
        return server

    yield start
    for server in started:
        server.close()


@pytest.fixture
def unused_port() -> int:
    """A port at which nobody answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_processes(mark: str, value: str) -> None:
    """Kill the processes that carry a mark in their environment, but this one."""
    found = [process for process in psutil.process_iter() if _carries(process, mark, value)]
    for process in found:
        process.kill()
    psutil.wait_procs(found, timeout=DEADLINE_S)


def _carries(process: psutil.Process, mark: str, value: str) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get(mark) == value
    except psutil.Error:
        return False
