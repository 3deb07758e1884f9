"""What the public catalogue shows: from the copy that the coordinator leaves, or without one.

Nothing here asks the coordinator: a visitor without login starts nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from jupyter_platform.catalogue.entries import make_entry
from jupyter_platform.catalogue.folders import read_item_folder
from jupyter_platform.catalogue.search import OTHER, ItemIndex
from jupyter_platform.catalogue.showing import Capabilities, show_card, show_record
from jupyter_platform.catalogue.snapshot import (
    Snapshot,
    read_snapshot,
    snapshot_file,
    status_file,
)
from jupyter_platform.core.errors import InvalidRequestError, NotFoundError, nearest
from jupyter_platform.core.hosts import PublicStatus
from jupyter_platform.core.marketplace import (
    FILTER_FIELDS,
    MOST_VALUES,
    OWN_SOURCE,
    SORTS,
    FacetValue,
    FilterField,
    ItemEntry,
    ItemPage,
    ItemQuery,
    ItemRecord,
    Sort,
    item_query,
)
from jupyter_platform.core.units import format_bytes, format_count
from jupyter_platform.runtime.atomic import read_bytes
from jupyter_platform.runtime.item_folders import own_items
from jupyter_platform.runtime.paths import Paths

ON_A_PAGE = 60
_SHOWN_VALUES = 14
"""Values of a field that are offered; those that are chosen always are."""
_TITLES: dict[FilterField, str] = {
    "runs": "Where it runs",
    "kind": "Kind",
    "libraries": "Libraries",
    "tasks": "Tasks",
    "categories": "Categories",
    "data_types": "Data types",
    "tags": "Tags",
    "license": "Licence",
    "source": "Source",
}
_OPEN: frozenset[FilterField] = frozenset({"runs", "libraries", "tasks"})
_WORDS = {
    "here": "Runs here",
    "containers": "Needs containers",
    "gpu": "Needs a GPU",
    "no": "Cannot run",
    "module": "Modules",
    "tool": "Tools",
    "model": "Models of other zoos",
    "llm": "Language models",
}
_SORT_TITLES: dict[Sort, str] = {"name": "name", "updated": "newest", "relevance": "relevance"}


class OwnItems:
    """The package's own items, for a catalogue that no coordinator has left a copy of."""

    def __init__(self, paths: Paths) -> None:
        found: list[ItemEntry] = [
            make_entry(read_item_folder(folder, name, paths), OWN_SOURCE)
            for name, folder in own_items().items()
        ]
        self._entries = {entry.record.name: entry for entry in found}
        cards = [show_card(entry, self._entries, Capabilities()) for entry in found]
        self.index = ItemIndex(cards, [entry.text for entry in found])

    def record(self, name: str) -> ItemRecord | None:
        """Return all of one item; None where there is none."""
        entry = self._entries.get(name)
        return None if entry is None else show_record(entry, self._entries, Capabilities())


class PublicCatalogue:
    """The catalogue of this machine's platform, read again when its copy changes.

    Its methods read files: call them in a thread.

    Parameters
    ----------
    paths : Paths
        The platform's folders.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._found: Snapshot | OwnItems | None = None

    def search(self, query: ItemQuery, offset: int) -> ItemPage:
        """Return a page of items; see `ItemIndex.search`."""
        return self._now().index.search(query, limit=ON_A_PAGE, offset=offset)

    def record(self, name: str) -> ItemRecord:
        """Return all of one item.

        Raises
        ------
        NotFoundError
            If there is none of that name.
        """
        source = self._now()
        found = source.record(name)
        if found is None:
            near = nearest(name, (card.name for card in source.index.cards))
            hint = f" Did you mean {near!r}?" if near else ""
            raise NotFoundError(f"The catalogue has no item {name[:200]!r}.{hint}")
        return found

    def status(self) -> PublicStatus | None:
        """Return the figures of the cluster; None where no coordinator has left any."""
        data = read_bytes(status_file(self._paths))
        try:
            return None if data is None else PublicStatus.model_validate_json(data)
        except ValueError:
            return None

    def _now(self) -> Snapshot | OwnItems:
        path = snapshot_file(self._paths)
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_ino)
        except OSError:
            stamp = (0, 0)
        with self._lock:
            if self._found is None or stamp != self._stamp:
                self._found = read_snapshot(path) or OwnItems(self._paths)
                self._stamp = stamp
            return self._found


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address of the catalogue asks for."""

    query: ItemQuery
    offset: int = 0
    theme: str | None = None

    def href(self, **changes: Any) -> str:
        """Return the address with other parameters; those of None are left out.

        Parameters
        ----------
        **changes
            ``text``, ``sort``, ``offset`` or a field with its values.
        """
        pairs: list[tuple[str, str]] = []
        given: dict[str, Any] = {"text": self.query.text or None}
        given.update(self.query.filters.items())
        given |= {"sort": self.query.sort, "theme": self.theme, **changes}
        for name, value in given.items():
            for one in value if isinstance(value, list) else [value]:
                if one is not None and one != "":
                    pairs.append((name, str(one)))
        return f"?{urlencode(pairs)}"


def read_address(arguments: Mapping[str, Sequence[str]], theme: str | None) -> Wanted:
    """Return what the query part of an address asks for.

    Parameters
    ----------
    arguments : mapping
        Values by parameter.
    theme : str, optional
        ``light`` or ``dark``.

    Raises
    ------
    InvalidRequestError
        If a value is none that is accepted.
    """
    fields: dict[str, list[str]] = {
        name: list(arguments[name])[:MOST_VALUES] for name in FILTER_FIELDS if name in arguments
    }
    sort = next(iter(arguments.get("sort", ())), None) or None
    text = next(iter(arguments.get("text", ())), "")[:500]
    offset = next(iter(arguments.get("offset", ())), "0")
    if not offset.isascii() or not offset.isdecimal() or len(offset) > 9:
        raise InvalidRequestError(f"offset = {offset[:50]!r} is no number of items.")
    return Wanted(item_query(text, fields, (), sort), int(offset), theme)


