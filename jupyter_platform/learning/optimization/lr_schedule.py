"""The learning rate at each update."""

from __future__ import annotations

import math
from typing import Any

from jupyter_platform.core.options import LearnOptions


class LearningRate:
    """Learning rate as a function of the updates done (DIANNE: `decayRate`, `decayType`).

    Parameters
    ----------
    options : LearnOptions
        Base rate, schedule, decay and warm-up.
    """

    def __init__(self, options: LearnOptions) -> None:
        self._options = options
        self._base = options.effective_learning_rate
        self._least = options.min_learning_rate
        self._falls = 0
        self._best = math.inf
        self._waited = 0
        length = options.cosine_length or max(options.max_iterations, 1)
        self._cosine_length = length

    @property
    def is_constant(self) -> bool:
        """Whether the rate is the same at every update."""
        options = self._options
        return options.schedule == "constant" and not options.decay_rate and not options.warmup

    def at(self, update: int) -> float:
        """Return the rate of an update, counted from 0."""
        rate = self._shape(update)
        warmup = self._options.warmup
        return rate * (update + 1) / warmup if update < warmup else rate

    def _shape(self, update: int) -> float:
        options, base, least = self._options, self._base, self._least
        match options.schedule:
            case "step":
                falls = update // options.step_interval
                return max(least, base * options.schedule_factor**falls)
            case "plateau":
                return max(least, base * options.schedule_factor**self._falls)
            case "cosine":
                part = min(update / self._cosine_length, 1.0)
                return least + (base - least) * (1 + math.cos(math.pi * part)) / 2
        if not options.decay_rate:
            return base
        if options.decay_type == "LINEAR":
            return max(least, base - options.decay_rate * update)
        return least + (base - least) * math.exp(-update * options.decay_rate)

    def observe(self, loss: float) -> None:
        """Note a validation loss, for the plateau schedule."""
        if loss < self._best:
            self._best, self._waited = loss, 0
            return
        self._waited += 1
        if self._waited >= self._options.plateau_patience:
            self._falls, self._waited = self._falls + 1, 0

    def state_dict(self) -> dict[str, Any]:
        """Return its memory of validations, for `load_state_dict`."""
        return {"falls": self._falls, "best": self._best, "waited": self._waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self._falls, self._best = int(state["falls"]), float(state["best"])
        self._waited = int(state["waited"])
