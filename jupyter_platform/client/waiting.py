"""Waiting for something that another process does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from jupyter_platform.core.errors import UnavailableError, VersionMismatchError

T = TypeVar("T")

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 1.0
GROWTH = 1.3
SILENCE_S = 300.0
"""Seconds without any answer after which waiting gives up."""


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
    """
    pause = FIRST_PAUSE_S
    heard = time.monotonic()
    while True:
        try:
            answer = ask()
        except VersionMismatchError:
            raise
        except UnavailableError:
            now = time.monotonic()
            if now - heard > silence_s or (deadline is not None and now >= deadline):
                raise
        else:
            heard = time.monotonic()
            yield answer
        left = float("inf") if deadline is None else max(deadline - time.monotonic(), 0.01)
        time.sleep(min(pause, left))
        pause = min(pause * GROWTH, longest_pause_s)
