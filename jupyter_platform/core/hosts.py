"""Hosts and what they offer."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from jupyter_platform.core.records import Record

HEARTBEAT_S = 2.0
"""Seconds between two questions to a host."""
SILENT_AFTER_S = 4.0
"""Seconds without an answer after which a host is silent: it is asked every `HEARTBEAT_S`."""
LOST_AFTER_S = 15.0
"""Seconds of silence after which a host is lost."""


class GpuRecord(Record):
    """One GPU that a host offers."""

    index: int
    """Index for ``CUDA_VISIBLE_DEVICES``."""
    uuid: str
    name: str
    memory: int
    """Bytes in all."""
    is_unified: bool = False
    """Whether `memory` is the machine's own, which CPUs and GPU share."""


class GpuSample(Record):
    """The load of a GPU at one moment."""

    index: int
    utilisation: float
    """Per cent."""
    memory_used: int
    foreign_memory: int = 0
    """Bytes held by processes that are not ours."""


class HostSample(Record):
    """The load of a host at one moment."""

    time: float
    """Unix time, s."""
    cpu: float
    """Per cent of all CPUs of the machine."""
    memory_used: int
    memory_total: int
    disk_free: int
    disk_total: int
    network_sent: float
    """Bytes per second."""
    network_received: float
    gpus: list[GpuSample] = Field(default_factory=list)
    warm: bool = False
    """Whether a warm process stands ready at this moment."""
    files_kept: int = 0
    """Bytes of weights, checkpoints and data that it keeps for the next job."""


def _any_role() -> dict[str, int | None]:
    return dict.fromkeys(("learner", "evaluator", "agent", "runner", "service"))


def _processes() -> dict[str, str | None]:
    return {"process": None}


class HostDescription(Record):
    """The description that a host agent sends when it joins."""

    name: str
    id: str
    """Stays the same over restarts of the agent."""
    boot_id: str
    hostname: str
    arch: str
    os: str
    ip: str
    machine_cpus: int
    """CPUs of the machine, offered or not."""
    cpus: int
    """CPUs offered."""
    memory: int
    """Bytes offered."""
    gpus: list[GpuRecord] = Field(default_factory=list)
    gpus_not_offered: list[str] = Field(default_factory=list)
    """A sentence for each GPU that the machine has and that cannot be offered."""
    roles: dict[str, int | None] = Field(default_factory=_any_role)
    """Role to how many may run at once; None: as many as fit."""
    runtimes: dict[str, str | None] = Field(default_factory=_processes)
    """Name of each runtime to a sentence on why it cannot be used; None where it can."""
    site: str | None = None
    """Data centre that it belongs to."""
    door: int | None = None
    """Port of its door, through which services of deployments are reached; None without one."""
    overcommitted: str | None = None
    """A sentence when more is offered than the machine has or others leave."""
    warm: bool = False
    """Whether a warm process stands ready."""
    version: str
    """Version of jupyter-platform on the host."""
    torch: str | None = None
    """Version of torch on the host; None while not known."""
    keeps_processes: bool = True
    """Whether processes outlive the agent (not so on SLURM or Kubernetes)."""


class HostRecord(Record):
    """A host as the API shows it."""

    description: HostDescription
    address: str | None
    state: Literal["up", "silent", "lost", "stopped"]
    """Silent: it owes an answer, and is lost when that does not come. Stopped: somebody wanted it
    to end."""
    joined_at: datetime
    last_seen_at: datetime
    cpus_busy: int = 0
    memory_busy: int = 0
    gpus_busy: list[int] = Field(default_factory=list)
    jobs: list[str] = Field(default_factory=list)
    """Ids of the jobs that hold a lease here."""
    sample: HostSample | None = None


class SlotSummary(Record):
    """Room for default requests, over all hosts that are up."""

    total: int
    busy: int


class TypeSummary(Record):
    """What is done of one type of job."""

    running: int = 0
    """Jobs that hold a place."""
    waiting: int = 0
    hosts_busy: int = 0
    """Hosts on which such jobs run; a host may be counted for several types."""


class PublicStatus(Record):
    """The figures of the cluster that anybody may know."""

    time: datetime
    """When they were taken."""
    hosts: int
    cpus: int
    cpus_busy: int
    memory: int
    """Bytes."""
    memory_busy: int
    """Bytes that are leased."""
    gpus: int
    gpus_busy: int
    running: int
    """Jobs that hold a place."""
    waiting: int


class StatusRecord(Record):
    """The state of the whole platform at a glance."""

    version: str
    protocol: int
    started_at: datetime
    uptime_s: float
    owner: str
    data_dir: str
    queued: int
    running: int
    finished: int
    hosts: int
    hosts_lost: int
    slots: SlotSummary
    gpus: SlotSummary
    types: dict[str, TypeSummary] = Field(default_factory=dict)
    """Each type of job (``LEARN``, ``EVALUATE``, ``ACT``) to what is done of it."""
    hosts_idle: int = 0
    """Hosts that are up and on which no job runs."""
    disk_free: int
    warnings: list[str] = Field(default_factory=list)
    """Such as an overcommitted host."""
    processes: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Name (``coordinator``, ``scheduler``, ``supervisor``, ``host:<name>``) to pid and memory."""
