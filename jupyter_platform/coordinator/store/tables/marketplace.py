"""Tables of the marketplace: items and their sources, saved searches."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jupyter_platform.coordinator.store.tables.base import Base, now


class SourceRow(Base):
    """A source of items, and how the last look at it went."""

    __tablename__ = "item_sources"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    location: Mapped[str] = mapped_column(Text)
    refreshed: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    problems: Mapped[list[str]] = mapped_column(default=list)


class ItemRow(Base):
    """An item as its source was last read."""

    __tablename__ = "items"

    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    """Name in its source; another source may have it, too."""
    position: Mapped[int] = mapped_column(Integer)
    entry: Mapped[dict[str, Any]]
    """`ItemEntry`."""


class SavedSearchRow(Base):
    """A search that a person keeps."""

    __tablename__ = "saved_searches"

    owner: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    query: Mapped[dict[str, Any]]
    """`ItemQuery`."""
    created: Mapped[datetime] = mapped_column(default=now)
