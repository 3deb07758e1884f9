"""States of single ranks, which a gang that resumes needs beside the shared checkpoint.

The checkpoint that rank 0 writes holds its own state. The others draw other random numbers (layers
such as Dropout, exploration), and between two averagings their optimisers differ too: each sends
what differs to rank 0, which writes it beside the rest.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from jupyter_platform.core.runs import ResumePoint
from jupyter_platform.learning.distributed.process_group import Communicator
from jupyter_platform.learning.run.checkpoint import (
    load_state,
    random_state,
    rank_file,
)
from jupyter_platform.learning.run.recorder import Recorder
from jupyter_platform.learning.strategies import Strategy

STRATEGY, RANDOM = "strategy", "random"


class RankStates:
    """Brings the states of all ranks to rank 0.

    Parameters
    ----------
    communicator : Communicator
        Of this process.
    strategy : Strategy
        What it learns with.
    is_over : callable
        Whether the ranks have met for the last time, so that none may wait for another.
    """

    def __init__(
        self, communicator: Communicator, strategy: Strategy, is_over: Callable[[], bool]
    ) -> None:
        self._communicator = communicator
        self._strategy = strategy
        self._is_over = is_over

    def collect(self) -> dict[str, bytes]:
        """Return the contents of ``rank-<n>.pt``, by name, on rank 0; nothing on the others.

        All ranks call it at the same step.
        """
        communicator = self._communicator
        if communicator.is_alone or self._is_over():
            return {}
        mine = {key: _dumped(value) for key, value in self._strategy.state_dict().items()}
        shared = communicator.share({key: _digest(content) for key, content in mine.items()})
        content = b""
        if not communicator.is_main:
            own = {
                key: value
                for key, value in self._strategy.state_dict().items()
                if shared.get(key) != _digest(mine[key])
            }
            content = _dumped({STRATEGY: own, RANDOM: random_state()})
        lengths = communicator.gather(torch.tensor([len(content)]))
        whole = communicator.gather(_bytes(content))
        if lengths is None or whole is None:
            return {}
        parts = torch.split(whole, lengths.tolist())
        return {
            rank_file(rank): parts[rank].numpy().tobytes() for rank in range(1, communicator.size)
        }


class KeptCurves:
    """A callback of ranks that write no checkpoints: what is theirs reaches as far as rank 0's.

    Parameters
    ----------
    recorder : Recorder
        Of this process.
    interval : int
        Steps between two checkpoints of rank 0.
    tell : callable
        Tells rank 0 what this rank must find again; see `RankStates.collect`.
    """

    def __init__(self, recorder: Recorder, interval: int, tell: Callable[[], object]) -> None:
        self.interval = interval
        self._recorder = recorder
        self._tell = tell

    def at_step(self, step: int) -> None:
        """Write what was recorded; when that fails it is tried again later."""
        with contextlib.suppress(OSError):
            self._recorder.sync()
        self._tell()

    def at_end(self, step: int) -> None:
        """Do nothing: the end of the process does."""


def with_own_state(
    state: dict[str, Any], point: ResumePoint, files: Mapping[str, str], rank: int
) -> tuple[dict[str, Any], bool]:
    """Return the state of a checkpoint as one rank wrote it, and whether that is known.

    Parameters
    ----------
    state : dict
        That of rank 0.

    Raises
    ------
    InvalidDataError
        If the file of the rank is missing on this host, or cannot be read.
    """
    name = rank_file(rank)
    if rank == 0 or name not in point.files:
        return state, rank == 0
    own = load_state(point, files, name)
    strategy = {**state[STRATEGY], **own[STRATEGY]}
    return {**state, STRATEGY: strategy, RANDOM: own[RANDOM]}, True


def _dumped(value: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _bytes(content: bytes) -> Tensor:
    return (
        torch.frombuffer(bytearray(content), dtype=torch.uint8)
        if content
        else torch.empty(0, dtype=torch.uint8)
    )
