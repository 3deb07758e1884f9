"""The catalogue of an AI4OS API (``/v1/catalog`` of PAPI), which needs no token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from jupyter_platform.catalogue.entries import ItemFiles
from jupyter_platform.catalogue.reading import normalise, placeholder
from jupyter_platform.coordinator.marketplace.sources.base import (
    MOST_ITEMS,
    Gathered,
    SourceError,
    Workplace,
)
from jupyter_platform.coordinator.marketplace.sources.fetching import Fetcher, web_address
from jupyter_platform.core.marketplace import ItemKind
from jupyter_platform.core.settings import SourceSettings
from jupyter_platform.runtime.names import free_name, name_from

_KINDS: dict[str, ItemKind] = {"modules": "module", "tools": "tool"}
_AT_ONCE = 8
_ADDED = ("id", "name", "license")
"""Keys that the API adds to metadata."""


def read(settings: SourceSettings, place: Workplace) -> Gathered:
    """Return the modules and tools of an AI4OS API.

    Parameters
    ----------
    settings : SourceSettings
        The source.
    place : Workplace
        Where it may keep what it brings.
    """
    del place  # it brings nothing that is kept
    base = web_address(settings.location).rstrip("/").removesuffix("/v1") + "/v1/catalog/"
    gathered = Gathered()
    with Fetcher() as fetcher, ThreadPoolExecutor(_AT_ONCE) as pool:
        wanted = list(_listed(fetcher, base, gathered.problems))
        if len(wanted) > MOST_ITEMS:
            gathered.problems.append(f"There are more than {MOST_ITEMS:,} items; the rest is left.")
        taken = set[str]()
        one = _Item(fetcher, base)
        for name, files in pool.map(one, wanted[:MOST_ITEMS]):
            free = free_name(name, taken)
            taken.add(free)
            gathered.items.append(files if free == name else _renamed(files, free))
    return gathered


def _listed(fetcher: Fetcher, base: str, problems: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the path of each kind with the names of its items."""
    failed = 0
    for path in _KINDS:
        try:
            names = fetcher.json(f"{base}{path}")
        except SourceError as error:
            failed += 1
            if failed == len(_KINDS):
                raise
            problems.append(error.message)
            continue
        if not isinstance(names, list):
            raise SourceError(f"{base}{path} answers no list of names; is it an AI4OS API?")
        yield from ((path, str(name)) for name in names)


class _Item:
    """Fetches the metadata of one item."""

    def __init__(self, fetcher: Fetcher, base: str) -> None:
        self._fetcher = fetcher
        self._base = base

    def __call__(self, wanted: tuple[str, str]) -> tuple[str, ItemFiles]:
        path, given = wanted
        name, kind = name_from(given, "item"), _KINDS[path]
        try:
            found = self._fetcher.json(f"{self._base}{path}/{quote(given, safe='')}/metadata")
        except SourceError as error:
            return name, ItemFiles(name, placeholder(name, error.message), kind=kind)
        licence = found.get("license") if isinstance(found, Mapping) else None
        metadata = normalise(_without_added(found), name)
        return name, ItemFiles(
            name, metadata, kind=kind, license=licence if isinstance(licence, str) else None
        )


def _without_added(found: Any) -> Any:
    if not isinstance(found, Mapping):
        return found
    return {key: value for key, value in found.items() if key not in _ADDED}


def _renamed(files: ItemFiles, name: str) -> ItemFiles:
    return ItemFiles(name, files.metadata, kind=files.kind, license=files.license)
