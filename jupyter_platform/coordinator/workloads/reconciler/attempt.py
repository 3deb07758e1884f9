"""One attempt that holds resources."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from jupyter_platform.coordinator.store.tables import AttemptRow, RankRow, WorkloadRow
from jupyter_platform.coordinator.workloads.pulling import TrackedRun
from jupyter_platform.core.runs import RunSpec
from jupyter_platform.core.states import JobState, JobTarget


@dataclass
class Attempt:
    """What the driver of an attempt knows of it."""

    workload: str
    kind: str
    """Who owns the workload."""
    number: int
    name: str
    lane: str
    owner: str
    state: JobState
    """State of the workload, as it was last written."""
    hosts: dict[int, str]
    """Rank to host."""
    specs: list[RunSpec]
    stop_wanted: bool
    endless: bool = False
    """Whether the workload has no end of its own."""
    secret: str = ""
    """What the ranks of a gang find each other by."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    runs: list[TrackedRun] = field(default_factory=list)
    """The followed processes, by rank."""
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
    def job(self) -> str | None:
        """Id of its job; None where it belongs to none."""
        return None if self.endless else self.workload

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


def attempt_of(
    row: WorkloadRow, attempt: AttemptRow, ranks: Sequence[RankRow], specs: list[RunSpec]
) -> Attempt:
    """Build an attempt from its rows and the specs of its ranks.

    Parameters
    ----------
    row : WorkloadRow
        Row of the workload.
    attempt : AttemptRow
        Row of its attempt.
    ranks : sequence of RankRow
        Rows of its processes, in order.
    specs : list of RunSpec
        Specifications of its processes, in order.
    """
    return Attempt(
        workload=row.id,
        kind=row.kind,
        number=attempt.number,
        name=row.name,
        lane=row.lane,
        owner=row.owner,
        state=JobState(row.state),
        hosts={rank.rank: rank.host for rank in ranks},
        specs=specs,
        stop_wanted=row.target != JobTarget.RUN.value,
        endless=row.endless,
        secret=attempt.secret or "",
    )
