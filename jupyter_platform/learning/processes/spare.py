"""A shim and a torch process forked ahead of time, so that the next run starts at once.

A fork of a process with torch in it takes about 10 ms, and its first operations as much again
for every page that they touch. A spare has both behind it when the run comes.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable

import torch
from torch import nn

from jupyter_platform.learning.processes import process
from jupyter_platform.runtime import shim

ForkBody = Callable[[Callable[[], int]], int]
"""Forks a process that runs a body and returns its pid."""


class Spare:
    """A forked shim that waits for its run, with the torch process that it has forked.

    Both end when the descriptor that `give` writes to is closed without an order.

    Parameters
    ----------
    fork : callable
        Forks the shim from the warm process.
    """

    def __init__(self, fork: ForkBody) -> None:
        order, self._order = os.pipe()
        self._told, tell = os.pipe()
        mine = (self._order, self._told)
        try:
            fork(lambda: _stand_by(order, tell, mine))
        finally:
            os.close(order)
            os.close(tell)

    def give(self, run_folder: str, env: dict[str, str]) -> int:
        """Hand over a run; return the descriptor that a byte comes from when it has started.

        Parameters
        ----------
        run_folder : str
            Path of the run folder.
        env : dict of str to str
            Variables of its environment.

        Raises
        ------
        OSError
            If the shim is gone; nothing was started.
        """
        try:
            _write_all(self._order, json.dumps([run_folder, env]).encode())
        except OSError:
            os.close(self._told)
            raise
        finally:
            os.close(self._order)
        return self._told

    def close(self) -> None:
        """Let go of it: it ends, unless another process holds it too."""
        os.close(self._order)
        os.close(self._told)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _read_all(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _stand_by(order: int, tell: int, others: tuple[int, ...]) -> int:
    """Be the shim: fork the torch process, wait for the run, then look after it."""
    for descriptor in others:
        os.close(descriptor)
    folder_end, folder_tell = os.pipe()

    def prepare() -> None:
        for descriptor in (order, tell, folder_tell):
            os.close(descriptor)
        rehearse()

    pid = shim.fork_gated(os.devnull, "/", lambda: _run_as_told(folder_end), prepare)
    os.close(folder_end)
    line = _read_all(order)
    if not line:
        return 0

    def start() -> int:
        _write_all(folder_tell, line)
        os.close(folder_tell)
        return pid

    return shim.supervise(json.loads(line)[0], start, lambda: _tell_started(tell))


def _tell_started(tell: int) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(tell, b"1")
    os.close(tell)


def _run_as_told(folder_end: int) -> None:
    """Be the torch process, from the moment that its ``process.json`` is written."""
    run_folder, env = json.loads(_read_all(folder_end))
    shim.redirect_output(os.path.join(run_folder, "output.log"))
    os.chdir(run_folder)
    os.environ.update(env)
    raise SystemExit(process.main(run_folder))


def rehearse() -> None:
    """Run each kind of operation once, small and on one thread, and leave no trace.

    CUDA is not touched: which GPUs are visible is not known yet.
    """
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    with torch.random.fork_rng(devices=[]):
        network = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(64, 10),
            nn.LogSoftmax(1),
        )
        inputs, targets = torch.rand(8, 1, 8, 8), torch.arange(8)
        for optimizer in (
            torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9),
            torch.optim.Adam(network.parameters(), lr=0.01),
        ):
            optimizer.zero_grad()
            nn.functional.nll_loss(network(inputs), targets).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        with torch.inference_mode():
            network.eval()(inputs).argmax(1)
