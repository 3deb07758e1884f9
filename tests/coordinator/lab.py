"""A whole coordinator but for its web server, over hosts that are stand-ins."""

from __future__ import annotations

from functools import partial

from jupyter_platform.coordinator.hosts.inspection import Inspection
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.jobs.deletion import JobDeletion
from jupyter_platform.coordinator.jobs.owner import JOB, JobOwner
from jupyter_platform.coordinator.jobs.records import JobRecords
from jupyter_platform.coordinator.jobs.service import JobService
from jupyter_platform.coordinator.jobs.submission import Submissions
from jupyter_platform.coordinator.jobs.submission.sources import Sources
from jupyter_platform.coordinator.notices.events import EventHub
from jupyter_platform.coordinator.notices.notifications import Notifications
from jupyter_platform.coordinator.repository import (
    DatasetRepository,
    Facts,
    NetworkRepository,
    PoolRepository,
    StrategyRepository,
    TagRepository,
)
from jupyter_platform.coordinator.statistics.history import History
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.workloads.ledger import Ledger
from jupyter_platform.coordinator.workloads.live import Live
from jupyter_platform.coordinator.workloads.pulling import Puller
from jupyter_platform.coordinator.workloads.reconciler import Reconciler
from jupyter_platform.core.jobs import JobSubmission
from jupyter_platform.core.settings import JobSettings
from jupyter_platform.core.states import JobState
from jupyter_platform.runtime.blobs import BlobStore

ADA = Principal("ada", administers=True)
"""Whose platform it is."""


class Lab:
    """One life of a coordinator."""

    def __init__(self, paths, cluster, *, heartbeat_s=0.02, lost_after_s=30.0, **settings):
        self.paths, self.cluster = paths, cluster
        self.settings = JobSettings(**settings)
        self.store = store = Store.open(paths.database)
        self.hub = hub = EventHub()
        self.ledger, self.history = Ledger(store), History(store)
        self.notifications = Notifications(store, hub)
        self.blobs = blobs = BlobStore(paths.blobs)
        self.hosts = HostRegistry(
            cluster,
            store,
            self.ledger,
            hub,
            self.notifications,
            self.history.add,
            heartbeat_s=heartbeat_s,
            lost_after_s=lost_after_s,
        )
        self.inspect = Inspection(self.hosts, blobs).ask
        self.facts = Facts(store, self.inspect)
        self.tags = TagRepository(store, paths, blobs)
        self.networks = NetworkRepository(paths, self.facts, self.tags)
        self.datasets = DatasetRepository(paths, blobs, self.facts)
        allowed = self.settings.allow_uploaded_strategies
        self.strategies = StrategyRepository(paths, blobs, self.inspect, allowed=allowed)
        self.live = Live()
        self.records = JobRecords(store, hub, self.live)
        owners = {JOB: JobOwner(store, self.records, self.tags, blobs)}
        self.reconciler = Reconciler(
            store=store,
            ledger=self.ledger,
            hosts=self.hosts,
            notifications=self.notifications,
            owners=owners,
            live=self.live,
            blobs=blobs,
            settings=self.settings,
            make_puller=partial(Puller, store, paths, blobs, owners, self.hosts),
            on_progress=lambda job, owner, progress: hub.publish(
                "progress", {job: progress}, owner=owner
            ),
        )
        self.submissions = Submissions(
            networks=self.networks,
            sources=Sources(self.datasets, PoolRepository(paths.pools)),
            strategies=self.strategies,
            tags=self.tags,
            facts=self.facts,
            hosts=self.hosts,
            blobs=blobs,
            inspect=self.inspect,
            settings=self.settings,
        )
        self.jobs = JobService(
            store=store,
            records=self.records,
            reconciler=self.reconciler,
            submissions=self.submissions,
            notifications=self.notifications,
        )
        self.deletion = JobDeletion(
            store=store,
            paths=paths,
            hub=hub,
            records=self.records,
            live=self.live,
            reconciler=self.reconciler,
        )

    async def __aenter__(self):
        await self.ledger.load()
        await self.hosts.start()
        await self.reconciler.start()
        return self

    async def __aexit__(self, *_):
        await self.reconciler.close()
        await self.hosts.close()
        await self.networks.close()
        self.hub.close()
        await self.store.close()

    async def submit(self, type="LEARN", network="mlp", dataset="iris", **fields):
        submission = JobSubmission(type=type, networks=[network], dataset=dataset, **fields)
        return await self.jobs.submit(ADA, submission)

    async def state(self, job) -> JobState:
        return (await self.jobs.get(ADA, job.id)).state

    async def messages(self) -> list[str]:
        return [item.message for item in await self.notifications.records(ADA)]
