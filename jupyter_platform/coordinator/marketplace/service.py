"""The marketplace as the API has it: items, sources, saved searches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from jupyter_platform.catalogue.entries import make_entry
from jupyter_platform.catalogue.folders import read_item_folder
from jupyter_platform.catalogue.search import ItemIndex
from jupyter_platform.coordinator.marketplace.showing import Capabilities, show_card, show_record
from jupyter_platform.core.errors import NotFoundError, nearest
from jupyter_platform.core.marketplace import (
    ItemEntry,
    ItemPage,
    ItemQuery,
    ItemRecord,
    SourceRecord,
)
from jupyter_platform.runtime.item_folders import own_items
from jupyter_platform.runtime.paths import Paths

OWN = "jupyter-platform"
"""Name of the source of the package's own items."""


class Marketplace:
    """All items, and the search for them.

    Parameters
    ----------
    paths : Paths
        Where what was made for items lies.
    capabilities : callable
        Tells what the hosts offer now.
    """

    def __init__(self, paths: Paths, capabilities: Callable[[], Capabilities]) -> None:
        self._paths = paths
        self._capabilities = capabilities
        self._entries: dict[str, ItemEntry] | None = None
        self._index: tuple[Capabilities, ItemIndex] | None = None

    async def items(self, query: ItemQuery, *, limit: int, offset: int = 0) -> ItemPage:
        """Return a page of the items that a query finds.

        Parameters
        ----------
        query : ItemQuery
            What to look for.
        limit, offset : int
            Items at most, and how many are left out before.
        """
        await self._loaded()
        return self._searchable().search(query, limit=limit, offset=offset)

    async def item(self, name: str) -> ItemRecord:
        """Return all of one item.

        Raises
        ------
        NotFoundError
            If there is none of that name.
        """
        entry = await self.entry(name)
        return show_record(entry, await self._loaded(), self._capabilities())

    async def entry(self, name: str) -> ItemEntry:
        """Return an item with its recipe.

        Raises
        ------
        NotFoundError
            If there is none of that name.
        """
        entries = await self._loaded()
        if name not in entries:
            near = nearest(name, entries)
            hint = f" Did you mean {near!r}?" if near else ""
            raise NotFoundError(f"The marketplace has no item {name[:200]!r}.{hint}")
        return entries[name]

    async def sources(self) -> list[SourceRecord]:
        """Return where items come from."""
        entries = await self._loaded()
        return [SourceRecord(name=OWN, kind="own", location="the package", items=len(entries))]

    async def refresh(self) -> list[SourceRecord]:
        """Read all sources again."""
        self._entries = self._index = None
        return await self.sources()

    async def _loaded(self) -> dict[str, ItemEntry]:
        if self._entries is None:
            self._entries = await asyncio.to_thread(self._read)
        return self._entries

    def _read(self) -> dict[str, ItemEntry]:
        found: Sequence[ItemEntry] = [
            make_entry(read_item_folder(folder, name, self._paths), OWN)
            for name, folder in own_items().items()
        ]
        return {entry.record.name: entry for entry in found}

    def _searchable(self) -> ItemIndex:
        can, entries = self._capabilities(), self._entries or {}
        if self._index is None or self._index[0] != can:
            cards = [show_card(entry, entries, can) for entry in entries.values()]
            self._index = can, ItemIndex(cards, [entry.text for entry in entries.values()])
        return self._index[1]
