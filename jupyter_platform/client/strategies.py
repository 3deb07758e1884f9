"""Training strategies, built in and uploaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_platform.client.listing import Listing
from jupyter_platform.client.transport import Transport
from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.strategies import StrategyRecord


class Strategies:
    """The part of a client that knows strategies."""

    _transport: Transport

    def strategies(self) -> Listing[StrategyRecord]:
        """Return the strategies of LEARN and EVALUATE jobs, with what networks each takes."""
        answer = self._transport.get("/api/strategies")
        records = [StrategyRecord.model_validate(item) for item in answer]
        return Listing(records, ("name", "type", "networks", "origin", "title"), _row)

    def add_strategy(
        self, path: str | Path, name: str | None = None, *, replace: bool = False
    ) -> StrategyRecord:
        """Upload a Python file that defines a strategy.

        Parameters
        ----------
        path : path
            Defines one subclass of `jupyter_platform.learning.strategies.Strategy`.
        name : str, optional
            Name that jobs give as their strategy; that of the file when absent.
        replace : bool
            Whether it takes the place of another file of that name.

        Raises
        ------
        InvalidRequestError
            If the file cannot be read, is no Python, or defines no strategy.
        ConflictError
            If there is another strategy of that name.
        """
        path = Path(path)
        try:
            source = path.read_bytes()
        except OSError as error:
            raise InvalidRequestError(f"{path} cannot be read: {error.strerror}.") from error
        address = f"/api/strategies/{quote(name or path.stem, safe='')}"
        response = self._transport.upload(
            address, lambda: [source], {"replace": "true" if replace else None}
        )
        return StrategyRecord.model_validate(response.json())

    def remove_strategy(self, name: str) -> None:
        """Remove an uploaded strategy; jobs that have it go on."""
        self._transport.request("DELETE", f"/api/strategies/{quote(name, safe='')}")


def _row(record: StrategyRecord) -> tuple[Any, ...]:
    types = ", ".join(item.value for item in record.types)
    title = record.problem or record.title
    return record.name, types, ", ".join(record.roles), record.origin, title
