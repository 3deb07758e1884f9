"""The parts of a coordinator, put together over a store and a cluster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from jupyter_platform.catalogue.showing import Capabilities
from jupyter_platform.cluster.backends import Backend, configured_backends
from jupyter_platform.coordinator.api.services import Services
from jupyter_platform.coordinator.deployments.deletion import DeploymentDeletion
from jupyter_platform.coordinator.deployments.offers import BuiltInOffers, Offers
from jupyter_platform.coordinator.deployments.outlook import Outlooks
from jupyter_platform.coordinator.deployments.owner import DeploymentOwner
from jupyter_platform.coordinator.deployments.records import DeploymentRecords
from jupyter_platform.coordinator.deployments.requests import DEPLOYMENT, Requests
from jupyter_platform.coordinator.deployments.service import DeploymentService
from jupyter_platform.coordinator.deployments.services.doors import Doors
from jupyter_platform.coordinator.deployments.services.proxy import ServiceProxy
from jupyter_platform.coordinator.deployments.trials import Trials
from jupyter_platform.coordinator.deployments.upkeep import DeploymentUpkeep
from jupyter_platform.coordinator.hosts.inspection import Inspection
from jupyter_platform.coordinator.hosts.links import Members
from jupyter_platform.coordinator.hosts.problems import host_problems
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.hosts.switching import HostSwitching
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.jobs.deletion import JobDeletion
from jupyter_platform.coordinator.jobs.files import JobFiles
from jupyter_platform.coordinator.jobs.owner import JOB, JobOwner
from jupyter_platform.coordinator.jobs.records import JobRecords
from jupyter_platform.coordinator.jobs.resolution.sources import DataSources
from jupyter_platform.coordinator.jobs.service import JobService
from jupyter_platform.coordinator.jobs.submission import Submissions
from jupyter_platform.coordinator.jobs.sweeps import SweepService
from jupyter_platform.coordinator.jobs.weights import JobWeightsService
from jupyter_platform.coordinator.marketplace.item_weights import ItemWeights
from jupyter_platform.coordinator.marketplace.offers import MarketplaceOffers
from jupyter_platform.coordinator.marketplace.publishing import Publishing
from jupyter_platform.coordinator.marketplace.searches import SavedSearches
from jupyter_platform.coordinator.marketplace.service import Marketplace
from jupyter_platform.coordinator.notices.events import EventHub, Snapshot
from jupyter_platform.coordinator.notices.notifications import Notifications
from jupyter_platform.coordinator.questions.benchmark import BenchmarkService
from jupyter_platform.coordinator.questions.drafts import DraftService
from jupyter_platform.coordinator.questions.environments import ActingService
from jupyter_platform.coordinator.questions.generation import GenerationService
from jupyter_platform.coordinator.questions.prediction import PredictionService
from jupyter_platform.coordinator.reading.reader import Reader
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
from jupyter_platform.coordinator.workloads.owner import Owners
from jupyter_platform.coordinator.workloads.pulling import Puller
from jupyter_platform.coordinator.workloads.reconciler import Reconciler
from jupyter_platform.core.hosts import HEARTBEAT_S
from jupyter_platform.core.settings import Settings
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.paths import Paths


class Assembly:
    """All parts of a coordinator but its process and its sockets.

    Parameters
    ----------
    store : Store
        The open state store; it is closed by its opener.
    paths : Paths
        Where everything lies.
    cluster : Members
        Who belongs to the cluster.
    settings : Settings
        As they were when the platform was started.
    owner : str
        The user whose platform it is.
    snapshot : coroutine function, optional
        What a subscriber of events gets first.
    heartbeat_s, lost_after_s : float
        Seconds between two questions to a host, and until one that is silent is lost; None: as
        in the settings.
    backends : sequence of Backend, optional
        Who starts hosts; None: those of the platform.
    offers : Offers, optional
        Where items that can be deployed come from, beside those that are built in; None: the
        marketplace.
    """

    def __init__(
        self,
        store: Store,
        paths: Paths,
        cluster: Members,
        settings: Settings,
        *,
        owner: str,
        snapshot: Snapshot | None = None,
        heartbeat_s: float = HEARTBEAT_S,
        lost_after_s: float | None = None,
        backends: Sequence[Backend] | None = None,
        offers: Offers | None = None,
    ) -> None:
        self.store = store
        self.paths = paths
        self.settings = settings
        self._owner = owner
        self._offers = offers
        self.hub = EventHub(snapshot)
        self.ledger = Ledger(store)
        self.history = History(store)
        self.notifications = Notifications(store, self.hub)
        self.blobs = BlobStore(paths.blobs)
        self.backends = configured_backends(paths) if backends is None else backends
        self.hosts = HostRegistry(
            cluster,
            store,
            self.ledger,
            self.hub,
            self.notifications,
            self.history.add,
            backends=self.backends,
            heartbeat_s=heartbeat_s,
            lost_after_s=lost_after_s or settings.cluster.lost_after_s,
        )
        self.inspection = Inspection(self.hosts, self.blobs)
        self.inspect = self.inspection.ask
        self.live = Live()
        self.records = JobRecords(store, self.hub, self.live)
        self._add_repository()
        self._add_work()

    def _add_repository(self) -> None:
        paths, allowed = self.paths, self.settings.jobs.allow_uploaded_strategies
        self.facts = Facts(self.store, self.inspect)
        # What somebody uploads does not wait for what lies in folders, nor the other way round.
        self.folder_reader, self.upload_reader = Reader(), Reader()
        self.tags = TagRepository(self.store, paths, self.blobs)
        self.networks = NetworkRepository(
            paths,
            self.facts,
            self.tags,
            self.folder_reader,
            self.records.publish,
            allow_code=allowed,
        )
        mirrors = self.settings.datasets.mirrors
        downloads = Downloads(paths.downloads, self.blobs, mirrors, self.notifications.add)
        self.datasets = DatasetRepository(
            paths, self.blobs, self.facts, self.folder_reader, downloads
        )
        self.pools = PoolRepository(paths.pools)
        self.strategies = StrategyRepository(
            paths, self.blobs, self.inspect, self.upload_reader, allowed=allowed
        )
        self.marketplace = Marketplace(
            self.store, paths, self.settings.marketplace, self._capabilities
        )

    def _capabilities(self) -> Capabilities:
        offers = [record.description for record in self.hosts.records()]
        return Capabilities(
            containers=any(offer.runtimes.get("container", "") is None for offer in offers),
            gpus=max((len(offer.gpus) for offer in offers), default=0),
        )

    def _add_work(self) -> None:
        store, paths, blobs = self.store, self.paths, self.blobs
        self.deployment_records = DeploymentRecords(store, self.hub, self.live)
        self.owners: Owners = {
            JOB: JobOwner(store, self.records, self.tags, blobs),
            DEPLOYMENT: DeploymentOwner(self.deployment_records),
        }
        self.reconciler = Reconciler(
            store=store,
            ledger=self.ledger,
            hosts=self.hosts,
            notifications=self.notifications,
            owners=self.owners,
            live=self.live,
            blobs=blobs,
            settings=self.settings.jobs,
            make_puller=partial(Puller, store, paths, blobs, self.owners, self.hosts),
            on_progress=lambda job, owner, progress: self.hub.publish(
                "progress", {job: progress}, owner=owner
            ),
            host_problems=partial(host_problems, paths.hosts),
        )
        self.submissions = Submissions(
            networks=self.networks,
            sources=DataSources(self.datasets, self.pools),
            strategies=self.strategies,
            tags=self.tags,
            facts=self.facts,
            hosts=self.hosts,
            blobs=blobs,
            reader=self.upload_reader,
            inspect=self.inspect,
            settings=self.settings.jobs,
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
            hub=self.hub,
            records=self.records,
            live=self.live,
            reconciler=self.reconciler,
            owners=self.owners,
            blobs=self.blobs,
            datasets=self.datasets,
        )
        self._add_deployments()

    def _add_deployments(self) -> None:
        self.predictions = PredictionService(self.networks, self.datasets, self.tags, self.inspect)
        store, settings, records = self.store, self.settings.deployments, self.deployment_records
        requests = Requests(
            offers=BuiltInOffers(self._offers or MarketplaceOffers(self.marketplace)),
            hosts=self.hosts,
            served=self.predictions.served,
            tags=self.tags,
            settings=settings,
        )
        self.deployments = DeploymentService(
            store=store,
            paths=self.paths,
            records=records,
            requests=requests,
            outlooks=Outlooks(store, self.hosts, self.ledger, self.live, self.reconciler),
            reconciler=self.reconciler,
        )
        self.deployment_deletion = DeploymentDeletion(
            paths=self.paths,
            hub=self.hub,
            ledger=self.ledger,
            records=records,
            live=self.live,
            reconciler=self.reconciler,
        )
        self.doors = Doors(store, self.paths, self.hosts)
        self.trials = Trials(store, self.hosts, self.deployments, settings)
        self.deployment_upkeep = DeploymentUpkeep(
            store,
            self.doors,
            records,
            self.deployment_deletion,
            self.deployments.stop,
            self.notifications.add,
        )

    def services(
        self,
        *,
        shutdown: Callable[[Principal, bool], Awaitable[None]],
        on_request: Callable[[], None],
    ) -> Services:
        """Return what the routes call; see `Services` for the parameters.

        Parameters
        ----------
        shutdown : callable
            Ends the platform.
        on_request : callable
            Called for each request.
        """
        store, networks, datasets, tags = self.store, self.networks, self.datasets, self.tags
        weights = JobWeightsService(store, self.blobs)
        item_weights = ItemWeights(self.paths, self.marketplace, networks, tags)
        return Services(
            acting=ActingService(store, self.hosts, self.inspect),
            pools=self.pools,
            jobs=self.jobs,
            sweeps=SweepService(store=store, jobs=self.jobs, submissions=self.submissions),
            deletion=self.deletion,
            files=JobFiles(store, self.paths),
            deployments=self.deployments,
            deployment_deletion=self.deployment_deletion,
            service_proxy=ServiceProxy(self.doors),
            trials=self.trials,
            job_weights=weights,
            networks=networks,
            datasets=datasets,
            tags=tags,
            strategies=self.strategies,
            contents=Contents(self.paths, self.blobs),
            exchange=NetworkExchange(self.paths, networks, tags, self.upload_reader),
            predictions=self.predictions,
            generations=GenerationService(networks, datasets, tags, self.inspect),
            benchmarks=BenchmarkService(networks, datasets, self.hosts, self.inspection),
            drafts=DraftService(datasets, self.facts, self.inspect),
            hosts=self.hosts,
            host_switching=HostSwitching(self.hosts, self.backends, self.notifications),
            marketplace=self.marketplace,
            searches=SavedSearches(store),
            item_weights=item_weights,
            publishing=Publishing(
                self.paths, self.marketplace, self.jobs, weights, tags, item_weights
            ),
            history=self.history,
            notifications=self.notifications,
            status=StatusService(
                store=store,
                hosts=self.hosts,
                hub=self.hub,
                history=self.history,
                paths=self.paths,
                owner=self._owner,
            ),
            hub=self.hub,
            shutdown=shutdown,
            on_request=on_request,
        )

    async def start(self) -> None:
        """Follow the hosts, take up the jobs that were left, and begin to plan."""
        await self.ledger.load()
        await self.hosts.start()
        await self.reconciler.start()
        await self.deletion.start()
        await self.marketplace.start()

    async def close(self) -> None:
        """End all parts but the store; what runs on the hosts goes on."""
        await self.marketplace.close()
        await self.deletion.close()
        await self.reconciler.close()
        await self.doors.close()
        await self.hosts.close()
        await self.datasets.close()
        await self.networks.close()
        await self.folder_reader.close()
        await self.upload_reader.close()
        await self.facts.close()
        self.hub.close()
