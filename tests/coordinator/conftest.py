"""A store, folders and rows for tests of the coordinator."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import AttemptRow, JobRow
from jupyter_platform.runtime.paths import Paths
from tests.waiting import until_async

from .fake_hosts import FakeCluster, FakeHost
from .lab import Lab


@pytest.fixture
def paths(tmp_path):
    return Paths(
        data=tmp_path / "data" / "jupyter_platform", runtime=tmp_path / "run" / "jupyter_platform"
    ).ensure()


@pytest.fixture
def store(paths):
    opened = Store.open(paths.database)
    yield opened
    asyncio.run(opened.close())


@pytest.fixture
def job_row():
    """Build the row of a job; fields may be given."""

    def build(**fields):
        defaults = {
            "id": "0123456789ab",
            "name": "a job",
            "type": "LEARN",
            "role": "learner",
            "owner": "somebody",
            "state": "queued",
            "networks": ["mlp"],
            "dataset": "iris",
            "options": {},
            "given": {},
        }
        return JobRow(**{**defaults, **fields})

    return build


@pytest.fixture
def attempt_row():
    """Build the row of an attempt; fields may be given."""

    def build(**fields):
        defaults = {"workload": "0123456789ab", "number": 1, "state": "running"}
        return AttemptRow(**{**defaults, **fields})

    return build


@pytest.fixture
def until():
    """Poll until a condition, plain or asynchronous, gives something true; return that."""
    return until_async


@pytest.fixture
def host():
    """A host that is a stand-in."""
    return FakeHost("h1")


@pytest.fixture
def cluster(host):
    """A cluster of that one host."""
    return FakeCluster(host)


@pytest.fixture
def open_lab(paths, cluster):
    """Return a function that begins another life of the coordinator over the same folders."""
    return lambda **settings: Lab(paths, cluster, **settings)


@pytest.fixture
def ready(open_lab, host, until):
    """Return a function that opens a lab whose host has joined."""

    @contextlib.asynccontextmanager
    async def enter():
        async with open_lab() as lab:
            await until(lambda: lab.hosts.link(host.name))
            yield lab

    return enter
