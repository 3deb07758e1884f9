"""A whole LEARN against the loop that a careful person writes by hand, and against Lightning.

*Everything on* means what a real run has on: data read from their file, a cosine schedule,
momentum, clipped gradients, metrics of every step, validations, checkpoints, the best weights.
*Streaming* means images that are read from files while the network learns, with as many threads
as the hand-written ``DataLoader`` has processes.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import logging
import math
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.pairs import CONTROL, Comparison, compare
from benchmarks.table import Row
from jupyter_platform.core.datasets import DatasetDescriptor, bundled_datasets, bundled_file
from jupyter_platform.core.networks import NetworkDescription, bundled_networks
from jupyter_platform.core.options import resolve_options
from jupyter_platform.core.runs import JobRun, NetworkInput, RunId, RunSpec
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.networks import build
from jupyter_platform.learning.run.context import RunContext
from jupyter_platform.learning.run.recorder import Recorder
from jupyter_platform.learning.run.stop_signal import StopFlag
from jupyter_platform.learning.training import learner
from jupyter_platform.runtime.event_log import EventLog

BARE, OURS, LIGHTNING = "bare", "ours", "lightning"
STEPS, BATCH, ROUNDS = 300, 64, 15
VALIDATE, CHECKPOINT = 100, 150
RATE, MOMENTUM, CLIP = 0.05, 0.9, 5.0
TRAINED, KNOWN = 1293, 1437
"""Digits that a job learns from; up to the other number it validates, the rest is the test part."""
IMAGES, SIDE, WORKERS, STREAMED_STEPS = 2000, 28, 2, 120


def learn(
    folder: Path, network: NetworkDescription, dataset: DatasetDescriptor, **options: Any
) -> None:
    """Run a LEARN job in this process, without a coordinator around it."""
    resolved, _ = resolve_options(JobType.LEARN, options)
    spec = RunSpec(
        run=RunId(workload="b", attempt=1),
        name="b",
        process="jupyter_platform.learning.processes.process",
        job=JobRun(
            type=JobType.LEARN,
            networks=[NetworkInput(description=network)],
            dataset=dataset,
            options=resolved.model_dump(mode="json"),
        ),
    )
    events = EventLog(folder)
    recorder = Recorder(folder, events)
    recorder.start()
    result = learner.run(RunContext(spec, folder, events, recorder, StopFlag()))
    recorder.close()
    events.close()
    assert result.status == "finished", result.error


@contextlib.contextmanager
def _timed() -> Iterator[list[float]]:
    found: list[float] = []
    began = time.perf_counter()
    yield found
    found.append(time.perf_counter() - began)


def _digits() -> tuple[Tensor, Tensor]:
    with np.load(bundled_file("digits.npz")) as archive:
        x, y = archive["x"], archive["y"]
    inputs = torch.as_tensor(x, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    return inputs, torch.as_tensor(y, dtype=torch.int64)


class Everything:
    """LeNet on the digits, with everything on."""

    def __init__(self) -> None:
        self._network = bundled_networks()["lenet-digits"]
        self._dataset = bundled_datasets()["digits"]

    def ours(self) -> float:
        """Learn as a job does."""
        with tempfile.TemporaryDirectory() as folder, _timed() as seconds:
            learn(
                Path(folder),
                self._network,
                self._dataset,
                batch_size=BATCH,
                max_iterations=STEPS,
                learning_rate=RATE,
                momentum=MOMENTUM,
                schedule="cosine",
                clip_norm=CLIP,
                validation_interval=VALIDATE,
                checkpoint_interval=CHECKPOINT,
            )
        return seconds[0]

    def bare(self) -> float:
        """Learn by hand: the same, and files of the same kind."""
        with tempfile.TemporaryDirectory() as folder, _timed() as seconds:
            x, y = _digits()
            torch.manual_seed(0)
            network = build(self._network, list(x.shape[1:]), 10).train()
            optimizer = torch.optim.SGD(network.parameters(), lr=RATE, momentum=MOMENTUM)
            losses: list[float] = []
            best, order, at = math.inf, torch.randperm(TRAINED), 0
            for step in range(1, STEPS + 1):
                if at + BATCH > len(order):
                    order, at = torch.randperm(TRAINED), 0
                rows, at = order[at : at + BATCH], at + BATCH
                optimizer.param_groups[0]["lr"] = RATE * (1 + math.cos(math.pi * step / STEPS)) / 2
                optimizer.zero_grad()
                loss = functional.nll_loss(network(x[rows]), y[rows])
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), CLIP)
                optimizer.step()
                losses.append(loss.item())
                if step % VALIDATE == 0:
                    score = _validated(network, x[TRAINED:KNOWN], y[TRAINED:KNOWN])
                    if score < best:
                        best = score
                        torch.save(network.state_dict(), Path(folder) / "best.pt")
                if step % CHECKPOINT == 0:
                    state = {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
                    torch.save(state, Path(folder) / "checkpoint.pt")
            (Path(folder) / "losses.json").write_text(json.dumps(losses), encoding="utf-8")
            torch.save(network.state_dict(), Path(folder) / "last.pt")
        return seconds[0]

    def lightning(self) -> float:
        """Learn with Lightning's trainer and its own logger and checkpoints."""
        import lightning  # noqa: PLC0415 - an optional peer

        module = _lightning_module(lightning, self._network)
        with tempfile.TemporaryDirectory() as folder, _timed() as seconds:
            x, y = _digits()
            data = torch.utils.data.TensorDataset
            loader = torch.utils.data.DataLoader
            trainer = lightning.Trainer(
                max_steps=STEPS,
                max_epochs=-1,
                accelerator="cpu",
                default_root_dir=folder,
                gradient_clip_val=CLIP,
                val_check_interval=VALIDATE,
                check_val_every_n_epoch=None,
                log_every_n_steps=1,
                enable_progress_bar=False,
                enable_model_summary=False,
                logger=lightning.pytorch.loggers.CSVLogger(folder),
            )
            trainer.fit(
                module,
                loader(data(x[:TRAINED], y[:TRAINED]), BATCH, shuffle=True, drop_last=True),
                loader(data(x[TRAINED:KNOWN], y[TRAINED:KNOWN]), 512),
            )
        return seconds[0]


