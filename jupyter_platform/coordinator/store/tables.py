"""The tables of the state store.

Rows are detached when they leave the store; columns marked as deferred (``spec``, ``result``)
must be asked for in the query that needs them.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from jupyter_platform.coordinator.store.columns import UtcDateTime

_last_sequence = 0
_sequence_lock = threading.Lock()


def _now() -> datetime:
    return datetime.now(UTC)


def _next_sequence() -> int:
    global _last_sequence
    with _sequence_lock:
        _last_sequence = max(_last_sequence + 1, time.time_ns())
        return _last_sequence


class Base(DeclarativeBase):
    """Root of all tables."""

    type_annotation_map = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
        list[str]: JSON(none_as_null=True),
        list[int]: JSON(none_as_null=True),
        float: Double,
    }


class JobRow(Base):
    """One job, from submission until it is deleted."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_sequence", "state", "sequence"),
        Index("ix_jobs_type_sequence", "type", "sequence"),
        Index("ix_jobs_type_state", "type", "state"),
        Index("ix_jobs_name", "name"),
        Index("ix_jobs_finished_at", "finished_at"),
        Index("ix_jobs_sweep", "sweep"),
        # What lists are filtered and searched by, so that rows need not be read for it.
        Index("ix_jobs_listing", "sequence", "state", "type", "name", "search"),
    )

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    """Twelve hex digits."""
    sequence: Mapped[int] = mapped_column(BigInteger, unique=True, default=_next_sequence)
    """Order of submission: Unix time in nanoseconds, strictly increasing."""
    idempotency_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    """What a client sent to be able to repeat its submission safely."""

    name: Mapped[str] = mapped_column(String(300))
    type: Mapped[str] = mapped_column(String(16))
    category: Mapped[str | None] = mapped_column(String(32))
    owner: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(String(16), default="run")
    reason_code: Mapped[str | None] = mapped_column(String(64))
    reason_data: Mapped[dict[str, Any] | None]
    not_before: Mapped[datetime | None]
    """Earliest moment of the next try, while backing off."""

    networks: Mapped[list[str]]
    dataset: Mapped[str | None] = mapped_column(String(64))
    options: Mapped[dict[str, Any]]
    given: Mapped[dict[str, Any]]
    tag: Mapped[str | None] = mapped_column(String(200))
    cpus: Mapped[int] = mapped_column(default=1)
    memory: Mapped[int] = mapped_column(BigInteger, default=1_000_000_000)
    """Bytes."""
    gpus: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int] = mapped_column(default=0)
    target_count: Mapped[int] = mapped_column(default=1)
    retries_left: Mapped[int] = mapped_column(default=0)

    submitted_at: Mapped[datetime] = mapped_column(default=_now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    host: Mapped[str | None] = mapped_column(String(255))

    progress: Mapped[dict[str, Any] | None]
    """Latest `JobProgress`, kept at changes of state."""
    headline: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    warnings: Mapped[list[str]] = mapped_column(default=list)
    search: Mapped[str] = mapped_column(Text, default="")
    """Lower-case words that a search looks through."""

    # Last in the row, so that lists and searches need not read past these large values.
    result: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    spec: Mapped[dict[str, Any]] = mapped_column(default=dict, deferred=True)
    """Descriptions, descriptor, digests and weights, frozen at submission."""
    placement: Mapped[dict[str, Any] | None]
    """`HostChoice`; None for a job that takes any host."""
    sweep: Mapped[str | None] = mapped_column(String(12))
    """Sweep that it is part of."""
    varied: Mapped[dict[str, Any] | None]
    """Options in which it differs from the others of its sweep."""
    note: Mapped[str | None] = mapped_column(Text)
    """What somebody noted about it."""


class SweepRow(Base):
    """One submission many times, with some options varied."""

    __tablename__ = "sweeps"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    """Twelve hex digits."""
    name: Mapped[str] = mapped_column(String(300))
    owner: Mapped[str] = mapped_column(String(200))
    method: Mapped[str] = mapped_column(String(16))
    dimensions: Mapped[dict[str, Any]]
    """Option to its values, or to the limits of its range."""
    seed: Mapped[int] = mapped_column(BigInteger)
    submitted_at: Mapped[datetime] = mapped_column(default=_now)


class AttemptRow(Base):
    """One try at running a job."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_state", "state"),)

    job: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    host: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(default=_now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    resume_step: Mapped[int] = mapped_column(default=0)
    """First step that this attempt trains."""
    error: Mapped[dict[str, Any] | None]
    checkpoint: Mapped[dict[str, Any] | None]
    """`ResumePoint` of the newest checkpoint that was copied off the host."""


class RankRow(Base):
    """One process of an attempt."""

    __tablename__ = "ranks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["job", "attempt"], ["attempts.job", "attempts.number"], ondelete="CASCADE"
        ),
        Index("ix_ranks_host", "host"),
    )

    job: Mapped[str] = mapped_column(String(12), primary_key=True)
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
    """A grant of resources on one host. Outlives its job: accounting integrates leases."""

    __tablename__ = "leases"
    __table_args__ = (
        Index("ix_leases_ended_at", "ended_at"),
        Index("ix_leases_job", "job"),
        Index(
            "ux_leases_open",
            "job",
            "attempt",
            "rank",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(String(64))
    attempt: Mapped[int]
    rank: Mapped[int]
    owner: Mapped[str] = mapped_column(String(200), default="")
    type: Mapped[str] = mapped_column(String(16), default="")
    host: Mapped[str] = mapped_column(String(255))
    cpus: Mapped[int]
    memory: Mapped[int] = mapped_column(BigInteger)
    """Bytes."""
    gpus: Mapped[list[int]] = mapped_column(default=list)
    exclusive: Mapped[bool | None]
    """Whether nothing else may run on the host meanwhile."""
    started_at: Mapped[datetime] = mapped_column(default=_now)
    ended_at: Mapped[datetime | None]


class RunEventRow(Base):
    """One line of an ``events.jsonl``; its byte offset makes it unique."""

    __tablename__ = "run_events"
    __table_args__ = (UniqueConstraint("job", "attempt", "rank", "offset"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    rank: Mapped[int]
    offset: Mapped[int] = mapped_column(BigInteger)
    time: Mapped[float]
    """Unix time, s."""
    kind: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]]


class HostRow(Base):
    """A host that joined at some time."""

    __tablename__ = "hosts"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), index=True)
    description: Mapped[dict[str, Any]]
    """`HostDescription`."""
    address: Mapped[str | None] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16))
    joined_at: Mapped[datetime] = mapped_column(default=_now)
    last_seen_at: Mapped[datetime] = mapped_column(default=_now)
    failures: Mapped[list[Any]] = mapped_column(default=list)
    """Unix times of recent failures, s."""


class HostSampleRow(Base):
    """What a host did, averaged over ten seconds."""

    __tablename__ = "host_samples"
    __table_args__ = (Index("ix_host_samples_time", "time"),)

    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    time: Mapped[float] = mapped_column(primary_key=True)
    """Unix time at the end of the interval, s."""
    cpu: Mapped[float]
    """Per cent."""
    memory_used: Mapped[int] = mapped_column(BigInteger)
    memory_total: Mapped[int] = mapped_column(BigInteger)
    disk_free: Mapped[int] = mapped_column(BigInteger)
    disk_total: Mapped[int] = mapped_column(BigInteger)
    network_sent: Mapped[float]
    """Bytes per second."""
    network_received: Mapped[float]
    gpus: Mapped[list[Any]] = mapped_column(default=list)


class WorkSampleRow(Base):
    """What was queued and running, once a minute."""

    __tablename__ = "work_samples"

    time: Mapped[float] = mapped_column(primary_key=True)
    """Unix time, s."""
    queued: Mapped[int]
    running: Mapped[int]
    hosts: Mapped[int]
    cpus: Mapped[int]
    cpus_busy: Mapped[int]
    memory: Mapped[int] = mapped_column(BigInteger)
    memory_busy: Mapped[int] = mapped_column(BigInteger)
    gpus: Mapped[int]
    gpus_busy: Mapped[int]
    types: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Job type to ``{"queued", "running"}``."""


class NotificationRow(Base):
    """One thing that happened, for people."""

    __tablename__ = "notifications"

    id: Mapped[int] = mapped_column(primary_key=True)
    time: Mapped[datetime] = mapped_column(default=_now)
    level: Mapped[str] = mapped_column(String(16))
    message: Mapped[str] = mapped_column(Text)
    job: Mapped[str | None] = mapped_column(String(12))
    host: Mapped[str | None] = mapped_column(String(255))


class TagRow(Base):
    """A named set of weights of a network.

    The tag that is a job's id holds what that job made, and nobody else writes there; any other
    tag points, and moves.
    """

    __tablename__ = "tags"

    network: Mapped[str] = mapped_column(String(64), primary_key=True)
    tag: Mapped[str] = mapped_column(String(200), primary_key=True)
    job: Mapped[str | None] = mapped_column(String(12), index=True)
    dataset: Mapped[str | None] = mapped_column(String(64))
    network_digest: Mapped[str] = mapped_column(String(64))
    input_shape: Mapped[list[int] | None]
    outputs: Mapped[int | None]
    origin: Mapped[dict[str, Any] | None]
    """`TagOrigin`."""
    updated_at: Mapped[datetime] = mapped_column(default=_now)


class TagVariantRow(Base):
    """One set of weights under a tag: ``last``, ``best`` or an iteration."""

    __tablename__ = "tag_variants"
    __table_args__ = (
        ForeignKeyConstraint(["network", "tag"], ["tags.network", "tags.tag"], ondelete="CASCADE"),
    )

    network: Mapped[str] = mapped_column(String(64), primary_key=True)
    tag: Mapped[str] = mapped_column(String(200), primary_key=True)
    variant: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)
    step: Mapped[int]
    scores: Mapped[dict[str, Any]] = mapped_column(default=dict)
    job: Mapped[str | None] = mapped_column(String(12))
    """The job that made them; a tag may point at weights of several."""
    scored_on: Mapped[str | None] = mapped_column(String(64))
    """Digest of what `scores` were measured on and how; scores of one digest are comparable."""


class FactRow(Base):
    """An answer of the inspector, kept by the digest of what was asked."""

    __tablename__ = "facts"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    """``network``, ``dataset`` or ``check``."""
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(default=_now)


class SettingRow(Base):
    """A value that must outlive the process."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[dict[str, Any]]
