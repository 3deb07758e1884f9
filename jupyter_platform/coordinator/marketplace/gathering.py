"""Reading one source, in a process that can be killed: what it reads comes from strangers.

``python -m jupyter_platform.coordinator.marketplace.gathering`` takes a request as JSON on standard
input and answers with lines of JSON: an `ItemEntry` each, at last how it went.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

from pydantic import BaseModel

from jupyter_platform.catalogue.entries import make_entry
from jupyter_platform.coordinator.marketplace.sources import find_reader
from jupyter_platform.coordinator.marketplace.sources.base import Workplace
from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.marketplace import ItemEntry
from jupyter_platform.core.settings import SourceSettings
from jupyter_platform.runtime.paths import Paths

MODULE = "jupyter_platform.coordinator.marketplace.gathering"
WITHIN_S = 600.0
MOST_MEMORY = 4_000_000_000
"""Bytes of address space."""
MOST_OUTPUT = 500_000_000


class GatherRequest(BaseModel):
    """Which source to read."""

    source: SourceSettings
    data: Path
    runtime: Path


class GatherOutcome(BaseModel):
    """How reading a source went."""

    entries: list[ItemEntry] = []
    problems: list[str] = []
    error: str | None = None


async def gather(source: SourceSettings, paths: Paths) -> GatherOutcome:
    """Read a source in a process of its own; a fault becomes part of the outcome.

    Parameters
    ----------
    source : SourceSettings
        What to read.
    paths : Paths
        The platform's folders.
    """
    request = GatherRequest(source=source, data=paths.data, runtime=paths.runtime)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        MODULE,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            output, told = await process.communicate(request.model_dump_json().encode())
    except TimeoutError:
        return GatherOutcome(error=f"It was not read within {WITHIN_S:g} s; that is given up.")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return await asyncio.to_thread(_outcome, process.returncode, output, told)


def _outcome(code: int | None, output: bytes, told: bytes) -> GatherOutcome:
    lines = output.splitlines()
    if code != 0 or not lines or len(output) > MOST_OUTPUT:
        reason = told.decode("utf-8", "replace").strip().splitlines() or [f"it ended with {code}"]
        return GatherOutcome(error=f"The process that reads it failed: {reason[-1][:300]}.")
    outcome = GatherOutcome.model_validate_json(lines[-1])
    outcome.entries = [ItemEntry.model_validate_json(line) for line in lines[:-1]]
    return outcome


def read_source(source: SourceSettings, paths: Paths) -> GatherOutcome:
    """Read a source in this process.

    Parameters
    ----------
    source : SourceSettings
        What to read.
    paths : Paths
        The platform's folders.
    """
    place = Workplace(paths, paths.marketplace / "sources" / source.name)
    try:
        gathered = find_reader(source.kind)(source, place)
    except PlatformError as error:
        return GatherOutcome(error=error.message)
    entries = [make_entry(files, source.name) for files in gathered.items]
    return GatherOutcome(entries=entries, problems=gathered.problems)


def main() -> None:
    """Answer the request on standard input."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MOST_MEMORY if hard == resource.RLIM_INFINITY else min(MOST_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    request = GatherRequest.model_validate_json(sys.stdin.buffer.read())
    outcome = read_source(request.source, Paths(request.data, request.runtime))
    for entry in outcome.entries:
        sys.stdout.write(entry.model_dump_json() + "\n")
    sys.stdout.write(outcome.model_dump_json(exclude={"entries"}) + "\n")


if __name__ == "__main__":
    main()
