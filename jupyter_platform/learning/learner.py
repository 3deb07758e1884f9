"""LEARN: a network learns a dataset."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from jupyter_platform.core.errors import InvalidRequestError, PlatformError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.core.runs import RunResult
from jupyter_platform.learning.callbacks import Checkpoints, Validation, WeightsFolder, finite
from jupyter_platform.learning.checkpoint import (
    best_weights_file,
    read_checkpoint,
    set_random_state,
)
from jupyter_platform.learning.checks import check_dataset_fits
from jupyter_platform.learning.context import RunContext
from jupyter_platform.learning.datasets import Dataset
from jupyter_platform.learning.loop import train
from jupyter_platform.learning.networks import WeightsHeader, build, calibrate, load_weights
from jupyter_platform.learning.strategies import FeedForward, Strategy
from jupyter_platform.learning.strategies.criteria import choose_criterion, make_loss
from jupyter_platform.learning.strategies.sampling import Batches

logger = logging.getLogger(__name__)

LOSS = "loss"


@dataclass
class _Learning:
    """Everything that is set up before the first step."""

    context: RunContext
    options: LearnOptions
    strategy: Strategy
    weights: WeightsFolder
    validation: Validation
    checkpoints: Checkpoints
    start: int = 0


def run(context: RunContext) -> RunResult:
    """Run a LEARN job.

    Raises
    ------
    PlatformError
        If network, dataset and options do not fit each other, or weights cannot be stored.
    """
    options = LearnOptions.model_validate(context.spec.options)
    last = None if options.max_iterations == -1 else options.max_iterations
    context.recorder.total = last
    dataset = context.dataset()
    context.phase("building the network")
    learning = _set_up(context, options, dataset)
    context.phase("training")
    step = train(
        learning.strategy,
        learning.start,
        last,
        context.recorder.series(LOSS),
        [learning.validation, learning.checkpoints],
        context.stop,
    )
    _save_last(learning, step)
    return RunResult(
        status="finished" if step == last else "stopped",
        step=step,
        result=_result(learning, step, context.recorder.latest(LOSS)),
    )


def _set_up(context: RunContext, options: LearnOptions, dataset: Dataset) -> _Learning:
    description = context.network().description
    facts = dataset.facts
    check_dataset_fits(description, facts)
    header = WeightsHeader.of(description, facts.shape, facts.outputs)
    train_set = options.train_set or dataset.split("train")
    if train_set is None:
        raise InvalidRequestError(
            f"Dataset {dataset.descriptor.name!r} has no training split; give train_set."
        )
    rows = dataset.rows(train_set, "train_set")
    if options.batch_size > len(rows):
        context.warn(
            f"batch_size is {options.batch_size}, but train_set has {len(rows)} samples; each "
            "batch is the whole set."
        )
    network = _network(context, options, dataset, rows)
    inputs, targets = dataset.inputs.to(context.device), dataset.targets.to(context.device)
    criterion = choose_criterion(options.criterion, facts.task)
    probe = rows[: options.batch_size]
    network.eval()
    with torch.no_grad():
        loss = make_loss(criterion, network(inputs[probe]), targets[probe], description.name)
    network.train()
    strategy = FeedForward(
        network,
        loss,
        Batches(inputs, targets, rows, options.batch_size, options.seed),
        _validation_samples(options, dataset, inputs, targets),
        options,
    )
    weights = WeightsFolder(context, strategy, header)
    validation = Validation(context, strategy, weights, options.validation_interval)
    checkpoints = Checkpoints(
        context, strategy, header, validation, weights, options.checkpoint_interval
    )
    learning = _Learning(context, options, strategy, weights, validation, checkpoints)
    _resume(learning)
    return learning


def _network(
    context: RunContext, options: LearnOptions, dataset: Dataset, rows: Tensor
) -> nn.Module:
    given = context.network()
    torch.manual_seed(options.seed)
    network = build(given.description, dataset.facts.shape, dataset.facts.outputs)
    if given.weights is not None:
        load_weights(network, context.file(given.weights, "weights"), given.description.name)
    elif context.spec.resume is None:
        calibrate(network, dataset.inputs[rows], dataset.targets[rows])
    return network.to(context.device).train()


def _validation_samples(
    options: LearnOptions, dataset: Dataset, inputs: Tensor, targets: Tensor
) -> tuple[Tensor, Tensor] | None:
    index_set = options.validation_set or dataset.split("validation")
    if index_set is None:
        return None
    rows = dataset.rows(index_set, "validation_set").to(inputs.device)
    return inputs[rows], targets[rows]


def _resume(learning: _Learning) -> None:
    context = learning.context
    point = context.spec.resume
    if point is None:
        return
    name = context.network().description.name
    state = read_checkpoint(point, context.spec.files, learning.strategy.network, name)
    learning.strategy.load_state_dict(state["strategy"])
    learning.validation.load_state_dict(state["validation"])
    learning.checkpoints.load_state_dict(state)
    best, step = best_weights_file(point, context.spec.files), learning.validation.best_step
    if best is not None and step is not None:
        learning.weights.adopt("best", best, step, learning.validation.best_scores)
    set_random_state(state["random"])
    learning.start = context.recorder.step = point.step
    context.events.message("info", f"Resumed from the checkpoint of step {point.step}.")


def _save_last(learning: _Learning, step: int) -> None:
    context = learning.context
    context.phase("storing weights")
    scores = learning.validation.latest if learning.validation.latest_step == step else {}
    try:
        context.recorder.sync()
        learning.weights.save("last", step, scores)
    except OSError as error:
        raise PlatformError(f"The last weights (step {step}) cannot be stored: {error}.") from error


def _result(learning: _Learning, step: int, loss: float | None) -> dict[str, Any]:
    validation, elapsed = learning.validation, learning.checkpoints.elapsed_s
    best: dict[str, Any] | None = None
    if validation.best_step is not None:
        scores = {key: finite(value) for key, value in validation.best_scores.items()}
        best = {"step": validation.best_step, **scores}
    return {
        "loss": loss,
        "best": best,
        "validation": {key: finite(value) for key, value in validation.latest.items()} or None,
        "steps": step,
        "training_time_s": elapsed,
        "samples_per_s": step * learning.strategy.samples_per_step / elapsed if elapsed else None,
        "weights": learning.weights.variants,
        "seed": learning.options.seed,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": str(learning.context.device),
        "headline": _headline(best, loss),
    }


def _headline(best: dict[str, Any] | None, loss: float | None) -> dict[str, Any]:
    if best is None:
        return {"name": "loss", "value": loss}
    key = "validation_accuracy" if "validation_accuracy" in best else "validation_loss"
    return {"name": key.replace("_", " "), "value": best[key]}
