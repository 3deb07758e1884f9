"""Jobs as owner of their workloads: what they run, what they leave behind."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session, undefer

from jupyter_platform.coordinator.jobs.last_checkpoint import LastCheckpoints
from jupyter_platform.coordinator.jobs.records import JobRecords
from jupyter_platform.coordinator.repository import TagRepository
from jupyter_platform.coordinator.repository.networks.tag_rows import BEST_BY, best_of_another
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import (
    AttemptRow,
    JobRow,
    RankRow,
    TagVariantRow,
    WorkloadRow,
)
from jupyter_platform.coordinator.workloads.owner import Copy
from jupyter_platform.coordinator.workloads.pulling import TrackedRun
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.kinds import kinds, load
from jupyter_platform.core.runs import ResumePoint, RunEvent, RunId, RunSpec
from jupyter_platform.core.states import UNENDED
from jupyter_platform.runtime.blobs import BlobStore

log = logging.getLogger(__name__)

JOB = "job"
"""`WorkloadRow.kind` of jobs."""


class JobOwner:
    """See `jupyter_platform.coordinator.workloads.owner.Owner`."""

    def __init__(
        self, store: Store, records: JobRecords, tags: TagRepository, blobs: BlobStore
    ) -> None:
        self._store = store
        self._records = records
        self._tags = tags
        self._last_checkpoints = LastCheckpoints(store, blobs, tags)

    def specs(
        self, row: WorkloadRow, attempt: AttemptRow, ranks: Sequence[RankRow]
    ) -> list[RunSpec]:
        """Return the run specification of each rank of an attempt.

        Parameters
        ----------
        row : WorkloadRow
            Row of the workload.
        attempt : AttemptRow
            Row of its attempt.
        ranks : sequence of RankRow
            Rows of its processes, in order.
        """
        job = _job(row)
        return [_spec(job, attempt, rank, len(ranks)) for rank in ranks]

    def merged(self, lane: str, results: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return the result of a job: of agents, of all of them; else that of rank 0.

        Parameters
        ----------
        lane : str
            Kind of the job.
        results : sequence of dict of str to object
            Result of each process, in their order.
        """
        join = kinds()[lane].join_results
        return results[0] if join is None else load(join)(results)

    def note_end(self, session: Session, row: WorkloadRow, result: dict[str, Any] | None) -> None:
        """Keep the result of a job, and say where its tag stands for weights of another one.

        Parameters
        ----------
        session : Session
            Database session.
        row : WorkloadRow
            Row of the workload.
        result : dict of str to object or None
            Its result; None where it has none.
        """
        job = _job(row)
        if result:
            job.result = result
            job.headline = result.get("headline")
        job.warnings = [*job.warnings, *_left_best(session, job)]

    def note_event(self, session: Session, row: WorkloadRow, run: RunId, event: RunEvent) -> bool:
        """Do nothing: what a job tells is in its progress and its events.

        Parameters
        ----------
        session : Session
            Database session.
        row : WorkloadRow
            Row of the workload.
        run : RunId
            Which run.
        event : RunEvent
            What it told.
        """
        return False

    def uses(self, session: Session, digests: set[str]) -> set[str]:
        """Return the blobs that a tag refers to, or that an unfinished job starts from.

        Parameters
        ----------
        session : Session
            Database session.
        digests : set of str
            Digests of blobs.
        """
        kept = select(TagVariantRow.digest).where(TagVariantRow.digest.in_(digests))
        used = set(session.scalars(kept))
        for digest in digests - used:
            # The database looks for it: of a long queue, all specifications would be parsed.
            names_it = cast(JobRow.spec, Text).contains(f"sha256:{digest}")
            starts_from = JobRow.state.in_(UNENDED) & names_it
            if session.scalar(select(JobRow.id).where(starts_from).limit(1)) is not None:
                used.add(digest)
        return used

    async def keep(
        self, run: TrackedRun, kind: str, payload: Mapping[str, Any], copy: Copy
    ) -> None:
        """Store weights under the tag of the job, or let weights be the best of their tag.

        Parameters
        ----------
        run : TrackedRun
            The run.
        kind : str
            ``weights`` or ``best``.
        payload : mapping of str to object
            What the event says.
        copy : Copy
            Copies a file of the run folder and returns its digest.
        """
        row = await self._store.read(
            lambda s: s.get(JobRow, run.run.workload, options=[undefer(JobRow.spec)])
        )
        if row is None or row.tag is None:
            return
        if kind == "best":
            await self._keep_best(row, payload)
        elif "digests" in row.spec:
            await self._keep_weights(run, row, payload, copy)

    async def rescue(self, workload: str) -> str | None:
        """Keep the weights of a job's newest checkpoint; see `LastCheckpoints.keep`."""
        return await self._last_checkpoints.keep(workload)

    async def publish(self, workloads: Sequence[str]) -> None:
        """Tell everybody how some jobs are now."""
        await self._records.publish(workloads)

    def publish_reasons(self, workloads: Sequence[str]) -> None:
        """Tell everybody why some jobs wait."""
        self._records.publish_reasons(workloads)

    async def _keep_weights(
        self, run: TrackedRun, row: JobRow, payload: Mapping[str, Any], copy: Copy
    ) -> None:
        network, digests = str(payload["network"]), row.spec["digests"]
        if network not in digests:
            raise InvalidDataError(
                f"Run {run.run} has weights of {network!r}, which is not its own."
            )
        name = PurePosixPath(str(payload["file"])).name
        async with copy(f"weights/{name}") as path:
            await self._tags.store(
                network=network,
                network_digest=digests[network],
                tag=str(row.tag),
                variant=str(payload["variant"]),
                file=path,
                step=int(payload.get("step", 0)),
                scores=payload.get("scores") or {},
                job=row.id,
                dataset=row.dataset,
                input_shape=payload.get("input_shape"),
                outputs=payload.get("outputs"),
                replace_best=bool(row.options.get("replace_best")),
            )

    async def _keep_best(self, row: JobRow, payload: Mapping[str, Any]) -> None:
        """Let weights that a job has judged be the best of the tag that they were read from."""
        kept = await self._tags.promote(
            str(payload["network"]),
            str(row.tag).partition("/")[0],
            str(payload["digest"]).removeprefix("sha256:"),
            payload.get("scores") or {},
        )
        if not kept:
            log.info("the weights of job %s are no longer those of its tag", row.id)


