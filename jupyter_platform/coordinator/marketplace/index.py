"""The index of all items: rows of the store, and what is kept of them in memory for searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import ItemRow, SourceRow
from jupyter_platform.core.marketplace import ItemEntry
from jupyter_platform.core.settings import SourceSettings

_FULL = ("description_html", "metadata", "links", "badges", "provenance")
"""Fields of a record that lists do not need; they stay in the store."""

_AT_ONCE = 200
"""Records that are read in one statement."""


class EntryStore:
    """The entries of all sources, in the store.

    Parameters
    ----------
    store : Store
        The state store.
    sources : sequence of SourceSettings
        All sources, in order: of two items of one name the earlier source's keeps it.
    """

    def __init__(self, store: Store, sources: Sequence[SourceSettings]) -> None:
        self._store = store
        self._sources = [source.name for source in sources]

    async def save(
        self, source: SourceSettings, entries: Sequence[ItemEntry], problems: Sequence[str]
    ) -> None:
        """Put what was read of a source in the place of what was known of it.

        Parameters
        ----------
        source : SourceSettings
            The source.
        entries : sequence of ItemEntry
            Its items.
        problems : sequence of str
            What was wrong with the source itself.
        """
        rows = [
            {
                "source": source.name,
                "name": entry.record.name,
                "position": position,
                "entry": entry.model_dump(mode="json"),
            }
            for position, entry in enumerate(entries)
        ]

        def work(session: Session) -> None:
            session.execute(delete(ItemRow).where(ItemRow.source == source.name))
            if rows:
                session.execute(insert(ItemRow), rows)
            row = _source_row(session, source)
            row.refreshed, row.error, row.problems = datetime.now(UTC), None, list(problems)

        await self._store.run(work)

    async def fail(self, source: SourceSettings, error: str) -> None:
        """Note why a source could not be read; its items stay.

        Parameters
        ----------
        source : SourceSettings
            The source.
        error : str
            A sentence.
        """

        def work(session: Session) -> None:
            _source_row(session, source).error = error

        await self._store.run(work)

    async def forget_others(self) -> None:
        """Remove the items of sources that are no longer in the settings."""

        def work(session: Session) -> None:
            session.execute(delete(ItemRow).where(ItemRow.source.not_in(self._sources)))
            session.execute(delete(SourceRow).where(SourceRow.name.not_in(self._sources)))

        await self._store.run(work)

    async def source_rows(self) -> dict[str, SourceRow]:
        """Return what is known of the sources, by name."""
        rows = await self._store.read(lambda session: session.scalars(select(SourceRow)).all())
        return {row.name: row for row in rows}

    async def entries(self) -> dict[str, ItemEntry]:
        """Return all entries by unique names; of their texts nothing but those for searches."""
        rows = await self._store.read(
            lambda session: session.execute(
                select(ItemRow.source, ItemRow.entry).order_by(ItemRow.position)
            ).all()
        )
        by_source: dict[str, list[ItemEntry]] = {name: [] for name in self._sources}
        for source, data in rows:
            if source in by_source:
                by_source[source].append(_light(data))
        return _unique_names(by_source)

    async def whole(self, entries: Sequence[ItemEntry]) -> list[ItemEntry]:
        """Return entries with all of their records.

        Parameters
        ----------
        entries : sequence of ItemEntry
            Those of `entries`.
        """
        found: list[ItemEntry] = []
        for start in range(0, len(entries), _AT_ONCE):
            part = entries[start : start + _AT_ONCE]
            keys = [(one.record.source, one.name_in_source or one.record.name) for one in part]
            rows = await self._store.read(partial(_rows_of, keys))
            found += [_filled(one, rows.get(key)) for one, key in zip(part, keys, strict=True)]
        return found


def _rows_of(keys: Sequence[tuple[str, str]], session: Session) -> dict[tuple[str, str], Any]:
    wanted = tuple_(ItemRow.source, ItemRow.name).in_(keys)
    rows = session.execute(select(ItemRow.source, ItemRow.name, ItemRow.entry).where(wanted))
    return {(source, name): entry for source, name, entry in rows}


def _filled(entry: ItemEntry, data: Mapping[str, Any] | None) -> ItemEntry:
    if data is None:
        return entry
    found = ItemEntry.model_validate(data).record
    full = {name: getattr(found, name) for name in _FULL}
    return entry.model_copy(update={"record": entry.record.model_copy(update=full)})


def _light(data: Mapping[str, Any]) -> ItemEntry:
    record = data["record"]
    assert isinstance(record, dict), "rows hold what an ItemEntry was dumped to"
    kept = {name: value for name, value in record.items() if name not in _FULL}
    return ItemEntry.model_validate({**data, "record": kept})


def _unique_names(by_source: Mapping[str, Sequence[ItemEntry]]) -> dict[str, ItemEntry]:
    """Give each item a name of its own: that of its source is added where another has it."""
    found: dict[str, ItemEntry] = {}
    for source, entries in by_source.items():
        for entry in entries:
            name = given = entry.record.name
            if given in found:
                first = found[given].record.source
                name = f"{given}@{source}"
                told = f"The source {first} has an item {given!r}, too; this one is {name!r}."
                problems = [*entry.record.problems, told]
                record = entry.record.model_copy(update={"name": name, "problems": problems})
                entry = entry.model_copy(update={"record": record, "name_in_source": given})
            found[name] = entry
    return found


def _source_row(session: Session, source: SourceSettings) -> SourceRow:
    row = session.get(SourceRow, source.name)
    if row is None:
        row = SourceRow(name=source.name, kind=source.kind, location=source.location, problems=[])
        session.add(row)
    row.kind, row.location = source.kind, source.location
    return row
