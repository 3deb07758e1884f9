"""The catalogue in a file, which the Jupyter server's public page reads without a coordinator.

The coordinator writes it whole and puts it in the place of the last one. It is SQLite, so that
opening it costs the list of cards, and one item's page the record of that item.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from jupyter_platform.catalogue.search import ItemIndex
from jupyter_platform.core.marketplace import ItemCard, ItemRecord
from jupyter_platform.runtime.paths import Paths

_TABLE = "CREATE TABLE items (name TEXT PRIMARY KEY, card TEXT, text TEXT, record TEXT)"
_VERSION = 1


def snapshot_file(paths: Paths) -> Path:
    """Return where the coordinator leaves the catalogue."""
    return paths.marketplace / "catalogue.db"


def status_file(paths: Paths) -> Path:
    """Return where the coordinator leaves the figures of the cluster for the public page."""
    return paths.marketplace / "status.json"


def write_snapshot(path: Path, items: Iterable[tuple[ItemCard, str, ItemRecord]]) -> None:
    """Write the catalogue.

    Parameters
    ----------
    path : Path
        Where to.
    items : iterable
        Card, text for searches, and record of each item.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(unfinished)) as database, database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute(f"PRAGMA user_version = {_VERSION}")
        database.execute(_TABLE)
        database.executemany("INSERT INTO items VALUES (?, ?, ?, ?)", _rows(items))
    unfinished.chmod(0o600)
    unfinished.replace(path)


def _rows(
    items: Iterable[tuple[ItemCard, str, ItemRecord]],
) -> Iterator[tuple[str, str, str, str]]:
    for card, text, record in items:
        shown = json.dumps({name: _public(name, card) for name in ItemCard.model_fields})
        # The folders of this machine are nobody else's business.
        whole = record.model_copy(update={"folder": None})
        yield card.name, shown, text, whole.model_dump_json()


def _public(name: str, card: ItemCard) -> object:
    value = getattr(card, name)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return value.isoformat() if hasattr(value, "isoformat") else value


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A catalogue that was read from a file."""

    path: Path
    index: ItemIndex

    def record(self, name: str) -> ItemRecord | None:
        """Return all of one item; None where there is none."""
        with contextlib.closing(_open(self.path)) as database:
            found = database.execute("SELECT record FROM items WHERE name = ?", (name,)).fetchone()
        return None if found is None else ItemRecord.model_validate_json(found[0])


def read_snapshot(path: Path) -> Snapshot | None:
    """Return the catalogue of a file; None where there is none, or of another version.

    Parameters
    ----------
    path : Path
        What `write_snapshot` wrote.
    """
    try:
        with contextlib.closing(_open(path)) as database:
            if database.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                return None
            rows = database.execute("SELECT card, text FROM items").fetchall()
    except sqlite3.Error:
        return None
    cards = [ItemCard.model_validate_json(card) for card, _ in rows]
    return Snapshot(path, ItemIndex(cards, [text for _, text in rows]))


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
