"""The inspector of a host: a torch process that answers questions about networks and data."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_platform.cluster.environment import public_environment
from jupyter_platform.cluster.line_protocol import (
    SPOKEN_FAULTS,
    Connection,
    ask,
    connect,
)
from jupyter_platform.cluster.warm import WarmProcess
from jupyter_platform.core.errors import NoAnswerError, PlatformError, UnavailableError, from_dict

logger = logging.getLogger(__name__)

START_TIMEOUT_S = 60.0
FORK_TIMEOUT_S = 5.0
POLL_S = 0.02
HANGS_AFTER_S = 10.0
"""Seconds of work on one question from which on no answer is taken for none that will come."""


_TAKES_LONG = frozenset({"benchmark"})
"""Questions that no data are read for, and that take seconds all the same."""


class Inspectors:
    """Several inspectors, so that no request waits while gigabytes are read for another.

    Parameters
    ----------
    quick : Inspector
        Gets the questions that are answered at once.
    patient : sequence of Inspector
        Get those that take seconds, as data are read first; each is started when all before it are
        at work.
    """

    def __init__(self, quick: Inspector, patient: Sequence[Inspector]) -> None:
        self._quick, self._patient = quick, tuple(patient)

    async def ask(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """Return the answer to one question; errors as of `Inspector.ask`.

        Parameters
        ----------
        request : dict of str to object
            The question.
        timeout_s : float
            Seconds to wait, for others included.
        """
        inspector = self._quick
        if reads_data(request) or request.get("op") in _TAKES_LONG:
            inspector = min(self._patient, key=lambda item: item.waiting)
        return await inspector.ask(request, timeout_s)

    async def close(self) -> None:
        """End all of them."""
        await asyncio.gather(*(item.close() for item in (self._quick, *self._patient)))


def reads_data(request: Mapping[str, Any]) -> bool:
    """Return whether data have to be read for an answer."""
    if request.get("op") in ("dataset", "preview", "look", "folder"):
        return True
    if not request.get("dataset"):
        return False
    options = request.get("options") or {}
    narrows = options.get("sample_range") is not None or options.get("labels") is not None
    return narrows or not request.get("facts")


class Inspector:
    """Asks the inspector, one question at a time, and starts it when there is none.

    Parameters
    ----------
    warm : WarmProcess
        Forks the inspector when it stands ready; else a process of its own is started.
    sockets : Path
        A private folder for its socket.
    log : Path
        Where stdout and stderr of such a process go.
    command : sequence of str, optional
        What to run; the socket and our pid are appended.
    name : str
        What its sockets are called, where there are several inspectors.
    """

    def __init__(
        self,
        warm: WarmProcess,
        sockets: Path,
        log: Path,
        command: Sequence[str] | None = None,
        name: str = "inspector",
    ) -> None:
        self._warm = warm
        self._log = log
        self._command = list(
            command or (sys.executable, "-P", "-m", "jupyter_platform.learning.processes.inspector")
        )
        self._sockets = sockets
        self._name = name
        self._starting: asyncio.Task[Connection] | None = None
        self._connection: Connection | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self.waiting = 0
        """Questions that have no answer yet."""
        self._lives = 0
        self._questions = 0

    async def ask(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """Return the inspector's answer to one question.

        Parameters
        ----------
        request : dict of str to object
            The question.
        timeout_s : float
            Seconds to wait, for others included.

        Raises
        ------
        UnavailableError
            If there is no answer within `timeout_s` seconds, waiting for others included.
        NoAnswerError
            If the question ended the inspector, or kept it busy for `HANGS_AFTER_S` or more.
        PlatformError
            The error that the inspector answered with.
        """
        self.waiting += 1
        clock, asked_at = asyncio.get_running_loop().time, list[float]()
        try:
            async with asyncio.timeout(timeout_s), self._turn:
                answer = await self._ask(request, asked_at)
        except TimeoutError as error:
            if asked_at and clock() - asked_at[-1] >= HANGS_AFTER_S:
                raise NoAnswerError(
                    f"The look at it came to no end within {clock() - asked_at[-1]:.0f} s."
                ) from error
            raise UnavailableError(
                f"The inspector did not answer within {timeout_s:g} s."
            ) from error
        finally:
            self.waiting -= 1
        if "error" in answer:
            raise from_dict(answer["error"])
        ok = answer.get("ok")
        if not isinstance(ok, dict):
            raise UnavailableError("The inspector's answer is not understood.")
        return ok

    async def close(self) -> None:
        """End the inspector."""
        if self._starting is not None:
            self._starting.cancel()
            with contextlib.suppress(asyncio.CancelledError, UnavailableError):
                await self._starting
            self._starting = None
        await self._drop()

    async def _ask(self, request: dict[str, Any], asked_at: list[float]) -> dict[str, Any]:
        """Ask once more where the kept inspector turns out to have gone meanwhile.

        Parameters
        ----------
        request : dict
            The question.
        asked_at : list of float
            Is given the time at which an inspector got it.
        """
        fresh = self._connection is None
        connection = await self._connected()
        asked_at.append(asyncio.get_running_loop().time())
        try:
            return await self._put(connection, request)
        except asyncio.CancelledError:
            # It may be stuck in this question for ever, and its answer would come as another's.
            await self._drop()
            raise
        except SPOKEN_FAULTS as error:
            await self._drop()
            if fresh:
                logger.info("The inspector died while it was asked: %s", error)
                raise NoAnswerError(
                    "What was to be looked at ended the process that looked at it."
                ) from error
        return await self._ask(request, asked_at)

    async def _put(self, connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
        self._questions += 1
        answer = await ask(connection, {**request, "id": self._questions})
        if answer.get("id") != self._questions:
            raise ValueError("the answer is to another question")
        return answer

    async def _connected(self) -> Connection:
        if self._connection is None:
            starting = self._starting or asyncio.create_task(self._start(), name="inspector")
            self._starting = starting
            try:
                # A question that gives up leaves the start going, for the next one.
                self._connection = await asyncio.shield(starting)
            finally:
                if starting.done():
                    self._starting = None
        return self._connection

    async def _start(self) -> Connection:
        self._lives += 1
        path = self._sockets / f"{self._name}-{self._lives}.sock"
        # Importing torch a second time beside the warm process would take longer than to wait.
        await self._warm.until_settled(START_TIMEOUT_S)
        try:
            await self._warm.start_inspector(path, FORK_TIMEOUT_S)
        except PlatformError as error:
            logger.info("The inspector starts cold: %s", error.message)
            await self._start_process(path)
        return await self._await_socket(path)

    async def _start_process(self, path: Path) -> None:
        try:
            with await asyncio.to_thread(self._log.open, "ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    str(path),
                    str(os.getpid()),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env=public_environment(os.environ),
                    start_new_session=True,
                )
        except OSError as error:
            raise UnavailableError(f"The inspector cannot be started: {error}.") from error

    async def _await_socket(self, path: Path) -> Connection:
        clock = asyncio.get_running_loop().time
        deadline = clock() + START_TIMEOUT_S
        while clock() < deadline:
            try:
                return await connect(path)
            except OSError:
                await asyncio.sleep(POLL_S)
            if self._process is not None and self._process.returncode is not None:
                raise UnavailableError(
                    f"The inspector ended with code {self._process.returncode} when it was "
                    f"started; see {self._log}."
                )
        await self._drop()
        raise UnavailableError(f"The inspector was not ready within {START_TIMEOUT_S:g} s.")

    async def _drop(self) -> None:
        """Forget the inspector and kill what is left of it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            _kill_peer(connection)
            connection[1].close()
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _kill_peer(connection: Connection) -> None:
    """Kill the process at the other end of a unix socket: it may be no child of ours."""
    peer = connection[1].get_extra_info("socket")
    if peer is None or not hasattr(socket, "SO_PEERCRED"):
        return
    with contextlib.suppress(OSError):
        credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        pid, owner, _ = struct.unpack("3i", credentials)
        if owner == os.getuid() and pid not in (0, os.getpid()):
            os.kill(pid, signal.SIGKILL)
