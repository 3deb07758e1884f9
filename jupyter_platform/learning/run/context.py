"""The context of a run."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError, NotFoundError
from jupyter_platform.core.runs import NetworkInput, RunSpec
from jupyter_platform.learning.data import Dataset, load
from jupyter_platform.learning.distributed.process_group import Communicator
from jupyter_platform.learning.run.recorder import Recorder
from jupyter_platform.learning.run.stop_signal import StopFlag
from jupyter_platform.runtime.data_pins import changed, local_paths, pinned_at
from jupyter_platform.runtime.event_log import EventLog

logger = logging.getLogger(__name__)


@dataclass
class RunContext:
    """One run: its specification, its folder and records, its stop flag."""

    spec: RunSpec
    folder: Path
    events: EventLog
    recorder: Recorder
    stop: StopFlag
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    communicator: Communicator = field(default_factory=Communicator)
    """The processes of this attempt; of one unless more were asked for."""
    used: dict[str, Any] = field(default_factory=dict)
    """Values really used where they differ from the options; part of the result."""

    def __post_init__(self) -> None:
        self.job = self.spec.of_job()
        """What it does for its job."""
        self._streams = False

    def phase(self, text: str) -> None:
        """Say what is being done."""
        self.recorder.phase = text
        self.events.write("phase", text=text)
        logger.info(text)

    def warn(self, text: str) -> None:
        """Tell a person that something is not as asked; the run goes on."""
        self.events.message("warning", text)
        logger.warning(text)

    def network(self) -> NetworkInput:
        """Return the one network of a job that works on one.

        Raises
        ------
        InvalidRequestError
            If there are none or several.
        """
        if len(self.job.networks) != 1:
            raise InvalidRequestError(
                f"{self.job.type} works on one network; {len(self.job.networks)} are given."
            )
        return self.job.networks[0]

    def dataset(self) -> Dataset:
        """Load the dataset.

        Raises
        ------
        InvalidRequestError
            If the job has none.
        InvalidDataError
            If files at paths hold something else than when the job was submitted.
        """
        if self.job.dataset is None:
            raise InvalidRequestError(f"{self.job.type} needs a dataset.")
        self.phase("loading data")
        self._refuse_changed(self.job.dataset)
        found = load(self.job.dataset, self.spec.files)
        self._refuse_changed(self.job.dataset)
        self._streams = not found.in_memory
        return found

    def changed_data(self) -> list[str]:
        """Say whether files changed from which samples were read all along."""
        if self.job.dataset is None or not self._streams:
            return []
        try:
            self._refuse_changed(self.job.dataset)
        except InvalidDataError as error:
            return [f"While the job ran: {error.message}"]
        return []

    def _refuse_changed(self, descriptor: DatasetDescriptor) -> None:
        pinned = descriptor.pinned
        if pinned is None:
            return
        try:
            what = changed(local_paths(descriptor), pinned)
        except OSError as error:
            what = f"{error.filename} cannot be read any more ({error.strerror})"
        if what is not None:
            raise InvalidDataError(
                f"The files of dataset {descriptor.name!r} are no longer those of "
                f"{pinned_at(pinned)}, when the job was submitted: {what}. Submit it again to use "
                "them as they are now."
            )

    def file(self, digest: str, what: str) -> Path:
        """Return the path of a content-addressed file that the run needs.

        Parameters
        ----------
        digest : str
            ``sha256:<hex>``.
        what : str
            What it is, for messages.

        Raises
        ------
        NotFoundError
            If the host does not have it.
        """
        path = self.spec.files.get(digest)
        if path is None or not Path(path).is_file():
            raise NotFoundError(f"The file of the {what}, {digest}, is not on this host.")
        return Path(path)
