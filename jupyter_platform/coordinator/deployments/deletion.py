"""Deletion of deployments: nothing of them is left behind."""

from __future__ import annotations

import asyncio
import shutil

from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.deployments.lookup import find_deployment
from jupyter_platform.coordinator.deployments.records import DeploymentRecords
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.notices.events import EventHub
from jupyter_platform.coordinator.store.tables import DeploymentRow
from jupyter_platform.coordinator.workloads.ledger import Ledger
from jupyter_platform.coordinator.workloads.live import Live
from jupyter_platform.coordinator.workloads.reconciler import Reconciler
from jupyter_platform.coordinator.workloads.reconciler.reconciler import runs_of
from jupyter_platform.coordinator.workloads.transitions import move
from jupyter_platform.core.runs import RunId
from jupyter_platform.core.states import TERMINAL, JobState, JobTarget
from jupyter_platform.runtime.paths import Paths

_ENDED = [state.value for state in TERMINAL]


class DeploymentDeletion:
    """Ends deployments that are deleted, and removes what is left of them."""

    def __init__(
        self,
        *,
        paths: Paths,
        hub: EventHub,
        ledger: Ledger,
        records: DeploymentRecords,
        live: Live,
        reconciler: Reconciler,
    ) -> None:
        self._mirror = paths.mirror
        self._hub = hub
        self._ledger = ledger
        self._records = records
        self._live = live
        self._reconciler = reconciler

    async def delete(self, principal: Principal, deployment: str) -> None:
        """End a deployment, and remove it when it has ended; the second time, remove it now.

        Raises
        ------
        NotFoundError
            If there is none.
        ForbiddenError
            If it belongs to another user.
        """
        found, before, state = await self._ledger.run(
            lambda session: _want_deletion(session, principal, deployment)
        )
        if state.is_terminal:
            self._reconciler.withdraw(found)
            await self._remove(found)
        elif before == JobTarget.DELETE.value:
            await self._reconciler.abandon(found)
            await self._remove(found)
        else:
            self._reconciler.stop(found)
            await self._records.publish([found])

    async def look(self) -> None:
        """Remove the deployments that were to be deleted and have ended by now."""

        def ended(session: Session) -> list[str]:
            query = select(DeploymentRow.id).where(
                DeploymentRow.target == JobTarget.DELETE.value, DeploymentRow.state.in_(_ENDED)
            )
            return list(session.scalars(query))

        for deployment in await self._ledger.run(ended):
            await self._remove(deployment)

    async def _remove(self, deployment: str) -> None:
        """Remove rows, leases, logs and run folders."""
        removed = await self._ledger.run(lambda session: _remove(session, deployment))
        if removed is None:
            return
        owner, runs = removed
        self._live.forget(deployment)
        folder = self._mirror / deployment
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        self._hub.publish("deployment_deleted", deployment, owner=owner)
        await self._reconciler.remove_runs(runs)


def _want_deletion(
    session: Session, principal: Principal, deployment: str
) -> tuple[str, str, JobState]:
    """Note that a deployment is to be deleted; return id, target before, and state."""
    row = find_deployment(session, principal, deployment)
    before, row.target = row.target, JobTarget.DELETE.value
    row.idempotency_key = None  # the same request again is another deployment
    if row.state == JobState.QUEUED.value:
        move(row, JobState.CANCELLED)
    return row.id, before, JobState(row.state)


def _remove(session: Session, deployment: str) -> tuple[str, list[tuple[str, RunId]]] | None:
    row = session.get(DeploymentRow, deployment)
    if row is None:
        return None
    owner, runs = row.owner, runs_of(session, deployment)
    Ledger.end(session, deployment)
    session.delete(row)
    return owner, runs
