"""Deployments as owner of their workloads: what they run, what they tell."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.deployments.records import DeploymentRecords, path_of
from jupyter_platform.coordinator.store.tables import (
    AttemptRow,
    DeploymentRow,
    RankRow,
    WorkloadRow,
)
from jupyter_platform.coordinator.workloads.owner import Copy
from jupyter_platform.coordinator.workloads.pulling import TrackedRun
from jupyter_platform.core.deployments import DeploymentPhase
from jupyter_platform.core.recipes import DeploymentRun
from jupyter_platform.core.runs import RunEvent, RunId, RunSpec

PROCESS = "jupyter_platform.serving.runner"
"""Module of the process of a deployment."""


class DeploymentOwner:
    """See `jupyter_platform.coordinator.workloads.owner.Owner`."""

    def __init__(self, records: DeploymentRecords) -> None:
        self._records = records

    def specs(
        self, row: WorkloadRow, attempt: AttemptRow, ranks: Sequence[RankRow]
    ) -> list[RunSpec]:
        """Return the run specification of an attempt; the services begin anew with it."""
        deployment = deployment_row(row)
        if attempt.started_at is None:
            deployment.phase = None
            deployment.services = dict.fromkeys(deployment.services)
        return [_spec(deployment, attempt, rank) for rank in ranks]

    def merged(self, lane: str, results: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return the result of its only process."""
        return results[0]

    def note_end(self, session: Session, row: WorkloadRow, result: dict[str, Any] | None) -> None:
        """Take note that no service answers any more."""
        deployment = deployment_row(row)
        deployment.services = dict.fromkeys(deployment.services)

    def note_event(self, session: Session, row: WorkloadRow, run: RunId, event: RunEvent) -> bool:
        """Take note of phases and services, as the process tells of them."""
        deployment, facts = deployment_row(row), event.model_extra or {}
        facts = facts.get("payload", facts)
        if event.kind == "phase":
            try:
                phase = DeploymentPhase.model_validate(facts)
            except ValidationError:
                return False
            deployment.phase = phase.model_dump(mode="json")
            return True
        service = str(facts.get("service"))
        if event.kind != "service" or service not in deployment.services:
            return False
        return set_alive(deployment, service, bool(facts.get("alive")))

    def uses(self, session: Session, digests: set[str]) -> set[str]:
        """Return the weights that a deployment serves."""
        used: set[str] = set()
        for spec in session.scalars(select(DeploymentRow.spec)):
            used.add(str(spec.get("weights") or "").removeprefix("sha256:"))
        return used & digests

    async def keep(
        self, run: TrackedRun, kind: str, payload: Mapping[str, Any], copy: Copy
    ) -> None:
        """Do nothing: a service leaves no weights."""

    async def rescue(self, workload: str) -> str | None:
        """Return None: a service has no checkpoint."""
        return None

    async def publish(self, workloads: Sequence[str]) -> None:
        """Tell everybody how some deployments are now."""
        await self._records.publish(workloads)

    def publish_reasons(self, workloads: Sequence[str]) -> None:
        """Tell everybody why some deployments wait."""
        self._records.publish_reasons(workloads)


def deployment_row(row: WorkloadRow) -> DeploymentRow:
    """Return the row of a deployment.

    Raises
    ------
    TypeError
        If the workload is none.
    """
    if not isinstance(row, DeploymentRow):
        raise TypeError(f"workload {row.id} is no deployment")
    return row


def set_alive(row: DeploymentRow, service: str, alive: bool) -> bool:
    """Note whether a service answers; return whether that is news."""
    since = row.services.get(service)
    if alive == (since is not None):
        return False
    row.services = {**row.services, service: time.time() if alive else None}
    if alive and service == row.service:
        row.error = None
    return True


def _spec(row: DeploymentRow, attempt: AttemptRow, rank: RankRow) -> RunSpec:
    frozen = row.spec
    configuration = dict(row.configuration)
    if frozen.get("password_hash"):
        general = {**configuration["general"], "password_hash": frozen["password_hash"]}
        configuration["general"] = general
    deployment = DeploymentRun.model_validate(
        {
            "id": row.id,
            "item": row.item,
            "folder": frozen["folder"] or "",
            "recipe": {**frozen["recipe"], "image": row.image},
            "served": frozen["served"],
            "weights": frozen["weights"],
            "service": row.service,
            "purpose": row.purpose,
            "configuration": configuration,
            "base_urls": {
                service: row.base_url + path_of(row.id, service) for service in row.services
            },
        }
    )
    return RunSpec.model_validate(
        {
            "run": RunId(workload=row.id, attempt=attempt.number, rank=rank.rank),
            "name": row.name,
            "process": PROCESS,
            "threads": row.cpus,
            "memory": row.memory,
            "gpus": rank.gpus,
            "deployment": deployment,
        }
    )