@dataclass
class _Facet:
    """A field as the page shows it."""

    title: str
    open: bool
    values: list[dict[str, Any]] = field(default_factory=list)
    more: int = 0


def describe_list(page: ItemPage, wanted: Wanted) -> dict[str, Any]:
    """Return what the template of the list needs.

    Parameters
    ----------
    page : ItemPage
        The items.
    wanted : Wanted
        What was asked for.
    """
    query, last = wanted.query, page.offset + len(page.items)
    kept: list[tuple[str, str]] = [
        (name, one) for name, values in query.filters.items() for one in values
    ]
    kept += [("sort", query.sort)] if query.sort else []
    kept += [("theme", wanted.theme)] if wanted.theme else []
    shown_sort = query.sort or ("relevance" if query.text else "name")
    sorts = [
        {"title": _SORT_TITLES[sort], "href": wanted.href(sort=sort), "on": sort == shown_sort}
        for sort in SORTS
        if sort != "relevance" or query.text
    ]
    return {
        "page": page,
        "text": query.text,
        "kept_without_text": kept,
        "total_text": format_count(page.total, "result"),
        "facets": [
            _facet(name, page.facets[name], wanted) for name in _TITLES if page.facets[name]
        ],
        "chips": _chips(wanted),
        "sorts": sorts,
        "before": wanted.href(offset=max(0, page.offset - ON_A_PAGE)) if page.offset else None,
        "after": wanted.href(offset=last) if last < page.total else None,
    }


def _facet(name: FilterField, values: Sequence[FacetValue], wanted: Wanted) -> _Facet:
    chosen = wanted.query.filters.get(name, [])
    found = _Facet(_TITLES[name], open=name in _OPEN or bool(chosen))
    for place, item in enumerate(values):
        on = item.value in chosen
        if place >= _SHOWN_VALUES and not on and item.value != OTHER:
            found.more += 1
            continue
        others = [value for value in chosen if value != item.value]
        href = wanted.href(**{name: others if on else [*chosen, item.value]})
        label = _WORDS.get(item.value, item.value) if name in ("runs", "kind") else item.value
        found.values.append({"label": label, "count": item.count, "on": on, "href": href})
    return found


def _chips(wanted: Wanted) -> list[dict[str, str]]:
    query = wanted.query
    chips = [{"label": f"“{query.text}”", "href": wanted.href(text=None)}] if query.text else []
    for name, values in query.filters.items():
        for value in values:
            others = [one for one in values if one != value]
            label = _WORDS.get(value, value) if name in ("runs", "kind") else value
            chips.append({"label": label, "href": wanted.href(**{name: others})})
    return chips


def describe_status(status: PublicStatus | None) -> dict[str, Any] | None:
    """Return what the template shows of the cluster; None where nothing is known."""
    if status is None:
        return None
    bars = [
        _bar("CPUs", status.cpus_busy, status.cpus, f"{status.cpus_busy} of {status.cpus} busy"),
        _bar(
            "Memory",
            status.memory_busy,
            status.memory,
            f"{format_bytes(status.memory_busy)} of {format_bytes(status.memory)}",
        ),
    ]
    if status.gpus:
        busy = f"{status.gpus_busy} of {status.gpus} busy"
        bars.append(_bar("GPUs", status.gpus_busy, status.gpus, busy))
    hosts = format_count(status.hosts, "host")
    jobs = f"{hosts} · {status.running} running, {status.waiting} waiting ·"
    shown = f"{status.time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return {
        "bars": bars,
        "jobs": jobs,
        "time": status.time.isoformat(),
        "shown_time": f"now ({shown})" if _is_new(status.time) else f"last seen {shown}",
    }


def _is_new(moment: datetime) -> bool:
    return (datetime.now(UTC) - moment).total_seconds() < 120


def _bar(title: str, busy: float, total: float, text: str) -> dict[str, Any]:
    return {"title": title, "text": text, "percent": round(100 * busy / total) if total else 0}


def describe_item(item: ItemRecord, catalogue: str) -> dict[str, Any]:
    """Return what the template of an item needs.

    Parameters
    ----------
    item : ItemRecord
        The item.
    catalogue : str
        Address of the catalogue.
    """
    fields: tuple[tuple[FilterField, str], ...] = (
        ("tasks", "Tasks"),
        ("libraries", "Libraries"),
        ("data_types", "Data types"),
        ("categories", "Categories"),
        ("tags", "Tags"),
    )
    facts = [
        (title, [_link(catalogue, name, word) for word in getattr(item, name)])
        for name, title in fields
        if getattr(item, name)
    ]
    needs = [
        (f"For {purpose}", text)
        for purpose, found in (("inference", item.inference), ("training", item.training))
        if found is not None and (text := _resources(found.model_dump()))
    ]
    return {"item": item, "facts": facts, "needs": needs}


def _link(catalogue: str, name: str, word: str) -> dict[str, str]:
    return {"label": word, "href": f"{catalogue}?{urlencode({name: word})}"}


def _resources(found: Mapping[str, Any]) -> str:
    parts = [
        format_count(found[key], unit)
        for key, unit in (("cpu", "CPU"), ("gpu", "GPU"))
        if found[key]
    ]
    for key, what in (
        ("memory_mb", "memory"),
        ("storage_mb", "disk"),
        ("gpu_memory_mb", "GPU memory"),
    ):
        if found[key]:
            parts.append(f"{format_bytes(found[key] * 1_000_000)} of {what}")
    return ", ".join(parts)
