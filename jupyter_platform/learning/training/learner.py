"""LEARN: a network learns a dataset."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from jupyter_platform.core.errors import InvalidRequestError, PlatformError
from jupyter_platform.core.jobs import JobErrorRecord
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.core.options.learn import PASSING
from jupyter_platform.core.runs import NOT_FINITE, RunResult
from jupyter_platform.learning.data import Dataset
from jupyter_platform.learning.distributed.averaging import (
    Synchronisation,
    begin_together,
    in_step,
    meetings,
)
from jupyter_platform.learning.distributed.process_group import PeerLostError
from jupyter_platform.learning.run.checkpoint import (
    best_weights_files,
    read_checkpoint,
    set_random_state,
)
from jupyter_platform.learning.run.context import RunContext
from jupyter_platform.learning.run.provenance import Measured
from jupyter_platform.learning.run.recorder import Point
from jupyter_platform.learning.run.stop_signal import Ending, StopFlag
from jupyter_platform.learning.strategies import Strategy
from jupyter_platform.learning.strategies.contract import steps_of
from jupyter_platform.learning.training.callbacks import (
    Checkpoints,
    LearningRates,
    Stateful,
    StoredWeights,
    Validation,
    WeightsFolder,
    finite,
)
from jupyter_platform.learning.training.early_stopping import (
    LossPlateau,
    TimeLimit,
    ValidationPlateau,
)
from jupyter_platform.learning.training.installed_callbacks import installed_callbacks
from jupyter_platform.learning.training.loop import Accumulated, Callback, Steps, train
from jupyter_platform.learning.training.network_modes import uncompiled
from jupyter_platform.learning.training.preparation import prepare_strategy
from jupyter_platform.learning.training.rank_states import KeptCurves, RankStates, with_own_state

logger = logging.getLogger(__name__)

LOSS = "loss"
RATES = 500
"""Points of the learning rate's curve, where it changes."""


@dataclass
class _Learning:
    """The parts of a LEARN job, set up before the first step."""

    context: RunContext
    options: LearnOptions
    strategy: Strategy
    weights: WeightsFolder
    validation: Validation
    checkpoints: Checkpoints
    records: list[Callable[[Point], None]]
    listeners: list[Callback]
    """Called between steps, in this order, after the networks of a gang were brought together."""
    ranks: RankStates
    measured: Measured | None
    """By which samples validation judges."""
    warnings: Sequence[str]
    """Warnings about the dataset that limit the meaning of a score."""
    start: int = 0
    draws_on: bool = False
    """Whether its random numbers are those that follow a checkpoint of this very rank."""


def run(context: RunContext) -> RunResult:
    """Run a LEARN job.

    Raises
    ------
    PlatformError
        If network, dataset and options do not fit each other, or weights cannot be stored.
    """
    options = LearnOptions.model_validate(context.job.options)
    dataset = None if context.job.dataset is None else context.dataset()
    context.phase("building the network")
    stop = _stop_of_loop(context, options)
    sync = _synchronisation(context, options, stop)
    cut = context.stop.cut_short() if sync is None else contextlib.nullcontext()
    with in_step(sync), cut:
        learning = _set_up(context, options, dataset, sync)
    options = learning.options
    last = None if options.max_iterations == -1 else options.max_iterations
    context.recorder.total = last
    begin_together(learning.strategy.network, context.communicator, draws_on=learning.draws_on)
    context.phase("training")
    step = _train(learning, last, sync, stop)
    context.recorder.sync()
    if context.used.get("compiled"):
        _tell_uncompiled(context)
    failure = context.stop.failure
    if failure is not None:
        return _failed(failure, step, options)
    learning.strategy.finish()
    if context.communicator.is_main:
        _save_last(learning, step)
    ending = _ending(context, options, step, last)
    return RunResult(
        status="stopped" if ending == PERSON else "finished",
        step=step,
        result=_result(learning, step, context.recorder.latest(LOSS), ending),
    )


def _tell_uncompiled(context: RunContext) -> None:
    failed, parts = uncompiled()
    if failed:
        context.used["compiled"] = failed < parts
        context.warn(
            f"compile = true: {failed} of {parts} parts of the network could not be compiled and "
            "ran as they are; the log has torch's reasons."
        )


