"""The loop only loops; callbacks listen."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from jupyter_platform.learning.run.recorder import Point
from jupyter_platform.learning.run.stop_signal import Interrupted, StopFlag
from jupyter_platform.learning.strategies import Report


class Steps(Protocol):
    """The repeated part of a loop."""

    def step(self) -> Report:
        """Update the weights once; return the values to record."""


class Callback(Protocol):
    """An action between two steps, every `interval` steps and at the end."""

    interval: int
    """Steps between two calls; 0: only at the end."""

    def at_step(self, step: int) -> None:
        """Do it; `step` weight updates are done."""

    def at_end(self, step: int) -> None:
        """Do what remains; `step` weight updates are done and there will be no more."""


class Accumulated:
    """Several steps as one: updaters move weights with the last of them.

    Parameters
    ----------
    strategy : Steps
        Its updaters accumulate as many gradients.
    count : int
        Steps that are one.
    """

    def __init__(self, strategy: Steps, count: int) -> None:
        self._strategy = strategy
        self._count = count

    def step(self) -> Report:
        """Do all steps; return the mean of what they report."""
        reports = [self._strategy.step() for _ in range(self._count)]
        if isinstance(reports[0], Tensor):
            return torch.stack(reports).mean(0)  # type: ignore[arg-type]  # all are tensors
        return tuple(_mean(values) for values in zip(*reports, strict=True))


def _mean(values: Sequence[Tensor | float | None]) -> Tensor | float | None:
    known = [item for item in values if item is not None]
    return sum(known) / len(known) if known else None


def train(
    strategy: Steps,
    start: int,
    last: int | None,
    records: Sequence[Callable[[Point], None]],
    callbacks: Sequence[Callback],
    stop: StopFlag,
    *,
    may_cut: bool = False,
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
    may_cut : bool
        Whether a step that goes on for long after a stop is left where it is: not where other
        ranks wait for it.

    Returns
    -------
    int
        Updates done in all.
    """
    step, end = start, sys.maxsize if last is None else last
    while step < end and not stop.requested:
        pause = _next_pause(step, end, callbacks)
        cut = stop.cut_short() if may_cut else contextlib.nullcontext()
        with contextlib.suppress(Interrupted), cut:
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
    """Return the next step at which a callback is due."""
    wanted = (step - step % item.interval + item.interval for item in callbacks if item.interval)
    return min(end, *wanted, sys.maxsize)


def _advance(
    strategy: Steps,
    step: int,
    pause: int,
    record: Callable[[Point], None],
    stop: StopFlag,
) -> int:
    advance, now = strategy.step, time.time
    with contextlib.suppress(Interrupted):
        while step < pause:
            loss = advance()
            step += 1
            record((step, now(), loss))  # type: ignore[arg-type]  # one series: no tuple
            if stop.requested:
                break
    return step


def _advance_with_series(
    strategy: Steps,
    step: int,
    pause: int,
    records: Sequence[Callable[[Point], None]],
    stop: StopFlag,
) -> int:
    with contextlib.suppress(Interrupted):
        while step < pause and not stop.requested:
            values = strategy.step()
            step += 1
            now = time.time()
            for record, value in zip(records, values, strict=True):
                if value is not None:
                    record((step, now, value))
    return step
