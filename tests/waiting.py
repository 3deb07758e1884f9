"""Waiting for a condition.

Tests never measure time: whatever is waited for has one deadline, which only what never comes
reaches, so that a busy machine makes them slower and not red.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE_S = 180.0
"""Seconds after which what is waited for will not come; pytest's own limit for a test is higher."""


def until(
    condition: Callable[[], T],
    what: str | Callable[[], object] = "the condition",
    *,
    pause_s: float = 0.02,
) -> T:
    """Return the first true value of a condition.

    Parameters
    ----------
    condition : callable
        Asked again after every pause.
    what : str or callable
        What is waited for, as the failure says it; a callable is asked when the time is over.
    pause_s : float
        Seconds between two looks.

    Raises
    ------
    AssertionError
        If the condition does not come true before the deadline.
    """
    deadline = time.monotonic() + DEADLINE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, _overdue(what)
        time.sleep(pause_s)
    return found


async def until_async(
    condition: Callable[[], T | Awaitable[T]],
    what: str | Callable[[], object] = "the condition",
    *,
    pause_s: float = 0.01,
) -> T:
    """Return the first true value of a condition, plain or asynchronous; see `until`."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        found = condition()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < deadline, _overdue(what)
        await asyncio.sleep(pause_s)


def _overdue(what: str | Callable[[], object]) -> str:
    return f"{what() if callable(what) else what} did not come true within {DEADLINE_S:g} s"
