"""Jobs and sweeps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column, synonym

from jupyter_platform.coordinator.store.tables.base import Base, now
from jupyter_platform.coordinator.store.tables.workloads import WorkloadRow


class JobRow(WorkloadRow):
    """One job, from submission until it is deleted."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_sweep", "sweep"),)
    __mapper_args__ = {"polymorphic_identity": "job"}

    id: Mapped[str] = mapped_column(
        ForeignKey("workloads.id", ondelete="CASCADE"), primary_key=True
    )
    type: Mapped[str] = synonym("lane")
    category: Mapped[str | None] = mapped_column(String(32))
    networks: Mapped[list[str]]
    dataset: Mapped[str | None] = mapped_column(String(64))
    options: Mapped[dict[str, Any]]
    given: Mapped[dict[str, Any]]
    tag: Mapped[str | None] = mapped_column(String(200))
    headline: Mapped[dict[str, Any] | None]
    sweep: Mapped[str | None] = mapped_column(String(12))
    """Sweep that it is part of."""
    varied: Mapped[dict[str, Any] | None]
    """Options in which it differs from the others of its sweep."""
    note: Mapped[str | None] = mapped_column(Text)
    """A user's note on the job."""

    # Last in the row, so that lists and searches need not read past these large values.
    result: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    spec: Mapped[dict[str, Any]] = mapped_column(default=dict, deferred=True)
    """Descriptions, descriptor, digests and weights, frozen at submission."""


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
    submitted_at: Mapped[datetime] = mapped_column(default=now)
