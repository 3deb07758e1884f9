"""Repositories over a real store; only the inspector, a torch process, is a stand-in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_platform.coordinator.reading.process import answer
from jupyter_platform.coordinator.reading.reader import Reader
from jupyter_platform.coordinator.repository import (
    DatasetRepository,
    Facts,
    NetworkRepository,
    TagRepository,
)
from jupyter_platform.core.errors import UnavailableError, from_dict
from jupyter_platform.runtime.blobs import BlobStore


class StandInInspector:
    """Answers with what it was given, or raises it; notes what it was asked."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.gate = None

    async def __call__(self, request, timeout_s):
        self.asked.append(request)
        if self.gate is not None:
            await self.gate.wait()
        answer = self.answers.get(request["op"], UnavailableError("No host is up."))
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def inspector():
    return StandInInspector()


@pytest.fixture
def blobs(paths):
    return BlobStore(paths.blobs)


@pytest.fixture
def facts(store, inspector, jp_asyncio_loop):
    facts = Facts(store, inspector)
    yield facts
    jp_asyncio_loop.run_until_complete(facts.close())


@pytest.fixture
def tags(store, paths, blobs):
    return TagRepository(store, paths, blobs)


class InProcessReader(Reader):
    """Reads here what else a process reads; `tests.coordinator.reading` looks at that one."""

    async def ask(self, op, what, **question):
        told = json.loads(json.dumps(answer(json.loads(json.dumps({"op": op, **question})))))
        if "error" in told:
            raise from_dict(told["error"])
        return told["ok"]


@pytest.fixture
def reader():
    return InProcessReader()


@pytest.fixture
def networks(paths, facts, tags, reader, jp_asyncio_loop):
    networks = NetworkRepository(paths, facts, tags, reader)
    yield networks
    jp_asyncio_loop.run_until_complete(networks.close())


@pytest.fixture
def datasets(paths, blobs, facts, reader, jp_asyncio_loop):
    datasets = DatasetRepository(paths, blobs, facts, reader)
    yield datasets
    jp_asyncio_loop.run_until_complete(datasets.close())


@pytest.fixture
def write(paths):
    """Return what writes a file of the folder, YAML or JSON by its name."""

    def write_file(name: str, content: object) -> Path:
        path = paths.datasets / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write_file
