"""What the planner sees and what it answers: plain frozen data.

Times are Unix times in seconds, memory is in bytes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Shape:
    """What a workload asks for; workloads of one shape fit or do not fit alike."""

    role: str
    """``learner``, ``evaluator`` or ``agent``."""
    cpus: int
    memory: int
    gpus: int
    ranks: int = 1
    """Processes in the gang, each with the whole request; several may share a host that
    was not asked for."""
    targets: tuple[str, ...] = ()
    """Names or ids of the hosts that it may use, at most one process on each; empty: any."""
    target_filter: str = ""
    """As `filters.parse_filter` reads it; empty: all hosts match."""
    force_free: bool = False
    """It shares its hosts with no other workload."""
    at_home: bool = False
    """It uses folders of the coordinator's machine and runs nowhere else."""

    @property
    def asks_hosts(self) -> bool:
        """Whether hosts are asked for, each of which then has one process at most."""
        return bool(self.targets or self.target_filter)


@dataclass(frozen=True, slots=True)
class Pending:
    """A workload that waits."""

    id: str
    name: str
    owner: str
    lane: str
    """Workloads of one lane wait for each other; of a job, its type."""
    shape: Shape
    sequence: int
    """Rises with every submission."""
    submitted_at: float
    priority: int = 0
    not_before: float | None = None
    """It failed to start and is not tried again before this time."""
    why: str = ""
    """What went wrong at the last start."""
    kind: str = "job"
    """Who owns it."""


@dataclass(frozen=True, slots=True)
class LeaseView:
    """A grant that has not ended."""

    workload: str
    host: str
    role: str
    cpus: int
    memory: int
    gpus: tuple[int, ...] = ()
    exclusive: bool = False
    """Nothing else may run on the host."""


@dataclass(frozen=True, slots=True)
class Forecasts:
    """What is expected of time; what is absent is unknown and never promised."""

    ends: Mapping[str, float] = field(default_factory=dict)
    """Running workload to when it is expected to end."""
    durations: Mapping[str, float] = field(default_factory=dict)
    """Waiting workload to how many seconds it is expected to run."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used lately."""

    owners: Mapping[str, float] = field(default_factory=dict)
    """Owner to CPU seconds, decayed."""
    lanes: Mapping[str, float] = field(default_factory=dict)
    """Lane to when it was last granted anything."""


@dataclass(frozen=True, slots=True)
class PlanningPolicy:
    """How the planner weighs."""

    ageing_s: float = 600.0
    """Seconds of waiting that are worth one point of priority."""
    foreign_gpu_memory: int = 2**30
    """A GPU on which others hold more than this is not granted."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a workload waits: a code and its data, made a sentence when it is read."""

    code: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Behind:
    """What waits in a lane behind the first of it that is blocked."""

    first: str
    """Name of that one."""
    others: dict[str, int] = field(default_factory=dict)
    """Workload to how many others, apart from the first, wait before it."""


class Reasons(Mapping[str, Reason]):
    """Workloads to why they wait; those behind others of their lane are told so when it is read.

    Parameters
    ----------
    own : mapping of str to Reason
        Workloads with a reason of their own.
    behind : sequence of Behind
        The others.
    """

    def __init__(self, own: Mapping[str, Reason], behind: Sequence[Behind]) -> None:
        self._own = own
        self._behind = behind

    def __getitem__(self, workload: str) -> Reason:
        if workload in self._own:
            return self._own[workload]
        for lane in self._behind:
            if workload in lane.others:
                data = {"first": lane.first, "others": lane.others[workload]}
                return Reason("behind", data)
        raise KeyError(workload)

    def __iter__(self) -> Iterator[str]:
        return itertools.chain(self._own, *(lane.others for lane in self._behind))

    def __len__(self) -> int:
        return len(self._own) + sum(len(lane.others) for lane in self._behind)


@dataclass(frozen=True, slots=True)
class RankPlacement:
    """Where one process of a workload goes."""

    rank: int
    host: str
    gpus: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """A workload that starts now."""

    workload: str
    ranks: tuple[RankPlacement, ...]


@dataclass(frozen=True, slots=True)
class Reservation:
    """Room that is kept for a workload that is blocked."""

    workload: str
    hosts: Mapping[str, int]
    """Host to how many ranks are expected there."""
    at: float | None
    """When it is expected to start; None where an end is not known."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The planner's answer."""

    placements: tuple[Placement, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    reasons: Mapping[str, Reason] = field(default_factory=dict)
    """Workload that goes on waiting to why."""
