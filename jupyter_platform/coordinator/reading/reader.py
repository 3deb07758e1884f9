"""Asks the process that reads what people drop into folders or upload."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from base64 import b64encode
from typing import Any

from jupyter_platform.core.errors import (
    InvalidDataError,
    PlatformError,
    UnavailableError,
    from_dict,
)

MODULE = "jupyter_platform.coordinator.reading.process"
COMPUTING_S = 10.0
"""Seconds of processor time for one answer."""
WITHIN_S = 120.0
"""Seconds for one answer, however busy the machine is."""
IDLE_S = 60.0
"""Seconds without a question after which the process is ended."""
_CRASHES = (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGILL)
"""Exit codes that what was read has brought about; others may have any reason."""
_ENDS_WITHIN_S = 10.0
LONGEST_ANSWER = 64_000_000
"""Bytes."""


class Reader:
    """Starts the process when something is to be read, and again after it has died of that.

    It answers one question at a time.

    Parameters
    ----------
    computing_s : float
        Seconds of processor time that one answer may take.
    """

    def __init__(self, computing_s: float = COMPUTING_S) -> None:
        self._computing_s = computing_s
        self._turn = asyncio.Lock()
        self._process: Process | None = None
        self._ending: asyncio.TimerHandle | None = None

    async def ask(self, op: str, what: str, **question: Any) -> Any:
        """Return the answer to one question.

        Parameters
        ----------
        op : str
            One of `jupyter_platform.coordinator.reading.process.OPERATIONS`.
        what : str
            What is read, as the beginning of a sentence.
        **question
            Arguments of the operation, as JSON has them.

        Raises
        ------
        InvalidDataError
            If what is read ends the process or keeps it busy.
        UnavailableError
            If the process cannot be started, or was ended by somebody else.
        PlatformError
            The error that the process answered with.
        """
        line = json.dumps({"op": op, **question}).encode() + b"\n"
        async with self._turn:
            process = await self._started()
            try:
                async with asyncio.timeout(WITHIN_S):
                    answer = await _exchange(process, line)
            except TimeoutError as error:
                await self._kill()
                raise _refused(what, f"that took more than {WITHIN_S:.0f} s") from error
            except BaseException:
                await self._kill()
                raise
            if not answer.endswith(b"\n"):
                raise _ended(what, await self._ended())
            self._end_later()
        found = json.loads(answer)
        if "too_much" in found:
            raise _refused(what, found["too_much"])
        if "error" in found:
            raise from_dict(found["error"])
        return found["ok"]

    async def check_syntax(self, what: str, source: bytes, field: str = "strategy") -> None:
        """Refuse what is no Python; nothing is run.

        Parameters
        ----------
        what : str
            What the source is, as the beginning of a sentence.
        source : bytes
            Text, in UTF-8 unless it says otherwise.
        field : str
            Which field of a request is to blame.

        Raises
        ------
        InvalidDataError
            Naming line and text.
        """
        text = b64encode(source).decode("ascii")
        await self.ask("syntax", what, of=what, source=text, field=field)

    async def close(self) -> None:
        """End the process."""
        await self._kill()

    async def _started(self) -> Process:
        if self._ending is not None:
            self._ending.cancel()
        if self._process is None or self._process.returncode is not None:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-P",
                    "-m",
                    MODULE,
                    str(self._computing_s),
                    stdin=PIPE,
                    stdout=PIPE,
                    limit=LONGEST_ANSWER,
                )
            except OSError as error:
                raise UnavailableError(
                    f"The process that reads files cannot be started: {error.strerror}."
                ) from error
        return self._process

    def _end_later(self) -> None:
        def end() -> None:
            # It ends by itself when nobody can ask it any more.
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None

        self._ending = asyncio.get_running_loop().call_later(IDLE_S, end)

    async def _ended(self) -> int | None:
        """Return the exit code of the process, which has closed its output."""
        process = self._process
        # To kill it would take its exit code from who watches it.
        if process is not None and process.returncode is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ENDS_WITHIN_S):
                    await process.wait()
        return await self._kill()

    async def _kill(self) -> int | None:
        """Kill the process and return its exit code."""
        process, self._process = self._process, None
        if self._ending is not None:
            self._ending.cancel()
        if process is None:
            return None
        if process.stdin is not None:
            process.stdin.close()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        return await process.wait()


async def _exchange(process: Process, line: bytes) -> bytes:
    assert process.stdin is not None, "it is a pipe"
    assert process.stdout is not None, "it is a pipe"
    try:
        process.stdin.write(line)
        await process.stdin.drain()
        return await process.stdout.readline()
    except (ConnectionError, ValueError):
        return b""


def _ended(what: str, code: int | None) -> PlatformError:
    """Return the error that says how the process ended, and who is to blame."""
    if code == -signal.SIGPROF:
        return _refused(what, "that took more computing than is spent on it")
    if code in _CRASHES:
        return _refused(what, "that ended the process that did so")
    return UnavailableError(f"The process that reads {what} ended with {code}; ask again.")


def _refused(what: str, why: str) -> InvalidDataError:
    return InvalidDataError(f"{what} cannot be read: {why}.")
