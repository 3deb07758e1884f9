"""A pool on disk: a ring buffer of whole episodes that several processes write and read."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from jupyter_platform.core.environments import EnvironmentFacts
from jupyter_platform.core.errors import InvalidDataError, NotFoundError
from jupyter_platform.core.pools import DESCRIPTION, STATE, WEIGHTS, PoolDescription
from jupyter_platform.learning.reinforcement.environments import environment_facts
from jupyter_platform.learning.reinforcement.replay import (
    CUT,
    STEP,
    TERMINAL,
    Columns,
    ReplayBuffer,
)
from jupyter_platform.runtime.atomic import write_bytes_atomic

_LOCK = "lock"
_STATE_LENGTH = 8
_WRITTEN, _OLDEST, _EPISODES, _FIRST_EPISODE, _CLEARED = range(5)


class Pool:
    """Opens a pool; the first process that opens it makes its files.

    Episodes are written whole, under an exclusive lock, and read under a shared one. What is in
    the files is valid at every moment: a writer that is killed leaves an episode less.

    Parameters
    ----------
    folder : Path
        With a ``pool.json`` in it.

    Raises
    ------
    NotFoundError
        If there is no pool here.
    InvalidDataError
        If its description cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        description = read_description(folder)
        self._lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with self._locked(fcntl.LOCK_EX):
            description = read_description(folder)
            if description.facts is None:
                facts = environment_facts(description.environment)
                description = description.model_copy(update={"facts": facts})
                write_bytes_atomic(
                    folder / DESCRIPTION, description.model_dump_json(indent=1).encode()
                )
            assert description.facts is not None, "it was just filled in"
            self.facts: EnvironmentFacts = description.facts
            self.name = description.name
            layout = Columns.layout(self.facts, 1, description.capacity)
            columns = {
                name: _mapped(folder / f"{name}.bin", dtype, shape)
                for name, (dtype, shape) in layout.items()
            }
            self._state: NDArray[np.int64] = _mapped(
                folder / STATE, np.dtype("<i8"), (_STATE_LENGTH,)
            )
        self.buffer = ReplayBuffer(
            Columns(**columns),
            self._state[_WRITTEN : _WRITTEN + 1],
            self._state[_OLDEST : _OLDEST + 1],
        )

    @property
    def weights(self) -> Path:
        """Folder in which a learner leaves weights for the agents."""
        return self.folder / WEIGHTS

    @property
    def episodes(self) -> int:
        """Whole episodes in it."""
        return int(self._state[_EPISODES] - self._state[_FIRST_EPISODE])

    @property
    def actions(self) -> int:
        """Actions in it."""
        return len(self.buffer) - self.episodes

    def append(
        self,
        observations: NDArray[Any],
        actions: NDArray[Any],
        rewards: NDArray[np.floating],
        terminated: bool,
    ) -> None:
        """Write one episode; the oldest make room for it.

        Parameters
        ----------
        observations : array, shape (T + 1, …)
            The last one is what was seen at the end.
        actions, rewards : array, shape (T, …) and (T,)
            Continuous actions in units of their range.
        terminated : bool
            Whether the episode came to its own end; else it was cut.

        Raises
        ------
        InvalidDataError
            If it is longer than the whole pool.
        """
        length, buffer = len(observations), self.buffer
        if length > buffer.capacity:
            raise InvalidDataError(
                f"An episode of {length - 1:,} actions does not fit into pool {self.name!r}, "
                f"which holds {buffer.capacity:,} rows; cut episodes with max_actions, or make a "
                "new pool with a larger memory_size."
            )
        with self._locked(fcntl.LOCK_EX):
            self._make_room(length)
            start = int(self._state[_WRITTEN])
            slots = (start + np.arange(length)) % buffer.capacity
            columns = buffer.columns
            columns.observations[0, slots] = observations
            columns.actions[0, slots[:-1]] = actions
            columns.rewards[0, slots[:-1]] = rewards
            columns.kinds[0, slots[:-1]] = STEP
            columns.kinds[0, slots[-1]] = TERMINAL if terminated else CUT
            self._state[_EPISODES] += 1
            self._state[_WRITTEN] = start + length

    def clear(self) -> None:
        """Forget all episodes."""
        with self._locked(fcntl.LOCK_EX):
            self._state[_OLDEST] = self._state[_WRITTEN]
            self._state[_FIRST_EPISODE] = self._state[_EPISODES]
            self._state[_CLEARED] += 1

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Keep everybody from writing, for as long as the block takes."""
        with self._locked(fcntl.LOCK_SH):
            yield

    def returns(self, discount: float) -> NDArray[np.float64]:
        """Return the discounted return of each episode, the oldest first."""
        with self.steady():
            rows = np.arange(self._state[_OLDEST], self._state[_WRITTEN]) % self.buffer.capacity
            kinds = np.array(self.buffer.columns.kinds[0, rows])
            rewards = np.array(self.buffer.columns.rewards[0, rows], np.float64)
        ends = np.flatnonzero(kinds != STEP)
        begins = np.concatenate([[0], ends[:-1] + 1])[: len(ends)]
        return np.array(
            [
                (rewards[begin:end] * discount ** np.arange(end - begin)).sum()
                for begin, end in zip(begins, ends, strict=True)
            ]
        )

    def close(self) -> None:
        """Let the files go."""
        os.close(self._lock)

    def _make_room(self, length: int) -> None:
        """Take the oldest episodes out of count until `length` rows are free."""
        buffer, first = self.buffer, int(self._state[_OLDEST])
        must_go = int(self._state[_WRITTEN]) + length - buffer.capacity
        if must_go <= first:
            return
        rows = np.arange(first, int(self._state[_WRITTEN]))
        ends = rows[buffer.columns.kinds[0, rows % buffer.capacity] != STEP]
        gone = int(np.searchsorted(ends, must_go - 1)) + 1
        self._state[_OLDEST] = ends[gone - 1] + 1
        self._state[_FIRST_EPISODE] += gone

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        fcntl.flock(self._lock, kind)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)


def read_description(folder: Path) -> PoolDescription:
    """Return what a pool is; errors as of `Pool`."""
    try:
        data = (folder / DESCRIPTION).read_bytes()
    except OSError as error:
        raise NotFoundError(
            f"There is no pool at {folder}. Pools lie on the coordinator's machine; hosts that do "
            "not share its file system cannot use them."
        ) from error
    try:
        return PoolDescription.model_validate_json(data)
    except ValidationError as error:
        message = f"The description of the pool at {folder} is broken: {error.errors()[0]['msg']}."
        raise InvalidDataError(message) from error


def _mapped(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Any:
    """Return a file as an array; it is made, all zeros, where it is not there."""
    size = int(np.prod(shape)) * dtype.itemsize
    with open(path, "ab") as file:
        os.chmod(path, 0o600)
        if file.tell() < size:
            file.truncate(size)
    return np.memmap(path, dtype, "r+", shape=shape)
