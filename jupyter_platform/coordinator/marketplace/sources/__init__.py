"""Sources of items: one module for each kind, one entry of a table."""

from __future__ import annotations

from importlib.metadata import entry_points

from jupyter_platform.coordinator.marketplace.sources import ai4os, folder, git, models, own
from jupyter_platform.coordinator.marketplace.sources.base import SourceReader
from jupyter_platform.core.errors import InvalidRequestError, nearest

ENTRY_POINTS = "jupyter_platform.item_sources"
"""Group in which packages add a kind: a function like those of the table."""
READERS: dict[str, SourceReader] = {
    "own": own.read,
    "folder": folder.read,
    "git": git.read,
    "ai4os": ai4os.read,
    "models": models.read,
}


def find_reader(kind: str) -> SourceReader:
    """Return what reads sources of a kind.

    Raises
    ------
    InvalidRequestError
        If there is no such kind.
    """
    if kind in READERS:
        return READERS[kind]
    added = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if kind in added:
        reader: SourceReader = added[kind].load()
        return reader
    known = [*READERS, *added]
    near = nearest(kind, known)
    hint = f" Did you mean {near!r}?" if near else ""
    raise InvalidRequestError(
        f"Items cannot come from a source of kind {kind!r}.{hint} Known: {', '.join(known)}."
    )