def _job(row: WorkloadRow) -> JobRow:
    if not isinstance(row, JobRow):
        raise TypeError(f"workload {row.id} is no job")
    return row


def _spec(row: JobRow, attempt: AttemptRow, rank: RankRow, world_size: int) -> RunSpec:
    frozen, kind = row.spec, kinds()[row.type]
    job = {key: frozen.get(key) for key in ("networks", "dataset", "pool", "code")}
    return RunSpec.model_validate(
        {
            "run": RunId(workload=row.id, attempt=attempt.number, rank=rank.rank),
            "name": row.name,
            "process": kind.process,
            "starts_warm": kind.starts_warm,
            "ranks_meet": kind.ranks_meet,
            "threads": row.cpus,
            "memory": row.memory,
            "gpus": rank.gpus,
            "world_size": world_size,
            "contents": frozen.get("contents", []),
            "resume": attempt.resume and ResumePoint.model_validate(attempt.resume),
            "reseed": attempt.reseed,
            "job": {"type": row.type, "options": row.options, **job},
        }
    )


def _left_best(session: Session, row: JobRow) -> list[str]:
    """Notify that the tag of a job still refers to better weights of another job."""
    if row.tag in (None, row.id) or "digests" not in row.spec:
        return []
    told = []
    for network in row.spec["digests"]:
        best = best_of_another(session, network, str(row.tag), row.id)
        if best is not None:
            told.append(
                f"Tag {row.tag!r} of {network} stands for the best weights of job {best.job}, "
                f"which scored better on the same samples ({BEST_BY} {best.scores[BEST_BY]:.4g}). "
                f"Those of this job are {row.tag}/last and {row.id}; replace_best=true lets it "
                "take over."
            )
    return told
