"""The runtime of containers: a process behind a shim that keeps a container, and the container."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from jupyter_platform.core.errors import PlatformError
from jupyter_platform.runtime.containers.opening import SOCKET_VARIABLE, open_containers
from jupyter_platform.runtime.containers.requests import RECORD
from jupyter_platform.runtime.run_folder import RunFolder
from jupyter_platform.runtime.runtimes.process import ProcessRuntime

if TYPE_CHECKING:
    from jupyter_platform.runtime.containers.service import Containers


class ContainerRuntime(ProcessRuntime):
    """Runs a keeper as `ProcessRuntime` does; the keeper makes the container of its run folder.

    The container has the run folder in its labels. Where the keeper is killed, the container goes
    on, and the run with it: it is found, stopped and removed by its labels.

    Parameters
    ----------
    address : str, optional
        Of the container service; the usual ones where None.
    """

    name: ClassVar[str] = "container"
    may_start_warm: ClassVar[bool] = False

    def __init__(self, address: str | None = None) -> None:
        self._address = address
        self._containers: Containers | None = None

    async def start(
        self, folder: RunFolder, command: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        """Start the keeper, and tell it where the container service is."""
        told = {} if self._address is None else {SOCKET_VARIABLE: self._address}
        await super().start(folder, command, {**environment, **told})

    def was_started(self, folder: RunFolder) -> bool:
        """Return whether there was a keeper, or is a container."""
        return super().was_started(folder) or (folder.path / RECORD).exists()

    def is_alive(self, folder: RunFolder) -> bool:
        """Return whether the keeper or the container is alive.

        Raises
        ------
        UnavailableError
            If the container service does not tell.
        """
        return super().is_alive(folder) or (
            (folder.path / RECORD).exists() and self._opened().is_running(folder.path)
        )

    def signal(self, folder: RunFolder, action: Literal["stop", "kill"]) -> bool:
        """Ask the keeper to stop, or kill both; a container without a keeper gets it itself."""
        heard = super().signal(folder, action)
        if (action == "kill" or not heard) and (folder.path / RECORD).exists():
            name = "SIGKILL" if action == "kill" else "SIGTERM"
            heard = self._opened().signal(folder.path, name) or heard
        return heard

    def release(self, folder: RunFolder) -> None:
        """Remove the container."""
        if (folder.path / RECORD).exists():
            self._opened().remove(folder.path)

    def unavailable(self) -> str | None:
        """Return why this machine's container service cannot be used; None where it can."""
        try:
            self._opened().check()
        except PlatformError as error:
            return error.message
        return None

    def _opened(self) -> Containers:
        if self._containers is None:
            self._containers = open_containers(self._address)
        return self._containers
