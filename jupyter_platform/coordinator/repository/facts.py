"""Facts read by a torch process, cached by the digest of the request."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.hosts.inspection import Inspect
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import FactRow
from jupyter_platform.core.errors import PlatformError, UnavailableError

ANSWER_WITHIN_S = 5.0
"""Seconds that a person waits for facts before the record is shown without them."""

_REFUSALS = 10_000
"""Errors that are remembered."""

_REMEMBERED = 1_000
"""Answers that are remembered, so that the store need not be read for them."""

log = logging.getLogger(__name__)


class NotYetError(UnavailableError):
    """The answer is on its way."""


@dataclass(frozen=True)
class _Question:
    """What the inspector is being asked."""

    answer: asyncio.Task[dict[str, Any]]
    asked_at: float


class Facts:
    """Answers of the inspector, cached in the store."""

    def __init__(self, store: Store, inspect: Inspect) -> None:
        self._store = store
        self._inspect = inspect
        self._asking: dict[tuple[str, str], _Question] = {}
        self._refused: dict[tuple[str, str], str] = {}
        self._remembered: dict[tuple[str, str], dict[str, Any]] = {}

    async def cached(self, kind: str, digests: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return the answers that are known, by digest.

        Parameters
        ----------
        kind : str
            What is asked: `check`, `dataset`, `network`.
        digests : collection of str
            Digests that are asked for.
        """
        known = {
            digest: self._remembered[kind, digest]
            for digest in digests
            if (kind, digest) in self._remembered
        }
        missing = [digest for digest in digests if digest not in known]
        if not missing:
            return known

        def query(session: Session) -> dict[str, dict[str, Any]]:
            rows = session.execute(
                select(FactRow.digest, FactRow.value).where(
                    FactRow.kind == kind, FactRow.digest.in_(missing)
                )
            )
            return {row.digest: row.value for row in rows}

        found = await self._store.read(query)
        self._remember(kind, found)
        return known | found

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
        # One asker that goes away must not take the answer from the others.
        return await asyncio.shield(self._keeping(kind, digest, request, timeout_s).answer)

    async def soon(
        self, kind: str, digest: str, request: Mapping[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        """Return the answer to a request if it comes soon; errors as of `ask`, and `NotYetError`.

        The first who ask wait for `ANSWER_WITHIN_S` at most, later ones for what is left of that.
        The question goes on for `timeout_s`, so that the answer is there later.

        Parameters
        ----------
        kind : str
            What is asked: `check`, `dataset`, `network`.
        digest : str
            Digest of all that the answer follows from.
        request : mapping of str to object
            The question for the inspector.
        timeout_s : float
            Seconds that the inspector may take.
        """
        known = await self.cached(kind, [digest])
        if digest in known:
            return known[digest]
        return await self._soon(self._keeping(kind, digest, request, timeout_s))

    async def answer(
        self,
        kind: str,
        digest: str,
        request: Mapping[str, Any],
        timeout_s: float = ANSWER_WITHIN_S,
    ) -> dict[str, Any] | None:
        """Return the answer if it comes `soon`, else None: the record is shown without facts.

        Parameters
        ----------
        kind : str
            What is asked: `check`, `dataset`, `network`.
        digest : str
            Digest of all that the answer follows from.
        request : mapping of str to object
            The question for the inspector.
        timeout_s : float, optional
            Seconds that the inspector may take.
        """
        try:
            return await self.soon(kind, digest, request, timeout_s)
        except PlatformError:
            return None

    def is_asking(self, kind: str, digest: str) -> bool:
        """Return whether a request waits for its answer.

        Parameters
        ----------
        kind : str
            What is asked: `check`, `dataset`, `network`.
        digest : str
            Digest of all that the answer follows from.
        """
        return (kind, digest) in self._asking

    def refusal(self, kind: str, digest: str) -> str | None:
        """Return why a request has no answer, where that is its own fault.

        Parameters
        ----------
        kind : str
            What is asked: `check`, `dataset`, `network`.
        digest : str
            Digest of all that the answer follows from.
        """
        return self._refused.get((kind, digest))

    async def question(
        self, kind: str, request: Mapping[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        """Return the answer to a request, which is not kept, if it comes `soon`.

        Parameters
        ----------
        kind : str
            What is asked: `check`, `dataset`, `network`.
        request : mapping of str to object
            The question for the inspector.
        timeout_s : float
            Seconds that the inspector may take.
        """
        return await self._soon(self._unkept(kind, request, timeout_s))

    async def patiently(
        self, kind: str, request: Mapping[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        """Return the answer to a request, which is not kept, however long it takes.

        Parameters
        ----------
        kind : str
            What is asked: `check`, `dataset`, `network`.
        request : mapping of str to object
            The question for the inspector.
        timeout_s : float
            Seconds that the inspector may take.
        """
        return await asyncio.shield(self._unkept(kind, request, timeout_s).answer)

    async def close(self) -> None:
        """Give up all questions."""
        asking = [item.answer for item in self._asking.values()]
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    def _keeping(
        self, kind: str, digest: str, request: Mapping[str, Any], timeout_s: float
    ) -> _Question:
        return self._put(
            kind, digest, lambda: self._inspect_and_keep(kind, digest, request, timeout_s)
        )

    def _unkept(self, kind: str, request: Mapping[str, Any], timeout_s: float) -> _Question:
        text = json.dumps(request, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return self._put(kind, digest, lambda: self._inspect({"op": kind, **request}, timeout_s))

    def _put(
        self, kind: str, digest: str, ask: Callable[[], Coroutine[Any, Any, dict[str, Any]]]
    ) -> _Question:
        """Return the question that is under way, or put it."""
        question = self._asking.get((kind, digest))
        if question is None:
            question = _Question(asyncio.create_task(ask()), time.monotonic())
            self._asking[kind, digest] = question
            question.answer.add_done_callback(lambda done: self._forget(kind, digest, done))
        return question

    async def _soon(self, question: _Question) -> dict[str, Any]:
        """Wait for an answer until `ANSWER_WITHIN_S` after the question was put."""
        left = question.asked_at + ANSWER_WITHIN_S - time.monotonic()
        try:
            async with asyncio.timeout(max(left, 0.0)):
                return await asyncio.shield(question.answer)
        except TimeoutError as error:
            raise NotYetError("It is still being looked at; the answer comes later.") from error

    async def _inspect_and_keep(
        self, kind: str, digest: str, request: Mapping[str, Any], timeout_s: float
    ) -> dict[str, Any]:
        try:
            value = await self._inspect({"op": kind, **request}, timeout_s)
        except UnavailableError:
            raise
        except PlatformError as error:
            log.info("no facts of %s %s: %s", kind, digest[:12], error.message)
            if len(self._refused) >= _REFUSALS:
                self._refused.clear()
            self._refused[kind, digest] = error.message
            raise
        self._refused.pop((kind, digest), None)
        row = FactRow(kind=kind, digest=digest, value=value)
        await self._store.run(lambda session: session.merge(row))
        self._remember(kind, {digest: value})
        return value

    def _remember(self, kind: str, answers: Mapping[str, dict[str, Any]]) -> None:
        """Keep answers at hand: what was asked is in the digest, so they hold for ever."""
        for digest, value in answers.items():
            self._remembered[kind, digest] = value
        for old in list(self._remembered)[:-_REMEMBERED]:
            del self._remembered[old]

    def _forget(self, kind: str, digest: str, done: asyncio.Task[dict[str, Any]]) -> None:
        self._asking.pop((kind, digest), None)
        if not done.cancelled():
            done.exception()  # the caller may have gone away meanwhile
