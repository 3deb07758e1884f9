"""Tags, the weights under them, and facts about what the repository holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from jupyter_platform.coordinator.store.tables.base import Base, now


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
    updated_at: Mapped[datetime] = mapped_column(default=now)


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
    updated_at: Mapped[datetime] = mapped_column(default=now)
