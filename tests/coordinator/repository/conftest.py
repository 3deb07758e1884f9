"""Repositories over a real store; only the inspector, a torch process, is a stand-in."""

from __future__ import annotations

import pytest

from jupyter_platform.coordinator.repository import (
    DatasetRepository,
    Facts,
    NetworkRepository,
    TagRepository,
)
from jupyter_platform.core.errors import UnavailableError
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
def facts(store, inspector):
    return Facts(store, inspector)


@pytest.fixture
def tags(store, paths, blobs):
    return TagRepository(store, paths, blobs)


@pytest.fixture
def networks(paths, facts, tags):
    return NetworkRepository(paths, facts, tags)


@pytest.fixture
def datasets(paths, blobs, facts):
    return DatasetRepository(paths, blobs, facts)
