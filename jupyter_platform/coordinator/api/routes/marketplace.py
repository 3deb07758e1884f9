"""The marketplace: items, their documents, sources and saved searches."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from jupyter_platform.coordinator.api.bounds import Count
from jupyter_platform.coordinator.api.services import ServicesOf
from jupyter_platform.core.marketplace import (
    LONGEST_TEXT,
    MOST_GROUPS,
    MOST_ON_A_PAGE,
    MOST_VALUES,
    ItemPage,
    ItemRecord,
    Sort,
    SourceRecord,
    item_query,
)

router = APIRouter(prefix="/marketplace", tags=["marketplace"])

Values = Annotated[list[str], Query(max_length=MOST_VALUES)]


@router.get("/items")
async def items(
    services: ServicesOf,
    text: Annotated[str, Query(max_length=LONGEST_TEXT)] = "",
    libraries: Values = [],  # noqa: B006 - FastAPI copies defaults
    tasks: Values = [],  # noqa: B006
    categories: Values = [],  # noqa: B006
    data_types: Values = [],  # noqa: B006
    tags: Values = [],  # noqa: B006
    runs: Values = [],  # noqa: B006
    kind: Values = [],  # noqa: B006
    source: Values = [],  # noqa: B006
    license: Values = [],  # noqa: B006
    group: Annotated[list[str], Query(max_length=MOST_GROUPS)] = [],  # noqa: B006
    sort: Sort | None = None,
    limit: Annotated[int, Query(ge=0, le=MOST_ON_A_PAGE)] = 60,
    offset: Count = 0,
) -> ItemPage:
    """Return a page of items with facets.

    Any of a field's values, in all of the fields; each `group` is a further such filter as JSON,
    ``{"libraries": ["PyTorch"]}``, and an item passes the filter or any group.
    """
    chosen = {
        "libraries": libraries,
        "tasks": tasks,
        "categories": categories,
        "data_types": data_types,
        "tags": tags,
        "runs": runs,
        "kind": kind,
        "source": source,
        "license": license,
    }
    query = item_query(text, chosen, group, sort)
    return await services.marketplace.items(query, limit=limit, offset=offset)


@router.get("/items/{name}")
async def item(name: str, services: ServicesOf) -> ItemRecord:
    """Return all of one item."""
    return await services.marketplace.item(name)


@router.post("/refresh")
async def refresh(services: ServicesOf) -> list[SourceRecord]:
    """Read all sources again."""
    return await services.marketplace.refresh()


@router.get("/sources")
async def sources(services: ServicesOf) -> list[SourceRecord]:
    """Return where items come from, and how the last look at each went."""
    return await services.marketplace.sources()