def _train(
    learning: _Learning, last: int | None, sync: Synchronisation | None, stop: StopFlag
) -> int:
    context, options = learning.context, learning.options
    steps: Steps = steps_of(learning.strategy)
    if options.accumulate > 1:
        steps = Accumulated(steps, options.accumulate)
    limit = TimeLimit(options.max_time, learning.checkpoints.elapsed_s, context.stop)
    callbacks = _callbacks(learning, sync)
    try:
        with limit:
            return train(
                steps, learning.start, last, learning.records, callbacks, stop,
                may_cut=context.communicator.is_alone,
            )  # fmt: skip
    except PeerLostError:
        raise
    except Exception:
        # What torch says about numbers that are none helps nobody.
        context.recorder.sync()
        if context.stop.failure is None:
            raise
        return context.recorder.step


def _failed(failure: Ending, step: int, options: LearnOptions) -> RunResult:
    advice = (
        "A smaller learning_rate, clip_norm = 1 or another criterion may help, and nan_retries = 3 "
        "goes on from the last checkpoint with other samples."
    )
    error = JobErrorRecord(type=NOT_FINITE, message=f"{failure.text} {advice}")
    return RunResult(status="failed", step=step, error=error, retries=options.nan_retries)


PERSON, ELSEWHERE = "person", "rank 0"


def _ending(context: RunContext, options: LearnOptions, step: int, last: int | None) -> str:
    """Return what ended it: an option, or a person."""
    if step == last:
        return "epochs" if options.epochs is not None else "max_iterations"
    ending = context.stop.ending
    if ending is None:
        # The other ranks of a gang hear that it ends, but not why.
        return PERSON if context.stop.requested else ELSEWHERE
    text = ending.text
    if not context.communicator.is_alone:
        text += f" All processes ended together, after update {step:,}, in which they heard of it."
    context.events.message("info", text)
    return ending.rule


def _stop_of_loop(context: RunContext, options: LearnOptions) -> StopFlag:
    """Return the flag that the loop looks at: one of their own where ranks leave it in step."""
    in_step = not context.communicator.is_alone and options.sync_interval == 1
    return StopFlag() if in_step else context.stop


def _synchronisation(
    context: RunContext, options: LearnOptions, stop: StopFlag
) -> Synchronisation | None:
    communicator = context.communicator
    if communicator.is_alone:
        return None
    if options.schedule == "plateau":
        raise InvalidRequestError(
            "schedule = plateau follows validations, which only one of several processes makes; "
            "choose another schedule where target_count is above 1."
        )
    return Synchronisation(communicator, options.sync_interval, context.stop, stop)


def _callbacks(learning: _Learning, sync: Synchronisation | None) -> list[Callback]:
    options = learning.options
    intervals = (options.validation_interval, options.checkpoint_interval, options.store_interval)
    network, start = learning.strategy.network, learning.start
    found: list[Callback] = [*meetings(sync, network, start, *intervals)]
    if learning.context.communicator.is_main:
        return found + learning.listeners
    recorder, interval = learning.context.recorder, options.checkpoint_interval
    return [*found, KeptCurves(recorder, interval, learning.ranks.collect)]


