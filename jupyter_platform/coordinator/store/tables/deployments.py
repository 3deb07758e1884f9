"""Deployments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jupyter_platform.coordinator.store.tables.workloads import WorkloadRow


class DeploymentRow(WorkloadRow):
    """One deployment, from its request until it is deleted."""

    __tablename__ = "deployments"
    __mapper_args__ = {"polymorphic_identity": "deployment"}

    id: Mapped[str] = mapped_column(
        ForeignKey("workloads.id", ondelete="CASCADE"), primary_key=True
    )
    uuid: Mapped[str] = mapped_column(String(36))
    """Its last twelve digits are the `id`."""
    item: Mapped[str] = mapped_column(String(200))
    item_title: Mapped[str] = mapped_column(String(300))
    table: Mapped[str] = mapped_column("shown_in", String(16))
    """Which list shows it: ``module``, ``tool`` or ``try``."""
    purpose: Mapped[str] = mapped_column(String(16))
    description: Mapped[str] = mapped_column(Text)
    service: Mapped[str] = mapped_column(String(16))
    """The main service."""
    configuration: Mapped[dict[str, Any]]
    """Values by group and field; passwords only as their hashes."""
    runtime: Mapped[str] = mapped_column(String(16))
    image: Mapped[str | None] = mapped_column(String(300))
    network: Mapped[str | None] = mapped_column(String(64))
    tag: Mapped[str | None] = mapped_column(String(200))
    base_url: Mapped[str] = mapped_column(String(1000))
    """Base URL of the Jupyter server through which it is opened."""
    is_trusted: Mapped[bool]
    """Whether its pages may act for who looks at them: the item is the platform's own."""
    phase: Mapped[dict[str, Any] | None]
    """`DeploymentPhase` of the newest attempt."""
    services: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Service to the Unix time, in s, since which it answers; None while it does not."""
    expires_at: Mapped[datetime | None]
    idle_stop_minutes: Mapped[int] = mapped_column(default=0)
    spec: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    """Recipe, folder of the item and weights, frozen when it was asked for."""
