"""Callbacks of LEARN: validation, checkpoints, stored weights, learning rates."""

from __future__ import annotations

import logging
import math
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from jupyter_platform.core.checkpoints import CheckpointFacts, WeightsWithin
from jupyter_platform.core.errors import PlatformError
from jupyter_platform.learning.networks import WeightsHeader, save_weights
from jupyter_platform.learning.run.checkpoint import write_checkpoint
from jupyter_platform.learning.run.context import RunContext
from jupyter_platform.learning.run.provenance import Provenance
from jupyter_platform.learning.run.stop_signal import Interrupted
from jupyter_platform.learning.strategies import Strategy
from jupyter_platform.learning.strategies.contract import check_scores

logger = logging.getLogger(__name__)

WEIGHTS = "weights"
BEST = "best"
"""Variant of the weights that a validation chose."""


@dataclass(frozen=True)
class KeptNetwork:
    """A network whose weights are kept in the repository."""

    name: str
    module: nn.Module
    header: WeightsHeader
    provenance: Provenance = field(default_factory=Provenance)


class WeightsFolder:
    """``weights/`` of a run: named variants of its networks' weights, and the events about them.

    Parameters
    ----------
    context : RunContext
        The run.
    kept : sequence of KeptNetwork
        One or more, of different names.
    """

    def __init__(self, context: RunContext, kept: Sequence[KeptNetwork]) -> None:
        self._context = context
        self._kept = {item.name: item for item in kept}
        self._folder = context.folder / WEIGHTS
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self.variants: dict[str, str] = {}

    @property
    def kept(self) -> Sequence[KeptNetwork]:
        """The networks."""
        return tuple(self._kept.values())

    def paths(self, variant: str) -> dict[str, Path]:
        """Return where a variant lies, by network."""
        if len(self._kept) == 1:
            return dict.fromkeys(self._kept, self._folder / f"{variant}.safetensors")
        return {name: self._folder / f"{variant}.{name}.safetensors" for name in self._kept}

    def save(self, variant: str, step: int, scores: dict[str, float]) -> None:
        """Write the present weights as a variant.

        Parameters
        ----------
        variant : str
            ``best`` or ``last``.
        step : int
            Updates that were done.
        scores : dict of str to float
            Scores of the last validation.

        Raises
        ------
        OSError
            If they cannot be written; an older file is untouched.
        """
        paths = self.paths(variant)
        for name, item in self._kept.items():
            told = item.provenance.metadata(best=variant == BEST)
            state = item.module.state_dict()
            save_weights(paths[name], state, item.header, step=str(step), **told)
        self._tell(variant, step, scores)

    def adopt(
        self, variant: str, sources: Mapping[str, Path], step: int, scores: dict[str, float]
    ) -> None:
        """Take over the files of an earlier attempt, by file name, as a variant.

        Parameters
        ----------
        variant : str
            ``best`` or ``last``.
        sources : mapping of str to Path
            Name of the file to where it is.
        step : int
            Updates that were done.
        scores : dict of str to float
            Scores of the validation that they come from.
        """
        for path in self.paths(variant).values():
            temporary = self._folder / f".{path.name}"
            shutil.copyfile(sources[path.name], temporary)
            os.replace(temporary, path)
        self._tell(variant, step, scores)

    def _tell(self, variant: str, step: int, scores: dict[str, float]) -> None:
        paths = self.paths(variant)
        self.variants |= {
            path.name.removesuffix(".safetensors"): f"{WEIGHTS}/{path.name}"
            for path in paths.values()
        }
        for name, item in self._kept.items():
            self._context.events.write(
                "weights",
                network=name,
                variant=variant,
                file=f"{WEIGHTS}/{paths[name].name}",
                step=step,
                input_shape=list(item.header.input_shape),
                outputs=item.header.outputs,
                scores={key: finite(value) for key, value in scores.items()},
            )


def finite(value: float) -> float | None:
    """Return a number that JSON can hold, or None."""
    return value if math.isfinite(value) else None


