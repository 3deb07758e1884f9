"""Strategies: built in, installed as packages, or uploaded."""

from __future__ import annotations

import asyncio
import re
from importlib import metadata
from typing import Any

from jupyter_platform.coordinator.hosts.inspection import Inspect
from jupyter_platform.coordinator.reading.reader import Reader
from jupyter_platform.coordinator.repository.facts import ANSWER_WITHIN_S
from jupyter_platform.core.errors import (
    ConflictError,
    FieldError,
    InvalidDataError,
    InvalidRequestError,
    NoAnswerError,
    NotFoundError,
    PlatformError,
    RequestTooLargeError,
    UnavailableError,
    no_answer,
    refused_other,
    unknown_name,
)
from jupyter_platform.core.evaluations import EVALUATIONS
from jupyter_platform.core.strategies import (
    MOST_SOURCE_BYTES,
    NAME_PATTERN,
    STRATEGIES,
    StrategyRecord,
)
from jupyter_platform.runtime.atomic import fsync_folder, write_bytes_atomic
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.paths import Paths

_LOOK_WITHIN_S = 20.0
"""Seconds that a source has when it is uploaded: packages that it imports take their time."""
ENTRY_POINTS = "jupyter_platform.strategies"
"""Entry-point group of strategies that installed packages bring; only torch processes load them."""


