"""One attempt that holds resources."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from jupyter_platform.coordinator.store.tables import AttemptRow, JobRow, RankRow
from jupyter_platform.coordinator.workloads.pulling import TrackedRun, WeightsTarget
from jupyter_platform.core.runs import ResumePoint, RunId, RunSpec
from jupyter_platform.core.states import JobState, JobTarget, JobType


@dataclass
class Attempt:
    """What the driver of an attempt knows of it."""

    job: str
    number: int
    name: str
    type: JobType
    state: JobState
    """State of the job, as it was last written."""
    hosts: dict[int, str]
    """Rank to host."""
    specs: list[RunSpec]
    weights: WeightsTarget | None
    stop_wanted: bool
    secret: str = ""
    """What the ranks of a gang find each other by."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    runs: list[TrackedRun] = field(default_factory=list)
    """Those that are followed, by rank."""
    begun: float = field(default_factory=time.monotonic)
    """When it was started or adopted, on the monotonic clock."""
    stop_sent: set[int] = field(default_factory=set)
    """Ranks that were told to stop."""
    given_up: set[int] = field(default_factory=set)
    """Ranks that were killed because another one was gone."""
    stop_since: float | None = None
    stopped_late: bool = False
    """Whether it was killed because it did not stop."""
    lost_since: float | None = None

    @property
    def host(self) -> str:
        """The host of rank 0."""
        return self.hosts[0]

    @property
    def is_whole(self) -> bool:
        """Whether all its ranks are followed."""
        return len(self.runs) == len(self.specs)

    def request_stop(self) -> None:
        """Let the driver end it."""
        self.stop_wanted = True
        self.changed.set()


def attempt_of(row: JobRow, attempt: AttemptRow, ranks: list[RankRow]) -> Attempt:
    """Build an attempt from its rows; `JobRow.spec` must be loaded."""
    resume = attempt_resume(row, attempt)
    specs = [_spec(row, attempt.number, rank, len(ranks), resume) for rank in ranks]
    return Attempt(
        job=row.id,
        number=attempt.number,
        name=row.name,
        type=JobType(row.type),
        state=JobState(row.state),
        hosts={rank.rank: rank.host for rank in ranks},
        specs=specs,
        weights=_weights(row),
        stop_wanted=row.target != JobTarget.RUN.value,
        secret=(row.spec.get("secrets") or {}).get(str(attempt.number), ""),
    )


def attempt_resume(row: JobRow, attempt: AttemptRow) -> ResumePoint | None:
    """Return the checkpoint that an attempt starts from, as its placement froze it."""
    point = (row.spec.get("resume") or {}).get(str(attempt.number))
    return None if point is None else ResumePoint.model_validate(point)


def _spec(
    row: JobRow, number: int, rank: RankRow, world_size: int, resume: ResumePoint | None
) -> RunSpec:
    frozen: dict[str, Any] = row.spec
    return RunSpec.model_validate(
        {
            "run": RunId(workload=row.id, attempt=number, rank=rank.rank),
            "type": row.type,
            "name": row.name,
            "networks": frozen["networks"],
            "dataset": frozen.get("dataset"),
            "pool": frozen.get("pool"),
            "options": row.options,
            "threads": row.cpus,
            "memory": row.memory,
            "gpus": rank.gpus,
            "world_size": world_size,
            "code": frozen.get("code"),
            "resume": resume,
            "reseed": (frozen.get("reseed") or {}).get(str(number), 0),
        }
    )


def _weights(row: JobRow) -> WeightsTarget | None:
    digests = row.spec.get("digests")
    if digests is None or row.tag is None:
        return None
    return WeightsTarget(
        tag=row.tag,
        job=row.id,
        dataset=row.dataset,
        networks=digests,
        replace_best=bool(row.options.get("replace_best")),
    )
