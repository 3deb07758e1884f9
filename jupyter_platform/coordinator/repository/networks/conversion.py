"""Asks a process that knows torch to read or write networks of other kinds."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from typing import Any

from pydantic import BaseModel

from jupyter_platform.core.errors import UnavailableError, from_dict

MODULE = "jupyter_platform.learning.exchange"
WITHIN_S = 300.0
"""Seconds after which a conversion is given up."""
_AT_ONCE = 2
_TOLD = 2000
"""Characters of a failure that go to the log."""

log = logging.getLogger(__name__)


class Converter:
    """Starts a process for each conversion: what it reads comes from strangers."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def convert(self, request: BaseModel) -> dict[str, Any]:
        """Return the answer to an `ImportRequest` or an `ExportRequest`.

        Raises
        ------
        PlatformError
            What the process answered instead.
        UnavailableError
            If it fails, or takes too long.
        """
        async with self._room:
            code, output, problems = await _run(request.model_dump_json().encode())
        answer = _parse(output) if code == 0 else None
        if answer is None:
            told = problems.decode("utf-8", "replace")[-_TOLD:]
            log.error("the conversion of a network ended with %s: %s", code, told)
            raise UnavailableError(
                "The process that reads and writes networks failed; the coordinator's log says why."
            )
        if "error" in answer:
            raise from_dict(answer["error"])
        made: dict[str, Any] = answer["ok"]
        return made


async def _run(request: bytes) -> tuple[int | None, bytes, bytes]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        MODULE,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            output, problems = await process.communicate(request)
    except TimeoutError as error:
        raise UnavailableError(
            f"The network was not read or written within {WITHIN_S:g} s; that is given up."
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, output, problems


def _parse(output: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(output)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) and ("ok" in answer or "error" in answer) else None
