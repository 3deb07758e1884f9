"""The marketplace as the API has it: items, and the sources that they come from."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jupyter_platform.catalogue.folders import read_picture
from jupyter_platform.catalogue.search import ItemIndex
from jupyter_platform.catalogue.showing import Capabilities, show_card, show_record
from jupyter_platform.catalogue.snapshot import snapshot_file, write_snapshot
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.marketplace.gathering import (
    GatherOutcome,
    gather,
    read_source,
)
from jupyter_platform.coordinator.marketplace.index import EntryStore
from jupyter_platform.coordinator.store import Store
from jupyter_platform.core.errors import (
    InvalidRequestError,
    NotFoundError,
    nearest,
    unknown_name,
)
from jupyter_platform.core.marketplace import (
    OWN_SOURCE,
    DefaultSearch,
    ItemEntry,
    ItemPage,
    ItemQuery,
    ItemRecord,
    SourceRecord,
)
from jupyter_platform.core.settings import MarketplaceSettings, SourceSettings
from jupyter_platform.runtime.paths import Paths

OWN = SourceSettings(kind="own", name=OWN_SOURCE, location="the package")
FIRST_WITHIN_S = 20.0
"""Seconds that a first question waits until the package's own items are read."""
_AT_ONCE = 2

log = logging.getLogger(__name__)


