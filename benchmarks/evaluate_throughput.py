"""EVALUATE against the bare loop that a careful person writes by hand, on the same samples.

Both go once through the test samples in batches and count which are classified rightly. The
reference writes down nothing else; EVALUATE keeps what all its scores need, times the forward
passes and tells how far it is. Building the scores at the end is part of its time.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from benchmarks.pairs import CONTROL, compare
from benchmarks.table import Row
from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.core.options import EvaluateOptions
from jupyter_platform.core.runs import JobRun, RunId, RunSpec
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.networks import build
from jupyter_platform.learning.run.context import RunContext
from jupyter_platform.learning.run.recorder import Recorder
from jupyter_platform.learning.run.stop_signal import StopFlag
from jupyter_platform.learning.scoring.evaluations import Subject
from jupyter_platform.learning.scoring.evaluations.classification import Classification
from jupyter_platform.learning.scoring.passing import batches, pass_through
from jupyter_platform.runtime.event_log import EventLog

SAMPLES, BATCH, CLASSES = 10_240, 256, 10
SHAPE = (1, 28, 28)
BARE, OURS = "bare", "ours"
GOAL = 0.98
ROUNDS = 21


@dataclass(frozen=True)
class Bench:
    """The same evaluation, by hand and by the platform."""

    folder: Path
    network: nn.Module
    inputs: torch.Tensor
    targets: torch.Tensor

    def bare(self) -> float:
        """Evaluate by hand; return the seconds."""
        rows = torch.arange(SAMPLES)
        began, right = time.perf_counter(), 0
        with torch.inference_mode():
            for part in torch.split(rows, BATCH):
                inputs, targets = self.inputs[part], self.targets[part]
                right += int((self.network(inputs).argmax(1) == targets).sum())
        return time.perf_counter() - began

    def ours(self) -> float:
        """Evaluate as a job does, from the first batch to the scores; return the seconds."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            events = EventLog(Path(folder))
            recorder = Recorder(Path(folder), events)
            spec = RunSpec(
                run=RunId(workload="bench", attempt=1),
                name="bench",
                process="jupyter_platform.learning.processes.process",
                job=JobRun(type=JobType.EVALUATE),
            )
            context = RunContext(spec, Path(folder), events, recorder, StopFlag())
            evaluation = Classification(
                Subject(EvaluateOptions(batch_size=BATCH), (self.network,), ("lenet",), _facts())
            )
            recorder.start()
            began = time.perf_counter()
            parts = list(batches(torch.arange(SAMPLES), BATCH, None))
            passed = pass_through(context, evaluation, self._gather, parts)
            evaluation.scores(passed.columns)
            elapsed = time.perf_counter() - began
            recorder.close()
            events.close()
            return elapsed

    def _gather(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.inputs[rows], self.targets[rows]


def _facts() -> DatasetFacts:
    return DatasetFacts(
        size=SAMPLES,
        shape=list(SHAPE),
        task="classification",
        outputs=CLASSES,
        splits={"test": (0, SAMPLES)},
        bytes=0,
    )


def run() -> list[Row]:
    """Measure; about a minute."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = build(bundled_networks()["lenet"], SHAPE, CLASSES).eval()
    inputs, targets = torch.randn(SAMPLES, *SHAPE), torch.randint(0, CLASSES, (SAMPLES,))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), network, inputs, targets)
        variants = {BARE: bench.bare, OURS: bench.ours, CONTROL: bench.bare}
        result = compare(variants, BARE, ROUNDS)
    low, high = result.spread(OURS)
    note = f"quartiles {1 / high:.3f}–{1 / low:.3f}; control {result.ratio(CONTROL):.3f}"
    if not result.is_valid:
        note += " (noisy: not resolved)"
    what = "LeNet 28×28, batch 256: samples/s of EVALUATE / bare loop"
    return [Row("evaluate", what, f"{1 / result.ratio(OURS):.3f}", f"≥ {GOAL}", note)]
