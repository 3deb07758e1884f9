"""The marketplace, seen from a client."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from jupyter_platform.client.deployments import Deploying, Deployment
from jupyter_platform.client.transport import Transport
from jupyter_platform.core.marketplace import (
    ItemPage,
    ItemRecord,
    Sort,
    SourceRecord,
)


class Item:
    """An item of the marketplace.

    Made by `Platform.item`.
    """

    def __init__(self, platform: Deploying, record: ItemRecord) -> None:
        self._platform = platform
        self.record = record

    @property
    def name(self) -> str:
        """Name, unique in the marketplace."""
        return self.record.name

    def deploy(self, **configuration: Any) -> Deployment:
        """Deploy it, and return the deployment; see `Platform.deploy` for the arguments."""
        return self._platform.deploy(self.name, **configuration)

    def __repr__(self) -> str:
        return f"<Item {self.name!r}: {self.record.title} ({self.record.runs_reason})>"

    def _repr_html_(self) -> str:
        from html import escape  # noqa: PLC0415 - for notebooks alone

        record = self.record
        return (
            f"<h3>{escape(record.title)}</h3><p>{escape(record.summary)}</p>"
            f"<p><small>{escape(record.runs_reason)}</small></p>{record.description_html}"
        )


class Marketing(Deploying):
    """The part of a client that knows the marketplace."""

    _transport: Transport

    def items(
        self,
        text: str | None = None,
        *,
        sort: Sort | None = None,
        limit: int = 60,
        offset: int = 0,
        groups: Sequence[Mapping[str, Sequence[str]]] = (),
        **facets: str | Iterable[str],
    ) -> ItemPage:
        """Return the items that a search finds, with the counts of all facets.

        Parameters
        ----------
        text : str, optional
            Words and quoted phrases, all of which an item holds.
        sort : str, optional
            ``name``, ``updated`` or ``relevance``; by default the last with a text, else the first.
        limit, offset : int
            Items at most, and how many are left out before.
        groups : sequence of mapping
            Further filters; an item passes the facets, or any of these.
        **facets : str or iterable of str
            Values of ``libraries``, ``tasks``, ``categories``, ``data_types``, ``tags``, ``runs``,
            ``kind``, ``source`` and ``license``: any of one field, in all fields.

        Raises
        ------
        OptionError
            If there is no such field.
        """
        params: dict[str, Any] = {
            "text": text,
            "sort": sort,
            "limit": limit,
            "offset": offset,
            "group": [
                json.dumps({key: list(value) for key, value in one.items()}) for one in groups
            ],
        }
        for field, values in facets.items():
            params[field] = [values] if isinstance(values, str) else list(values)
        answer = self._transport.request("GET", "/api/marketplace/items", params=params)
        return ItemPage.model_validate_json(answer.content)

    def item(self, name: str) -> Item:
        """Return an item with its description, links and deploy menu.

        Raises
        ------
        NotFoundError
            If there is none of that name.
        """
        answer = self._transport.request("GET", f"/api/marketplace/items/{quote(name, safe='')}")
        return Item(self, ItemRecord.model_validate_json(answer.content))

    def item_sources(self) -> list[SourceRecord]:
        """Return where items come from, and how the last look at each went."""
        answer = self._transport.get("/api/marketplace/sources")
        return [SourceRecord.model_validate(item) for item in answer]

    def refresh_marketplace(self) -> list[SourceRecord]:
        """Read all sources again, and return them."""
        content = self._transport.request(
            "POST", "/api/marketplace/refresh", repeatable=True
        ).content
        return [SourceRecord.model_validate(item) for item in json.loads(content)]
