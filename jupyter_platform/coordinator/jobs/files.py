"""The mirrored files of a job: curves, log, and all of it as an archive."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.jobs.archive import stream_archive
from jupyter_platform.coordinator.jobs.curves import AttemptCurves, JobCurves, Window
from jupyter_platform.coordinator.jobs.lookup import identify_job
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import AttemptRow, JobRow
from jupyter_platform.coordinator.workloads.logs import LOG_FILE, read_log
from jupyter_platform.coordinator.workloads.pulling import DOWNLOADS
from jupyter_platform.core.errors import (
    FieldError,
    InvalidRequestError,
    NotFoundError,
    unknown_name,
)
from jupyter_platform.core.jobs import JobFileRecord, JobRecord, LogChunk
from jupyter_platform.runtime.paths import Paths


class JobFiles:
    """Reads what was pulled from the run folders of a job."""

    def __init__(self, store: Store, paths: Paths) -> None:
        self._store = store
        self._mirror = paths.mirror

    async def metrics(
        self, principal: Principal, job: str, series: Sequence[str] | None, window: Window
    ) -> bytes:
        """Return the thinned curves of a job as the JSON of a `MetricsRecord`.

        Parameters
        ----------
        job : str
            Its id, or a unique prefix of it.

        Raises
        ------
        NotFoundError
            If a series that was asked for is not there.
        """
        curves = await self._curves(principal, job)
        return await asyncio.to_thread(curves.metrics_json, series, window)

    async def records(self, principal: Principal, job: str, series: str) -> Iterator[bytes]:
        """Return the whole curve of one series, 24 bytes a point.

        Parameters
        ----------
        principal : Principal
            The principal of the request.
        job : str
            Id of the job, or a unique prefix of it.
        series : str
            Name of the series.

        Raises
        ------
        NotFoundError
            If there is no such series.
        """
        curves = await self._curves(principal, job)
        return await asyncio.to_thread(curves.record_bytes, series)

    async def log(
        self, principal: Principal, job: JobRecord, offset: int, limit: int, rank: int = 0
    ) -> LogChunk:
        """Return a piece of the logs of all attempts, one after the other.

        Parameters
        ----------
        offset : int
            Byte to begin at; negative counts from the end.
        limit : int
            Bytes at most; a character that would be cut is left for the next piece.
        rank : int
            Which process of a gang.

        Raises
        ------
        InvalidRequestError
            If the job has fewer processes.
        """
        if rank >= job.target_count:
            raise _no_rank(rank, job.target_count)
        attempts = await self._attempts(principal, job.id)
        folders = [self._folder(job.id, attempt, rank) for attempt, _ in attempts]
        return await asyncio.to_thread(read_log, folders, offset, limit, job.state.is_terminal)

    async def files(self, principal: Principal, job: str) -> list[JobFileRecord]:
        """Return the files that a job has made for people, those of its last attempt first.

        Parameters
        ----------
        principal : Principal
            The principal of the request.
        job : str
            Id of the job, or a unique prefix of it.
        """
        return await asyncio.to_thread(_list_files, await self._download_folders(principal, job))

    async def file(self, principal: Principal, job: str, name: str) -> Path:
        """Return the path of one of the job's files.

        Parameters
        ----------
        principal : Principal
            The principal of the request.
        job : str
            Id of the job, or a unique prefix of it.
        name : str
            Name of the file, as `files` lists it.

        Raises
        ------
        NotFoundError
            If the job has made none of that name.
        """
        folders = await self._download_folders(principal, job)
        known = await asyncio.to_thread(_list_files, folders)
        if name not in {item.name for item in known}:
            error = unknown_name("file", name, (item.name for item in known))
            raise NotFoundError(error.message, errors=[error])
        return next(path for folder in folders if (path := folder / name).is_file())

    async def _download_folders(self, principal: Principal, job: str) -> list[Path]:
        attempts = await self._attempts(principal, job)
        return [self._folder(job, number) / DOWNLOADS for number, _ in reversed(attempts)]

    async def archive(self, principal: Principal, job: JobRecord) -> Iterator[bytes]:
        """Return a zip file of everything about a job, in pieces.

        Parameters
        ----------
        principal : Principal
            The principal of the request.
        job : JobRecord
            The job.
        """
        attempts = await self._attempts(principal, job.id)
        logs = [self._folder(job.id, number) / LOG_FILE for number, _ in attempts]
        return stream_archive(job, await self._curves(principal, job.id), logs)

    async def _curves(self, principal: Principal, job: str) -> JobCurves:
        found, ranks, attempts = await self._identified(principal, job)
        return JobCurves(
            [
                AttemptCurves(self._folder(found, number) / "metrics", resume_step, ranks)
                for number, resume_step in attempts
            ]
        )

    async def _attempts(self, principal: Principal, job: str) -> list[tuple[int, int]]:
        _, _, attempts = await self._identified(principal, job)
        return attempts

    async def _identified(
        self, principal: Principal, job: str
    ) -> tuple[str, int, list[tuple[int, int]]]:
        """Return the id of a job, its processes and its attempts, in one look at the store."""

        def query(session: Session) -> tuple[str, int, list[tuple[int, int]]]:
            found = identify_job(session, principal, job)
            rows = session.execute(
                select(AttemptRow.number, AttemptRow.resume_step, JobRow.target_count)
                .join(JobRow, JobRow.id == AttemptRow.workload)
                .where(AttemptRow.workload == found)
                .order_by(AttemptRow.number)
            ).all()
            ranks = rows[0].target_count if rows else 1
            return found, ranks, [(row.number, row.resume_step) for row in rows]

        return await self._store.read(query)

    def _folder(self, job: str, attempt: int, rank: int = 0) -> Path:
        return self._mirror / job / str(attempt) / str(rank)


def _no_rank(rank: int, ranks: int) -> InvalidRequestError:
    accepted = "0" if ranks == 1 else f"0 to {ranks - 1}"
    message = f"rank = {rank} is not accepted; this job's ranks are {accepted}."
    if ranks == 1:
        message = f"rank = {rank} is not accepted; this job has one process, rank 0."
    error = FieldError(field="rank", value=rank, message=message, accepted=accepted)
    return InvalidRequestError(message, errors=[error])


def _list_files(folders: Sequence[Path]) -> list[JobFileRecord]:
    found: dict[str, JobFileRecord] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file():
                name = path.relative_to(folder).as_posix()
                found.setdefault(name, JobFileRecord(name=name, bytes=path.stat().st_size))
    return list(found.values())
