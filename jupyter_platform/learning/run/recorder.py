"""The recorder of a torch process: its series take detached tensors as well as numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from jupyter_platform.runtime import recorder
from jupyter_platform.runtime.event_log import EventLog

Point = tuple[int, float, Tensor | float]
"""Step, Unix time in seconds, value: a detached tensor of one element, or a number."""


def as_numbers(values: Sequence[Tensor | float]) -> NDArray[np.float64]:
    """Return detached tensors of one element, or numbers, as an array, shape (n,)."""
    tensors = [item for item in values if isinstance(item, Tensor)]
    if tensors and len(tensors) == len(values):
        return torch.stack(tensors).to("cpu", torch.float64).numpy()
    return recorder.as_floats(values)


class Recorder(recorder.Recorder):
    """A recorder that moves a batch of tensors off the device in one copy.

    Parameters
    ----------
    folder, events, watch
        As `runtime.recorder.Recorder` takes them.
    """

    def __init__(
        self, folder: Path, events: EventLog, watch: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(folder, events, watch, as_numbers)