class Validation:
    """Validates, records the scores and keeps the weights of the lowest validation loss."""

    def __init__(
        self,
        context: RunContext,
        strategy: Strategy,
        weights: WeightsFolder,
        interval: int,
        listeners: Sequence[Callable[[int, Mapping[str, float]], None]] = (),
    ) -> None:
        self.interval = interval
        self._listeners = listeners
        self.best_step: int | None = None
        self.best_scores: dict[str, float] = {}
        self.latest: dict[str, float] = {}
        self.latest_step: int | None = None
        self._context = context
        self._strategy = strategy
        self._weights = weights

    def at_step(self, step: int) -> None:
        """Validate once; a stop that is asked for meanwhile cuts it short, and it has no score."""
        try:
            with self._context.stop.cut_short():
                scores = self._strategy.validate()
        except Interrupted:
            text = f"The validation after step {step:,} was cut short by the stop; it has no score."
            self._context.events.message("info", text)
            return
        if scores is None:
            return
        check_scores(self._strategy, scores)
        self.latest, self.latest_step = scores, step
        for name, value in scores.items():
            self._context.recorder.record(name, step, value)
        shown = ", ".join(f"{name} {value:.4g}" for name, value in scores.items())
        logger.info("step %d: %s", step, shown)
        best = self.best_scores.get("validation_loss", math.inf)
        # Of equals the later one: an agent that still has the highest return has it more surely.
        if scores["validation_loss"] <= best and math.isfinite(scores["validation_loss"]):
            self._keep_best(step, scores)
        self._strategy.validated(scores)
        for listener in self._listeners:
            listener(step, scores)

    def at_end(self, step: int) -> None:
        """Validate the last weights, unless that was just done or was not wanted."""
        broken = self._context.stop.failure is not None
        if self.interval and step and step != self.latest_step and not broken:
            self.at_step(step)

    def state_dict(self) -> dict[str, Any]:
        """Return what the next attempt must know."""
        return {
            "best_step": self.best_step,
            "best_scores": self.best_scores,
            "latest": self.latest,
            "latest_step": self.latest_step,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self.best_step, self.best_scores = state["best_step"], state["best_scores"]
        self.latest, self.latest_step = state["latest"], state["latest_step"]

    def _keep_best(self, step: int, scores: dict[str, float]) -> None:
        try:
            self._weights.save(BEST, step, scores)
        except OSError as error:
            self._context.warn(f"The best weights (step {step}) cannot be stored: {error}.")
            return
        self.best_step, self.best_scores = step, scores


class LearningRates:
    """Records the learning rate now and then, where it changes."""

    def __init__(self, context: RunContext, strategy: Strategy, interval: int) -> None:
        changing = any(item.changes_learning_rate for item in strategy.updaters)
        self.interval = interval if changing else 0
        self._context = context
        self._strategy = strategy

    def at_step(self, step: int) -> None:
        """Record that of the update of this step."""
        rate = self._strategy.updaters[0].used_learning_rate
        if rate is not None:
            self._context.recorder.record("learning_rate", step, rate)

    def at_end(self, step: int) -> None:
        """Do nothing: the last rate says little."""


class StoredWeights:
    """Keeps the weights of every so many updates, as variants named after their step."""

    def __init__(
        self, context: RunContext, weights: WeightsFolder, validation: Validation, interval: int
    ) -> None:
        self.interval = interval
        self._context = context
        self._weights = weights
        self._validation = validation

    def at_step(self, step: int) -> None:
        """Keep them; when that fails training goes on."""
        validation = self._validation
        scores = validation.latest if validation.latest_step == step else {}
        try:
            self._weights.save(str(step), step, scores)
        except OSError as error:
            self._context.warn(f"The weights of step {step} cannot be stored: {error}.")

    def at_end(self, step: int) -> None:
        """Do nothing: the last weights have a name of their own."""


class Stateful(Protocol):
    """An object whose state is part of checkpoints."""

    def state_dict(self) -> dict[str, Any]:
        """Return what `load_state_dict` takes."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""


class Checkpoints:
    """Writes checkpoints now and then, and at the end.

    Parameters
    ----------
    parts : mapping
        What is kept beside the networks' weights, by name.
    ranks : callable
        Gives what the other ranks of the gang must find again; see `RankStates.collect`.
    """

    def __init__(
        self,
        context: RunContext,
        strategy: Strategy,
        header: WeightsHeader,
        validation: Validation,
        weights: WeightsFolder,
        interval: int,
        parts: Mapping[str, Stateful],
        ranks: Callable[[], dict[str, bytes]] = dict,
    ) -> None:
        self.interval = interval
        self._context = context
        self._strategy = strategy
        self._header = header
        self._validation = validation
        self._weights = weights
        self._parts = dict(parts)
        self._ranks = ranks
        self._started = time.monotonic()
        self._elapsed_before = 0.0
        self._stored: int | None = None

    @property
    def elapsed_s(self) -> float:
        """Seconds of training, those of earlier attempts that were kept included."""
        return self._elapsed_before + time.monotonic() - self._started

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what an earlier attempt wrote, and count on."""
        for name, part in self._parts.items():
            part.load_state_dict(state[name])
        self._elapsed_before = float(state["elapsed_s"])

    def at_step(self, step: int) -> None:
        """Write a checkpoint; when that fails the last good one stays and training goes on."""
        ranks = self._ranks()  # whatever comes of it here, the others wait for being asked
        try:
            self._write(step, ranks)
        except OSError as error:
            self._context.warn(
                f"The checkpoint of step {step} cannot be written: {error}. The one before it "
                "stays, and training goes on."
            )

    def at_end(self, step: int) -> None:
        """Write the last checkpoint, unless that was just done.

        Raises
        ------
        PlatformError
            If it cannot be written.
        """
        if self._stored == step or self._context.stop.failure is not None:
            return
        try:
            self._write(step, {})
        except OSError as error:
            raise PlatformError(
                f"The last checkpoint (step {step}) cannot be written: {error}."
            ) from error

    def _write(self, step: int, ranks: Mapping[str, bytes]) -> None:
        # The curve must reach as far as any checkpoint that a next attempt may start from.
        self._context.recorder.sync()
        if not self._is_sound(step):
            return
        validation = self._validation
        stored = write_checkpoint(
            self._context.folder,
            step,
            self._strategy.network,
            self._header,
            {
                **{name: part.state_dict() for name, part in self._parts.items()},
                "elapsed_s": self.elapsed_s,
            },
            {} if validation.best_step is None else self._best_files(),
            ranks,
            self._told(),
        )
        self._stored = step
        self._context.events.write(
            "checkpoint", step=step, folder=stored.folder, files=stored.files
        )

    def _told(self) -> dict[str, Any]:
        """Return what the weights of each network are within a checkpoint, for who keeps them."""
        validation = self._validation
        names = {module: name for name, module in self._strategy.network.named_modules()}
        networks = {
            item.name: WeightsWithin(
                prefix=f"{names[item.module]}." if names[item.module] else "",
                metadata=item.header.to_metadata(),
                best=self._weights.paths("best")[item.name].name,
            )
            for item in self._weights.kept
        }
        facts = CheckpointFacts(
            networks=networks,
            best_step=validation.best_step,
            best_scores={key: finite(value) for key, value in validation.best_scores.items()},
        )
        return facts.model_dump(mode="json")

    def _is_sound(self, step: int) -> bool:
        """Return whether a next attempt could go on from here."""
        stop = self._context.stop
        if stop.failure is None:
            for name, item in self._strategy.network.named_parameters():
                if not bool(torch.isfinite(item).all()):
                    stop.fail("weights", f"The weights {name} are not finite after step {step:,}.")
                    break
        return stop.failure is None

    def _best_files(self) -> dict[str, Path]:
        return {path.name: path for path in self._weights.paths("best").values()}
