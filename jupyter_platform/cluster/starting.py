"""Starting a run on its host: files in place, then the warm process or a runtime."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Sequence

from jupyter_platform.cluster.content import HostContent, references_of
from jupyter_platform.cluster.environment import public_environment, run_variables
from jupyter_platform.cluster.runs import HostRuns
from jupyter_platform.cluster.service_places import ServicePlaces
from jupyter_platform.cluster.warm import NotSentError, SilentError, WarmProcess
from jupyter_platform.core.errors import HostError, PlatformError
from jupyter_platform.core.runs import RunId, RunSpec
from jupyter_platform.runtime.run_folder import RunFolder
from jupyter_platform.runtime.runtimes.base import Runtime

logger = logging.getLogger(__name__)

PROCESS_COMMAND = (sys.executable, "-P", "-m")
"""What starts the module of a kind of job."""
WARM_TIMEOUT_S = 15.0
"""Seconds; the warm process itself gives up after ten."""
START_TIMEOUT_S = 30.0
"""Seconds that a runtime may take."""


class RunStarter:
    """Starts each run exactly once.

    Parameters
    ----------
    runs, content, warm
        The run folders, files and warm process of the host.
    command : sequence of str, optional
        What is started instead of the process of a job's kind; the run folder is appended.
    places : ServicePlaces, optional
        Where services of deployments listen and work; None: none are started here.
    """

    def __init__(
        self,
        runs: HostRuns,
        content: HostContent,
        warm: WarmProcess,
        command: Sequence[str] | None = None,
        places: ServicePlaces | None = None,
    ) -> None:
        self._runs = runs
        self._content = content
        self._warm = warm
        self._command = command
        self._places = places
        self._turns: dict[RunId, asyncio.Lock] = {}

    async def start(self, spec: RunSpec) -> None:
        """Start a run; a run that has been started already is left as it is.

        Raises
        ------
        HostError
            If a file is missing or the process cannot be started; nothing stays behind then.
        """
        turn = self._turns.setdefault(spec.run, asyncio.Lock())
        try:
            async with turn:
                await self._start(spec)
        finally:
            if not turn.locked():
                self._turns.pop(spec.run, None)

    async def _start(self, spec: RunSpec) -> None:
        folder = self._runs.folder(spec.run)
        runtime = self._runs.runtime(spec.runtime)
        # A folder that was not started is what an agent that was killed here leaves; starting
        # twice starts once.
        if await asyncio.to_thread(runtime.was_started, folder):
            return
        await asyncio.to_thread(self._prepare, folder, spec)
        try:
            await self._launch(folder, spec, runtime)
        except HostError:
            if not await asyncio.to_thread(runtime.was_started, folder):
                await asyncio.to_thread(runtime.remove, folder)
            raise

    def _prepare(self, folder: RunFolder, spec: RunSpec) -> None:
        if not folder.exists():
            self._runs.require_host_folder()
            files = self._content.resolve(references_of(spec))
            spec = spec.model_copy(update={"files": files})
            if spec.deployment is not None:
                spec = self._placed(spec)
            folder.create(spec)

    def _placed(self, spec: RunSpec) -> RunSpec:
        if self._places is None:
            raise HostError("This host runs no services of deployments.")
        return self._places.prepare(spec)

    async def _launch(self, folder: RunFolder, spec: RunSpec, runtime: Runtime) -> None:
        """Start warm, else cold; where both happen, the lock of the shims lets one through."""
        # The warm process runs our own training code as a process, whatever else was asked for.
        own = self._command is None and runtime.may_start_warm
        may_warm = own and spec.starts_warm
        if may_warm and self._warm.ready:
            try:
                await self._warm.start_run(folder.path, run_variables(spec), WARM_TIMEOUT_S)
            except NotSentError:
                logger.info("Run %s starts cold: the warm process is not ready", spec.run)
            except SilentError as error:
                logger.warning("Run %s: %s", spec.run, error.message)
                await self._warm.restart()
            except PlatformError as error:
                logger.warning("Run %s is not started warm: %s", spec.run, error.message)
            else:
                return
        await self._start_cold(folder, spec, runtime)

    async def _start_cold(self, folder: RunFolder, spec: RunSpec, runtime: Runtime) -> None:
        command = self._command or (*PROCESS_COMMAND, spec.process)
        environment = public_environment(os.environ) | run_variables(spec)
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await runtime.start(folder, (*command, str(folder.path)), environment)
        except TimeoutError as error:
            raise HostError(
                f"Run {spec.run} cannot be started: runtime {runtime.name} took over "
                f"{START_TIMEOUT_S:g} s."
            ) from error
        except HostError as error:
            raise HostError(f"Run {spec.run} cannot be started: {error.message}") from error
