"""One process with torch imported, kept ready so that a job starts at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_platform.cluster.environment import public_environment
from jupyter_platform.cluster.line_protocol import SPOKEN_FAULTS, exchange
from jupyter_platform.core.errors import UnavailableError, from_dict

logger = logging.getLogger(__name__)

FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 30.0
STEADY_S = 30.0
"""Seconds of life after which a death counts as the first one again."""
POLL_S = 0.05
PING_S = 5.0
READY_TIMEOUT_S = 120.0


class NotSentError(UnavailableError):
    """The warm process could not be asked, so nothing was started."""


class SilentError(UnavailableError):
    """The warm process was asked and did not answer; nobody knows what it did."""


class WarmProcess:
    """Keeps the warm process of a host.

    Parameters
    ----------
    socket : Path
        Where it listens, in a private folder.
    log : Path
        Where its stdout and stderr go.
    command : sequence of str, optional
        What to run; the socket and our pid are appended.
    """

    def __init__(self, socket: Path, log: Path, command: Sequence[str] | None = None) -> None:
        self._socket = socket
        self._log = log
        self._command = list(
            command or (sys.executable, "-P", "-m", "jupyter_platform.learning.processes.warm")
        )
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._ready = False
        self._settled = asyncio.Event()

    @property
    def ready(self) -> bool:
        """Whether it answered a ping since it started."""
        return self._ready

    @property
    def pid(self) -> int | None:
        """Process id while it lives."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process is not None and running else None

    def start(self) -> None:
        """Begin to keep it; returns at once."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep(), name="warm process")

    async def close(self) -> None:
        """End it; jobs that it forked go on."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._end()

    async def until_settled(self, timeout_s: float) -> None:
        """Wait until a start that is under way has come to its end, well or not."""
        if self._task is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), timeout_s)

    async def start_run(
        self, run_folder: Path, variables: Mapping[str, str], timeout_s: float
    ) -> None:
        """Fork a shim and the process of a run.

        Parameters
        ----------
        run_folder : Path
            The run folder.
        variables : mapping of str to str
            Variables of its environment beside those of this process.
        timeout_s : float
            Seconds in which it must have started.

        Raises
        ------
        NotSentError
            If it does not stand ready; nothing was started.
        SilentError
            If it did not say in time whether it started the run.
        PlatformError
            The error that it answered with.
        """
        await self._ask({"run_folder": str(run_folder), "env": dict(variables)}, timeout_s)

    async def start_inspector(self, socket: Path, timeout_s: float) -> None:
        """Fork an inspector that listens on `socket`; raises as `start_run` does.

        Parameters
        ----------
        socket : Path
            Unix socket to listen at.
        timeout_s : float
            Seconds in which it must have started.
        """
        await self._ask({"inspector": str(socket)}, timeout_s)

    async def restart(self) -> None:
        """End it so that a fresh one is started."""
        await self._end()

    async def _ask(self, request: dict[str, Any], timeout_s: float) -> None:
        if not self._ready:
            raise NotSentError("The warm process is not ready.")
        try:
            answer = await exchange(self._socket, request, timeout_s)
        except (ConnectionRefusedError, FileNotFoundError) as error:
            self._ready = False
            raise NotSentError(f"The warm process is gone: {error}.") from error
        except SPOKEN_FAULTS as error:
            raise SilentError(f"The warm process did not answer: {error!r}.") from error
        if "error" in answer:
            raise from_dict(answer["error"])

    async def _keep(self) -> None:
        backoff = FIRST_BACKOFF_S
        clock = asyncio.get_running_loop().time
        while True:
            started = clock()
            try:
                await self._live()
            except OSError as error:
                logger.warning("The warm process cannot be started: %s", error)
            self._ready = False
            backoff = FIRST_BACKOFF_S if clock() - started > STEADY_S else backoff
            await asyncio.sleep(backoff)
            backoff = min(2 * backoff, LONGEST_BACKOFF_S)

    async def _live(self) -> None:
        """Start it, find it ready, and return when it has ended."""
        self._socket.unlink(missing_ok=True)
        with await asyncio.to_thread(self._log.open, "ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                str(self._socket),
                str(os.getpid()),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=public_environment(os.environ),
                start_new_session=True,
            )
        watch = asyncio.create_task(self._watch())
        try:
            code = await self._process.wait()
        finally:
            watch.cancel()
            self._settled.set()
        logger.warning("The warm process ended with code %s; starting another", code)

    async def _watch(self) -> None:
        """Note when it is ready; end it when it takes too long or stops answering."""
        if await self._answers_within(READY_TIMEOUT_S):
            self._ready = True
            self._settled.set()
            logger.info("The warm process is ready")
            answers = True
            while answers:
                await asyncio.sleep(PING_S)
                answers = await self._answers_within(2 * PING_S)
        logger.warning("The warm process does not answer; ending it")
        self._ready = False
        await self._end()

    async def _answers_within(self, timeout_s: float) -> bool:
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout_s
        while clock() < deadline:
            try:
                await exchange(self._socket, {"ping": True}, min(PING_S, deadline - clock()))
            except SPOKEN_FAULTS:
                await asyncio.sleep(POLL_S)
            else:
                return True
        return False

    async def _end(self) -> None:
        """Kill it alone: what it forked lives in sessions of its own."""
        self._ready = False
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            await process.wait()
