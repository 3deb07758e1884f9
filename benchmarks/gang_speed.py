"""Two processes that learn one network against two that have nothing to do with each other.

All variants run in the same two processes, block by block in turn. Averaging the gradients of
every update, as PyTorch's DistributedDataParallel does, stands beside local SGD.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection

import torch
import torch.distributed as dist

from benchmarks.learn_overhead import CASES, SAMPLES, Case
from benchmarks.pairs import CONTROL, Comparison, compare
from benchmarks.table import Row
from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.distributed.averaging import Synchronisation, in_step, meetings
from jupyter_platform.learning.distributed.process_group import Communicator, connect, interface_of
from jupyter_platform.learning.networks import build
from jupyter_platform.learning.run.stop_signal import StopFlag
from jupyter_platform.learning.sampling.samplers import TensorSource
from jupyter_platform.learning.strategies import BuildContext
from jupyter_platform.learning.strategies.supervised.feed_forward import FeedForward
from jupyter_platform.learning.training.loop import train

RANKS = 2
ROUNDS = 21
STEPS = 50
INTERVAL = 50
INDEPENDENT, LOCAL, EVERY = "independent", "local SGD", "gradients of every update"
INTERVALS = {LOCAL: INTERVAL, EVERY: 1}
GOAL = 0.9


class _Learner:
    """One rank's learner of one variant, that learns block after block."""

    def __init__(self, case: Case, communicator: Communicator, interval: int | None) -> None:
        self._stop = StopFlag()
        self._sync = None
        if interval is not None:
            wish = StopFlag() if interval == 1 else self._stop
            self._sync = Synchronisation(communicator, interval, wish, self._stop)
        torch.manual_seed(0)
        facts = DatasetFacts(
            size=SAMPLES,
            shape=list(case.shape),
            task="classification",
            outputs=10,
            splits={"train": (0, SAMPLES)},
            bytes=0,
        )
        source = TensorSource(torch.randn(SAMPLES, *case.shape), torch.randint(0, 10, (SAMPLES,)))
        network = build(case.description, list(case.shape), 10).train()
        with in_step(self._sync):
            self._strategy = FeedForward(
                BuildContext(
                    options=LearnOptions(batch_size=case.batch),
                    networks=(network,),
                    names=(case.description.name,),
                    source=source,
                    facts=facts,
                    train=torch.arange(SAMPLES),
                )
            )

    def block(self) -> None:
        """Learn `STEPS` updates, from one meeting to another."""
        sync, points = self._sync, []
        callbacks = meetings(sync, self._strategy.network, 0)
        train(self._strategy, 0, STEPS, [points.append], callbacks, self._stop)
        if sync is not None:
            # The last meeting ends a job; here another block comes.
            sync.is_over = self._stop.requested = False


def _work(rank: int, case: Case, folder: str, orders: Connection) -> None:
    """Be one rank: learn a block of whatever variant is named, until there is none."""
    torch.set_num_threads(1)
    os.environ["GLOO_SOCKET_IFNAME"] = interface_of("127.0.0.1")
    store = dist.FileStore(f"{folder}/store", RANKS)
    communicator = Communicator(rank, RANKS, connect(dist.PrefixStore("gang", store), rank, RANKS))
    learners = {
        name: _Learner(case, communicator, INTERVALS.get(name))
        for name in (INDEPENDENT, LOCAL, EVERY)
    }
    while name := orders.recv():
        learners[name].block()
        orders.send(None)


@contextmanager
def _ranks(case: Case) -> Iterator[list[Connection]]:
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        ends, processes = [], []
        for rank in range(RANKS):
            mine, its = context.Pipe()
            process = context.Process(target=_work, args=(rank, case, folder, its), daemon=True)
            process.start()
            ends.append(mine)
            processes.append(process)
        yield ends
        for end, process in zip(ends, processes, strict=True):
            end.send("")
            process.join()


def _block(ends: list[Connection], name: str) -> float:
    """Let all ranks learn a block; return the seconds until the last was done."""
    began = time.perf_counter()
    for end in ends:
        end.send(name)
    for end in ends:
        end.recv()
    return time.perf_counter() - began


def _rows(name: str, result: Comparison) -> list[Row]:
    low, high = (1 / ratio for ratio in reversed(result.spread(LOCAL)))
    note = f"quartiles {low:.3f}–{high:.3f}; control {result.ratio(CONTROL):.3f}"
    if not result.is_valid:
        note += " (noisy: not resolved)"
    two = f"{name}, two processes"
    local, every = (f"{1 / result.ratio(variant):.3f}" for variant in (LOCAL, EVERY))
    return [
        Row("gang", f"{two}: local SGD ({INTERVAL}) / independent", local, f"≥ {GOAL}", note),
        Row("gang", f"{two}: gradients averaged / independent", every, "beside"),
    ]


def run() -> list[Row]:
    """Measure; about a minute on two idle cores."""
    rows = []
    for name, case in CASES.items():
        with _ranks(case) as ends:
            names = {INDEPENDENT: INDEPENDENT, LOCAL: LOCAL, EVERY: EVERY, CONTROL: INDEPENDENT}
            variants = {key: partial(_block, ends, value) for key, value in names.items()}
            rows += _rows(name, compare(variants, INDEPENDENT, ROUNDS))
    return rows
