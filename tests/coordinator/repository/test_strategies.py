from __future__ import annotations

import pytest

from jupyter_platform.coordinator.repository import StrategyRepository
from jupyter_platform.core.errors import (
    ConflictError,
    InvalidDataError,
    InvalidRequestError,
    NoAnswerError,
    NotFoundError,
    RequestTooLargeError,
    UnavailableError,
)
from jupyter_platform.core.strategies import STRATEGIES
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.paths import Paths

SOURCE = b"class Mine: pass\n"


@pytest.fixture
def paths(tmp_path):
    return Paths(data=tmp_path / "data", runtime=tmp_path / "runtime").ensure()


@pytest.fixture
def asked():
    return []


@pytest.fixture
def repository(paths, asked, reader):
    async def inspect(request, timeout_s):
        asked.append(request)
        name = request["name"]
        problem = "it is broken" if name == "broken" else None
        return {
            "name": name, "title": "Mine", "summary": "s", "category": "FF", "origin": "uploaded",
            "problem": problem,
        }  # fmt: skip

    return StrategyRepository(paths, BlobStore(paths.blobs), inspect, reader)


async def test_built_in_ones_come_first_then_those_that_were_uploaded(repository):
    await repository.put("mine", SOURCE)

    names = [item.name for item in await repository.records()]

    assert names[: len(STRATEGIES)] == list(STRATEGIES)
    assert names[-1] == "mine"
    assert await repository.source("mine") == SOURCE.decode()
    await repository.delete("mine")
    assert "mine" not in [item.name for item in await repository.records()]


async def test_the_source_that_a_job_runs_with_is_kept_by_its_content(repository, paths):
    await repository.put("mine", SOURCE)
    first = await repository.code("mine")
    await repository.put("mine", SOURCE)
    with pytest.raises(ConflictError, match="strategy 'mine' of other content"):
        await repository.put("mine", SOURCE + b"# changed\n")
    assert await repository.code("mine") == first
    await repository.put("mine", SOURCE + b"# changed\n", replace=True)

    assert await repository.code("mine") != first
    blob = BlobStore(paths.blobs).path(first.removeprefix("sha256:"))
    assert blob.read_bytes() == SOURCE
    assert await repository.code("feed_forward") is None
    assert await repository.code("of_a_package") is None


async def test_what_is_no_python_is_refused_with_line_and_text_and_runs_nowhere(
    repository, paths, asked
):
    with pytest.raises(InvalidDataError, match=r"expected '\(' in line 2: def step self"):
        await repository.put("mine", b"class Mine:\n    def step self\n")

    assert asked == []
    (paths.strategies / "mine.py").write_bytes(b"x = (\n")
    with pytest.raises(InvalidDataError, match="never closed in line 1: x = \\("):
        await repository.code("mine")
    assert "never closed" in (await repository.records())[-1].problem


async def test_what_the_inspector_refuses_is_not_kept(repository):
    with pytest.raises(InvalidDataError, match="it is broken"):
        await repository.put("broken", SOURCE)

    assert repository.uploaded() == []


@pytest.mark.parametrize(
    ("name", "source", "error"),
    [
        ("gan", SOURCE, ConflictError),
        ("../evil", SOURCE, InvalidRequestError),
        ("Capital", SOURCE, InvalidRequestError),
        ("mine", b"#" * 1_000_001, RequestTooLargeError),
        ("mine", b"x = '\x00'", InvalidDataError),
    ],
)
async def test_bad_names_and_sources_are_refused(repository, name, source, error):
    with pytest.raises(error):
        await repository.put(name, source)

    assert repository.uploaded() == []


async def test_an_unknown_name_is_refused_with_the_nearest(repository):
    await repository.put("mine", SOURCE)

    with pytest.raises(NotFoundError, match="mine"):
        await repository.delete("mien")


async def test_uploads_can_be_forbidden_and_need_no_inspector(paths, reader):
    async def nobody(request, timeout_s):
        raise UnavailableError("No host is up.")

    blobs = BlobStore(paths.blobs)
    with pytest.raises(ConflictError, match="allow_uploaded_strategies is false"):
        await StrategyRepository(paths, blobs, nobody, reader, allowed=False).put("mine", SOURCE)
    record = await StrategyRepository(paths, blobs, nobody, reader).put("mine", SOURCE)

    assert (record.name, record.origin) == ("mine", "uploaded")


async def test_source_that_ends_or_keeps_who_looks_at_it_is_refused(paths, reader):
    async def inspect(request, timeout_s):
        raise NoAnswerError("The look at it came to no end within 10 s.")

    repository = StrategyRepository(paths, BlobStore(paths.blobs), inspect, reader)

    with pytest.raises(InvalidDataError, match="'mine' cannot be used: the look at it came to no"):
        await repository.put("mine", SOURCE)
    assert repository.uploaded() == []
