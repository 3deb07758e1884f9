"""Deletion of jobs: immediate, and reversible for a minute."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Sequence

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.hosts.transfer import SHA256
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.jobs.lookup import identify_job, no_job
from jupyter_platform.coordinator.jobs.records import JobRecords
from jupyter_platform.coordinator.notices.events import EventHub
from jupyter_platform.coordinator.repository import DatasetRepository
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import JobRow
from jupyter_platform.coordinator.workloads.live import Live
from jupyter_platform.coordinator.workloads.owner import Owners
from jupyter_platform.coordinator.workloads.pulling.keeping import unused_blobs
from jupyter_platform.coordinator.workloads.reconciler import Reconciler
from jupyter_platform.coordinator.workloads.reconciler.reconciler import runs_of
from jupyter_platform.core.errors import ConflictError
from jupyter_platform.core.runs import RunId
from jupyter_platform.core.states import JobState, JobTarget
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.paths import Paths

UNDO_S = 60.0
"""Seconds during which a deleted job can be restored."""
MAX_UNDO_S = 3600.0

log = logging.getLogger(__name__)


class JobDeletion:
    """Hides jobs that are deleted, and removes them when nobody wanted them back."""

    def __init__(
        self,
        *,
        store: Store,
        paths: Paths,
        hub: EventHub,
        records: JobRecords,
        live: Live,
        reconciler: Reconciler,
        owners: Owners,
        blobs: BlobStore,
        datasets: DatasetRepository,
    ) -> None:
        self._owners = owners
        self._blobs = blobs
        self._datasets = datasets
        self._store = store
        self._paths = paths
        self._hub = hub
        self._records = records
        self._live = live
        self._reconciler = reconciler
        self._removals: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Give jobs that were deleted before a restart their time once more."""
        for job in await self._store.read(_hidden):
            self._remove_later(job, UNDO_S)

    async def close(self) -> None:
        """Leave what waits to be removed for the next start."""
        tasks = list(self._removals.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def delete(self, principal: Principal, job: str, undo_s: float = UNDO_S) -> None:
        """Forget a job that has ended.

        Parameters
        ----------
        job : str
            Its id, or a unique prefix.
        undo_s : float
            Seconds for which `restore` brings it back; 0 removes it at once.

        Raises
        ------
        NotFoundError
            If there is none.
        ConflictError
            If it has not ended.
        ForbiddenError
            If it belongs to another user.
        """
        found = await self._store.run(lambda session: _hide(session, principal, job))
        self._hub.publish("job_deleted", found)
        if undo_s > 0:
            self._remove_later(found, undo_s)
        else:
            await self._remove(found)

    async def restore(self, principal: Principal, job: str) -> str:
        """Restore a job that was deleted less than a minute ago, and return its id.

        Parameters
        ----------
        job : str
            Its id, or a unique prefix. One that was not deleted stays as it is.

        Raises
        ------
        NotFoundError
            If there is none any more.
        """
        found = await self._store.run(lambda session: _show(session, principal, job))
        removal = self._removals.pop(found, None)
        if removal is not None:
            removal.cancel()
            await self._records.publish([found])
        return found

    def _remove_later(self, job: str, seconds: float) -> None:
        async def wait_and_remove() -> None:
            await asyncio.sleep(seconds)
            self._removals.pop(job, None)  # from here on it cannot be restored
            await self._remove(job)

        self._removals[job] = asyncio.create_task(wait_and_remove(), name=f"removing {job}")

    async def _remove(self, job: str) -> None:
        """Remove rows, curves, logs, run folders and files it came with; the weights stay."""
        removed = await self._store.run(lambda session: _remove(session, self._owners, job))
        if removed is None:
            return
        runs, files = removed
        await self._release(files)
        self._live.forget(job)
        folder = self._paths.mirror / job
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        await self._reconciler.remove_runs(runs)

    async def _release(self, digests: Sequence[str]) -> None:
        """Remove files that no job and no dataset refers to any more."""
        kept: set[str] = set()
        for name in self._datasets.names() if digests else ():
            descriptor = self._datasets.find(name)
            kept |= set(() if descriptor is None else descriptor.references)
        for digest in digests:
            if SHA256 + digest not in kept:
                await asyncio.to_thread(self._blobs.path(digest).unlink, missing_ok=True)


def _hidden(session: Session) -> Sequence[str]:
    query = select(JobRow.id).where(JobRow.target == JobTarget.DELETE.value)
    return list(session.scalars(query))


def _hide(session: Session, principal: Principal, job: str) -> str:
    row = session.get_one(JobRow, identify_job(session, principal, job))
    if not JobState(row.state).is_terminal:
        raise ConflictError(f"Job {row.id} is {row.state}; stop it before it is deleted.")
    row.target = JobTarget.DELETE.value
    row.idempotency_key = None  # the same submission again is another job
    return row.id


def _show(session: Session, principal: Principal, job: str) -> str:
    found = identify_job(session, principal, job, deleted=True)
    row = session.get(JobRow, found)
    if row is None:
        raise no_job(job)
    if row.target == JobTarget.DELETE.value:
        row.target = JobTarget.RUN.value
    return found


def _remove(
    session: Session, owners: Owners, job: str
) -> tuple[list[tuple[str, RunId]], list[str]] | None:
    """Remove a job marked as deleted; None if it was restored meanwhile.

    Returns
    -------
    runs : list of (str, RunId)
        Its run folders, each with its host.
    files : list of str
        Digests of the files that it came with and that no other job, which may be submitted
        again, names.
    """
    row = session.get(JobRow, job)
    if row is None or row.target != JobTarget.DELETE.value:
        return None
    runs = runs_of(session, job)
    references = row.spec.get("contents", [])
    session.delete(row)
    session.flush()
    return runs, [
        digest
        for digest in unused_blobs(session, owners, references)
        if not _is_named(session, digest)
    ]


def _is_named(session: Session, digest: str) -> bool:
    names_it = cast(JobRow.spec, Text).contains(SHA256 + digest)
    return session.scalar(select(JobRow.id).where(names_it).limit(1)) is not None
