"""Puts the coordinator together, starts and ends its parts in order."""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
import signal
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from jupyter_platform.cluster.membership import Cluster
from jupyter_platform.cluster.tls import ensure_certificates
from jupyter_platform.coordinator.api.services import Services
from jupyter_platform.coordinator.daemon.assembly import Assembly
from jupyter_platform.coordinator.daemon.loops import Loops
from jupyter_platform.coordinator.hosts.upkeep import HostUpkeep
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.jobs.sweeps import Pruning
from jupyter_platform.coordinator.statistics.public import PublicFigures
from jupyter_platform.coordinator.store import Store
from jupyter_platform.core.errors import ConflictError
from jupyter_platform.core.settings import Settings
from jupyter_platform.core.states import HOLDING, TERMINAL, WAITING, JobState
from jupyter_platform.core.units import format_count
from jupyter_platform.runtime.launch import start_supervisor
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.processes import COORDINATOR, SUPERVISOR, living, write_target

STATUS_S = 2.0
SWEEP_S = 1.0
SUPERVISOR_CHECK_S = 2.0
UPKEEP_S = 2.0
SERVICES_S = 2.0
DEPLOYMENTS_S = 1.0
IDLE_CHECK_S = 10.0
WORK_SAMPLE_S = 60.0
PRUNE_S = 3600.0
SOURCES_S = 60.0
FIGURES_S = 15.0
_RUNNING_IN_SNAPSHOT = 500
_WAITING_IN_SNAPSHOT = 100
_ENDED_IN_SNAPSHOT = 50
_NOTIFICATIONS_IN_SNAPSHOT = 50

log = logging.getLogger(__name__)


