"""Averaging of gradients or weights over the processes of a gang."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Protocol

import torch
from torch import Tensor, nn

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.learning.distributed.process_group import Communicator


class Stop(Protocol):
    """A wish to stop; see `StopFlag`."""

    requested: bool


class Synchronisation:
    """Synchronisation of the ranks that learn one network.

    With an interval of 1 the gradients of every update are averaged (Li et al., "PyTorch
    Distributed", 2020), so that all ranks have the same weights all the time. With a larger one
    each rank learns on its own and the weights are averaged now and then (local SGD: Stich, "Local
    SGD Converges Fast and Communicates Little", 2019; DIANNE: `syncInterval`, which adds
    differences up instead).

    Parameters
    ----------
    communicator : Communicator
        Not alone.
    interval : int
        Updates between two averagings.
    wish : Stop
        Set when this process is asked to stop.
    stop : Stop
        What the loop looks at. Ranks in step leave it together, when all have heard: then it is
        another than `wish`. Others leave it when they are asked to, and tell the rest at the
        meeting behind it: then it is the same.
    """

    def __init__(self, communicator: Communicator, interval: int, wish: Stop, stop: Stop) -> None:
        self.communicator = communicator
        self.interval = interval
        self.wish = wish
        self.stop = stop
        self.averaged = 0
        """Gradients averaged so far."""
        self.is_over = False
        """Whether the last meeting was held: from then on no rank waits for another."""


_current: ContextVar[Synchronisation | None] = ContextVar("synchronisation", default=None)


@contextlib.contextmanager
def in_step(sync: Synchronisation | None) -> Iterator[None]:
    """Have strategies that are made meanwhile share samples and average gradients."""
    token = _current.set(sync)
    try:
        yield
    finally:
        _current.reset(token)


def current_communicator() -> Communicator:
    """Return the gang of the strategy that is being made."""
    sync = _current.get()
    return Communicator() if sync is None else sync.communicator


def gradient_average(parameters: list[nn.Parameter]) -> GradientAverage | None:
    """Return what an updater calls after ``backward``; None where nothing is averaged then."""
    sync = _current.get()
    if sync is None or sync.interval != 1:
        return None
    return GradientAverage(parameters, sync)


class Vector:
    """Several tensors as one, so that one message carries them all.

    Parameters
    ----------
    tensors : list of Tensor
        Real floating-point ones on one device.
    extra : int
        Numbers that travel along, behind them.
    """

    def __init__(self, tensors: list[Tensor], extra: int) -> None:
        sizes = [item.numel() for item in tensors]
        dtype = torch.float32
        for item in tensors:
            dtype = torch.promote_types(dtype, item.dtype)
        device = tensors[0].device if tensors else None
        self._whole = torch.zeros(sum(sizes) + extra, dtype=dtype, device=device)
        self._values = self._whole[: sum(sizes)]
        *parts, self.extra = torch.split(self._whole, [*sizes, extra])
        self._parts = [part.view(item.shape) for part, item in zip(parts, tensors, strict=True)]

    def average(self, tensors: list[Tensor], communicator: Communicator) -> None:
        """Replace tensors of these shapes by their mean over all ranks, and `extra` by its sum.

        Parameters
        ----------
        tensors : list of Tensor
            Of the shapes that the vector was made for; changed in place.
        communicator : Communicator
            Every rank calls it at once.
        """
        if tensors:
            torch._foreach_copy_(self._parts, tensors)
        communicator.add(self._whole)
        self._values.mul_(1 / communicator.size)
        if tensors:
            torch._foreach_copy_(tensors, self._parts)


class GradientAverage:
    """Makes the gradients of some parameters their mean over all ranks.

    A rank that has no gradient for a parameter counts as zero there, unless none has one.

    Parameters
    ----------
    parameters : list of Parameter
        Those that want gradients.
    sync : Synchronisation
        Of this process.
    """

    def __init__(self, parameters: list[nn.Parameter], sync: Synchronisation) -> None:
        self._parameters = parameters
        self._sync = sync
        # A number for each parameter that has a gradient, and the wish to stop.
        self._vector = Vector([item.detach() for item in parameters], len(parameters) + 1)

    def __call__(self) -> None:
        """Average ``grad`` of each parameter; every rank calls it after ``backward``."""
        vector, sync = self._vector, self._sync
        vector.extra.fill_(1.0)
        gradients: list[Tensor] = []
        missing: list[int] = []
        for number, parameter in enumerate(self._parameters):
            if parameter.grad is None:
                missing.append(number)
                vector.extra[number] = 0.0
                gradients.append(torch.zeros_like(parameter, requires_grad=False))
            else:
                gradients.append(parameter.grad)
        vector.extra[-1] = float(sync.wish.requested)
        with torch.no_grad():
            vector.average(gradients, sync.communicator)
        for number in missing:
            if vector.extra[number]:
                self._parameters[number].grad = gradients[number]
        sync.averaged += 1
        if vector.extra[-1]:
            sync.stop.requested = True


class Meeting:
    """Where the ranks bring their networks together.

    While gradients are averaged only buffers, such as running means, differ between ranks.

    Parameters
    ----------
    sync : Synchronisation
        Of this process.
    network : Module
        All networks of the strategy.
    start : int
        Steps that an earlier attempt did.
    """

    def __init__(self, sync: Synchronisation, network: nn.Module, start: int) -> None:
        self._sync = sync
        self._start = start
        tensors: list[Tensor] = [] if sync.interval == 1 else list(network.parameters())
        tensors += [item for item in network.buffers() if item.is_floating_point()]
        self._kept = [item.detach() for item in tensors]
        self._vector = Vector(self._kept, 1)
        self._met_at: int | None = None

    def hold(self, step: int, *, last: bool) -> None:
        """Average, and hear whether this is the last meeting of any rank.

        All ranks are at the same step, or one of them has left the loop and says so.

        Parameters
        ----------
        step : int
            Updates that were done.
        last : bool
            Whether this rank leaves after it.
        """
        sync = self._sync
        if sync.is_over or (step == self._met_at and not last):
            return
        if sync.interval == 1 and step > self._start and not sync.averaged:
            raise InvalidRequestError(
                "sync_interval = 1 averages the gradients of every update, but the strategy moves "
                "weights without an Updater; give sync_interval = 2 or more."
            )
        self._vector.extra.fill_(float(last))
        with torch.no_grad():
            self._vector.average(self._kept, sync.communicator)
        self._met_at = step
        if self._vector.extra.item():
            sync.is_over = sync.stop.requested = True


class MeetingEvery:
    """A callback that holds a meeting now and then, and at the end."""

    def __init__(self, interval: int, meeting: Meeting, sync: Synchronisation) -> None:
        self.interval = interval
        self._meeting = meeting
        self._sync = sync

    def at_step(self, step: int) -> None:
        """Meet, unless that was just done at this step."""
        # Ranks in step hear of a stop with the gradients.
        alone = self._sync.interval != 1
        self._meeting.hold(step, last=alone and self._sync.wish.requested)

    def at_end(self, step: int) -> None:
        """Meet for the last time, unless all of them did when they heard of the stop."""
        self._meeting.hold(step, last=True)


def begin_together(
    network: nn.Module, communicator: Communicator, *, draws_on: bool = False
) -> None:
    """Give every rank the weights of rank 0, and random numbers of its own.

    Parameters
    ----------
    draws_on : bool
        Whether it has those that it drew before, from a checkpoint.
    """
    with torch.no_grad():
        for item in network.state_dict().values():
            same = item.contiguous()
            communicator.copy_from_main(same)
            item.copy_(same)
    if not communicator.is_main and not draws_on:
        # Far apart, whatever small seeds people choose.
        torch.manual_seed((torch.initial_seed() + communicator.rank * 0x9E3779B97F4A7C15) % 2**64)


def meetings(
    sync: Synchronisation | None, network: nn.Module, start: int, *intervals: int
) -> list[MeetingEvery]:
    """Return the callbacks that come before those that look at the weights at some intervals.

    `start` steps were done by an earlier attempt.

    Parameters
    ----------
    sync : Synchronisation or None
        How the ranks agree; None where there is one.
    network : Module
        The network.
    start : int
        Updates that an earlier attempt did.
    *intervals
        Updates between two looks at the weights.
    """
    if sync is None:
        return []
    wanted = {item for item in intervals if item}
    if sync.interval != 1:
        wanted.add(sync.interval)
    meeting = Meeting(sync, network, start)
    return [MeetingEvery(item, meeting, sync) for item in sorted(wanted or {0})]
