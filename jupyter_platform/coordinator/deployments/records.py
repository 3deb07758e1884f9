"""Deployments as the API shows them: rows, and what is only known while they run."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, get_args

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.notices.events import EventHub
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import AttemptRow, DeploymentRow, LeaseRow
from jupyter_platform.coordinator.workloads.live import Live
from jupyter_platform.coordinator.workloads.planning import sentence
from jupyter_platform.core.deployments import (
    SERVICES,
    DeploymentPhase,
    DeploymentRecord,
    DeploymentState,
    EndpointRecord,
    deployment_state,
)
from jupyter_platform.core.jobs import JobErrorRecord, ResourceRequest
from jupyter_platform.core.states import JobState, JobTarget

Target = Literal["run", "stop", "delete"]
_IMPOSSIBLE = frozenset({"impossible", "no_match", "gang_too_wide", "no_single_host"})
"""Reasons to wait that no end of another workload takes away."""


def path_of(deployment: str, service: str) -> str:
    """Return the address of a service below the base URL of a Jupyter server."""
    return f"jupyter-platform/deployments/{deployment}/{service}/"


class DeploymentRecords:
    """Assembles records and tells their owners about them."""

    def __init__(self, store: Store, hub: EventHub, live: Live) -> None:
        self._store = store
        self._hub = hub
        self._live = live
        self._sites: Mapping[str, str] = {}

    def set_sites(self, sites: Mapping[str, str]) -> None:
        """Take the sites of the hosts, by the names of these."""
        self._sites = sites

    async def find(self, deployment: str) -> DeploymentRecord | None:
        """Return one deployment by its full id, or None when there is none."""
        found = await self._store.read(lambda session: self.load(session, [deployment]))
        return found[0] if found else None

    async def publish(self, deployments: Iterable[str]) -> None:
        """Publish the present records of deployments; deleted ones are left out."""
        ids = list(deployments)
        for record in await self._store.read(lambda session: self.load(session, ids)):
            self.tell(record)

    def tell(self, record: DeploymentRecord) -> None:
        """Publish a record to its owner."""
        self._hub.publish("deployment", record, owner=record.owner)

    def publish_reasons(self, deployments: Sequence[str]) -> None:
        """Tell everybody why some deployments wait, in one event."""
        news = {one: self._reason(one, JobState.QUEUED) for one in deployments}
        self._hub.publish("reasons", news)

    def load(self, session: Session, deployments: Sequence[str]) -> list[DeploymentRecord]:
        """Return records by their ids, in the order asked for."""
        query = select(DeploymentRow).where(DeploymentRow.id.in_(deployments))
        rows = {row.id: row for row in session.scalars(query)}
        return self.of_rows(session, [rows[one] for one in deployments if one in rows])

    def of_rows(self, session: Session, rows: Sequence[DeploymentRow]) -> list[DeploymentRecord]:
        """Return the records of rows, with as many questions to the store as for one."""
        ids = [row.id for row in rows]
        counts = select(AttemptRow.workload, func.count().label("number")).where(
            AttemptRow.workload.in_(ids)
        )
        grouped = session.execute(counts.group_by(AttemptRow.workload))
        attempts = {row.workload: row.number for row in grouped}
        held = select(LeaseRow).where(LeaseRow.workload.in_(ids), LeaseRow.ended_at.is_(None))
        leases = {lease.workload: lease for lease in session.scalars(held)}
        return [self.record(row, attempts.get(row.id, 0), leases.get(row.id)) for row in rows]

    def record(
        self, row: DeploymentRow, attempts: int = 0, lease: LeaseRow | None = None
    ) -> DeploymentRecord:
        """Assemble a record from its row and what is known while it runs."""
        workload, asked = JobState(row.state), _asked(row)
        reason = self._live.reasons.get(row.id)
        phase = None if row.phase is None else DeploymentPhase.model_validate(row.phase)
        state = deployment_state(
            workload,
            ready=row.services.get(row.service) is not None,
            impossible=reason is not None and reason.code in _IMPOSSIBLE,
        )
        if row.target == JobTarget.DELETE.value and not workload.is_terminal:
            state = DeploymentState.STOPPING
        return DeploymentRecord.model_validate(
            {
                "id": row.id,
                "uuid": row.uuid,
                "item": row.item,
                "item_title": row.item_title,
                "kind": row.table,
                "purpose": row.purpose,
                "owner": row.owner,
                "title": row.name,
                "description": row.description,
                "service": row.service,
                "state": state,
                "target": _target(row),
                "reason": self._reason(row.id, workload, phase),
                "phase": phase,
                "configuration": row.configuration,
                "runtime": row.runtime,
                "image": row.image,
                "network": row.network,
                "tag": row.tag,
                "resources_asked": asked,
                "resources_given": None if lease is None else asked,
                "gpus": [] if lease is None else lease.gpus,
                "host": row.host,
                "site": self._sites.get(row.host or ""),
                "endpoints": _endpoints(row, state),
                "created": row.submitted_at,
                "started": row.started_at,
                "ended": row.finished_at,
                "expires": row.expires_at,
                "idle_stop_minutes": row.idle_stop_minutes,
                "attempts": attempts,
                "error": row.error and JobErrorRecord.model_validate(row.error),
                "warnings": row.warnings,
            }
        )

    def _reason(
        self, deployment: str, state: JobState, phase: DeploymentPhase | None = None
    ) -> str | None:
        if state == JobState.QUEUED:
            reason = self._live.reasons.get(deployment)
            return None if reason is None else sentence(reason, time.time())
        if state == JobState.UNREACHABLE:
            return "Its host does not answer; when it does again, the deployment goes on as it was."
        if state == JobState.RUNNING and phase is not None and phase.text:
            return phase.text
        return None if state.is_terminal else self._live.doing.get(deployment) or None


def _asked(row: DeploymentRow) -> ResourceRequest:
    return ResourceRequest(cpus=row.cpus, memory=row.memory, gpus=row.gpus)


def _target(row: DeploymentRow) -> Target:
    return next(target for target in get_args(Target) if target == row.target)


def _endpoints(row: DeploymentRow, state: DeploymentState) -> list[EndpointRecord]:
    answers = state in (DeploymentState.RUNNING, DeploymentState.STARTING)
    found = []
    for service in SERVICES:
        if service not in row.services:
            continue
        since = row.services[service] if answers else None
        found.append(
            EndpointRecord(
                service=service,
                path=path_of(row.id, service),
                alive=since is not None,
                since=None if since is None else datetime.fromtimestamp(since, UTC),
                main=service == row.service,
            )
        )
    return found
