"""A whole coordinator but for its web server, over hosts that are stand-ins."""

from __future__ import annotations

from jupyter_platform.coordinator.daemon.assembly import Assembly
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.store import Store
from jupyter_platform.core.jobs import JobSubmission
from jupyter_platform.core.settings import DeploymentSettings, JobSettings, Settings
from jupyter_platform.core.states import JobState

ADA = Principal("ada", administers=True)
"""Whose platform it is."""


class Lab(Assembly):
    """One life of a coordinator; the settings of jobs may be given."""

    def __init__(
        self,
        paths,
        cluster,
        *,
        heartbeat_s=0.02,
        lost_after_s=30.0,
        backends=(),
        offers=None,
        deployments=None,
        **settings,
    ):
        super().__init__(
            Store.open(paths.database),
            paths,
            cluster,
            Settings(
                jobs=JobSettings(**settings), deployments=DeploymentSettings(**(deployments or {}))
            ),
            owner=ADA.user,
            heartbeat_s=heartbeat_s,
            lost_after_s=lost_after_s,
            backends=backends,
            offers=offers,
        )
        self.cluster = cluster

    async def __aenter__(self):
        await self.start()
        return self

    async def __aexit__(self, *_):
        await self.close()
        await self.store.close()

    async def submit(self, type="LEARN", network="mlp", dataset="iris", **fields):
        submission = JobSubmission(type=type, networks=[network], dataset=dataset, **fields)
        return await self.jobs.submit(ADA, submission)

    async def state(self, job) -> JobState:
        return (await self.jobs.get(ADA, job.id)).state

    async def messages(self) -> list[str]:
        return [item.message for item in await self.notifications.records(ADA)]
