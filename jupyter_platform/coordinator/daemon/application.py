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
from functools import partial
from typing import Any

from jupyter_platform.cluster.membership import Cluster
from jupyter_platform.cluster.tls import ensure_certificates
from jupyter_platform.coordinator.api.services import Services
from jupyter_platform.coordinator.daemon.loops import Loops
from jupyter_platform.coordinator.hosts.inspection import Inspection
from jupyter_platform.coordinator.hosts.problems import host_problems
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.jobs.deletion import JobDeletion
from jupyter_platform.coordinator.jobs.files import JobFiles
from jupyter_platform.coordinator.jobs.owner import JOB, JobOwner
from jupyter_platform.coordinator.jobs.records import JobRecords
from jupyter_platform.coordinator.jobs.service import JobService
from jupyter_platform.coordinator.jobs.submission import Submissions
from jupyter_platform.coordinator.jobs.submission.sources import Sources
from jupyter_platform.coordinator.jobs.sweeps import Pruning, SweepService
from jupyter_platform.coordinator.jobs.weights import JobWeightsService
from jupyter_platform.coordinator.notices.events import EventHub
from jupyter_platform.coordinator.notices.notifications import Notifications
from jupyter_platform.coordinator.questions.drafts import DraftService
from jupyter_platform.coordinator.questions.environments import ActingService
from jupyter_platform.coordinator.questions.generation import GenerationService
from jupyter_platform.coordinator.questions.prediction import PredictionService
from jupyter_platform.coordinator.repository import (
    DatasetRepository,
    Downloads,
    Facts,
    NetworkExchange,
    NetworkRepository,
    PoolRepository,
    StrategyRepository,
    TagRepository,
)
from jupyter_platform.coordinator.statistics.history import History
from jupyter_platform.coordinator.statistics.status import StatusService
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.transfers.contents import Contents
from jupyter_platform.coordinator.workloads.ledger import Ledger
from jupyter_platform.coordinator.workloads.live import Live
from jupyter_platform.coordinator.workloads.pulling import Puller
from jupyter_platform.coordinator.workloads.reconciler import Reconciler
from jupyter_platform.core.errors import ConflictError
from jupyter_platform.core.settings import Settings
from jupyter_platform.core.states import HOLDING, TERMINAL, WAITING, JobState
from jupyter_platform.core.units import format_count
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.launch import start_supervisor
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.processes import COORDINATOR, SUPERVISOR, living, write_target

STATUS_S = 2.0
SWEEP_S = 1.0
SUPERVISOR_CHECK_S = 2.0
IDLE_CHECK_S = 10.0
WORK_SAMPLE_S = 60.0
PRUNE_S = 3600.0
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

        Raises
        ------
        ForbiddenError
            If somebody else than the owner of the platform asks.
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
        """Return what a principal sees who has seen nothing yet.

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

        hub = EventHub(self.snapshot)
        stack.callback(hub.close)
        ledger, history, notifications = Ledger(store), History(store), Notifications(store, hub)
        await ledger.load()
        if store.damage is not None:
            log.error("%s", store.damage)
            await notifications.add("danger", store.damage)
        blobs = BlobStore(paths.blobs)
        hosts = HostRegistry(cluster, store, ledger, hub, notifications, history.add)
        inspect = Inspection(hosts, blobs).ask
        facts, tags = Facts(store, inspect), TagRepository(store, paths, blobs)
        stack.push_async_callback(facts.close)
        live = Live()
        records = JobRecords(store, hub, live)
        owners = {JOB: JobOwner(store, records, tags, blobs)}
        allowed = self._settings.jobs.allow_uploaded_strategies
        networks = NetworkRepository(paths, facts, tags, records.publish, allow_code=allowed)
        stack.push_async_callback(networks.close)
        downloads = Downloads(
            paths.downloads, blobs, self._settings.datasets.mirrors, notifications.add
        )
        datasets = DatasetRepository(paths, blobs, facts, downloads)
        stack.push_async_callback(datasets.close)
        reconciler = Reconciler(
            store=store,
            ledger=ledger,
            hosts=hosts,
            notifications=notifications,
            owners=owners,
            live=live,
            blobs=blobs,
            settings=self._settings.jobs,
            make_puller=partial(Puller, store, paths, blobs, owners, hosts),
            on_progress=lambda job, owner, progress: hub.publish(
                "progress", {job: progress}, owner=owner
            ),
            host_problems=partial(host_problems, paths.hosts),
        )
        pools, strategies = (
            PoolRepository(paths.pools),
            StrategyRepository(paths, blobs, inspect, allowed=allowed),
        )
        submissions = Submissions(
            networks=networks,
            sources=Sources(datasets, pools),
            strategies=strategies,
            tags=tags,
            facts=facts,
            hosts=hosts,
            blobs=blobs,
            inspect=inspect,
            settings=self._settings.jobs,
        )
        jobs = JobService(
            store=store,
            records=records,
            reconciler=reconciler,
            submissions=submissions,
            notifications=notifications,
        )
        self.services = Services(
            acting=ActingService(store, hosts, inspect),
            pools=pools,
            jobs=jobs,
            sweeps=SweepService(store=store, jobs=jobs, submissions=submissions),
            deletion=JobDeletion(
                store=store,
                paths=paths,
                hub=hub,
                records=records,
                live=live,
                reconciler=reconciler,
            ),
            files=JobFiles(store, paths),
            job_weights=JobWeightsService(store, blobs),
            networks=networks,
            datasets=datasets,
            tags=tags,
            strategies=strategies,
            contents=Contents(paths, blobs),
            exchange=NetworkExchange(paths, networks, tags),
            predictions=PredictionService(networks, datasets, tags, inspect, blobs),
            generations=GenerationService(networks, datasets, tags, inspect),
            drafts=DraftService(datasets, facts, inspect),
            hosts=hosts,
            history=history,
            notifications=notifications,
            status=StatusService(
                store=store, hosts=hosts, hub=hub, history=history, paths=paths, owner=self.owner
            ),
            hub=hub,
            shutdown=self.shutdown,
            on_request=self._note_request,
        )
        await hosts.start()
        stack.push_async_callback(hosts.close)
        await reconciler.start()
        stack.push_async_callback(reconciler.close)
        await self.services.deletion.start()
        self._start_loops(stack)

    def _start_loops(self, stack: AsyncExitStack) -> None:
        loops, services = Loops(), self.services
        stack.push_async_callback(loops.close)
        stack.push_async_callback(services.deletion.close)
        pruning = Pruning(self.store, services.files, services.jobs.stop)
        loops.every(SWEEP_S, pruning.look, "stopping what lags behind in sweeps")
        loops.every(STATUS_S, self._publish_status, "publishing the status")
        loops.every(WORK_SAMPLE_S, services.status.sample_work, "sampling the work")
        loops.every(PRUNE_S, services.history.prune, "pruning the history")
        loops.every(PRUNE_S, services.notifications.prune, "pruning notifications")
        if self._supervised:
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
        if quiet_s < wanted_s or await self.services.status.active_jobs():
            return
        log.info("Nothing to do and nobody here for %.0f s: stopping.", quiet_s)
        await asyncio.to_thread(self._go_down)

    def _go_down(self, *, until_asked: bool = False) -> None:
        write_target(self._paths, "down", until_asked=until_asked)
        if self._supervised and SUPERVISOR not in living(self._paths):
            start_supervisor(self._paths)


def _states(states: set[JobState] | frozenset[JobState]) -> str:
    return ",".join(sorted(states))
