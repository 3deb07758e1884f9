"""Keeping the container of a run: its start, its output, its limits, its end."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.units import format_bytes
from jupyter_platform.runtime.containers.requests import ContainerExit, ContainerRequest

if TYPE_CHECKING:
    from jupyter_platform.runtime.containers.service import Containers

MEASURED_EVERY_S = 5.0
"""Seconds between two looks at what a container has written."""

Tell = Callable[[str, float | None], None]
"""Is told what is going on, and which share of it is done where that is known."""


class Keeper:
    """Runs the container of one run folder to its end.

    Parameters
    ----------
    containers : Containers
        The container service.
    folder : Path
        The run folder.
    run : str
        ``<workload>/<attempt>/<rank>``.
    request : ContainerRequest
        The container.
    disk : int, optional
        Bytes that it may write outside of shared memory; no limit where None.
    """

    def __init__(
        self,
        containers: Containers,
        folder: Path,
        run: str,
        request: ContainerRequest,
        disk: int | None = None,
    ) -> None:
        self._containers = containers
        self._folder, self._run, self._request = folder, run, request
        self._disk = disk
        self._ended, self._stopped = threading.Event(), threading.Event()
        self._over_disk: int | None = None

    def start(self, tell: Tell) -> None:
        """Fetch the image where it is not here, and start the container.

        Parameters
        ----------
        tell : callable
            Is told how far the image is.

        Raises
        ------
        HostError, UnavailableError
            If it cannot be started; the message says why.
        """
        image = self._request.image
        if not self._containers.has_image(image):
            tell(f"fetching the image {image}", 0.0)
            for share in self._containers.fetch(image):
                tell(f"fetching the image {image}", share)
        self._containers.start(self._folder, self._run, self._request)
        if self._stopped.is_set():
            self.stop()

    def until_ended(self, output: BinaryIO | None = None) -> ContainerExit:
        """Copy what the container prints until it has ended.

        Parameters
        ----------
        output : binary file, optional
            Where its output goes; standard output where None.

        Raises
        ------
        HostError, UnavailableError
            If the container service does not answer, or the container was removed under us.
        """
        out = sys.stdout.buffer if output is None else output
        watcher = threading.Thread(target=self._watch_disk, name="disk", daemon=True)
        watcher.start()
        try:
            for piece in self._containers.output(self._folder):
                out.write(piece)
                out.flush()
            return self._containers.wait(self._folder)
        finally:
            self._ended.set()

    def stop(self) -> None:
        """Ask the container to end, now or as soon as it has been started."""
        self._stopped.set()
        self._containers.signal(self._folder, "SIGTERM")

    def remove(self) -> None:
        """Remove the container, whether it runs or not."""
        self._containers.remove(self._folder)

    def reason(self, end: ContainerExit) -> str | None:
        """Return why the container ended, in a sentence; None where it ended well.

        Parameters
        ----------
        end : ContainerExit
            What `until_ended` returned.
        """
        if self._over_disk is not None and self._disk is not None:
            return (
                f"It has written {format_bytes(self._over_disk)}; its disk may hold "
                f"{format_bytes(self._disk)}."
            )
        if end.out_of_memory:
            return f"It used up its memory of {format_bytes(self._request.memory)}."
        if end.code == 0:
            return None
        if end.code > 128:
            return f"Signal {end.code - 128} ended the container."
        return f"The container ended with code {end.code}."

    def _watch_disk(self) -> None:
        """Kill the container when it has written more than it may.

        Few storage drivers of container services can limit what a container writes, so that what
        is too much is found by looking.
        """
        while self._disk is not None and not self._ended.wait(MEASURED_EVERY_S):
            # A service that does not answer now is asked again.
            with contextlib.suppress(PlatformError):
                written = self._containers.written(self._folder) + size_of(self._request.work)
                if written > self._disk:
                    self._over_disk = written
                    self._containers.signal(self._folder, "SIGKILL")
                    return


def size_of(folder: Path) -> int:
    """Return the bytes that the files below a folder take on the disk."""
    taken = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            taken += path.lstat().st_blocks * 512
    return taken