class Application:
    """All parts of the coordinator.

    Parameters
    ----------
    paths : Paths
        Where everything lies.
    settings : Settings
        As they were when the platform was started.
    supervised : bool
        Whether to see to it that a supervisor runs, and to end the platform when it is idle.
    """

    services: Services
    store: Store

    def __init__(self, paths: Paths, settings: Settings, *, supervised: bool = True) -> None:
        self._paths = paths
        self._settings = settings
        self._supervised = supervised
        self._stack = AsyncExitStack()
        self._last_request = time.monotonic()
        # On a hub everybody may be the same user of the operating system.
        self.owner = os.environ.get("JUPYTERHUB_USER") or getpass.getuser()

    async def start(self) -> None:
        """Open the store, follow the cluster, take up the jobs that were left.

        Raises
        ------
        StoreError
            If the store cannot be used; nothing is left open then.
        """
        async with AsyncExitStack() as stack:
            await self._build(stack)
            self._stack = stack.pop_all()

    async def close(self) -> None:
        """End everything; what runs on the hosts goes on."""
        await self._stack.aclose()

    async def shutdown(self, principal: Principal, force: bool) -> None:
        """Let the supervisor end the whole platform.

        Parameters
        ----------
        principal : Principal
            The principal of the request.
        force : bool
            Whether to end the platform while jobs run; they go on.

        Raises
        ------
        ForbiddenError
            If the principal is not the owner of the platform.
        ConflictError
            If jobs run and `force` is not given.
        """
        principal.require_administrator("end it")
        running = await self.services.jobs.list(principal, state=_states(HOLDING), limit=1)
        if running.total and not force:
            raise ConflictError(
                f"{format_count(running.total, 'job')} still running; stop them first, or set "
                "force: they go on, and are found again at the next start."
            )
        await asyncio.to_thread(self._go_down, until_asked=True)

    async def snapshot(self, principal: Principal) -> Mapping[str, Any]:
        """Return the full state that a principal may see, for a new subscriber.

        Of what waits it is the first page of the queue, and how many there are.
        """
        services = self.services
        running = await services.jobs.list(
            principal, state=_states(HOLDING), limit=_RUNNING_IN_SNAPSHOT
        )
        waiting = await services.jobs.list(
            principal, state=_states(WAITING), limit=_WAITING_IN_SNAPSHOT, order="oldest"
        )
        ended = await services.jobs.list(
            principal, state=_states(TERMINAL), limit=_ENDED_IN_SNAPSHOT
        )
        return {
            "status": await services.status.record(),
            "jobs": [*running.items, *waiting.items, *ended.items],
            "waiting": waiting.total,
            "hosts": services.hosts.records(),
            "notifications": await services.notifications.records(
                principal, limit=_NOTIFICATIONS_IN_SNAPSHOT
            ),
        }

    async def _build(self, stack: AsyncExitStack) -> None:
        paths = self._paths
        store = self.store = await asyncio.to_thread(Store.open, paths.database)
        stack.push_async_callback(store.close)
        security = await asyncio.to_thread(ensure_certificates, paths.tls)
        cluster = Cluster(paths.scheduler_file, security)
        await cluster.start()
        stack.push_async_callback(cluster.close)
        assembly = Assembly(
            store, paths, cluster, self._settings, owner=self.owner, snapshot=self.snapshot
        )
        stack.push_async_callback(assembly.close)
        if store.damage is not None:
            log.error("%s", store.damage)
            await assembly.notifications.add("danger", store.damage)
        self.services = assembly.services(shutdown=self.shutdown, on_request=self._note_request)
        await assembly.start()
        self._start_loops(stack, assembly)

    def _start_loops(self, stack: AsyncExitStack, assembly: Assembly) -> None:
        loops, services = Loops(), self.services
        stack.push_async_callback(loops.close)
        pruning = Pruning(self.store, services.files, services.jobs.stop)
        loops.every(SWEEP_S, pruning.look, "stopping what lags behind in sweeps")
        upkeep = assembly.deployment_upkeep
        loops.every(SERVICES_S, upkeep.ask_services, "asking services of deployments")
        loops.every(DEPLOYMENTS_S, assembly.deployment_deletion.look, "removing deployments")
        loops.every(DEPLOYMENTS_S, upkeep.end_idle, "ending idle deployments")
        loops.every(DEPLOYMENTS_S, upkeep.end_trials, "ending trials")
        loops.every(STATUS_S, self._publish_status, "publishing the status")
        loops.every(WORK_SAMPLE_S, services.status.sample_work, "sampling the work")
        figures = PublicFigures(self._paths, services.hosts, services.status)
        loops.every(FIGURES_S, figures.write, "writing the figures of the public page")
        loops.every(SOURCES_S, services.marketplace.look, "looking for new items")
        loops.every(PRUNE_S, services.history.prune, "pruning the history")
        loops.every(PRUNE_S, services.notifications.prune, "pruning notifications")
        if self._supervised:
            for backend in assembly.backends:
                keeper = HostUpkeep(backend, assembly.notifications.add)
                loops.every(UPKEEP_S, keeper.look, f"keeping hosts of back end {backend.name}")
            loops.every(SUPERVISOR_CHECK_S, self._keep_supervisor, "keeping the supervisor")
            if idle_s := 60 * self._settings.coordinator.idle_stop_minutes:
                check_s = min(IDLE_CHECK_S, max(idle_s, 0.1))
                loops.every(check_s, self._stop_when_idle, "stopping when idle")

    def _note_request(self) -> None:
        self._last_request = time.monotonic()

    async def _publish_status(self) -> None:
        if self.services.hub.subscribers:
            await self.services.status.publish_changes()

    async def _keep_supervisor(self) -> None:
        found = await asyncio.to_thread(living, self._paths)
        if COORDINATOR not in found or found[COORDINATOR].pid != os.getpid():
            log.critical("The folders of this platform are gone, or another's: stopping.")
            os.kill(os.getpid(), signal.SIGTERM)
        elif SUPERVISOR not in found:
            log.warning("The supervisor is gone; starting another.")
            await asyncio.to_thread(start_supervisor, self._paths)

    async def _stop_when_idle(self) -> None:
        if self.services.hub.subscribers or self.services.datasets.downloads.running:
            self._note_request()
        quiet_s = time.monotonic() - self._last_request
        wanted_s = 60 * self._settings.coordinator.idle_stop_minutes
        if quiet_s < wanted_s or await self.services.status.active_work():
            return
        log.info("Nothing to do and nobody here for %.0f s: stopping.", quiet_s)
        await asyncio.to_thread(self._go_down)

    def _go_down(self, *, until_asked: bool = False) -> None:
        write_target(self._paths, "down", until_asked=until_asked)
        if self._supervised and SUPERVISOR not in living(self._paths):
            start_supervisor(self._paths)


def _states(states: set[JobState] | frozenset[JobState]) -> str:
    return ",".join(sorted(states))
