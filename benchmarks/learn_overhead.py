"""LEARN with per-step live metrics against the bare loop that a careful person writes by hand.

Both run the same mathematics on the same tensors in the same process, block by block in turn.
TensorBoard's ``SummaryWriter`` stands beside them, called once a step as its tutorial does.
"""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.pairs import CONTROL, Comparison, compare
from benchmarks.table import Row
from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.networks import Layer, NetworkDescription, bundled_networks
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.events import EventLog
from jupyter_platform.learning.loop import train
from jupyter_platform.learning.networks import build
from jupyter_platform.learning.recorder import Recorder
from jupyter_platform.learning.stop import StopFlag
from jupyter_platform.learning.strategies import Material
from jupyter_platform.learning.strategies.feed_forward import FeedForward
from jupyter_platform.learning.strategies.sampling import TensorSource

SAMPLES = 2048
BARE, OURS, TENSORBOARD = "bare", "ours", "tensorboard"

MLP = NetworkDescription(
    name="mlp-64-32-10",
    layers=(
        Layer(type="Linear", in_features=64, out_features=32),
        Layer(type="ReLU"),
        Layer(type="Linear", in_features=32, out_features=10),
        Layer(type="LogSoftmax", dim=1),
    ),
)


@dataclass(frozen=True)
class Case:
    """A network, its synthetic data, and how many steps a block has."""

    description: NetworkDescription
    shape: tuple[int, ...]
    batch: int
    steps: int
    rounds: int
    goal: float


CASES = {
    "LeNet 28×28, batch 64": Case(bundled_networks()["lenet"], (1, 28, 28), 64, 100, 31, 1.02),
    "MLP 64-32-10, batch 32": Case(MLP, (64,), 32, 1500, 31, 1.05),
}


class Bench:
    """The same learning, by hand and by the platform."""

    def __init__(self, case: Case, folder: Path) -> None:
        torch.manual_seed(0)
        self.case = case
        self._cpu_s: dict[str, list[float]] = {BARE: [], OURS: []}
        self._folder = folder
        self._inputs = torch.randn(SAMPLES, *case.shape)
        self._targets = torch.randint(0, 10, (SAMPLES,))
        self._facts = DatasetFacts(
            size=SAMPLES,
            shape=list(case.shape),
            task="classification",
            outputs=10,
            splits={"train": (0, SAMPLES)},
            bytes=0,
        )

    def _network(self) -> nn.Module:
        torch.manual_seed(0)
        return build(self.case.description, list(self.case.shape), 10).train()

    def _batch(self, order: Tensor, step: int) -> tuple[Tensor, Tensor]:
        start = step * self.case.batch % SAMPLES
        rows = order[start : start + self.case.batch]
        return self._inputs[rows], self._targets[rows]

    def bare(self, log: Callable[[Tensor, int], None] | None = None) -> float:
        """Train a block by hand; return its seconds."""
        network = self._network()
        optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.0)
        order = torch.randperm(SAMPLES)
        began, cpu = time.perf_counter(), time.thread_time()
        for step in range(self.case.steps):
            inputs, targets = self._batch(order, step)
            optimizer.zero_grad()
            loss = nn.functional.nll_loss(network(inputs), targets)
            loss.backward()
            optimizer.step()
            if log is not None:
                log(loss, step)
        if log is None:
            self._cpu_s[BARE].append(time.thread_time() - cpu)
        return time.perf_counter() - began

    def ours(self) -> float:
        """Train a block as LEARN does, with live metrics of each step; return its seconds."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            events = EventLog(Path(folder))
            recorder = Recorder(Path(folder), events)
            options = LearnOptions(batch_size=self.case.batch)
            material = Material(
                options=options,
                networks=(self._network(),),
                names=(self.case.description.name,),
                source=TensorSource(self._inputs, self._targets),
                facts=self._facts,
                train=torch.arange(SAMPLES),
            )
            strategy = FeedForward(material)
            recorder.start()
            began, cpu = time.perf_counter(), time.thread_time()
            train(strategy, 0, self.case.steps, [recorder.series("loss")], [], StopFlag())
            self._cpu_s[OURS].append(time.thread_time() - cpu)
            elapsed = time.perf_counter() - began
            recorder.close()
            events.close()
            return elapsed

    def tensorboard(self) -> float:
        """Train a block by hand with TensorBoard's writer; return its seconds."""
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - an optional peer

        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            writer = SummaryWriter(folder)
            elapsed = self.bare(lambda loss, step: writer.add_scalar("loss", loss.item(), step))
            writer.close()
        return elapsed

    def added_cpu_us(self) -> float:
        """Microseconds of the loop's own thread that a step costs more than by hand."""
        ours, bare = (statistics.median(self._cpu_s[name]) for name in (OURS, BARE))
        return 1e6 * (ours - bare) / self.case.steps


def _rows(name: str, case: Case, result: Comparison, added_us: float) -> list[Row]:
    low, high = result.spread(OURS)
    control = result.ratio(CONTROL)
    note = f"quartiles {low:.3f}–{high:.3f}; control {control:.3f}"
    if not result.is_valid:
        note += " (noisy: not resolved)"
    goal = f"≤ {case.goal}"
    rows = [
        Row("learn", f"{name}: live metrics / bare loop", f"{result.ratio(OURS):.3f}", goal, note),
        Row("learn", f"{name}: loop-thread CPU added per step", f"{added_us:.1f} µs", "≤ 10 µs"),
    ]
    if TENSORBOARD in result.rounds[0]:
        peer = f"{result.ratio(TENSORBOARD):.3f}"
        rows.append(Row("learn", f"{name}: TensorBoard's writer / bare loop", peer, "peer"))
    return rows


def run() -> list[Row]:
    """Measure; about three minutes."""
    torch.set_num_threads(1)
    rows = []
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(case, Path(folder))
            variants = {BARE: bench.bare, OURS: bench.ours, CONTROL: bench.bare}
            if importlib.util.find_spec("tensorboard") is not None:
                variants[TENSORBOARD] = bench.tensorboard
            result = compare(variants, BARE, case.rounds)
            added_us = bench.added_cpu_us()
            rows += _rows(name, case, result, added_us)
    return rows
