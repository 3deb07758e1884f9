"""The one stream of events: a snapshot, then deltas, resumable by event id."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic_core import to_json

from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.core.jobs import JobProgress

EventType = Literal[
    "job",
    "job_deleted",
    "deployment",
    "deployment_deleted",
    "host",
    "host_removed",
    "notification",
    "status",
    "progress",
    "reasons",
]

RING_LENGTH = 10_000
"""Events that a subscriber may have missed and still resume from."""
RING_BYTES = 32_000_000
"""Characters of all events that are kept."""
MAX_LAG = 2_000
"""Events that a connected subscriber may fall behind before it gets a snapshot instead."""
SNAPSHOT_S = 1.0
"""Seconds for which one snapshot serves all who come, followed by the events since."""
PROGRESS_INTERVAL_S = 0.25

Snapshot = Callable[[Principal], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class _Message:
    """One event, as text."""

    text: str
    owner: str | None
    """Who gets `text`, beside administrators; None: everybody."""
    others: str | None = None
    """Version of the event for other users; None: no event."""

    def text_for(self, principal: Principal) -> str | None:
        return self.text if principal.sees(self.owner) else self.others

    def __len__(self) -> int:
        return len(self.text) + len(self.others or "")


@dataclass(frozen=True, slots=True)
class _Shared:
    """A snapshot that several subscribers get."""

    position: int
    text: str
    until: float
    """Time of the event loop, s."""


class EventHub:
    """Numbers events, keeps the last of them and hands them to subscribers.

    All subscribers read one ring of messages that were made into text once, so a slow one costs
    no memory. Must be used from the thread of the event loop.

    Parameters
    ----------
    snapshot : coroutine function, optional
        Answers ``{"status", "jobs", "hosts", "notifications"}``; may be set later.
    """

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.epoch = secrets.token_hex(4)
        self.snapshot = snapshot
        self.subscribers = 0
        self._ring: deque[_Message] = deque(maxlen=RING_LENGTH)
        self._ring_size = 0
        self._shared: dict[Principal, _Shared] = {}
        self._taking = asyncio.Lock()
        self._last = 0
        self._news = asyncio.Event()
        self._progress: dict[str | None, dict[str, Any]] = {}
        self._progress_timer: asyncio.TimerHandle | None = None
        self._next_progress = 0.0
        self._closed = False

    @property
    def last_event(self) -> str:
        """Id of the newest event."""
        return f"{self.epoch}-{self._last}"

    def publish(
        self, type: EventType, payload: Any, *, owner: str | None = None, others: Any = None
    ) -> None:
        """Send an event to all subscribers who may see it.

        Parameters
        ----------
        type : str
            Also the key under which the payload is sent.
        payload : BaseModel or JSON value
            For ``progress`` a dict of job id to `JobProgress`; those are merged and sent at most
            four times a second. Numbers that are not finite are sent as null.
        owner : str, optional
            Whose it is; who neither is that user nor administers the platform gets `others`.
        others : BaseModel or JSON value, optional
            Not for ``progress``, of which all others get how far the jobs are.
        """
        if type == "progress":
            self._progress.setdefault(owner, {}).update(payload)
            self._schedule_progress()
        else:
            self._append(type, payload, owner, others)

    def close(self) -> None:
        """End all subscriptions; nothing is published any more."""
        self._closed = True
        if self._progress_timer is not None:
            self._progress_timer.cancel()
        self._wake()

    async def subscribe(
        self, principal: Principal, after: str | None = None
    ) -> AsyncGenerator[str, None]:
        """Yield messages as JSON text, without end.

        Parameters
        ----------
        principal : Principal
            Who listens.
        after : str, optional
            The last event that the subscriber has seen. While it is in the ring only later ones
            come; otherwise, and without it, a snapshot comes first.
        """
        self.subscribers += 1
        try:
            position = self._position(after)
            while not self._closed:
                if position is None or self._last - position > self._allowed_lag(after):
                    position, text = await self._take_snapshot(principal)
                    yield text
                    after = None
                # Without a pause, a reader of stored events would keep all others waiting.
                await asyncio.sleep(0)
                while position < self._last and self._last - position <= self._allowed_lag(after):
                    position += 1
                    text_for = self._ring[position - self._last - 1].text_for(principal)
                    if text_for is not None:
                        yield text_for
                after = None
                if position >= self._last and not self._closed:
                    await self._news.wait()
        finally:
            self.subscribers -= 1

    def _allowed_lag(self, after: str | None) -> int:
        return min(MAX_LAG if after is None else RING_LENGTH, len(self._ring))

    def _append(
        self, type: str, payload: Any, owner: str | None = None, others: Any = None
    ) -> None:
        self._last += 1
        told = None if others is None else self._text(type, others)
        text = _Message(self._text(type, payload), owner, told)
        if len(self._ring) == self._ring.maxlen:
            self._ring_size -= len(self._ring[0])
        self._ring.append(text)
        self._ring_size += len(text)
        while self._ring_size > RING_BYTES and len(self._ring) > 1:
            self._ring_size -= len(self._ring.popleft())
        self._wake()

    def _text(self, type: str, payload: Any) -> str:
        message = {"type": type, "event": self.last_event, type: payload}
        return to_json(message, inf_nan_mode="null").decode()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _schedule_progress(self) -> None:
        if self._progress_timer is None and not self._closed:
            loop = asyncio.get_running_loop()
            when = max(loop.time(), self._next_progress)
            self._progress_timer = loop.call_at(when, self._send_progress)

    def _send_progress(self) -> None:
        self._progress_timer = None
        self._next_progress = asyncio.get_running_loop().time() + PROGRESS_INTERVAL_S
        progress, self._progress = self._progress, {}
        for owner, jobs in progress.items():
            others = None if owner is None else _without_values(jobs)
            self._append("progress", jobs, owner, others)

    def _position(self, after: str | None) -> int | None:
        epoch, _, number = (after or "").partition("-")
        if epoch != self.epoch or not number.isascii() or not number.isdecimal():
            return None
        position = int(number)
        oldest = self._last - len(self._ring)
        return position if oldest <= position <= self._last else None

    async def _take_snapshot(self, principal: Principal) -> tuple[int, str]:
        """Return a snapshot and the number of its event; one is made for all who want it now."""
        if self.snapshot is None:
            raise RuntimeError("EventHub.snapshot must be set before anybody subscribes")
        async with self._taking:
            now = asyncio.get_running_loop().time()
            shared = self._shared.get(principal)
            if shared is None or now > shared.until or self._last - shared.position > self._fresh():
                # Taken before the state is read: an event in between is sent again, not missed.
                position, event = self._last, self.last_event
                state = await self.snapshot(principal)
                message = {"type": "snapshot", "event": event, **state}
                text = to_json(message, inf_nan_mode="null").decode()
                self._shared = {
                    one: known for one, known in self._shared.items() if known.until >= now
                }
                shared = self._shared[principal] = _Shared(position, text, now + SNAPSHOT_S)
            return shared.position, shared.text

    @staticmethod
    def _fresh() -> int:
        """Return how many events may have come since a snapshot that is still handed out."""
        return MAX_LAG // 4


def _without_values(progress: Mapping[str, JobProgress]) -> dict[str, JobProgress]:
    """Return the progress of jobs, without their measurements."""
    return {job: item.model_copy(update={"values": {}}) for job, item in progress.items()}
