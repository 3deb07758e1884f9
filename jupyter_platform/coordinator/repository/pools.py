"""Experience pools of this machine: made for agents, listed, deleted. Their rows are not read."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from jupyter_platform.core.errors import NotFoundError, unknown_name
from jupyter_platform.core.pools import DESCRIPTION, STATE, PoolDescription, PoolRecord
from jupyter_platform.runtime.atomic import write_bytes_atomic

log = logging.getLogger(__name__)

_LOCK = "lock"
_STATE = struct.Struct("<5q")


class PoolRepository:
    """Folders with a ``pool.json``.

    Parameters
    ----------
    folder : Path
        Made when it is first needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Return the names of all pools, sorted."""
        return sorted(path.parent.name for path in self._folder.glob(f"*/{DESCRIPTION}"))

    def path(self, name: str) -> Path:
        """Return where a pool lies."""
        return self._folder / name

    def find(self, name: str) -> PoolDescription | None:
        """Return the record of a pool; None when it is missing or broken."""
        try:
            data = (self._folder / name / DESCRIPTION).read_bytes()
            return PoolDescription.model_validate_json(data)
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            log.warning("pool %s cannot be read: %s", name, error)
            return None

    def create(self, name: str, environment: str, capacity: int) -> None:
        """Create an empty pool, unless a pool of that name exists.

        Parameters
        ----------
        name : str
            Name of the pool.
        environment : str
            Id of the environment whose transitions it holds.
        capacity : int
            Most transitions that it holds.
        """
        if self.find(name) is not None:
            return
        for folder in (self._folder, self._folder / name):
            folder.mkdir(mode=0o700, exist_ok=True)
        description = PoolDescription(
            name=name, environment=environment, capacity=capacity, created_at=datetime.now(UTC)
        )
        data = description.model_dump_json(indent=1).encode()
        write_bytes_atomic(self._folder / name / DESCRIPTION, data)

    def records(self) -> list[PoolRecord]:
        """Return all pools that can be read, by name."""
        found = ((name, self.find(name)) for name in self.names())
        return [self._record(name, item) for name, item in found if item is not None]

    def record(self, name: str) -> PoolRecord:
        """Return one pool.

        Raises
        ------
        NotFoundError
            If there is none by that name.
        """
        return self._record(name, self._get(name))

    def clear(self, name: str) -> PoolRecord:
        """Let a pool forget its episodes; errors as of `record`."""
        description, state = self._get(name), self._folder / name / STATE
        if state.exists():
            with self._locked(name), open(state, "r+b") as file:
                written, _, episodes, _, cleared = _STATE.unpack(file.read(_STATE.size))
                file.seek(0)
                file.write(_STATE.pack(written, written, episodes, episodes, cleared + 1))
        return self._record(name, description)

    def delete(self, name: str) -> None:
        """Remove a pool with all that is in it; errors as of `record`."""
        self._get(name)
        # First the file that makes it a pool: later look-ups find none.
        (self._folder / name / DESCRIPTION).unlink(missing_ok=True)
        shutil.rmtree(self._folder / name, ignore_errors=True)

    def _get(self, name: str) -> PoolDescription:
        found = self.find(name)
        if found is None:
            error = unknown_name("pool", name, self.names())
            raise NotFoundError(error.message, errors=[error])
        return found

    def _record(self, name: str, description: PoolDescription) -> PoolRecord:
        folder = self._folder / name
        try:
            with open(folder / STATE, "rb") as file:
                state = _STATE.unpack(file.read(_STATE.size))
        except (OSError, struct.error):
            state = (0, 0, 0, 0, 0)
        written, oldest, episodes, first, _ = state
        return PoolRecord(
            name=name,
            environment=description.environment,
            capacity=description.capacity,
            rows=written - oldest,
            episodes=episodes - first,
            episodes_ever=episodes,
            bytes=sum(_on_disk(path) for path in folder.glob("*.bin")),
            created_at=description.created_at,
            facts=description.facts,
        )

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        descriptor = os.open(
            self._folder / name / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _on_disk(path: Path) -> int:
    try:
        return path.stat().st_blocks * 512
    except OSError:
        return 0
