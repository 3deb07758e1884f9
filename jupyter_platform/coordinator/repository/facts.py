"""What only a torch process can tell, asked once and kept by the digest of what was asked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import FactRow
from jupyter_platform.core.errors import PlatformError, UnavailableError

Inspect = Callable[[dict[str, Any], float], Awaitable[dict[str, Any]]]
"""Hands a request to the inspector of any host that is up: request, seconds to wait → answer.

Raises UnavailableError without a host or in time, other platform errors as the inspector's answer.
"""

ANSWER_WITHIN_S = 5.0
"""Seconds that a person waits for facts before the record is shown without them."""

_REFUSALS = 10_000
"""Errors that are remembered."""

log = logging.getLogger(__name__)


class Facts:
    """Answers of the inspector, cached in the store."""

    def __init__(self, store: Store, inspect: Inspect) -> None:
        self._store = store
        self._inspect = inspect
        self._asking: dict[tuple[str, str], asyncio.Task[dict[str, Any]]] = {}
        self._refused: dict[tuple[str, str], str] = {}

    async def cached(self, kind: str, digests: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return the answers that are known, by digest."""

        def query(session: Session) -> dict[str, dict[str, Any]]:
            rows = session.execute(
                select(FactRow.digest, FactRow.value).where(
                    FactRow.kind == kind, FactRow.digest.in_(digests)
                )
            )
            return {row.digest: row.value for row in rows}

        return await self._store.read(query)

    async def ask(
        self,
        kind: str,
        digest: str,
        request: Mapping[str, Any],
        timeout_s: float = ANSWER_WITHIN_S,
    ) -> dict[str, Any]:
        """Return the answer to a request, from the cache where it is known.

        Parameters
        ----------
        kind : str
            ``network``, ``dataset`` or ``check``; also the op of the inspector.
        digest : str
            SHA-256, in hex, of everything that the answer depends on.
        request : mapping
            What the inspector needs besides the op.

        Raises
        ------
        UnavailableError
            If no inspector answers in time.
        PlatformError
            What the inspector answered instead.
        """
        known = await self.cached(kind, [digest])
        if digest in known:
            return known[digest]
        task = self._asking.get((kind, digest))
        if task is None:
            task = asyncio.create_task(self._inspect_and_keep(kind, digest, request, timeout_s))
            self._asking[kind, digest] = task
            task.add_done_callback(lambda _: self._asking.pop((kind, digest), None))
        # One asker that goes away must not take the answer from the others.
        return await asyncio.shield(task)

    async def answer(
        self, kind: str, digest: str, request: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Return the answer, or None when there is none: the record is shown without facts."""
        try:
            return await self.ask(kind, digest, request)
        except UnavailableError:
            return None
        except PlatformError as error:
            log.warning("no facts of %s %s: %s", kind, digest[:12], error.message)
            if len(self._refused) >= _REFUSALS:
                self._refused.clear()
            self._refused[kind, digest] = error.message
            return None

    def refusal(self, kind: str, digest: str) -> str | None:
        """Return why the last `answer` to a request was none, where that was its own fault."""
        return self._refused.get((kind, digest))

    async def question(
        self, kind: str, request: Mapping[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        """Return the answer to a request that nobody will ask again; see `ask`."""
        return await self._inspect({"op": kind, **request}, timeout_s)

    async def _inspect_and_keep(
        self, kind: str, digest: str, request: Mapping[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        value = await self._inspect({"op": kind, **request}, timeout_s)
        self._refused.pop((kind, digest), None)
        row = FactRow(kind=kind, digest=digest, value=value)
        await self._store.run(lambda session: session.merge(row))
        return value
