"""Environments for agents, and recorded episodes."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import zipfile
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.hosts.inspection import Inspect
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.jobs.lookup import identify_job
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import RankRow
from jupyter_platform.core.environments import EnvironmentFacts, EnvironmentRecord
from jupyter_platform.core.errors import InvalidDataError, NotFoundError, UnavailableError
from jupyter_platform.core.replays import (
    FOLDER,
    FRAME,
    INDEX,
    KINDS,
    MAX_BYTES,
    ReplayKind,
    ReplayRecord,
)
from jupyter_platform.core.runs import RunId

INSPECT_WITHIN_S = 30.0
"""Seconds that the inspector may take: environments are foreign packages, which it imports."""
_PIECE = 4_000_000
_MOST_UNPACKED = 2 * MAX_BYTES
"""Bytes of a replay, whose pictures are packed already."""
_READ_TIMEOUT_S = 10.0


class ActingService:
    """Asks hosts about environments and replays."""

    def __init__(self, store: Store, hosts: HostRegistry, inspect: Inspect) -> None:
        self._store = store
        self._hosts = hosts
        self._inspect = inspect

    async def environments(self) -> list[EnvironmentRecord]:
        """Return the environments that are installed.

        Raises
        ------
        UnavailableError
            If no host is up, or Gymnasium is not installed there.
        """
        answer = await self._inspect({"op": "environments"}, INSPECT_WITHIN_S)
        return [EnvironmentRecord.model_validate(item) for item in answer["environments"]]

    async def environment(self, name: str) -> EnvironmentFacts:
        """Return the observations and actions of an environment.

        Raises
        ------
        PlatformError
            If there is none of that id, or it cannot be made.
        """
        request = {"op": "environment", "environment": name}
        return EnvironmentFacts.model_validate(await self._inspect(request, INSPECT_WITHIN_S))

    async def replays(self, principal: Principal, job: str) -> list[ReplayRecord]:
        """Return the episodes of a job that can be looked at, without their pictures.

        Parameters
        ----------
        principal : Principal
            The principal of the request.
        job : str
            Id of the job, or a unique prefix of it.
        """
        found = []
        for run, host in await self._runs(principal, job):
            for kind in KINDS:
                try:
                    data = await self._read(run, host, kind)
                except (NotFoundError, UnavailableError):
                    continue
                found.append(await asyncio.to_thread(_parsed, data, run.rank, pictures=False))
        return found

    async def replay(
        self, principal: Principal, job: str, kind: ReplayKind, rank: int = 0
    ) -> ReplayRecord:
        """Return one episode with its pictures.

        Parameters
        ----------
        principal : Principal
            The principal of the request.
        job : str
            Id of the job, or a unique prefix of it.
        kind : ReplayKind
            Best or latest episode.
        rank : int
            Number of the agent.

        Raises
        ------
        NotFoundError
            If there is none.
        UnavailableError
            If its host does not answer.
        """
        for run, host in await self._runs(principal, job):
            if run.rank == rank:
                data = await self._read(run, host, kind)
                return await asyncio.to_thread(_parsed, data, rank, pictures=True)
        raise NotFoundError(f"Job {job} has no agent {rank}.")

    async def _runs(self, principal: Principal, job: str) -> list[tuple[RunId, str]]:
        """Return the processes of a job's last attempt, and their hosts."""

        def query(session: Session) -> list[tuple[RunId, str]]:
            found = identify_job(session, principal, job)
            rows = session.scalars(
                select(RankRow)
                .where(RankRow.workload == found)
                .order_by(RankRow.attempt, RankRow.rank)
            ).all()
            return [
                (RunId(workload=row.workload, attempt=row.attempt, rank=row.rank), row.host)
                for row in rows
                if row.attempt == rows[-1].attempt
            ]

        return await self._store.read(query)

    async def _read(self, run: RunId, host: str, kind: ReplayKind) -> bytes:
        link = self._hosts.link(host)
        if link is None:
            raise UnavailableError(f"Host {host}, which has the episodes of {run}, is not up.")
        data = b""
        while len(data) < MAX_BYTES:
            payload: dict[str, Any] = {
                "run": str(run),
                "path": f"{FOLDER}/{kind}.zip",
                "offset": len(data),
                "length": _PIECE,
            }
            _, piece = await link.call("read", payload, timeout_s=_READ_TIMEOUT_S)
            if not piece:
                return data
            data += bytes(piece)
        raise InvalidDataError(f"The {kind} episode of {run} is larger than {MAX_BYTES:,} bytes.")


def _parsed(data: bytes, rank: int, *, pictures: bool) -> ReplayRecord:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > _MOST_UNPACKED:
                raise ValueError(f"it unpacks to more than {_MOST_UNPACKED:,} bytes")
            record = ReplayRecord.model_validate(json.loads(archive.read(INDEX)) | {"rank": rank})
            if not pictures:
                return record.model_copy(update={"observations": [], "steps": []})
            images = [
                base64.b64encode(archive.read(FRAME.format(number))).decode()
                for number in range(record.frames)
            ]
            return record.model_copy(update={"images": images})
    except (zipfile.BadZipFile, KeyError, ValueError, ValidationError) as error:
        raise InvalidDataError(f"The episode cannot be read: {error}.") from error
