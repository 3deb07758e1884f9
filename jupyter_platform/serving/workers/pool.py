"""Processes of one module that share the calls."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator

from jupyter_platform.core.errors import UnavailableError
from jupyter_platform.serving.contract.results import Answer, failure
from jupyter_platform.serving.workers.messages import Question, Reply
from jupyter_platform.serving.workers.worker import Worker, WorkerGoneError

_AGAIN_S = (0.0, 1.0, 5.0, 30.0)
"""Seconds before a process that ended is started again, once after the other; then the last."""

log = logging.getLogger(__name__)


class Pool:
    """A number of processes, each of which answers one call after the other.

    Parameters
    ----------
    module : str, optional
        What names the module; see `load`.
    size : int
        Number of processes.
    warm : bool
        Whether each of them makes the module ready first.
    most_waiting : int
        Calls that may wait for a free process; further ones are refused.
    output : int, optional
        File descriptor that gets what they print.
    """

    def __init__(
        self,
        module: str | None,
        *,
        size: int,
        warm: bool,
        most_waiting: int,
        output: int | None = None,
    ) -> None:
        self._module = module
        self._size = size
        self._warm = warm
        self._most_waiting = most_waiting
        self._output = output
        self._workers: list[Worker] = []
        self._free: deque[Worker] = deque()
        self._waiting: deque[asyncio.Future[Worker]] = deque()
        self._mending: set[asyncio.Task[None]] = set()
        self._closed = False

    async def start(self) -> None:
        """Start all processes; the first one alone, so that a fault is told once.

        Raises
        ------
        UnavailableError
            If the module cannot be loaded.
        """
        self._enter(await self._brought_up())

    async def restart(self) -> None:
        """Load the module anew, and let the processes with the old code end after their calls.

        Raises
        ------
        UnavailableError
            If it cannot be loaded any more; the processes with the old code go on.
        """
        new = await self._brought_up()
        old, self._workers = self._workers, []
        idle = [worker for worker in old if worker in self._free]
        self._free.clear()
        self._enter(new)
        await asyncio.gather(*(worker.kill() for worker in idle))

    async def close(self) -> None:
        """End all processes."""
        self._closed = True
        for task in self._mending:
            task.cancel()
        await asyncio.gather(*self._mending, *(worker.kill() for worker in self._workers))

    @property
    def first(self) -> Worker:
        """A process that can tell of the module.

        Raises
        ------
        UnavailableError
            While none is there.
        """
        for worker in self._workers:
            if worker.is_alive:
                return worker
        raise UnavailableError("The process of the module ended and is being started again.")

    async def call(self, question: Question) -> Answer:
        """Return the answer of a process that is free, or of the first that becomes it.

        Arguments that do not fit are refused at once, also while all processes are busy.
        """
        if not self._free:
            if len(self._waiting) >= self._most_waiting:
                return failure(
                    503, f"{self._most_waiting} calls wait already; send this one again later."
                )
            refused = (await self.beside(question.model_copy(update={"about": "check"}))).answer
            if refused is not None:
                return refused
        try:
            async with self._leased() as worker:
                reply = await worker.ask(question)
        except WorkerGoneError as error:
            return failure(500, str(error))
        return reply.answer or failure(500, "The process of the module gave no answer.")

    async def beside(self, question: Question) -> Reply:
        """Ask what needs no free process.

        Raises
        ------
        UnavailableError
            If no process is there to answer.
        """
        try:
            return await self.first.ask(question)
        except WorkerGoneError as error:
            raise UnavailableError(str(error)) from error

    async def _brought_up(self) -> list[Worker]:
        first = await self._started()
        others = await asyncio.gather(
            *(self._started() for _ in range(self._size - 1)), return_exceptions=True
        )
        faults = [found for found in others if isinstance(found, BaseException)]
        workers = [first, *(found for found in others if isinstance(found, Worker))]
        if faults:
            await asyncio.gather(*(worker.kill() for worker in workers))
            raise faults[0]
        return workers

    async def _started(self) -> Worker:
        return await Worker.start(self._module, warm=self._warm, output=self._output)

    def _enter(self, workers: list[Worker]) -> None:
        self._workers += workers
        for worker in workers:
            self._give(worker)

    @contextlib.asynccontextmanager
    async def _leased(self) -> AsyncIterator[Worker]:
        worker = self._free.popleft() if self._free else await self._next()
        try:
            yield worker
        finally:
            if worker not in self._workers:
                await worker.kill()  # of the old code
            elif worker.is_alive:
                self._give(worker)
            else:
                self._mend(worker)

    async def _next(self) -> Worker:
        future: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            return await future
        except asyncio.CancelledError:
            if future in self._waiting:
                self._waiting.remove(future)
            elif not future.cancelled():
                self._give(future.result())
            raise

    def _give(self, worker: Worker) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(worker)
                return
        self._free.append(worker)

    def _mend(self, gone: Worker) -> None:
        """Start another process for one that ended."""
        if not self._closed:
            task = asyncio.create_task(self._replace(gone))
            self._mending.add(task)
            task.add_done_callback(self._mending.discard)

    async def _replace(self, gone: Worker) -> None:
        await gone.kill()
        for number in range(1_000_000):
            await asyncio.sleep(_AGAIN_S[min(number, len(_AGAIN_S) - 1)])
            try:
                new = await self._started()
            except UnavailableError as error:
                log.warning("The module cannot be loaded again: %s", error.message)
                continue
            if gone in self._workers:
                self._workers.remove(gone)
                self._enter([new])
            else:
                await new.kill()  # the pool was restarted meanwhile
            return
