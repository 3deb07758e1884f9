"""Workloads, their attempts, processes, grants and events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from jupyter_platform.coordinator.store.tables.base import Base, next_sequence, now


class WorkloadRow(Base):
    """A queued, running or ended workload; its owner has a row of its own under the same id."""

    __tablename__ = "workloads"
    __table_args__: Any = (
        Index("ix_workloads_state_sequence", "state", "sequence"),
        Index("ix_workloads_lane_sequence", "lane", "sequence"),
        Index("ix_workloads_lane_state", "lane", "state"),
        Index("ix_workloads_name", "name", "kind", "sequence"),
        Index("ix_workloads_finished_at", "finished_at"),
        # What a list is counted and ordered by, so that rows need not be read for it.
        Index("ix_workloads_listing", "kind", "sequence", "target", "state", "lane"),
    )
    __mapper_args__ = {"polymorphic_on": "kind"}

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    """Twelve hex digits."""
    sequence: Mapped[int] = mapped_column(BigInteger, unique=True, default=next_sequence)
    """Order of submission: Unix time in nanoseconds, strictly increasing."""
    idempotency_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    """The client's idempotency key, which makes a repeated submission safe."""
    kind: Mapped[str] = mapped_column(String(16))
    """Who owns it: ``job`` or ``deployment``."""
    lane: Mapped[str] = mapped_column(String(16))
    """Workloads of one lane wait for each other; of a job, its type."""
    role: Mapped[str] = mapped_column(String(16))
    """Role that a host must offer to run it."""

    name: Mapped[str] = mapped_column(String(300))
    owner: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(16), default="run")
    reason_code: Mapped[str | None] = mapped_column(String(64))
    reason_data: Mapped[dict[str, Any] | None]
    not_before: Mapped[datetime | None]
    """Earliest moment of the next try, while backing off."""

    cpus: Mapped[int] = mapped_column(default=1)
    memory: Mapped[int] = mapped_column(BigInteger, default=1_000_000_000)
    """Bytes."""
    gpus: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int] = mapped_column(default=0)
    target_count: Mapped[int] = mapped_column(default=1)
    """Processes of its gang."""
    placement: Mapped[dict[str, Any] | None]
    """`HostChoice`; None where any host will do."""
    retries_left: Mapped[int] = mapped_column(default=0)
    endless: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it has no end of its own, so that it is started again whenever its process ends."""

    submitted_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    host: Mapped[str | None] = mapped_column(String(255))
    progress: Mapped[dict[str, Any] | None]
    """Latest `JobProgress`, kept at changes of state."""
    error: Mapped[dict[str, Any] | None]
    warnings: Mapped[list[str]] = mapped_column(default=list)
    search: Mapped[str] = mapped_column(Text, default="")
    """Lower-case words that a search looks through."""


class AttemptRow(Base):
    """One try at running a workload."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_state", "state"),)

    workload: Mapped[str] = mapped_column(
        ForeignKey("workloads.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    host: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    resume_step: Mapped[int] = mapped_column(default=0)
    """First step that this attempt trains."""
    error: Mapped[dict[str, Any] | None]
    checkpoint: Mapped[dict[str, Any] | None]
    """`ResumePoint` of the newest checkpoint that was copied off the host."""
    resume: Mapped[dict[str, Any] | None]
    """`ResumePoint` that it starts from."""
    reseed: Mapped[int] = mapped_column(default=0)
    """How often what follows that point made the loss no number; 0: samples are drawn as before."""
    secret: Mapped[str | None] = mapped_column(String(64))
    """What the ranks of a gang find each other by."""


class RankRow(Base):
    """One process of an attempt."""

    __tablename__ = "ranks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workload", "attempt"], ["attempts.workload", "attempts.number"], ondelete="CASCADE"
        ),
        Index("ix_ranks_host", "host"),
    )

    workload: Mapped[str] = mapped_column(String(12), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    gpus: Mapped[list[int]] = mapped_column(default=list)
    pid: Mapped[int | None]
    events_offset: Mapped[int] = mapped_column(BigInteger, default=0)
    """Bytes of ``events.jsonl`` that have become rows."""
    offsets: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Offsets of other mirrored files, where they are kept."""
    exit: Mapped[dict[str, Any] | None]
    """`ExitRecord` of the process."""
    result: Mapped[dict[str, Any] | None]
    """`RunResult` of the process."""


class LeaseRow(Base):
    """A grant of resources on one host. Outlives its workload: accounting integrates leases."""

    __tablename__ = "leases"
    __table_args__ = (
        Index("ix_leases_ended_at", "ended_at"),
        Index("ix_leases_workload", "workload"),
        Index(
            "ux_leases_open",
            "workload",
            "attempt",
            "rank",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workload: Mapped[str] = mapped_column(String(64))
    attempt: Mapped[int]
    rank: Mapped[int]
    owner: Mapped[str] = mapped_column(String(200), default="")
    lane: Mapped[str] = mapped_column(String(16), default="")
    role: Mapped[str] = mapped_column(String(16), default="")
    host: Mapped[str] = mapped_column(String(255))
    cpus: Mapped[int]
    memory: Mapped[int] = mapped_column(BigInteger)
    """Bytes."""
    gpus: Mapped[list[int]] = mapped_column(default=list)
    exclusive: Mapped[bool | None]
    """Whether nothing else may run on the host meanwhile."""
    started_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]


class RunEventRow(Base):
    """One line of an ``events.jsonl``; its byte offset makes it unique."""

    __tablename__ = "run_events"
    __table_args__ = (UniqueConstraint("workload", "attempt", "rank", "offset"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workload: Mapped[str] = mapped_column(ForeignKey("workloads.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    rank: Mapped[int]
    offset: Mapped[int] = mapped_column(BigInteger)
    time: Mapped[float]
    """Unix time, s."""
    kind: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]]