def _validated(network: nn.Module, x: Tensor, y: Tensor) -> float:
    network.eval()
    with torch.inference_mode():
        score = functional.nll_loss(network(x), y).item()
    network.train()
    return score


def _lightning_module(lightning: Any, description: NetworkDescription) -> Any:
    class Module(lightning.LightningModule):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.network = build(description, [1, 8, 8], 10).train()

        def training_step(self, batch: Any, _number: int) -> Tensor:
            loss = functional.nll_loss(self.network(batch[0]), batch[1])
            self.log("loss", loss)
            return loss

        def validation_step(self, batch: Any, _number: int) -> None:
            self.log("validation_loss", functional.nll_loss(self.network(batch[0]), batch[1]))

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.SGD(self.parameters(), lr=RATE, momentum=MOMENTUM)
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
            return [optimizer], [{"scheduler": schedule, "interval": "step"}]

    return Module()


class Streaming:
    """LeNet on images that lie in files, a folder a class."""

    def __init__(self, folder: Path) -> None:
        rng = np.random.default_rng(0)
        self._files: list[tuple[Path, int]] = []
        for number in range(IMAGES):
            label = number % 10
            path = folder / f"class{label}" / f"{number:05d}.jpg"
            path.parent.mkdir(exist_ok=True)
            pixels = rng.integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
            Image.fromarray(pixels).save(path, quality=90)
            self._files.append((path, label))
        self._network = bundled_networks()["lenet"]
        self._dataset = DatasetDescriptor(
            name="pictures", kind="images", file=f"path:{folder}", shape=(1, SIDE, SIDE)
        )

    def ours(self) -> float:
        """Learn as a job does, without validations."""
        with tempfile.TemporaryDirectory() as folder, _timed() as seconds:
            learn(
                Path(folder),
                self._network,
                self._dataset,
                batch_size=BATCH,
                max_iterations=STREAMED_STEPS,
                train_set=f"0,{IMAGES}",
                validation_interval=0,
                fetch_threads=WORKERS,
            )
        return seconds[0]

    def bare(self) -> float:
        """Learn by hand, with a ``DataLoader``."""
        with _timed() as seconds:
            torch.manual_seed(0)
            network = build(self._network, [1, SIDE, SIDE], 10).train()
            optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
            loader = torch.utils.data.DataLoader(
                _Pictures(self._files),
                BATCH,
                shuffle=True,
                drop_last=True,
                num_workers=WORKERS,
                persistent_workers=True,
            )
            losses: list[Tensor] = []
            while len(losses) < STREAMED_STEPS:
                for inputs, targets in loader:
                    optimizer.zero_grad()
                    loss = functional.nll_loss(network(inputs), targets)
                    loss.backward()
                    optimizer.step()
                    losses.append(loss.detach())
                    if len(losses) == STREAMED_STEPS:
                        break
        return seconds[0]


class _Pictures(torch.utils.data.Dataset[tuple[Tensor, int]]):
    def __init__(self, files: list[tuple[Path, int]]) -> None:
        self._files = files

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, number: int) -> tuple[Tensor, int]:
        path, label = self._files[number]
        with Image.open(path) as image:
            pixels = np.array(image.convert("L"))
        return torch.from_numpy(pixels)[None].float() / 255, label


def _row(what: str, result: Comparison, name: str, goal: str) -> Row:
    rates = sorted(item[result.reference] / item[name] for item in result.rounds)
    value = rates[len(rates) // 2]
    control = result.ratio(CONTROL) if CONTROL in result.rounds[0] else 1.0
    note = f"control {control:.3f}" + ("" if result.is_valid else " (noisy: not resolved)")
    return Row("throughput", what, f"{value:.3f}", goal, note)


def run() -> list[Row]:
    """Measure; about three minutes."""
    torch.set_num_threads(1)
    logging.getLogger("jupyter_platform").setLevel(logging.WARNING)
    everything = Everything()
    variants = {BARE: everything.bare, OURS: everything.ours, CONTROL: everything.bare}
    if importlib.util.find_spec("lightning") is not None:
        importlib.import_module("lightning")  # which sets up its log
        logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
        variants[LIGHTNING] = everything.lightning
    result = compare(variants, BARE, ROUNDS)
    rows = [_row("LEARN with everything on / hand-written loop, steps/s", result, OURS, "≥ 0.98")]
    if LIGHTNING in variants:
        rows.append(_row("Lightning / hand-written loop, steps/s", result, LIGHTNING, "peer"))
    with tempfile.TemporaryDirectory() as folder:
        streaming = Streaming(Path(folder))
        variants = {BARE: streaming.bare, OURS: streaming.ours, CONTROL: streaming.bare}
        result = compare(variants, BARE, ROUNDS)
    what = "LEARN from images in files / hand-written DataLoader loop, samples/s"
    return [*rows, _row(what, result, OURS, "≥ 0.95")]