class Marketplace:
    """All items, the search for them, and the sources that they come from.

    Parameters
    ----------
    store : Store
        The state store.
    paths : Paths
        The platform's folders.
    settings : MarketplaceSettings
        Which sources there are.
    capabilities : callable
        Tells what the hosts offer now.
    """

    def __init__(
        self,
        store: Store,
        paths: Paths,
        settings: MarketplaceSettings,
        capabilities: Callable[[], Capabilities],
    ) -> None:
        self._paths = paths
        self._settings = settings
        self._capabilities = capabilities
        self._sources = [OWN, *settings.sources]
        self._stored = EntryStore(store, self._sources)
        self._entries: dict[str, ItemEntry] = {}
        self._index: tuple[Capabilities, ItemIndex] | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._building = asyncio.Lock()
        self._has_read_own = False
        self._copying: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up what was known of all items, and read sources whose time has come.

        The package's own items are read when they are first asked for, or a minute later.
        """
        await self._stored.forget_others()
        self._entries = await self._stored.entries()
        await self._read_due(self._settings.sources)

    async def close(self) -> None:
        """Let sources be."""
        tasks = [*self._running.values(), *([self._copying] if self._copying else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def items(self, query: ItemQuery, *, limit: int, offset: int = 0) -> ItemPage:
        """Return a page of the items that a query finds.

        Parameters
        ----------
        query : ItemQuery
            What to look for.
        limit, offset : int
            Items at most, and how many are left out before.
        """
        await self._known()
        index = await self._searchable()
        return index.search(query, limit=limit, offset=offset)

    async def item(self, name: str) -> ItemRecord:
        """Return all of one item.

        Raises
        ------
        NotFoundError
            If there is none of that name.
        """
        (entry,) = await self._stored.whole([await self.entry(name)])
        return show_record(entry, self._entries, self._capabilities())

    async def entry(self, name: str) -> ItemEntry:
        """Return an item with its recipe, without its description.

        Raises
        ------
        NotFoundError
            If there is none of that name.
        """
        await self._known()
        if name not in self._entries:
            near = nearest(name, self._entries)
            hint = f" Did you mean {near!r}?" if near else ""
            raise NotFoundError(f"The marketplace has no item {name[:200]!r}.{hint}")
        return self._entries[name]

    async def picture(self, name: str) -> tuple[bytes, str]:
        """Return the picture of an item with its media type.

        Raises
        ------
        NotFoundError
            If there is no such item, or it has no picture.
        """
        entry = await self.entry(name)
        folder = entry.record.folder
        found = None if folder is None else await asyncio.to_thread(read_picture, Path(folder))
        if found is None:
            raise NotFoundError(f"The item {name!r} has no picture.")
        return found

    async def has(self, name: str) -> bool:
        """Return whether there is an item of that name."""
        await self._known()
        return name in self._entries

    async def read_own(self) -> None:
        """Read the package's own items and the published ones now."""
        if OWN_SOURCE in self._running:
            await asyncio.wait([self._running[OWN_SOURCE]])
        await self._begin(OWN)

    def default_search(self) -> DefaultSearch:
        """Return the search that the marketplace opens with."""
        return DefaultSearch(filters=self._settings.default_filter)

    async def sources(self) -> list[SourceRecord]:
        """Return where items come from, and how the last look at each went."""
        rows = await self._stored.source_rows()
        return [
            SourceRecord(
                name=source.name,
                kind=source.kind,
                location=source.location,
                items=sum(entry.record.source == source.name for entry in self._entries.values()),
                invalid=sum(
                    entry.record.source == source.name and not entry.record.valid
                    for entry in self._entries.values()
                ),
                refreshed=row.refreshed if (row := rows.get(source.name)) else None,
                refreshing=source.name in self._running,
                error=row.error if row else None,
                problems=row.problems if row else [],
            )
            for source in self._sources
        ]

    async def refresh(
        self, principal: Principal, names: Sequence[str] = (), *, within_s: float = 30.0
    ) -> list[SourceRecord]:
        """Read sources again, and return all of them when that is done.

        Parameters
        ----------
        principal : Principal
            Who asks.
        names : sequence of str
            Which sources; all when empty.
        within_s : float
            Seconds after which it goes on in the background.

        Raises
        ------
        ForbiddenError
            If the principal is not the owner of the platform.
        InvalidRequestError
            If there is no such source.
        """
        principal.require_administrator("refresh the marketplace")
        known = {source.name: source for source in self._sources}
        for name in names:
            if name not in known:
                field = unknown_name("source", name, known)
                raise InvalidRequestError(field.message, errors=[field])
        tasks = [self._begin(known[name]) for name in (names or known)]
        await asyncio.wait(tasks, timeout=within_s)
        return await self.sources()

    async def look(self) -> None:
        """Begin to read the sources whose time has come."""
        await self._read_due(self._sources)
        self._begin_own()

    async def _read_due(self, sources: Sequence[SourceSettings]) -> None:
        if not sources or not self._settings.refresh_hours:
            return
        rows, due = await self._stored.source_rows(), timedelta(hours=self._settings.refresh_hours)
        for source in sources:
            row = rows.get(source.name)
            if row is None or row.refreshed is None or row.refreshed + due < datetime.now(UTC):
                self._begin(source)

    def _begin_own(self) -> None:
        """Read the package's own items once in each life: it may have been upgraded since."""
        if not self._has_read_own:
            self._begin(OWN)

    def _begin(self, source: SourceSettings) -> asyncio.Task[None]:
        """Read a source in the background, unless that goes on already."""
        if source.name not in self._running:
            task = asyncio.create_task(self._read(source), name=f"items of {source.name}")
            self._running[source.name] = task
            task.add_done_callback(lambda _: self._running.pop(source.name, None))
        return self._running[source.name]

    async def _read(self, source: SourceSettings) -> None:
        async with self._room:
            outcome = await self._outcome(source)
        if outcome.error is not None:
            log.warning("items of %s: %s", source.name, outcome.error)
            await self._stored.fail(source, outcome.error)
            return
        await self._stored.save(source, outcome.entries, outcome.problems)
        async with self._building:
            self._entries = await self._stored.entries()
            await self._build()

    async def _outcome(self, source: SourceSettings) -> GatherOutcome:
        """Read a source: the package's own files here, all others in a process of their own."""
        if source is not OWN:
            return await gather(source, self._paths)
        self._has_read_own = True
        return await asyncio.to_thread(read_source, source, self._paths)

    async def _known(self) -> None:
        """See to it that the package's own items are there, or come."""
        self._begin_own()
        if not self._entries and OWN_SOURCE in self._running:
            await asyncio.wait([self._running[OWN_SOURCE]], timeout=FIRST_WITHIN_S)

    async def _searchable(self) -> ItemIndex:
        if self._index is None or self._index[0] != self._capabilities():
            async with self._building:
                await self._build()
        assert self._index is not None, "it was just built"
        return self._index[1]

    async def _build(self) -> None:
        can, entries = self._capabilities(), self._entries
        self._index = can, await asyncio.to_thread(_make_index, entries, can)
        if self._copying is None or self._copying.done():
            self._copying = asyncio.create_task(self._leave_copy(), name="copy of the catalogue")

    async def _leave_copy(self) -> None:
        """Write the catalogue for the public page, again where it has changed meanwhile."""
        written: object = None
        while written is not (entries := self._entries):
            written, can = entries, self._capabilities()
            records = await self._stored.whole(list(entries.values()))
            shown = (
                (show_card(entry, entries, can), entry.text, show_record(entry, entries, can))
                for entry in records
            )
            try:
                await asyncio.to_thread(write_snapshot, snapshot_file(self._paths), shown)
            except (OSError, sqlite3.Error):
                log.exception("the copy of the catalogue for its public page cannot be written")
                return


def _make_index(entries: dict[str, ItemEntry], can: Capabilities) -> ItemIndex:
    cards = [show_card(entry, entries, can) for entry in entries.values()]
    return ItemIndex(cards, [entry.text for entry in entries.values()])
