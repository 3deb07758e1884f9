"""The base of all tables."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Double
from sqlalchemy.orm import DeclarativeBase

from jupyter_platform.coordinator.store.columns import UtcDateTime

_last_sequence = 0
_sequence_lock = threading.Lock()


def now() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


def next_sequence() -> int:
    """Return the next number of the order of submission: Unix time in ns, strictly increasing."""
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
