"""Deployments: ask for one, look, list, stop, start again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.deployments.lookup import find_deployment
from jupyter_platform.coordinator.deployments.outlook import Outlooks
from jupyter_platform.coordinator.deployments.quotas import refuse_over_quota
from jupyter_platform.coordinator.deployments.records import DeploymentRecords
from jupyter_platform.coordinator.deployments.requests import Requests, Resolved, is_refusal
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import AttemptRow, DeploymentRow
from jupyter_platform.coordinator.workloads.logs import read_log
from jupyter_platform.coordinator.workloads.reconciler import Reconciler
from jupyter_platform.coordinator.workloads.transitions import begin_again, move
from jupyter_platform.core.deployments import (
    ConfigurationDocument,
    DeploymentCheck,
    DeploymentPage,
    DeploymentRecord,
    DeploymentRequest,
    DeploymentState,
)
from jupyter_platform.core.errors import (
    FieldError,
    InvalidRequestError,
    PlatformError,
    unknown_name,
)
from jupyter_platform.core.jobs import LogChunk
from jupyter_platform.core.recipes import Purpose
from jupyter_platform.core.states import JobState, JobTarget
from jupyter_platform.runtime.paths import Paths

TABLES = ("module", "tool", "try")
_ROWS_OF: dict[DeploymentState, tuple[JobState, ...]] = {
    DeploymentState.QUEUED: (JobState.QUEUED,),
    DeploymentState.ERROR: (JobState.QUEUED,),
    DeploymentState.STARTING: (JobState.STARTING, JobState.RUNNING),
    DeploymentState.RUNNING: (JobState.RUNNING,),
    DeploymentState.STOPPING: (JobState.STOPPING,),
    DeploymentState.DOWN: (JobState.UNREACHABLE,),
    DeploymentState.FAILED: (JobState.FAILED,),
    DeploymentState.COMPLETE: (JobState.FINISHED,),
    DeploymentState.STOPPED: (JobState.STOPPED, JobState.CANCELLED, JobState.PAUSED),
}
"""State to those of the rows that may have it."""


class DeploymentService:
    """What the API does with deployments."""

    def __init__(
        self,
        *,
        store: Store,
        paths: Paths,
        records: DeploymentRecords,
        requests: Requests,
        outlooks: Outlooks,
        reconciler: Reconciler,
    ) -> None:
        self._store = store
        self._mirror = paths.mirror
        self._records = records
        self._requests = requests
        self._outlooks = outlooks
        self._reconciler = reconciler

    async def configuration(
        self, principal: Principal, item: str, purpose: Purpose
    ) -> ConfigurationDocument:
        """Return what may be configured about an item; see `Requests.document`."""
        return await self._requests.document(principal, item, purpose)

    async def create(
        self,
        principal: Principal,
        request: DeploymentRequest,
        *,
        base_url: str = "/",
        idempotency_key: str | None = None,
        trial: timedelta | None = None,
    ) -> DeploymentRecord:
        """Put a deployment into the queue; it is on disk when this returns.

        Parameters
        ----------
        base_url : str
            Base URL of the Jupyter server through which it is opened.
        idempotency_key : str, optional
            What the caller chose; the same key again gives the same deployment.
        trial : timedelta, optional
            How long it lives, where it is a trial.

        Raises
        ------
        PlatformError
            If the request cannot become a deployment; nothing is stored then.
        """
        resolved = await self._requests.resolve(principal, request)
        table = "try" if trial is not None else resolved.offer.kind
        row = resolved.row(principal.user, base_url, idempotency_key, table)
        row.expires_at = None if trial is None else datetime.now(UTC) + trial
        known = await self._store.run(lambda session: _insert(session, row, resolved))
        if known is not None:
            return await self.get(principal, known)
        self._reconciler.enqueue(row)
        record = self._records.record(row)
        self._records.tell(record)
        return record

    async def check(self, principal: Principal, request: DeploymentRequest) -> DeploymentCheck:
        """Say what would become of a request, without storing anything."""
        try:
            resolved = await self._requests.resolve(principal, request)
            await self._store.read(
                lambda session: refuse_over_quota(
                    session, principal.user, resolved.request.gpus, resolved.limits
                )
            )
        except PlatformError as error:
            if not is_refusal(error):
                raise
            own = [FieldError(field="", message=error.message)]
            return DeploymentCheck(refusals=list(error.errors) or own)
        outlook, alternative = await self._outlooks.of(resolved, principal.user)
        return DeploymentCheck(
            configuration=resolved.values,
            outlook=outlook,
            alternative=alternative,
            warnings=resolved.warnings,
        )

    async def get(self, principal: Principal, deployment: str) -> DeploymentRecord:
        """Return a deployment; errors as of `lookup.find_deployment`."""

        def read(session: Session) -> DeploymentRecord:
            row = find_deployment(session, principal, deployment)
            return self._records.of_rows(session, [row])[0]

        return await self._store.read(read)

    async def list(
        self,
        principal: Principal,
        *,
        kind: str | None = None,
        state: str | None = None,
        text: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> DeploymentPage:
        """Return a page of a person's deployments, newest first.

        Parameters
        ----------
        kind, state : str, optional
            Accepted values, comma-separated.
        text : str, optional
            Words that must all occur in title, item or id.
        """
        states = _values("state", state, list(DeploymentState))
        tables = _values("kind", kind, TABLES)
        query = _filtered(principal, tables, states, text)

        def page(session: Session) -> DeploymentPage:
            ordered = query.order_by(DeploymentRow.sequence.desc())
            if states is None:
                total = session.scalar(query.with_only_columns(func.count(DeploymentRow.id))) or 0
                rows = list(session.scalars(ordered.limit(limit).offset(offset)))
                items = self._records.of_rows(session, rows)
            else:
                # Ready, starting and impossible are not told apart by the state of the row.
                found = self._records.of_rows(session, list(session.scalars(ordered)))
                matching = [record for record in found if record.state in states]
                items, total = matching[offset : offset + limit], len(matching)
            return DeploymentPage(items=items, total=total, offset=offset)

        return await self._store.read(page)

    async def stop(
        self, principal: Principal, deployment: str, why: str | None = None
    ) -> DeploymentRecord:
        """Let a deployment give back what it holds; one that has ended stays as it is.

        Parameters
        ----------
        why : str, optional
            What is added to its warnings, where no person stops it.
        """
        found, state = await self._store.run(
            lambda session: _want_stop(session, principal, deployment, why)
        )
        if state == JobState.CANCELLED:
            self._reconciler.withdraw(found)
        elif not state.is_terminal:
            self._reconciler.stop(found)
        await self._records.publish([found])
        return await self.get(principal, found)

    async def start(self, principal: Principal, deployment: str) -> DeploymentRecord:
        """Start a deployment again that has ended.

        Raises
        ------
        ConflictError
            If it has not ended.
        OptionError
            If its GPUs are over the limit of its owner now.
        """
        limits = self._requests.limits(principal)

        def restart(session: Session) -> DeploymentRow:
            row = find_deployment(session, principal, deployment)
            if JobState(row.state).is_terminal:
                refuse_over_quota(session, row.owner, row.gpus, limits)
            begin_again(row)
            row.phase, row.services = None, dict.fromkeys(row.services)
            row.warnings = []
            return row

        row = await self._store.run(restart)
        self._reconciler.enqueue(row)
        await self._records.publish([row.id])
        return await self.get(principal, row.id)

    async def log(self, principal: Principal, deployment: str, offset: int, limit: int) -> LogChunk:
        """Return a piece of the logs of all attempts, one after the other.

        Parameters
        ----------
        offset : int
            Byte to begin at; negative counts from the end.
        limit : int
            Bytes at most.
        """

        def read(session: Session) -> tuple[list[Path], bool]:
            row = find_deployment(session, principal, deployment)
            numbers = select(AttemptRow.number).where(AttemptRow.workload == row.id)
            folders = [
                self._mirror / row.id / str(number) / "0"
                for number in session.scalars(numbers.order_by(AttemptRow.number))
            ]
            return folders, JobState(row.state).is_terminal

        folders, ended = await self._store.read(read)
        return await asyncio.to_thread(read_log, folders, offset, limit, ended)


def _insert(session: Session, row: DeploymentRow, resolved: Resolved) -> str | None:
    """Store a deployment; return the id of the one that was stored under its key, if any."""
    if row.idempotency_key is not None:
        query = select(DeploymentRow.id, DeploymentRow.owner).where(
            DeploymentRow.idempotency_key == row.idempotency_key
        )
        known = session.execute(query).first()
        if known is not None:
            Principal(row.owner).require(known.owner, "The deployment of that idempotency key")
            return str(known.id)
    refuse_over_quota(session, row.owner, row.gpus, resolved.limits)
    session.add(row)
    session.flush()
    return None


def _want_stop(
    session: Session, principal: Principal, deployment: str, why: str | None
) -> tuple[str, JobState]:
    row = find_deployment(session, principal, deployment)
    state = JobState(row.state)
    if state.is_terminal:
        return row.id, state
    if row.target == JobTarget.RUN.value:
        row.target = JobTarget.STOP.value
    if why is not None:
        row.warnings = [*row.warnings, why]
    if state == JobState.QUEUED:
        move(row, JobState.CANCELLED)
    return row.id, JobState(row.state)


def _filtered(
    principal: Principal,
    tables: Sequence[str] | None,
    states: Sequence[str] | None,
    text: str | None,
) -> Select[DeploymentRow]:
    query = select(DeploymentRow)
    if not principal.administers:
        query = query.where(DeploymentRow.owner == principal.user)
    if tables is not None:
        query = query.where(DeploymentRow.table.in_(tables))
    if states is not None:
        of_rows = {row for state in states for row in _ROWS_OF[DeploymentState(state)]}
        query = query.where(DeploymentRow.state.in_([state.value for state in of_rows]))
    for word in (text or "").lower().split():
        query = query.where(func.lower(DeploymentRow.search).contains(word, autoescape=True))
    return query


def _values(field: str, text: str | None, known: Sequence[str]) -> list[str] | None:
    if text is None:
        return None
    values = [item.strip() for item in text.split(",") if item.strip()]
    for value in values:
        if value not in known:
            error = unknown_name(field, value, known)
            raise InvalidRequestError(error.message, errors=[error])
    return values
