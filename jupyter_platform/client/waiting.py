"""Waiting for something that another process does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TypeVar

from jupyter_platform.core.errors import TakenDownError, UnavailableError, VersionMismatchError

T = TypeVar("T")

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 1.0
GROWTH = 1.3
SILENCE_S = 300.0
"""Seconds without any answer after which waiting gives up."""
DOWN_S = 30.0
"""Seconds after which it gives up when the platform was taken down: it may be a restart."""

_looks_on: ContextVar[bool] = ContextVar("looks_on", default=False)


def looks_on() -> bool:
    """Return whether this client only watches; a watcher never restarts a stopped platform."""
    return _looks_on.get()


def polled(
    ask: Callable[[], T],
    *,
    longest_pause_s: float = LONGEST_PAUSE_S,
    silence_s: float = SILENCE_S,
    deadline: float | None = None,
) -> Iterator[T]:
    """Yield answers for ever, with growing pauses in between.

    A coordinator that does not answer for a while is asked again.

    Parameters
    ----------
    ask : callable
        Gives one answer.
    longest_pause_s : float
        Seconds to which the pause grows.
    silence_s : float
        Seconds without an answer after which the error is raised.
    deadline : float, optional
        `time.monotonic` at which an unanswered question is an error too; no pause is longer.

    Raises
    ------
    UnavailableError
        If nothing answered for `silence_s`, or until the deadline.
    TakenDownError
        If the platform was taken down and not started again within `DOWN_S`.
    """
    pause = FIRST_PAUSE_S
    heard, was_heard = time.monotonic(), False
    while True:
        try:
            answer = _ask_on(ask) if was_heard else ask()
        except VersionMismatchError:
            raise
        except UnavailableError as error:
            now = time.monotonic()
            limit = min(silence_s, DOWN_S) if isinstance(error, TakenDownError) else silence_s
            if now - heard > limit or (deadline is not None and now >= deadline):
                raise
        else:
            heard, was_heard = time.monotonic(), True
            yield answer
        left = float("inf") if deadline is None else max(deadline - time.monotonic(), 0.01)
        time.sleep(min(pause, left))
        pause = min(pause * GROWTH, longest_pause_s)


def _ask_on(ask: Callable[[], T]) -> T:
    token = _looks_on.set(True)
    try:
        return ask()
    finally:
        _looks_on.reset(token)
