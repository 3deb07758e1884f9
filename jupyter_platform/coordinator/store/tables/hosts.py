"""Hosts, and samples of them and of the work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Index,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from jupyter_platform.coordinator.store.tables.base import Base, now


class HostRow(Base):
    """A host that joined at some time."""

    __tablename__ = "hosts"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), index=True)
    description: Mapped[dict[str, Any]]
    """`HostDescription`."""
    address: Mapped[str | None] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16))
    joined_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    failures: Mapped[list[Any]] = mapped_column(default=list)
    """Unix times of recent failures, s."""


class HostSampleRow(Base):
    """Load of a host, averaged over ten seconds."""

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
    """Numbers of queued and running jobs, once a minute."""

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
