"""The runtime of the platform's own environment: a child process behind a shim."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from jupyter_platform.core.errors import HostError
from jupyter_platform.runtime import shim
from jupyter_platform.runtime.run_folder import RunFolder
from jupyter_platform.runtime.runtimes.base import Runtime


class ProcessRuntime(Runtime):
    """Starts each run behind a shim of its own; the run folder says all that there is to know."""

    name: ClassVar[str] = "process"
    may_start_warm: ClassVar[bool] = True

    async def start(
        self, folder: RunFolder, command: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        """Start the shim, which leaves at once and goes on as a daemon."""
        shim_command = (sys.executable, "-I", "-S", shim.__file__, str(folder.path), "--")
        try:
            process = await asyncio.create_subprocess_exec(
                *shim_command,
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                cwd=folder.path,
                env=dict(environment),
                start_new_session=True,
            )
        except OSError as error:
            raise HostError(f"The process cannot be started: {error!r}.") from error
        try:
            _, errors = await process.communicate()
        except asyncio.CancelledError:
            # It may have forked the shim already, which has this session until it takes its own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
        if process.returncode != 0:
            said = errors.decode(errors="replace").strip().splitlines()
            raise HostError(
                f"The process cannot be started: {said[-1] if said else process.returncode}."
            )

    def was_started(self, folder: RunFolder) -> bool:
        """Return whether a shim has the run, or had it."""
        return folder.is_alive() or folder.process() is not None or folder.exit() is not None

    def is_alive(self, folder: RunFolder) -> bool:
        """Return whether the process, or a shim that will still write, is alive."""
        return folder.is_alive()

    def signal(self, folder: RunFolder, action: Literal["stop", "kill"]) -> bool:
        """Send SIGTERM to the process, or SIGKILL to its session."""
        return folder.signal(action)

    def release(self, folder: RunFolder) -> None:
        """Do nothing: all that the run holds is in its folder."""
