"""What a service can offer, and modules as one of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from jupyter_platform.core.errors import UnavailableError
from jupyter_platform.core.inference import Method, ModelDescription
from jupyter_platform.serving.contract.parsing import RawArguments
from jupyter_platform.serving.contract.results import Answer
from jupyter_platform.serving.settings import ServiceSettings
from jupyter_platform.serving.workers.messages import Question
from jupyter_platform.serving.workers.pool import Pool
from jupyter_platform.serving.workers.trainings import Trainings


class Predicting(Protocol):
    """Answers samples in batches: ``POST predict``."""

    async def json_answer(self, body: bytes) -> bytes:
        """Return the answer to a question in JSON, as JSON."""

    async def of_files(self, files: Sequence[tuple[str, Path]], *, invert: bool = False) -> bytes:
        """Return the answer to image files, as JSON."""

    async def of_body(self, data: bytes) -> bytes:
        """Return the answer to one image file, as JSON."""


class Model(Protocol):
    """Something that a service offers."""

    trainings: Trainings

    @property
    def predicting(self) -> Predicting | None:
        """What answers ``POST predict``; None where the model takes no batches."""

    async def start(self) -> None:
        """Make ready; raises `PlatformError` where that cannot be."""

    async def restart(self) -> None:
        """Read the code anew; raises `PlatformError`, and goes on with the old, where it fails."""

    async def close(self) -> None:
        """Give back all that it holds."""

    @property
    def description(self) -> ModelDescription:
        """Its functions with their arguments."""

    @property
    def sources(self) -> Mapping[str, str]:
        """SHA-256 of its source files by their paths, when they were read."""

    async def metadata(self) -> dict[str, Any]:
        """Return what it tells of itself now."""

    async def check(self, method: Method, raw: RawArguments) -> dict[str, Any] | Answer:
        """Return the arguments of a call as JSON holds them, or the answer that refuses them."""

    async def predict(self, raw: RawArguments, folder: Path) -> Answer:
        """Return the answer of a call; a file that it needs is put into the folder."""


class ForeignModel:
    """A module with the functions of the DEEPaaS V2 interface, in processes of its own.

    Parameters
    ----------
    module : str, optional
        What names it; see `load`.
    settings : ServiceSettings
        How many processes there are, and what they do first.
    output : int, optional
        File descriptor that gets what the module prints.
    """

    def __init__(
        self, module: str | None, settings: ServiceSettings, output: int | None = None
    ) -> None:
        self._pool = Pool(
            module,
            size=settings.workers,
            warm=settings.warm,
            most_waiting=settings.queue,
            output=output,
        )
        self.trainings = Trainings(
            module, at_once=settings.workers, warm=settings.warm, output=output
        )

    @property
    def predicting(self) -> None:
        """Modules take one call after the other."""
        return

    async def start(self) -> None:
        """Start the processes; see `Pool.start`."""
        await self._pool.start()

    async def restart(self) -> None:
        """Read the code of the module anew; see `Pool.restart`."""
        await self._pool.restart()

    async def close(self) -> None:
        """End all processes of the module."""
        await self.trainings.close()
        await self._pool.close()

    @property
    def description(self) -> ModelDescription:
        """The functions of the module with their arguments."""
        return self._pool.first.description

    @property
    def sources(self) -> Mapping[str, str]:
        """SHA-256 of the module's source files, when they were read."""
        return self._pool.first.sources

    async def metadata(self) -> dict[str, Any]:
        """Return what the module tells of itself now.

        Raises
        ------
        UnavailableError
            If the module fails at it.
        """
        reply = await self._pool.beside(Question(id=0, about="metadata"))
        if reply.values is None:
            raise UnavailableError(
                f"get_metadata of the module fails: {reply.answer and reply.answer.text}"
            )
        return reply.values

    async def check(self, method: Method, raw: RawArguments) -> dict[str, Any] | Answer:
        """Return the arguments of a call as JSON holds them, or the answer that refuses them."""
        reply = await self._pool.beside(Question(id=0, about="check", method=method, raw=raw))
        return reply.answer or reply.values or {}

    async def predict(self, raw: RawArguments, folder: Path) -> Answer:
        """Return the answer of the first process that is free."""
        return await self._pool.call(Question(id=0, about="call", raw=raw, folder=str(folder)))
