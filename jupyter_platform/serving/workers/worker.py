"""One process of a module, as the service sees it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import sys

from jupyter_platform.core.errors import UnavailableError
from jupyter_platform.core.inference import ModelDescription
from jupyter_platform.serving.workers.messages import Question, Reply, Started, packed, receive

PROCESS = "jupyter_platform.serving.workers.process"


class WorkerGoneError(Exception):
    """The process of the module ended in the middle of a call."""


class Worker:
    """A process that holds a module; make one with `start`."""

    description: ModelDescription
    sources: dict[str, str]
    """SHA-256 of the module's source files by their paths, when they were read."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._numbers = itertools.count(1)
        self._listening: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, module: str | None, *, warm: bool, output: int | None = None) -> Worker:
        """Start a process, and wait until it holds the module.

        Parameters
        ----------
        module : str, optional
            Name of an entry point, import path or file; see `load`.
        warm : bool
            Whether the module makes itself ready.
        output : int, optional
            File descriptor that gets what it prints; that of this process when absent.

        Raises
        ------
        UnavailableError
            If the module cannot be loaded, or the process ends before it is.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", PROCESS, str(theirs.fileno()), str(int(warm))),
                *([] if module is None else [module]),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        worker = cls(process, *await asyncio.open_connection(sock=ours))
        try:
            await worker._wait_until_started()
        except BaseException:
            await worker.kill()
            raise
        return worker

    @property
    def pid(self) -> int:
        """Number of the process, and of its process group."""
        return self._process.pid

    async def ask(self, question: Question) -> Reply:
        """Send a question, and wait for its reply.

        Raises
        ------
        WorkerGoneError
            If the process ends before it replies; the message tells how.
        """
        question.id = next(self._numbers)
        future = asyncio.get_running_loop().create_future()
        self._waiting[question.id] = future
        try:
            if self._listening is None or self._listening.done():
                raise WorkerGoneError(await self._ending())
            self._writer.write(packed(question))
            reply: Reply = await future
            return reply
        finally:
            self._waiting.pop(question.id, None)

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.returncode is None

    async def kill(self) -> None:
        """End the process, and all that it started in its group, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        self._writer.close()
        if self._listening is not None:
            await asyncio.gather(self._listening, return_exceptions=True)

    async def _wait_until_started(self) -> None:
        try:
            started = Started.model_validate_json(await receive(self._reader))
        except asyncio.IncompleteReadError as error:
            raise UnavailableError(await self._ending()) from error
        if started.description is None:
            raise UnavailableError(started.error or "The module cannot be loaded.")
        self.description, self.sources = started.description, started.sources
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        try:
            while True:
                reply = Reply.model_validate_json(await receive(self._reader))
                future = self._waiting.get(reply.id)
                if future is not None and not future.done():
                    future.set_result(reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            text = await self._ending()
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(WorkerGoneError(text))

    async def _ending(self) -> str:
        """Return how the process ended, as a sentence."""
        code = await self._process.wait()
        if code >= 0:
            return f"The process of the module ended with exit code {code}."
        name = signal.Signals(-code).name
        why = " It may have been out of memory." if -code == signal.SIGKILL else ""
        return f"The process of the module was ended by {name}.{why}"