def _set_up(
    context: RunContext,
    options: LearnOptions,
    dataset: Dataset | None,
    sync: Synchronisation | None,
) -> _Learning:
    strategy, kept, measured = prepare_strategy(context, options, dataset)
    options = strategy.context.options
    watched = [name for name in strategy.series if name == LOSS or name.endswith("_loss")]
    context.recorder.guard(watched, partial(_not_finite, context.stop))
    records = [context.recorder.series(name) for name in strategy.series]
    weights = WeightsFolder(context, kept)
    plateau = ValidationPlateau(options, context.stop)
    validation = Validation(
        context, strategy, weights, options.validation_interval, [plateau.validated]
    )
    parts: dict[str, Stateful] = {
        "strategy": strategy,
        "validation": validation,
        "validation_plateau": plateau,
    }
    listeners: list[Callback] = [validation]
    if (
        options.loss_threshold is not None
        and LOSS in strategy.series
        and context.communicator.is_main
    ):
        place = strategy.series.index(LOSS)
        loss_plateau = LossPlateau(options, context.stop, records[place])
        records[place] = loss_plateau.record
        listeners.append(loss_plateau)
        parts["loss_plateau"] = loss_plateau
    interval, header = options.checkpoint_interval, kept[0].header
    ranks = RankStates(context.communicator, strategy, lambda: sync is not None and sync.is_over)
    checkpoints = Checkpoints(
        context, strategy, header, validation, weights, interval, parts, ranks.collect
    )
    rates = max(options.max_iterations // RATES, 1) if options.max_iterations > 0 else RATES
    listeners += [
        LearningRates(context, strategy, rates),
        StoredWeights(context, weights, validation, options.store_interval),
        checkpoints,
    ]
    if context.communicator.is_main:
        listeners += installed_callbacks(context, strategy)
    learning = _Learning(
        context,
        options,
        strategy,
        weights,
        validation,
        checkpoints,
        records,
        listeners,
        ranks,
        measured,
        () if dataset is None else tuple(dataset.facts.warnings),
    )
    _resume(learning)
    return learning


def _not_finite(stop: StopFlag, name: str, step: int, value: float) -> None:
    what = "The loss" if name == LOSS else f"The {name.replace('_', ' ')}"
    stop.fail(name, f"{what} is not finite at step {step:,}: it is {value}.")


def _resume(learning: _Learning) -> None:
    context = learning.context
    point = context.spec.resume
    if point is not None:
        name = " and ".join(item.description.name for item in context.job.networks)
        state = read_checkpoint(point, context.spec.files, learning.strategy.network, name)
        rank = context.spec.run.rank
        state, learning.draws_on = with_own_state(state, point, context.spec.files, rank)
        learning.checkpoints.load_state_dict(state)
        best, step = best_weights_files(point, context.spec.files), learning.validation.best_step
        if best and step is not None:
            learning.weights.adopt("best", best, step, learning.validation.best_scores)
        set_random_state(state["random"])
        learning.start = context.recorder.step = point.step
        context.events.message("info", f"Resumed from the checkpoint of step {point.step}.")
    if context.spec.reseed:
        # What came after the checkpoint made the loss no number: it must not come again.
        torch.manual_seed(learning.options.seed + context.spec.reseed)
        learning.strategy.reseed(learning.options.seed + context.spec.reseed)


def _save_last(learning: _Learning, step: int) -> None:
    context = learning.context
    context.phase("storing weights")
    scores = learning.validation.latest if learning.validation.latest_step == step else {}
    try:
        learning.weights.save("last", step, scores)
    except OSError as error:
        raise PlatformError(f"The last weights (step {step}) cannot be stored: {error}.") from error


def _result(learning: _Learning, step: int, loss: float | None, stopped_by: str) -> dict[str, Any]:
    validation, elapsed = learning.validation, learning.checkpoints.elapsed_s
    communicator = learning.context.communicator
    samples = (
        step * learning.options.accumulate * learning.strategy.samples_per_step * communicator.size
    )
    best: dict[str, Any] | None = None
    if validation.best_step is not None:
        scores = {key: finite(value) for key, value in validation.best_scores.items()}
        best = {"step": validation.best_step, **scores}
    return {
        "loss": loss,
        "best": best,
        "validation": {key: finite(value) for key, value in validation.latest.items()} or None,
        "steps": step,
        "stopped_by": stopped_by,
        "training_time_s": elapsed,
        "samples_per_s": samples / elapsed if elapsed else None,
        "weights": learning.weights.variants,
        "seed": learning.options.seed,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "ranks": communicator.size,
        "device": str(learning.context.device),
        **learning.context.used,
        **_used(learning, samples),
        **_judgement(best, loss, learning.measured, learning.warnings),
        **learning.strategy.summary(),
    }


def _used(learning: _Learning, samples: int) -> dict[str, Any]:
    """Return rate and sizes as they were really used; `samples` were drawn in all."""
    options, built_from = learning.options, learning.strategy.context
    used: dict[str, Any] = {"learning_rate": options.effective_learning_rate}
    if built_from.train is None:
        return used
    validation = 0 if built_from.validation is None else len(built_from.validation)
    if options.strategy in PASSING:
        used["batch_size"] = learning.strategy.samples_per_step
        used["epochs"] = samples / len(built_from.train)
    return {**used, "train_samples": len(built_from.train), "validation_samples": validation}


def _judgement(
    best: dict[str, Any] | None,
    loss: float | None,
    measured: Measured | None,
    warnings: Sequence[str],
) -> dict[str, Any]:
    """Return the leading score, and by which samples it was judged."""
    if best is None or measured is None:
        on = None if best else "training samples"
        told = {"warnings": list(warnings)} if warnings else {}
        return {"headline": {**_headline(best, loss), "on": on}, **told}
    return {
        "headline": {**_headline(best, loss), "on": measured.text},
        "measured_on": measured.text,
        "warnings": [*measured.warnings, *warnings],
    }


def _headline(best: dict[str, Any] | None, loss: float | None) -> dict[str, Any]:
    if best is None:
        return {"name": "loss", "value": loss}
    leading = ("validation_accuracy", "validation_return", "validation_loss")
    key = next(name for name in leading if name in best)
    return {"name": key.replace("_", " "), "value": best[key]}
