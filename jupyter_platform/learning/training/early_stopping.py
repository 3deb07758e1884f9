"""Rules that end a run before its last step."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.run.recorder import Point, as_numbers
from jupyter_platform.learning.run.stop_signal import StopFlag


def fall(values: ArrayLike) -> float:
    """Return by how much values fall from the first to the last, along their regression line.

    Parameters
    ----------
    values : array_like, shape (n,)
        At least two, equally far apart.
    """
    numbers = np.asarray(values, dtype=np.float64)
    places = np.arange(len(numbers)) - (len(numbers) - 1) / 2
    rise = places @ numbers / (places @ places) * (len(numbers) - 1)
    return float(0.0 - rise)


class LossPlateau:
    """Ends a run whose loss has not fallen by `loss_threshold` over a window.

    It looks whenever a window is full, so that it costs nothing in between.

    Parameters
    ----------
    options : LearnOptions
        With `loss_threshold`.
    record : callable
        Where the points of the loss go on to.
    """

    def __init__(
        self, options: LearnOptions, stop: StopFlag, record: Callable[[Point], None]
    ) -> None:
        self.interval = options.threshold_window * options.trace_interval
        self._threshold = options.loss_threshold
        self._group = options.trace_interval
        self._stop = stop
        self._record = record
        self._values: list[Tensor | float] = []

    def record(self, point: Point) -> None:
        """Take a point of the loss."""
        self._record(point)
        self._values.append(point[2])

    def at_step(self, step: int) -> None:
        """Look at the window that is full now."""
        losses = as_numbers(self._values)
        self._values = []
        usable = len(losses) - len(losses) % self._group
        means = losses[:usable].reshape(-1, self._group).mean(1)
        if self._threshold is None or len(means) < 2:
            return
        fallen = fall(means)
        if fallen < self._threshold:
            self._stop.end(
                "loss_threshold",
                f"The loss fell by {fallen:.4g} over {usable:,} updates, up to step "
                f"{step:,}; loss_threshold is {self._threshold:g}.",
            )

    def at_end(self, step: int) -> None:
        """Do nothing: what ends needs no rule."""

    def state_dict(self) -> dict[str, Any]:
        """Return what the window holds."""
        return {"values": as_numbers(self._values).tolist()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self._values = list(state["values"])


class ValidationPlateau:
    """Ends a run whose validation loss has not fallen by `validation_threshold` over a window.

    Parameters
    ----------
    options : LearnOptions
        With `validation_threshold`.
    """

    def __init__(self, options: LearnOptions, stop: StopFlag) -> None:
        self._threshold = options.validation_threshold
        self._stop = stop
        self._losses: deque[float] = deque(maxlen=options.threshold_window)

    def validated(self, step: int, scores: Mapping[str, float]) -> None:
        """Look at the last validations.

        Parameters
        ----------
        step : int
            Updates that were done.
        scores : mapping of str to float
            Scores of the validation after it.
        """
        self._losses.append(scores["validation_loss"])
        if self._threshold is None or len(self._losses) < (self._losses.maxlen or 0):
            return
        fallen = fall(self._losses)
        if fallen < self._threshold:
            self._stop.end(
                "validation_threshold",
                f"The validation loss fell by {fallen:.4g} over {len(self._losses)} validations, "
                f"up to step {step:,}; validation_threshold is {self._threshold:g}.",
            )

    def state_dict(self) -> dict[str, Any]:
        """Return what the window holds."""
        return {"losses": list(self._losses)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self._losses.extend(state["losses"])


class TimeLimit:
    """Ends a run after a time; use it in a ``with`` statement around the training.

    Parameters
    ----------
    limit_s : float or None
        Seconds of training; None: any.
    used_s : float
        Those that earlier attempts have used up.
    """

    def __init__(self, limit_s: float | None, used_s: float, stop: StopFlag) -> None:
        self._timer: threading.Timer | None = None
        if limit_s is not None:
            text = f"It has trained for {limit_s:g} s, which is max_time."
            left = max(limit_s - used_s, 0.0)
            self._timer = threading.Timer(left, stop.end, ("max_time", text))
            self._timer.daemon = True

    def __enter__(self) -> None:
        if self._timer is not None:
            self._timer.start()

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
