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
from jupyter_platform.learning.networks import build
from jupyter_platform.learning.run.recorder import Recorder
from jupyter_platform.learning.run.stop_signal import StopFlag
from jupyter_platform.learning.sampling.samplers import TensorSource
from jupyter_platform.learning.strategies import BuildContext
from jupyter_platform.learning.strategies.supervised.feed_forward import FeedForward
from jupyter_platform.learning.training.loop import train
from jupyter_platform.runtime.event_log import EventLog

SAMPLES = 2048
LOOP_ROUNDS, LOOP_STEPS = 21, 20_000
LOOP_ROW = "CPU time of the loop and its record of a metric, per step"
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
    "LeNet 28×28, batch 64": Case(bundled_networks()["lenet"], (1, 28, 28), 64, 20, 201, 1.02),
    "MLP 64-32-10, batch 32": Case(MLP, (64,), 32, 400, 201, 1.05),
}


class Bench:
    """The same learning, by hand and by the platform, in blocks of some steps.

    Blocks are short, about 0.1 s: what else goes on in the machine then hits few of them, and the
    median over many pairs passes it over.
    """

    def __init__(self, case: Case, folder: Path) -> None:
        torch.manual_seed(0)
        self.case = case
        self._folder = folder
        self._inputs = torch.randn(SAMPLES, *case.shape)
        self._targets = torch.randint(0, 10, (SAMPLES,))
        self._order = torch.randperm(SAMPLES)
        self._network = self._built()
        self._optimizer = torch.optim.SGD(self._network.parameters(), lr=0.01, momentum=0.0)
        self._events = EventLog(folder)
        self._recorder = Recorder(folder, self._events)
        self._strategy = self._make_strategy()
        self._steps = 0

    def _built(self) -> nn.Module:
        torch.manual_seed(0)
        return build(self.case.description, list(self.case.shape), 10).train()

    def _make_strategy(self) -> FeedForward:
        facts = DatasetFacts(
            size=SAMPLES,
            shape=list(self.case.shape),
            task="classification",
            outputs=10,
            splits={"train": (0, SAMPLES)},
            bytes=0,
        )
        context = BuildContext(
            options=LearnOptions(batch_size=self.case.batch),
            networks=(self._built(),),
            names=(self.case.description.name,),
            source=TensorSource(self._inputs, self._targets),
            facts=facts,
            train=torch.arange(SAMPLES),
        )
        return FeedForward(context)

    def bare(self, log: Callable[[Tensor, int], None] | None = None) -> float:
        """Train a block by hand; return its seconds."""
        network, optimizer, batch = self._network, self._optimizer, self.case.batch
        began = time.perf_counter()
        for step in range(self.case.steps):
            start = step * batch % SAMPLES
            rows = self._order[start : start + batch]
            inputs, targets = self._inputs[rows], self._targets[rows]
            optimizer.zero_grad()
            loss = nn.functional.nll_loss(network(inputs), targets)
            loss.backward()
            optimizer.step()
            if log is not None:
                log(loss, step)
        return time.perf_counter() - began

    def ours(self) -> float:
        """Train a block as LEARN does, with live metrics of each step; return its seconds."""
        if not self._steps:
            self._recorder.start()
        start, self._steps = self._steps, self._steps + self.case.steps
        record = self._recorder.series("loss")
        began = time.perf_counter()
        train(self._strategy, start, self._steps, [record], [], StopFlag())
        return time.perf_counter() - began

    def tensorboard(self) -> float:
        """Train a block by hand with TensorBoard's writer; return its seconds."""
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - an optional peer

        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            writer = SummaryWriter(folder)
            elapsed = self.bare(lambda loss, step: writer.add_scalar("loss", loss.item(), step))
            writer.close()
        return elapsed

    def close(self) -> None:
        """End the recorder."""
        self._recorder.close()
        self._events.close()


class Still:
    """A strategy whose steps do nothing, so that only the loop is left."""

    def __init__(self) -> None:
        self._loss = torch.zeros(())

    def step(self) -> Tensor:
        """Return a loss."""
        return self._loss


def loop_cpu_us(folder: Path) -> float:
    """Microseconds of its own thread that the loop takes for a step, records of metrics included.

    The difference of two trainings, of milliseconds a step, cannot tell so little.
    """
    events = EventLog(folder)
    recorder = Recorder(folder, events)
    recorder.start()
    record, found = recorder.series("loss"), []
    for number in range(LOOP_ROUNDS):
        start, cpu = number * LOOP_STEPS, time.thread_time()
        train(Still(), start, start + LOOP_STEPS, [record], [], StopFlag())
        found.append(time.thread_time() - cpu)
    recorder.close()
    events.close()
    return 1e6 * statistics.median(found) / LOOP_STEPS


def _rows(name: str, case: Case, result: Comparison) -> list[Row]:
    low, high = result.spread(OURS)
    control = result.ratio(CONTROL)
    note = f"quartiles {low:.3f}–{high:.3f}; control {control:.3f}"
    if not result.is_valid:
        note += " (noisy: not resolved)"
    goal = f"≤ {case.goal}"
    rows = [
        Row("learn", f"{name}: live metrics / bare loop", f"{result.ratio(OURS):.3f}", goal, note),
    ]
    if TENSORBOARD in result.rounds[0]:
        peer = f"{result.ratio(TENSORBOARD):.3f}"
        rows.append(Row("learn", f"{name}: TensorBoard's writer / bare loop", peer, "peer"))
    return rows


def run() -> list[Row]:
    """Measure; about three minutes."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        own_us = loop_cpu_us(Path(folder))
    rows = [Row("learn", LOOP_ROW, f"{own_us:.2f} µs", "≤ 10 µs")]
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(case, Path(folder))
            variants = {BARE: bench.bare, OURS: bench.ours, CONTROL: bench.bare}
            if importlib.util.find_spec("tensorboard") is not None:
                variants[TENSORBOARD] = bench.tensorboard
            result = compare(variants, BARE, case.rounds)
            bench.close()
            rows += _rows(name, case, result)
    return rows
