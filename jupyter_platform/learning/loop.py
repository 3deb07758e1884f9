"""The loop only loops; callbacks listen."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from jupyter_platform.learning.recorder import Point
from jupyter_platform.learning.stop import StopFlag
from jupyter_platform.learning.strategies import Strategy


class Callback(Protocol):
    """Something that happens now and then between two steps."""

    interval: int
    """Steps between two calls; 0: only at the end."""

    def at_step(self, step: int) -> None:
        """Do it; `step` weight updates are done."""

    def at_end(self, step: int) -> None:
        """Do what remains; `step` weight updates are done and there will be no more."""


def train(
    strategy: Strategy,
    start: int,
    last: int | None,
    records: Sequence[Callable[[Point], None]],
    callbacks: Sequence[Callback],
    stop: StopFlag,
) -> int:
    """Update weights until `last` updates are done or a stop is asked for.

    Parameters
    ----------
    strategy : Strategy
        What a step is.
    start : int
        Updates done before.
    last : int or None
        Updates to do in all; None: until stopped.
    records : sequence of callable
        One for each of the strategy's series; takes ``(step, time, value)``; steps count from 1.
    callbacks : sequence of Callback
        Called in this order.
    stop : StopFlag
        Looked at after each step.

    Returns
    -------
    int
        Updates done in all.
    """
    step, end = start, sys.maxsize if last is None else last
    while step < end and not stop.requested:
        pause = _next_pause(step, end, callbacks)
        if len(records) == 1:
            step = _advance(strategy, step, pause, records[0], stop)
        else:
            step = _advance_with_series(strategy, step, pause, records, stop)
        for callback in callbacks:
            if callback.interval and step % callback.interval == 0:
                callback.at_step(step)
    for callback in callbacks:
        callback.at_end(step)
    return step


def _next_pause(step: int, end: int, callbacks: Sequence[Callback]) -> int:
    """Return the next step at which somebody wants to be called."""
    wanted = (step - step % item.interval + item.interval for item in callbacks if item.interval)
    return min(end, *wanted, sys.maxsize)


def _advance(
    strategy: Strategy,
    step: int,
    pause: int,
    record: Callable[[Point], None],
    stop: StopFlag,
) -> int:
    advance, now = strategy.step, time.time
    while step < pause:
        loss = advance()
        step += 1
        record((step, now(), loss))  # type: ignore[arg-type]  # one series: no tuple
        if stop.requested:
            break
    return step


def _advance_with_series(
    strategy: Strategy,
    step: int,
    pause: int,
    records: Sequence[Callable[[Point], None]],
    stop: StopFlag,
) -> int:
    while step < pause and not stop.requested:
        values = strategy.step()
        step += 1
        now = time.time()
        for record, value in zip(records, values, strict=True):
            if value is not None:
                record((step, now, value))
    return step
