"""One pass of samples through networks: outputs, notes and duration."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from jupyter_platform.learning.data.prefetch import Prefetcher
from jupyter_platform.learning.distributed.process_group import Communicator
from jupyter_platform.learning.run.context import RunContext
from jupyter_platform.learning.run.stop_signal import Interrupted
from jupyter_platform.learning.scoring.evaluations.base import Columns, Evaluation

OUTPUTS, POSITION = "outputs", "position"
USABLE = "usable"
"""Column of truth values: whether the outputs of a sample are numbers to judge by."""
WARM_UP = 32
"""Samples of an untimed first pass, in which torch sets itself up."""
KEPT_ON_DEVICE = 256_000_000
"""Bytes of what was noted that may stay on the device before it is moved to the CPU."""


class Gather(Protocol):
    """Where batches come from."""

    def __call__(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return inputs and targets of stored rows, on the device, batch on axis 0."""


@dataclass
class Passed:
    """What came out of all samples."""

    columns: dict[str, Tensor]
    """On the CPU."""
    forward_s: float
    """Seconds in which the networks were at work."""
    done: int
    """Samples; fewer than asked for when it was stopped."""

    def joined(self, communicator: Communicator) -> Passed | None:
        """Return what came out in all processes of a gang, on rank 0; None on the others.

        Nothing where one of them was stopped before its first batch.
        """
        if communicator.agree(not self.columns):
            return Passed({}, self.forward_s, 0) if communicator.is_main else None
        columns = {name: communicator.gather(values) for name, values in self.columns.items()}
        totals = torch.tensor([self.forward_s, float(self.done)], dtype=torch.float64)
        communicator.add(totals)
        if not communicator.is_main:
            return None
        found = {name: values for name, values in columns.items() if values is not None}
        return Passed(found, float(totals[0]), int(totals[1]))


@dataclass
class Noted:
    """Columns as they grow, batch by batch."""

    parts: dict[str, list[Tensor]] = field(default_factory=dict)
    _waiting: int = 0

    def add(self, columns: Columns) -> None:
        """Keep the columns of a batch."""
        for name, values in columns.items():
            self.parts.setdefault(name, []).append(values)
            if values.device.type != "cpu":
                self._waiting += values.numel() * values.element_size()
        if self._waiting > KEPT_ON_DEVICE:
            self._settle()

    def whole(self) -> dict[str, Tensor]:
        """Return each column in one piece, on the CPU."""
        return {name: torch.cat(parts).cpu() for name, parts in self.parts.items()}

    def _settle(self) -> None:
        self.parts = {name: [item.cpu() for item in parts] for name, parts in self.parts.items()}
        self._waiting = 0


class Stopwatch:
    """Adds up how long a device is at work, without making it wait for us."""

    def __init__(self, device: torch.device) -> None:
        self._on_gpu = device.type == "cuda"
        self._spans: list[tuple[torch.cuda.Event, torch.cuda.Event]] = []
        self._seconds = 0.0

    def start(self) -> float | torch.cuda.Event:
        """Return a mark of now."""
        return self._mark() if self._on_gpu else time.perf_counter()

    def stop(self, began: float | torch.cuda.Event) -> None:
        """Count what has passed since a mark."""
        if isinstance(began, float):
            self._seconds += time.perf_counter() - began
        else:
            self._spans.append((began, self._mark()))

    def seconds(self) -> float:
        """Return the sum."""
        if self._on_gpu:
            torch.cuda.synchronize()
        spans: float = sum(began.elapsed_time(ended) for began, ended in self._spans)
        return self._seconds + spans / 1000

    def _mark(self) -> torch.cuda.Event:
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        return event


def share(parts: Sequence[Tensor], communicator: Communicator) -> tuple[int, Sequence[Tensor]]:
    """Return this process's batches of a set, and the number of the first of them.

    Whole batches are shared out, so that each is the same whoever sees it.

    Parameters
    ----------
    parts : sequence of Tensor
        Indices of the samples of each batch.
    communicator : Communicator
        The processes of the attempt.
    """
    start = len(parts) * communicator.rank // communicator.size
    stop = len(parts) * (communicator.rank + 1) // communicator.size
    return start, parts[start:stop]


def batches(rows: Tensor, size: int, length: int | None) -> Iterator[Tensor]:
    """Split rows into batches; of runs, as many whole runs as have about `size` samples.

    Parameters
    ----------
    rows : Tensor, int64, shape (n,)
        With runs a whole number of them.
    size : int
        Samples in a batch.
    length : int, optional
        Samples of one run; the batches then have shape (B, length).
    """
    if length is None:
        yield from torch.split(rows, size)
    else:
        yield from torch.split(rows.reshape(-1, length), max(size // length, 1))


def pass_through(
    context: RunContext,
    evaluation: Evaluation,
    gather: Gather,
    parts: Sequence[Tensor],
    *,
    position: int = 0,
    keep_outputs: bool = False,
    threads: int = 0,
) -> Passed:
    """Run samples through the networks once.

    Parameters
    ----------
    gather : callable
        Gives inputs and targets of rows.
    parts : sequence of Tensor
        Rows of each batch, of shape (B,), or (B, L) for runs.
    position : int
        Place of the first of these samples in the whole set.
    keep_outputs : bool
        Whether the column ``outputs`` is kept whatever the evaluation notes.
    threads : int
        How many read ahead; 0 where reading costs nothing.
    """
    noted, watch, done = Noted(), Stopwatch(context.device), 0
    recorder, stop = context.recorder, context.stop
    with torch.inference_mode(), contextlib.suppress(Interrupted), stop.cut_short():
        if parts:
            evaluation.forward(_read(gather, parts[0][:WARM_UP])[0])
        for rows, (inputs, targets) in _read_all(gather, parts, threads):
            evaluation.begin(position + done)
            began = watch.start()
            outputs = evaluation.forward(inputs)
            watch.stop(began)
            if rows.ndim > 1:
                inputs, outputs, targets = (
                    item.flatten(0, 1) for item in (inputs, outputs, targets)
                )
            columns = {
                USABLE: evaluation.usable(outputs),
                **evaluation.note(inputs, outputs, targets),
            }
            noted.add({OUTPUTS: outputs, **columns} if keep_outputs else columns)
            done += rows.numel()
            recorder.step = done
            if stop.requested:
                break
    # What was cut short in the middle of a batch may have noted a part of it.
    columns = {name: values[:done] for name, values in noted.whole().items()} if done else {}
    if done:
        columns[POSITION] = torch.arange(position, position + done)
    return Passed(columns, watch.seconds(), done)


def _read_all(
    gather: Gather, parts: Sequence[Tensor], threads: int
) -> Iterator[tuple[Tensor, tuple[Tensor, Tensor]]]:
    """Give the rows of each batch with its inputs and targets."""
    if threads == 0:
        for rows in parts:
            yield rows, _read(gather, rows)
        return
    with Prefetcher(iter(parts), partial(_read, gather), threads) as ahead:
        yield from ahead


def _read(gather: Gather, rows: Tensor) -> tuple[Tensor, Tensor]:
    inputs, targets = gather(rows.flatten())
    if rows.ndim == 1:
        return inputs, targets
    return (
        inputs.reshape(*rows.shape, *inputs.shape[1:]),
        targets.reshape(*rows.shape, *targets.shape[1:]),
    )
