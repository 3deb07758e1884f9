"""LEARN: a network learns a dataset."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import torch

from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.core.runs import RunResult
from jupyter_platform.learning.callbacks import Checkpoints, Validation, WeightsFolder, finite
from jupyter_platform.learning.checkpoint import (
    best_weights_files,
    read_checkpoint,
    set_random_state,
)
from jupyter_platform.learning.context import RunContext
from jupyter_platform.learning.datasets import Dataset
from jupyter_platform.learning.loop import Callback, train
from jupyter_platform.learning.preparation import prepare_strategy
from jupyter_platform.learning.strategies import Strategy
from jupyter_platform.learning.synchronisation import (
    Synchronisation,
    begin_together,
    in_step,
    meetings,
)

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
    dataset = None if context.spec.dataset is None else context.dataset()
    context.phase("building the network")
    sync = _synchronisation(context, options)
    with in_step(sync):
        learning = _set_up(context, options, dataset)
    begin_together(learning.strategy.network, context.gang)
    context.phase("training")
    step = train(
        learning.strategy,
        learning.start,
        last,
        [context.recorder.series(name) for name in learning.strategy.series],
        _callbacks(learning, sync),
        context.stop if sync is None else sync.stop,
    )
    if context.gang.leads:
        _save_last(learning, step)
    return RunResult(
        status="finished" if step == last else "stopped",
        step=step,
        result=_result(learning, step, context.recorder.latest(LOSS)),
    )


def _synchronisation(context: RunContext, options: LearnOptions) -> Synchronisation | None:
    gang = context.gang
    return None if gang.is_alone else Synchronisation(gang, options.sync_interval, context.stop)


def _callbacks(learning: _Learning, sync: Synchronisation | None) -> list[Callback]:
    options = learning.options
    intervals = (options.validation_interval, options.checkpoint_interval)
    found: list[Callback] = [*meetings(sync, learning.strategy.network, *intervals)]
    if learning.context.gang.leads:
        found += [learning.validation, learning.checkpoints]
    return found


def _set_up(context: RunContext, options: LearnOptions, dataset: Dataset | None) -> _Learning:
    strategy, kept = prepare_strategy(context, options, dataset)
    weights = WeightsFolder(context, kept)
    validation = Validation(context, strategy, weights, options.validation_interval)
    checkpoints = Checkpoints(
        context, strategy, kept[0].header, validation, weights, options.checkpoint_interval
    )
    learning = _Learning(context, options, strategy, weights, validation, checkpoints)
    _resume(learning)
    return learning


def _resume(learning: _Learning) -> None:
    context = learning.context
    point = context.spec.resume
    if point is None:
        return
    name = " and ".join(item.description.name for item in context.spec.networks)
    state = read_checkpoint(point, context.spec.files, learning.strategy.network, name)
    learning.strategy.load_state_dict(state["strategy"])
    learning.validation.load_state_dict(state["validation"])
    learning.checkpoints.load_state_dict(state)
    best, step = best_weights_files(point, context.spec.files), learning.validation.best_step
    if best and step is not None:
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
    gang = learning.context.gang
    samples = step * learning.strategy.samples_per_step * gang.size
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
        "samples_per_s": samples / elapsed if elapsed else None,
        "weights": learning.weights.variants,
        "seed": learning.options.seed,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "ranks": gang.size,
        "device": str(learning.context.device),
        "headline": _headline(best, loss),
        **learning.strategy.summary(),
    }


def _headline(best: dict[str, Any] | None, loss: float | None) -> dict[str, Any]:
    if best is None:
        return {"name": "loss", "value": loss}
    key = "validation_accuracy" if "validation_accuracy" in best else "validation_loss"
    return {"name": key.replace("_", " "), "value": best[key]}
