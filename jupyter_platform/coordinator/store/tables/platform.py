"""Tables of notifications and of values that outlive the process."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from jupyter_platform.coordinator.store.tables.base import Base, now


class NotificationRow(Base):
    """One thing that happened, for people."""

    __tablename__ = "notifications"

    id: Mapped[int] = mapped_column(primary_key=True)
    time: Mapped[datetime] = mapped_column(default=now)
    level: Mapped[str] = mapped_column(String(16))
    message: Mapped[str] = mapped_column(Text)
    job: Mapped[str | None] = mapped_column(String(12))
    host: Mapped[str | None] = mapped_column(String(255))
    owner: Mapped[str | None] = mapped_column(String(200))
    """Recipient; None: everybody."""


class SettingRow(Base):
    """A value that must outlive the process."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[dict[str, Any]]