class StrategyRepository:
    """Names, records and sources of strategies.

    Parameters
    ----------
    paths : Paths
        Sources lie in ``strategies/<name>.py``, where people may also put them by hand.
    blobs : BlobStore
        Takes the source that a job runs with.
    inspect : callable
        Asks the inspector: nobody else runs what people wrote.
    reader : Reader
        Looks at source without running it.
    allowed : bool
        Whether uploads are taken.
    """

    def __init__(
        self,
        paths: Paths,
        blobs: BlobStore,
        inspect: Inspect,
        reader: Reader,
        *,
        allowed: bool = True,
    ) -> None:
        self._folder = paths.strategies
        self._blobs = blobs
        self._inspect = inspect
        self._reader = reader
        self._checked: set[str] = set()
        """References to sources that are Python."""
        self._allowed = allowed

    async def records(self) -> list[StrategyRecord]:
        """Return all strategies: built-in ones, then installed and uploaded ones by name."""
        found = [*STRATEGIES.values(), *EVALUATIONS.values()]
        if metadata.entry_points(group=ENTRY_POINTS):
            found += await self._installed()
        for name in self.uploaded():
            found.append(await self._describe(name))
        return found

    def uploaded(self) -> list[str]:
        """Return the names of the uploaded strategies."""
        names = sorted(path.stem for path in self._folder.glob("*.py") if path.is_file())
        return [name for name in names if re.match(NAME_PATTERN, name) and name not in STRATEGIES]

    async def source(self, name: str) -> str:
        """Return the Python source of an uploaded strategy.

        Raises
        ------
        NotFoundError
            If there is none of that name.
        """
        self._check_known(name)
        return await asyncio.to_thread((self._folder / f"{name}.py").read_text, encoding="utf-8")

    async def put(self, name: str, source: bytes, *, replace: bool = False) -> StrategyRecord:
        """Keep the source of a strategy.

        Parameters
        ----------
        replace : bool
            Whether it takes the place of another source of that name.

        Raises
        ------
        InvalidRequestError
            If it is no Python, defines no strategy, or the name is taken by a built-in one.
        ConflictError
            If the settings allow no uploads, or there is another source of that name.
        """
        if not self._allowed:
            raise ConflictError(
                "Strategies cannot be uploaded here: jobs.allow_uploaded_strategies is false."
            )
        _check_name(name)
        if len(source) > MOST_SOURCE_BYTES:
            raise RequestTooLargeError(
                f"The source takes {len(source):,} bytes; at most {MOST_SOURCE_BYTES:,} are "
                "accepted."
            )
        await self._reader.check_syntax(f"Strategy {name!r}", source)
        if not replace and await self._is_other(name, source):
            raise refused_other("strategy", name)
        record = await self._ask(name, await self._keep(source), _LOOK_WITHIN_S)
        if record is not None and record.problem is not None:
            field = FieldError(field="strategy", value=name, message=record.problem)
            raise InvalidDataError(record.problem, errors=[field])
        await asyncio.to_thread(write_bytes_atomic, self._folder / f"{name}.py", source)
        return record or _unchecked(name)

    async def delete(self, name: str) -> None:
        """Remove an uploaded strategy; jobs that have it go on.

        Raises
        ------
        NotFoundError
            If there is none of that name.
        """
        self._check_known(name)
        (self._folder / f"{name}.py").unlink(missing_ok=True)
        fsync_folder(self._folder)

    async def code(self, name: str) -> str | None:
        """Return ``sha256:<hex>`` of the source that a job of a strategy runs with.

        None for strategies that are not uploaded.

        Raises
        ------
        InvalidDataError
            If the source is no Python; line and text are named.
        """
        if name in STRATEGIES or name not in self.uploaded():
            return None
        path = self._folder / f"{name}.py"
        if path.stat().st_size > MOST_SOURCE_BYTES:
            raise InvalidDataError(f"{path} is larger than {MOST_SOURCE_BYTES:,} bytes.")
        source = await asyncio.to_thread(path.read_bytes)
        digest = await self._keep(source)
        if digest not in self._checked:
            await self._reader.check_syntax(f"Strategy {name!r}", source)
            self._checked.add(digest)
        return digest

    async def _is_other(self, name: str, source: bytes) -> bool:
        """Return whether the name is that of another source."""
        path = self._folder / f"{name}.py"
        return path.exists() and await asyncio.to_thread(path.read_bytes) != source

    async def _keep(self, source: bytes) -> str:
        return f"sha256:{await asyncio.to_thread(self._blobs.put_bytes, source)}"

    def _check_known(self, name: str) -> None:
        known = self.uploaded()
        if name not in known:
            error = unknown_name("uploaded strategy", name, known)
            raise NotFoundError(error.message, errors=[error])

    async def _installed(self) -> list[StrategyRecord]:
        try:
            answer = await self._inspect({"op": "strategies"}, ANSWER_WITHIN_S)
        except UnavailableError:
            names = sorted({item.name for item in metadata.entry_points(group=ENTRY_POINTS)})
            return [_unchecked(name, origin="installed") for name in names]
        return [StrategyRecord.model_validate(item) for item in answer["strategies"]]

    async def _describe(self, name: str) -> StrategyRecord:
        try:
            code = await self.code(name)
            found = None if code is None else await self._ask(name, code)
        except PlatformError as error:
            return _unchecked(name, problem=error.message)
        return found or _unchecked(name)

    async def _ask(
        self, name: str, code: str, within_s: float = ANSWER_WITHIN_S
    ) -> StrategyRecord | None:
        """Return the inspector's findings on a source; None without an answer."""
        request: dict[str, Any] = {"op": "strategy", "name": name, "code": code}
        try:
            answer = await self._inspect(request, within_s)
        except NoAnswerError as error:
            raise no_answer("strategy", name, error) from error
        except UnavailableError:
            return None
        return StrategyRecord.model_validate(answer)


def _check_name(name: str) -> None:
    if name in STRATEGIES:
        message = f"Strategy {name!r} comes with the platform; choose another name."
        raise ConflictError(message, errors=[FieldError(field="name", value=name, message=message)])
    if re.match(NAME_PATTERN, name) is None:
        accepted = "a small letter, then up to 63 small letters, digits, '.', '_' or '-'"
        message = f"{name[:100]!r} cannot be the name of a strategy; accepted: {accepted}."
        field = FieldError(field="name", value=name[:100], message=message, accepted=accepted)
        raise InvalidRequestError(message, errors=[field])


def _unchecked(name: str, origin: Any = "uploaded", problem: str | None = None) -> StrategyRecord:
    return StrategyRecord(
        name=name,
        title=name,
        summary="Not looked at yet.",
        category="FF",
        origin=origin,
        problem=problem,
    )
