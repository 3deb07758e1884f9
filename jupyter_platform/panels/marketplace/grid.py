"""The cards of the items that a search finds, as a widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from jupyter_platform.panels.background import Background, Latest
from jupyter_platform.panels.front import modules
from jupyter_platform.panels.listing import said

if TYPE_CHECKING:
    from jupyter_platform.client import Platform
    from jupyter_platform.core.marketplace import FacetValue, ItemCard, ItemPage

PAGE_SIZE = 48
"""Cards that are read at once."""
FACETS = {
    "runs": "Runs",
    "kind": "Kind",
    "tasks": "Tasks",
    "libraries": "Libraries",
    "data_types": "Data",
    "categories": "Categories",
    "source": "Source",
    "tags": "Tags",
}
"""The fields by which one filters, in their order, with what they are called."""
RUNS = {
    "here": "Runs here",
    "containers": "Needs containers",
    "gpu": "Needs a GPU",
    "no": "Cannot run",
}
KINDS = {
    "module": "Module",
    "tool": "Tool",
    "model": "Model of another zoo",
    "llm": "Language model",
}
_WORDS = {"runs": RUNS, "kind": KINDS}
"""Fields whose values people see as other words."""
EMPTY_QUERY: dict[str, Any] = {"text": "", "filters": {}, "groups": [], "sort": "name"}


class ItemGrid(anywidget.AnyWidget):
    """Cards with a search field, filters with counts, groups of filters and saved searches.

    Reading takes place in a thread; while an answer is awaited only the newest question waits.

    Parameters
    ----------
    platform : callable
        Returns where items are; called in a thread.
    opened : callable
        Called with the name of an item whose card was clicked.
    """

    _esm = modules.joined("elements", "narrowing", "cards", "grid")
    _css = modules.style("grid")

    query = traitlets.Dict(EMPTY_QUERY).tag(sync=True)
    """Text, filters, groups and order, as one has them chosen."""
    answer = traitlets.Dict({}).tag(sync=True)
    """Total, facets and the first cards; empty before the first answer."""
    searches: traitlets.List[dict[str, Any]] = traitlets.List(None, allow_none=True).tag(sync=True)
    """The searches that were saved, name and query of each; None where none can be."""
    returned = traitlets.Int(0).tag(sync=True)
    """Counted up when the cards are shown again after one of them was opened."""

    def __init__(self, platform: Callable[[], Platform], opened: Callable[[str], None]) -> None:
        super().__init__()
        self._platform = platform
        self._opened = opened
        self._background = Background()
        self._latest = Latest(self._background, self._answered, self._failed)
        self._serial = 0
        self.observe(lambda _: self.ask(), names="query")
        self.on_msg(lambda _, message, __: self._hear(message))

    def ask(self) -> None:
        """Search again; what is shown stays until the answer is there."""
        self._serial += 1
        self._latest.ask(partial(self._search, self._serial, dict(self.query)))

    def show_again(self) -> None:
        """Give the focus back to the card that was opened."""
        self.returned += 1

    def _hear(self, message: Mapping[str, Any]) -> None:
        match message.get("kind"):
            case "open":
                self._opened(str(message["name"]))
            case "page" if message.get("serial") == self.answer.get("serial"):
                asked = (self._serial, dict(self.query), int(message["offset"]))
                self._background.run(partial(self._turn, *asked), self._turned, self._failed)
            case "save":
                work = partial(self._save, str(message["name"]), dict(self.query))
                self._background.run(work, self._saved, self._failed)
            case "forget":
                work = partial(self._forget, str(message["name"]))
                self._background.run(work, self._saved, self._failed)

    def _search(self, serial: int, query: dict[str, Any]) -> dict[str, Any]:
        page = _found(self._platform(), query, 0)
        return {
            "serial": serial,
            "total": page.total,
            "page_size": PAGE_SIZE,
            "facets": _facets(page, query),
            "items": [card_of(item) for item in page.items],
            "message": "" if page.total else _advice(page, query),
        }

    def _answered(self, answer: dict[str, Any]) -> None:
        self.answer = answer

    def _failed(self, error: BaseException) -> None:
        self.answer = {**self.answer, "message": said(error)}

    def _turn(self, serial: int, query: dict[str, Any], offset: int) -> dict[str, Any]:
        items = [card_of(item) for item in _found(self._platform(), query, offset).items]
        return {"kind": "page", "serial": serial, "offset": offset, "items": items}

    def _turned(self, page: dict[str, Any]) -> None:
        self.send(page)

    def begin(self) -> None:
        """Read the searches that were saved, and narrow to what a project begins with."""
        self._background.run(self._read_beginning, self._begun, self._failed)

    def _read_beginning(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        hub = self._platform()
        # A narrower search may stand there already, put back by a page that was reloaded.
        filters = hub.default_search().filters if self.query == EMPTY_QUERY else {}
        return dict(filters.items()), _named(hub)

    def _begun(self, answer: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
        filters, searches = answer
        self._saved(searches)
        if filters and self.query == EMPTY_QUERY:
            self.query = {**EMPTY_QUERY, "filters": filters}

    def _save(self, name: str, query: dict[str, Any]) -> list[dict[str, Any]]:
        from jupyter_platform.core.marketplace import ItemQuery  # noqa: PLC0415 - slow to import

        hub = self._platform()
        hub.save_search(name, ItemQuery.model_validate(query))
        return _named(hub)

    def _forget(self, name: str) -> list[dict[str, Any]]:
        hub = self._platform()
        hub.delete_search(name)
        return _named(hub)

    def _saved(self, searches: list[dict[str, Any]]) -> None:
        self.searches = searches


def card_of(item: ItemCard) -> dict[str, Any]:
    """Return what the card of an item shows, in words."""
    metric = item.metric
    return {
        "name": item.name,
        "kind": item.kind,
        "title": item.title,
        "summary": item.summary,
        "marks": [*item.libraries, *item.tasks][:4],
        "runs": item.runs,
        "runs_text": RUNS[item.runs],
        "reason": item.runs_reason,
        "metric": f"{metric.name} {metric.value:.3g}" if metric else "",
        "metric_text": metric.measured_on if metric else "",
        "updated": item.updated.isoformat() if item.updated else "",
        "problem": "" if item.valid else "Its metadata cannot be read",
    }


def _found(hub: Platform, query: dict[str, Any], offset: int) -> ItemPage:
    return hub.items(
        query["text"],
        groups=query["groups"],
        sort=query["sort"],
        limit=PAGE_SIZE,
        offset=offset,
        **query["filters"],
    )


def _named(hub: Platform) -> list[dict[str, Any]]:
    return [
        {"name": item.name, "query": {**EMPTY_QUERY, **item.query.model_dump(exclude_none=True)}}
        for item in hub.saved_searches()
    ]


def _facets(page: ItemPage, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the filters, without those that have nothing to choose from."""
    found: dict[str, list[FacetValue]] = dict(page.facets.items())
    return [
        {"field": field, "label": label, "values": _values(field, values)}
        for field, label in FACETS.items()
        if len(values := found.get(field, [])) > 1 or query["filters"].get(field)
    ]


def _values(field: str, values: list[FacetValue]) -> list[dict[str, Any]]:
    words = _WORDS.get(field, {})
    return [
        {"value": item.value, "text": words.get(item.value, item.value), "count": item.count}
        for item in values
    ]


def _advice(page: ItemPage, query: dict[str, Any]) -> str:
    if not page.all:
        return "No items yet. Refresh reads the sources of the marketplace."
    if query["filters"] or query["groups"]:
        return "0 results: no item passes these filters and holds these words."
    return f"0 results: no item holds “{query['text']}”."
