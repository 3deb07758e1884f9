"""The life of a deployment's process: prepare, start, watch, and end without leaving anything."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import sys
import threading
import time
import traceback
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from jupyter_platform.core.errors import HostError, PlatformError
from jupyter_platform.core.jobs import JobErrorRecord
from jupyter_platform.core.recipes import DeploymentRun, ServiceName
from jupyter_platform.core.runs import RunId, RunResult
from jupyter_platform.core.units import format_duration
from jupyter_platform.runtime.atomic import write_bytes_atomic
from jupyter_platform.runtime.event_log import EventLog
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.shim import adopt_orphans
from jupyter_platform.runtime.stopping import StopRequest, end_descendants, end_trees
from jupyter_platform.runtime.virtual_environments import MadeEnvironment, StoppedError
from jupyter_platform.serving.runner import requesting
from jupyter_platform.serving.runner.container_services import ContainerService
from jupyter_platform.serving.runner.context import Context
from jupyter_platform.serving.runner.preparing import prepare
from jupyter_platform.serving.runner.services import Service, started_services

WARM_UP, READY = "warm-up", "ready"
"""Names of phases."""
GRACE_S = 3.0
"""Seconds from SIGTERM to SIGKILL; the process itself is given five."""
STARTING_S, WATCHING_S = 0.2, 2.0
"""Seconds between two questions to a service: before its first answer, and after."""
_REMAINS_S = 1.0

logger = logging.getLogger(__name__)


class _Spec(BaseModel):
    """What of ``spec.json`` is for us."""

    run: RunId
    deployment: DeploymentRun
    threads: int = 1
    memory: int | None = None
    gpus: list[int] = Field(default_factory=list)
    cpu_affinity: list[int] | None = None


class ServiceError(PlatformError):
    """A service died, or never answered."""

    code = "service"


def main(run_folder: str | Path) -> int:
    """Run the deployment that ``spec.json`` describes and write ``result.json`` last.

    Parameters
    ----------
    run_folder : path
        Holds ``spec.json``; stdout and stderr are its ``output.log`` already.

    Returns
    -------
    int
        Exit code: 0 when stopped, or when the chosen service ended of its own will, 1 when
        something failed, ``os.EX_IOERR`` when the result could not be written down.
    """
    folder = Path(run_folder).absolute()
    stop = StopRequest()
    stop.listen()
    adopt_orphans()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr, force=True)
    try:
        result = _run(folder, stop)
    except StoppedError:
        result = RunResult(status="stopped")
    except PlatformError as error:
        logger.error(error.message)  # noqa: TRY400 - a sentence for people
        record = JobErrorRecord(type=type(error).__name__, message=error.message)
        result = RunResult(status="failed", error=record)
    except Exception as error:
        logger.exception("The deployment failed.")
        text = "".join(traceback.format_exception(error))
        record = JobErrorRecord(type=type(error).__name__, message=str(error), traceback=text)
        result = RunResult(status="failed", error=record)
    end_descendants(_REMAINS_S)
    try:
        write_bytes_atomic(folder / "result.json", result.model_dump_json().encode())
    except OSError:
        logger.exception("The result cannot be written.")
        return os.EX_IOERR
    return 1 if result.status == "failed" else 0


def _run(folder: Path, stop: StopRequest) -> RunResult:
    try:
        spec = _Spec.model_validate_json((folder / "spec.json").read_bytes())
    except (OSError, ValidationError) as error:
        raise HostError(f"The deployment of {folder} is not described: {error}") from error
    if spec.cpu_affinity is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, spec.cpu_affinity)
    events = EventLog(folder)
    context = Context(
        spec.deployment,
        folder,
        Paths.default(),
        events,
        stop,
        run_id=str(spec.run),
        cpus=spec.threads,
        memory=spec.memory,
        gpus=tuple(spec.gpus),
    )
    environment = None
    try:
        environment = prepare(context)
        context.check_stop()
        return _Services(context, environment).run()
    finally:
        if environment is not None:
            environment.close()
        events.close()


class _Services:
    """The services of one deployment, while it runs."""

    def __init__(self, context: Context, environment: MadeEnvironment) -> None:
        self._context = context
        self._environment = environment
        self._services: dict[ServiceName, Service] = {}
        self._fault: ServiceError | None = None
        self._wake, self._woken = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._over = threading.Event()
        self._ready = False

    def run(self) -> RunResult:
        """Start all of them and stay until one dies or a stop is asked for."""
        context = self._context
        context.phase(WARM_UP, f"Starting {', '.join(self._wanted())}")
        requesting.make_command(context)
        asking = threading.Thread(target=self._ask, name="asking", daemon=True)
        try:
            for name in self._wanted():
                self._start(name)
            asking.start()
            return self._watch()
        finally:
            self._over.set()
            self._end(asking)

    def _wanted(self) -> list[ServiceName]:
        return started_services(self._context)

    def _start(self, name: ServiceName) -> None:
        in_container = self._context.run.recipe.runtime == "container"
        kind = ContainerService if in_container else Service
        service = kind(name, self._context, self._environment)
        service.start()
        self._services[name] = service

    def _watch(self) -> RunResult:
        """Wait for the end: the only thread that starts and reaps processes."""
        stop = self._context.stop
        poll = select.poll()
        poll.register(stop.descriptor, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while True:
            poll.poll(requesting.LOOK_S * 1000)
            if stop.requested:
                return RunResult(status="stopped")
            if self._fault is not None:
                raise self._fault
            for name in requesting.requested(self._context):
                self._restart(name)
            for service in list(self._services.values()):
                process = service.process
                if process is not None and process.poll() is not None:
                    ended = self._ended(service, process.returncode)
                    if ended is not None:
                        return ended

    def _ended(self, service: Service, code: int) -> RunResult | None:
        """Judge the end of a service; None where the deployment goes on without it."""
        self._tell(service, False)
        words = f"Service {service.name} has died: {service.why_ended(code)}"
        if service.name not in self._wanted():
            # Somebody asked for it beside: they see it in the log, and ask again.
            self._context.events.message("warning", f"{words}. The rest of the deployment goes on.")
            del self._services[service.name]
            return None
        if code == 0 and service.answered and service.name == self._context.run.service:
            self._context.events.message(
                "info", f"Service {service.name} was shut down from inside."
            )
            return RunResult(status="finished")
        if not service.answered:
            words += " before it answered"
        raise ServiceError(f"{words}. Its last lines are in the log.")

    def _restart(self, name: ServiceName) -> None:
        """Start a service that was asked for; where it runs, end it first."""
        running = self._services.pop(name, None)
        if running is not None and running.process is not None:
            self._tell(running, False)
            end_trees([running.process], GRACE_S)
        try:
            self._start(name)
        except HostError as error:
            self._context.events.message("warning", error.message)

    def _ask(self) -> None:
        """Ask each service again and again whether it answers, in a thread of its own."""
        began: dict[int, float] = {}
        while not self._over.is_set():
            waiting = False
            for service in list(self._services.values()):
                self._tell(service, service.answers())
                since = began.setdefault(id(service), time.monotonic())
                waiting = waiting or not service.answered
                if (
                    not service.answered
                    and time.monotonic() - since > service.recipe.start_timeout_s
                ):
                    self._give_up(service)
                    return
            self._over.wait(STARTING_S if waiting else WATCHING_S)

    def _tell(self, service: Service, alive: bool) -> None:
        if service.alive == alive or self._services.get(service.name, service) is not service:
            return
        service.alive = alive
        service.answered = service.answered or alive
        self._context.events.write("service", service=service.name, alive=alive)
        if alive and not self._ready and service.name == self._context.run.service:
            self._ready = True
            self._context.phase(READY, "Ready", 1.0)

    def _give_up(self, service: Service) -> None:
        waited = format_duration(service.recipe.start_timeout_s)
        what = "listens, but gives no answer of HTTP" if service.listens() else "does not listen"
        self._fault = ServiceError(
            f"Service {service.name} was given up after {waited}: it runs, but {what} at "
            f"{service.place}."
        )
        with contextlib.suppress(BlockingIOError):
            os.write(self._woken, b"1")

    def _end(self, asking: threading.Thread) -> None:
        running = [item.process for item in self._services.values() if item.process is not None]
        end_trees(running, GRACE_S)
        if asking.ident is not None:
            asking.join()
        for service in self._services.values():
            self._tell(service, False)
            service.remove_files()
