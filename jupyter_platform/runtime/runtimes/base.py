"""The contract of a runtime: what a host asks of whatever runs the processes of workloads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from jupyter_platform.core.errors import ConflictError
from jupyter_platform.runtime.run_folder import RunFolder


class Runtime(ABC):
    """Runs the process of a run folder, and finds it again after any of us was killed.

    A runtime keeps nothing in memory that it could not do without: the host process that started a
    run may be gone when the next one asks for it. All methods but `start` are called in threads,
    are asked often, and must answer within seconds or raise.
    """

    name: ClassVar[str]
    """The value of `RunSpec.runtime` that asks for it."""
    may_start_warm: ClassVar[bool] = False
    """Whether a process that was forked from the warm one is as good as one that it starts."""

    @abstractmethod
    async def start(
        self, folder: RunFolder, command: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        """Start a run from its folder; one that was started already is left as it is.

        The process works in the folder, writes to its ``output.log``, and is noted down in its
        ``process.json`` before it begins and in its ``exit.json`` when it has ended. A start that
        is cancelled leaves either a run that `was_started` tells of, or nothing.

        Parameters
        ----------
        folder : RunFolder
            With its ``spec.json``.
        command : sequence of str
            What to run, complete.
        environment : mapping
            All the variables that it gets.

        Raises
        ------
        HostError
            If it cannot be started; the message says why.
        """

    @abstractmethod
    def was_started(self, folder: RunFolder) -> bool:
        """Return whether the run is being started, runs, or has ended here."""

    @abstractmethod
    def is_alive(self, folder: RunFolder) -> bool:
        """Return whether the run goes on, or something that will still write to its folder."""

    @abstractmethod
    def signal(self, folder: RunFolder, action: Literal["stop", "kill"]) -> bool:
        """Ask a run to stop, or end it with all that it started.

        Parameters
        ----------
        folder : RunFolder
            Its run folder.
        action : {'stop', 'kill'}
            ``stop`` lets it write what it has; ``kill`` does not.

        Returns
        -------
        bool
            Whether there was a process to get it; not whether it has ended.
        """

    def remove(self, folder: RunFolder) -> None:
        """Remove the folder of a run that has ended, and what else the runtime holds of it.

        Raises
        ------
        ConflictError
            If it is alive.
        """
        if self.is_alive(folder):
            raise ConflictError(f"The run in {folder.path} is alive; stop it before it is removed.")
        self.release(folder)
        folder.remove()

    def unavailable(self) -> str | None:
        """Return why nothing can be started on this machine now; None where it can."""
        return None

    @abstractmethod
    def release(self, folder: RunFolder) -> None:
        """Give back what is held outside the folder of a run that has ended; twice is fine."""
