"""What the routes call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from jupyter_platform.coordinator.deployments.deletion import DeploymentDeletion
from jupyter_platform.coordinator.deployments.service import DeploymentService
from jupyter_platform.coordinator.deployments.services.proxy import ServiceProxy
from jupyter_platform.coordinator.deployments.trials import Trials
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.hosts.switching import HostSwitching
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.jobs.deletion import JobDeletion
from jupyter_platform.coordinator.jobs.files import JobFiles
from jupyter_platform.coordinator.jobs.service import JobService
from jupyter_platform.coordinator.jobs.sweeps import SweepService
from jupyter_platform.coordinator.jobs.weights import JobWeightsService
from jupyter_platform.coordinator.marketplace.item_weights import ItemWeights
from jupyter_platform.coordinator.marketplace.publishing import Publishing
from jupyter_platform.coordinator.marketplace.searches import SavedSearches
from jupyter_platform.coordinator.marketplace.service import Marketplace
from jupyter_platform.coordinator.notices.events import EventHub
from jupyter_platform.coordinator.notices.notifications import Notifications
from jupyter_platform.coordinator.questions.benchmark import BenchmarkService
from jupyter_platform.coordinator.questions.drafts import DraftService
from jupyter_platform.coordinator.questions.environments import ActingService
from jupyter_platform.coordinator.questions.generation import GenerationService
from jupyter_platform.coordinator.questions.prediction import PredictionService
from jupyter_platform.coordinator.repository import (
    DatasetRepository,
    NetworkExchange,
    NetworkRepository,
    PoolRepository,
    StrategyRepository,
    TagRepository,
)
from jupyter_platform.coordinator.statistics.history import History
from jupyter_platform.coordinator.statistics.status import StatusService
from jupyter_platform.coordinator.transfers.contents import Contents


@dataclass(frozen=True, slots=True)
class Services:
    """Everything behind the API."""

    acting: ActingService
    pools: PoolRepository
    jobs: JobService
    sweeps: SweepService
    deletion: JobDeletion
    files: JobFiles
    deployments: DeploymentService
    deployment_deletion: DeploymentDeletion
    service_proxy: ServiceProxy
    trials: Trials
    job_weights: JobWeightsService
    networks: NetworkRepository
    datasets: DatasetRepository
    tags: TagRepository
    strategies: StrategyRepository
    exchange: NetworkExchange
    contents: Contents
    predictions: PredictionService
    generations: GenerationService
    benchmarks: BenchmarkService
    drafts: DraftService
    hosts: HostRegistry
    host_switching: HostSwitching
    marketplace: Marketplace
    searches: SavedSearches
    item_weights: ItemWeights
    publishing: Publishing
    history: History
    notifications: Notifications
    status: StatusService
    hub: EventHub
    shutdown: Callable[[Principal, bool], Awaitable[None]]
    """Ends the platform; refuses while jobs run unless told to force it."""
    on_request: Callable[[], None]
    """Called for each request, as a sign that the platform is in use."""


# Functions that are not async would be called in another thread, at each request.
async def _services(connection: HTTPConnection) -> Services:
    services: Services = connection.app.state.services
    return services


ServicesOf = Annotated[Services, Depends(_services)]


async def _principal(connection: HTTPConnection) -> Principal:
    principal: Principal = connection.state.principal
    return principal


PrincipalOf = Annotated[Principal, Depends(_principal)]
