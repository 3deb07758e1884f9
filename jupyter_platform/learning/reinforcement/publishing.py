"""Weights on their way from a learner to the agents that act with them."""

from __future__ import annotations

import time
from pathlib import Path

from safetensors.torch import save
from torch import nn

from jupyter_platform.learning.networks import load_weights
from jupyter_platform.learning.networks.weights import read_metadata
from jupyter_platform.runtime.atomic import write_bytes_atomic

_STEP, _LAST = "step", "last"


def publish(folder: Path, name: str, network: nn.Module, step: int, *, last: bool = False) -> None:
    """Leave the weights of a network where agents look for them.

    Parameters
    ----------
    step : int
        Updates that they have had.
    last : bool
        Whether there will be no more.

    Raises
    ------
    OSError
        If they cannot be written; older ones stay.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    state = {
        key: value.detach().to("cpu", copy=True).contiguous()
        for key, value in network.state_dict().items()
    }
    data = save(state, {_STEP: str(step)} | ({_LAST: "true"} if last else {}))
    write_bytes_atomic(folder / f"{name}.safetensors", data, fsync=False)


class Subscription:
    """Takes over published weights of one network when there are newer ones.

    Parameters
    ----------
    folder : Path
        Where the learner leaves them.
    name : str
        Name of the network.
    network : Module
        Gets the weights.
    """

    def __init__(self, folder: Path, name: str, network: nn.Module) -> None:
        self.epoch: int | None = None
        """Updates that the weights have had; None before any were published."""
        self.ended = False
        """Whether the learner has ended since this was made."""
        self._made = time.time()
        self._path = folder / f"{name}.safetensors"
        self._name = name
        self._network = network
        self._stamp: tuple[int, int] | None = None

    def refresh(self) -> bool:
        """Load newer weights; return whether there were any.

        Raises
        ------
        InvalidDataError
            If they are of another network.
        """
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return False
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp == self._stamp:
            return False
        load_weights(self._network, self._path, self._name)
        told = read_metadata(self._path)
        self.epoch = int(told.get(_STEP, 0))
        self.ended = _LAST in told and status.st_mtime >= self._made
        self._stamp = stamp
        return True
