"""One deployment on its way: what is asked, where it writes, whether it should stop."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jupyter_platform.core.recipes import DeploymentRun
from jupyter_platform.runtime.atomic import write_json_atomic
from jupyter_platform.runtime.event_log import EventLog
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.stopping import StopRequest
from jupyter_platform.runtime.virtual_environments import StoppedError

_PAUSE_S = 0.1


@dataclass
class Context:
    """What all parts of the runner share."""

    run: DeploymentRun
    folder: Path
    """The run folder."""
    paths: Paths
    events: EventLog
    stop: StopRequest
    run_id: str = ""
    """``<workload>/<attempt>/<rank>``."""
    cpus: int = 1
    memory: int | None = None
    """Bytes that it leased."""
    gpus: tuple[int, ...] = ()
    """Indices of the GPUs that it leased."""

    def __post_init__(self) -> None:
        self._told: tuple[str, str] | None = None

    def phase(self, name: str, text: str, fraction: float | None = None) -> None:
        """Say what is being done, and how much of it is done, 0 to 1."""
        self.events.write("phase", name=name, text=text, fraction=fraction)
        if (name, text) != self._told:
            self._told = (name, text)
            # For the log, between what the phases themselves print.
            print(f"[{name}] {text}", flush=True)  # noqa: T201

    def check_stop(self) -> None:
        """Leave when a stop is asked for.

        Raises
        ------
        StoppedError
            If it is.
        """
        if self.stop.requested:
            raise StoppedError

    @property
    def item_data(self) -> Path:
        """The folder of what was made for the item on this machine."""
        return self.paths.item(self.run.item)

    @property
    def disk(self) -> int | None:
        """Bytes that it may write; None where its configuration says nothing of it."""
        asked = self.run.configuration.get("hardware", {}).get("disk")
        return None if asked is None else int(asked) * 1_000_000

    @property
    def work(self) -> Path:
        """The folder in which services work."""
        return self.folder / "work" if self.run.work is None else Path(self.run.work)

    @property
    def is_developed(self) -> bool:
        """Whether people work on the code of the item's API, in a development environment."""
        return self.run.service == "ide" and "api" in self.run.recipe.services

    @property
    def item_folder(self) -> Path:
        """The folder of the item: of one that is developed the copy that people edit."""
        if self.is_developed:
            return self.work / self.run.item
        return Path(self.run.folder)

    @property
    def configuration_file(self) -> Path:
        """The configuration, as services read it."""
        return self.folder / "configuration.json"

    def make_folders(self) -> None:
        """Make the folders that services find, and write down their configuration."""
        for folder in (self.item_data, self.work):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.is_developed and not self.item_folder.exists():
            beside = self.item_folder.with_name(f".{self.item_folder.name}.part")
            shutil.rmtree(beside, ignore_errors=True)
            shutil.copytree(self.run.folder, beside, ignore=shutil.ignore_patterns("__pycache__"))
            beside.rename(self.item_folder)
        write_json_atomic(self.configuration_file, self.run.configuration, fsync=False)

    @contextmanager
    def item_turn(self) -> Iterator[None]:
        """Hold the folder of what is made for the item; others of the item wait for it."""
        self.item_data.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.item_data / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    self.check_stop()
                    time.sleep(_PAUSE_S)
            yield
        finally:
            os.close(descriptor)
