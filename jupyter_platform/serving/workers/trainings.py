"""Trainings of a module: each in a process of its own, which ends when it is cancelled."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import tempfile
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from jupyter_platform.core.errors import NotFoundError, UnavailableError
from jupyter_platform.serving.contract.parsing import RawArguments
from jupyter_platform.serving.contract.results import now
from jupyter_platform.serving.workers.messages import Question
from jupyter_platform.serving.workers.worker import Worker, WorkerGoneError

log = logging.getLogger(__name__)


@dataclass
class Training:
    """A call of ``train``."""

    args: dict[str, Any]
    """Arguments as JSON holds them."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    date: str = field(default_factory=now)
    status: Literal["running", "done", "error", "cancelled"] = "running"
    message: str | None = None
    """Of one that failed: why. Of one that waits: for what."""
    result: dict[str, Any] | None = None
    worker: Worker | None = None
    task: asyncio.Task[None] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what the API tells of it."""
        told: dict[str, Any] = {"date": self.date, "args": self.args, "uuid": self.id}
        told["status"] = self.status
        if self.message is not None:
            told["message"] = self.message
        if self.result is not None:
            told["result"] = self.result
        return told


class Trainings:
    """The trainings of one module.

    Parameters
    ----------
    module : str, optional
        What names the module; see `load`.
    at_once : int
        Trainings that run at the same time; further ones wait.
    warm : bool
        Whether the module makes itself ready before, as it would in DEEPaaS.
    output : int, optional
        File descriptor that gets what they print.
    """

    def __init__(
        self, module: str | None, *, at_once: int, warm: bool, output: int | None = None
    ) -> None:
        self._module = module
        self._warm = warm
        self._output = output
        self._room = asyncio.Semaphore(at_once)
        self._all: dict[str, Training] = {}

    def new_folder(self) -> Path:
        """Return a new folder for the files of a training."""
        return Path(tempfile.mkdtemp(prefix="jupyter-platform-training-"))

    def start(self, raw: RawArguments, args: dict[str, Any], folder: Path) -> Training:
        """Start a training, and return at once.

        Parameters
        ----------
        raw : RawArguments
            Arguments as they came.
        args : dict
            The same, checked, as JSON holds them.
        folder : Path
            Holds its files; it is removed with its end.
        """
        training = Training(args)
        if self._room.locked():
            training.message = "It waits for another training to end."
        self._all[training.id] = training
        training.task = asyncio.create_task(self._run(training, raw, folder))
        return training

    def all(self) -> list[Training]:
        """Return all trainings but the cancelled ones, in the order in which they came."""
        return list(self._all.values())

    def get(self, number: str) -> Training:
        """Return a training.

        Raises
        ------
        NotFoundError
            If there is none by that number, or it was deleted.
        """
        if number not in self._all:
            raise NotFoundError(f"There is no training {number!r}.")
        return self._all[number]

    async def cancel(self, number: str) -> Training:
        """End a training that runs, with all its processes, and forget it.

        Raises
        ------
        NotFoundError
            If there is none by that number.
        """
        training = self.get(number)
        if training.status == "running":
            await self._end(training)
        self._all.pop(number, None)
        return training

    @property
    def running(self) -> int:
        """Trainings that have not ended."""
        return sum(training.status == "running" for training in self._all.values())

    async def close(self) -> None:
        """End all trainings."""
        await asyncio.gather(
            *(self._end(item) for item in self._all.values() if item.status == "running")
        )

    async def _end(self, training: Training) -> None:
        training.status, training.message = "cancelled", None
        if training.task is not None:
            training.task.cancel()
            await asyncio.gather(training.task, return_exceptions=True)

    async def _run(self, training: Training, raw: RawArguments, folder: Path) -> None:
        try:
            async with self._room:
                await self._trained(training, raw)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def _trained(self, training: Training, raw: RawArguments) -> None:
        training.message = None
        try:
            training.worker = await Worker.start(self._module, warm=self._warm, output=self._output)
            question = Question(id=0, about="call", method="train", raw=raw)
            answer = (await training.worker.ask(question)).answer
        except (UnavailableError, WorkerGoneError) as error:
            training.status, training.message = "error", str(error)
            return
        finally:
            if training.worker is not None:
                await training.worker.kill()
        told = json.loads((answer.text if answer else None) or "{}")
        if answer is None or answer.status != 200:
            training.status = "error"
            training.message = str(told.get("message", told))
            return
        took = datetime.fromisoformat(told["finish_date"]) - datetime.fromisoformat(training.date)
        training.status = "done"
        training.result = {**told, "duration": str(took)}
