"""Column types that keep what SQL dialects lose."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Dialect, Double
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept as Unix time in seconds.

    SQLite has no type for moments and would drop the zone; a number sorts, subtracts and indexes
    the same in every database.
    """

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn an aware datetime into Unix time.

        Parameters
        ----------
        value : datetime or None
            Time with a zone.
        dialect : Dialect
            Dialect of the database, unused.

        Raises
        ------
        ValueError
            If the time has no zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; use datetime.now(UTC)")
        return value.timestamp()

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Turn Unix time into an aware datetime in UTC.

        Parameters
        ----------
        value : object
            Unix time, in seconds.
        dialect : Dialect
            Dialect of the database, unused.
        """
        return None if value is None else datetime.fromtimestamp(value, UTC)


def parse_json(text: str) -> Any:
    """Return the value of a JSON column, in half the time of the standard library.

    Parameters
    ----------
    text : str
        As `json.dumps` has written it: bytes that are no text, such as those of a log, are halves
        of surrogates.
    """
    try:
        return from_json(text)
    except ValueError:
        return json.loads(text)
