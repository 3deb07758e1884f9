"""What harms who reads it harms a process that is there for that, and nobody else."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from jupyter_platform.coordinator.reading.reader import Reader
from jupyter_platform.coordinator.repository import DatasetRepository, Facts
from jupyter_platform.core.errors import InvalidDataError, UnavailableError
from jupyter_platform.runtime.blobs import BlobStore
from tests.waiting import until_async

QUADRATIC = b"class A:\n pass\n" * 50_000
"""750 kB that the compiler of Python 3.11 is at for minutes."""
SLOW = "".join(f"key{number}: {number}\n" for number in range(45_000))
"""Within all bounds, and seconds of computing."""


@pytest.fixture
def reader(jp_asyncio_loop):
    reader = Reader(computing_s=0.5)
    yield reader
    jp_asyncio_loop.run_until_complete(reader.close())


async def test_source_that_keeps_the_compiler_busy_is_refused_and_the_next_is_read(reader):
    with pytest.raises(InvalidDataError, match="more computing than is spent on it"):
        await reader.check_syntax("Strategy 'long'", QUADRATIC)
    with pytest.raises(InvalidDataError, match="'deep' cannot be read: .*levels within one"):
        await reader.check_syntax("Strategy 'deep'", b"a" + b".b" * 300_000)
    with pytest.raises(InvalidDataError, match="'bad' is no Python: .* in line 2: def"):
        await reader.check_syntax("Strategy 'bad'", b"x = 1\ndef")
    await reader.check_syntax("Strategy 'good'", b"x = 1\n")


async def test_a_process_that_dies_is_told_and_another_one_started(reader):
    await reader.check_syntax("Strategy 'good'", b"x = 1\n")
    first = reader._process
    asking = asyncio.create_task(reader.check_syntax("Strategy 'long'", QUADRATIC))
    await asyncio.sleep(0)
    os.kill(first.pid, signal.SIGKILL)

    with pytest.raises(UnavailableError, match="ended with -9"):
        await asking
    await reader.check_syntax("Strategy 'good'", b"x = 1\n")
    assert reader._process.pid != first.pid


async def _nobody(request, timeout_s):
    raise UnavailableError("No host is up.")


async def test_whoever_met_a_hostile_descriptor_answers_and_comes_back_after_a_restart(
    paths, store, reader
):
    (paths.datasets / "slow.yaml").write_text(SLOW)
    (paths.datasets / "fine.yaml").write_text("kind: moons\n")
    for _ in range(2):
        facts = Facts(store, _nobody)
        datasets = DatasetRepository(paths, BlobStore(paths.blobs), facts, reader)
        since = time.thread_time()
        await datasets.records()
        assert time.thread_time() - since < 0.5, "another process does the computing"

        async def told(datasets=datasets):
            return {item.name: item.problem for item in await datasets.records()}

        await until_async(told, lambda found: "computing" in (found["slow"] or ""))
        assert (await told())["fine"] is None
        await datasets.close()
        await facts.close()
