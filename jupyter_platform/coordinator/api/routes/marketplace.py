"""The marketplace: items, their documents, sources and saved searches."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from jupyter_platform.catalogue.documents import (
    FORMATS,
    DocumentFormat,
    metadata_document,
    provenance_document,
)
from jupyter_platform.coordinator.api.bounds import Count
from jupyter_platform.coordinator.api.services import PrincipalOf, ServicesOf
from jupyter_platform.core.catalogue import TagRecord
from jupyter_platform.core.marketplace import (
    LONGEST_TEXT,
    MOST_GROUPS,
    MOST_ON_A_PAGE,
    MOST_VALUES,
    DefaultSearch,
    ItemPage,
    ItemQuery,
    ItemRecord,
    Publication,
    SavedSearch,
    Sort,
    SourceRecord,
    check_fields,
    item_query,
)

router = APIRouter(prefix="/marketplace", tags=["marketplace"])

OWN_PARAMETERS = frozenset({"text", "group", "sort", "limit", "offset"})
"""Parameters of a search that are no fields."""
INERT = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
"""Headers of pictures that strangers made."""
Values = Annotated[list[str], Query(max_length=MOST_VALUES)]


def known_parameters(request: Request) -> None:
    """Refuse a field that items are not filtered by, which would silently find too much."""
    check_fields(name for name in request.query_params if name not in OWN_PARAMETERS)


@router.get("/items", dependencies=[Depends(known_parameters)])
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


@router.post("/items", status_code=201)
async def publish(
    publication: Publication, services: ServicesOf, principal: PrincipalOf
) -> ItemRecord:
    """Publish the network of a LEARN job, with its best weights, as an item."""
    return await services.publishing.publish(principal, publication)


@router.post("/items/{name}/weights")
async def bring_weights(name: str, services: ServicesOf, principal: PrincipalOf) -> TagRecord:
    """Bring an item's weights into the repository, where jobs find them; return their tag."""
    return await services.item_weights.bring(principal, name)


@router.delete("/items/{name}", status_code=204)
async def unpublish(name: str, services: ServicesOf, principal: PrincipalOf) -> None:
    """Take an item away that was published here."""
    await services.publishing.remove(principal, name)


@router.get("/items/{name}")
async def item(name: str, services: ServicesOf) -> ItemRecord:
    """Return all of one item."""
    return await services.marketplace.item(name)


@router.get("/items/{name}/metadata", response_class=Response)
async def metadata(
    name: str,
    services: ServicesOf,
    accept: Annotated[str, Header()] = "",
    format: DocumentFormat | None = None,
    profile: str = "",
) -> Response:
    """Return an item's metadata as JSON, JSON-LD or Turtle.

    The type is that of `format`, for links of pages, else what the header ``Accept`` wants; 415
    where that is none of them. The profile ``mldcatap`` makes RDF of JSON, too.
    """
    record = await services.marketplace.item(name)
    wanted = accept if format is None else FORMATS[format]
    document, media_type = metadata_document(record, wanted, profile)
    return Response(document, media_type=media_type)


@router.get("/items/{name}/provenance", response_class=Response)
async def provenance(
    name: str,
    services: ServicesOf,
    accept: Annotated[str, Header()] = "",
    format: DocumentFormat | None = None,
) -> Response:
    """Return where an item comes from as Turtle, JSON-LD, or a graph in JSON."""
    record = await services.marketplace.item(name)
    wanted = accept if format is None else FORMATS[format]
    document, media_type = provenance_document(record, wanted)
    return Response(document, media_type=media_type)


@router.get("/items/{name}/picture", response_class=Response)
async def picture(name: str, services: ServicesOf) -> Response:
    """Return the picture of an item, with headers by which no script in it runs."""
    data, media_type = await services.marketplace.picture(name)
    return Response(data, media_type=media_type, headers=INERT)


@router.post("/refresh")
async def refresh(
    services: ServicesOf,
    principal: PrincipalOf,
    source: Annotated[list[str], Query(max_length=MOST_VALUES)] = [],  # noqa: B006
) -> list[SourceRecord]:
    """Read sources again, all of them where none is named."""
    return await services.marketplace.refresh(principal, source)


@router.get("/sources")
async def sources(services: ServicesOf) -> list[SourceRecord]:
    """Return where items come from, and how the last look at each went."""
    return await services.marketplace.sources()


@router.get("/default")
async def default(services: ServicesOf) -> DefaultSearch:
    """Return the search that the marketplace opens with."""
    return services.marketplace.default_search()


@router.get("/searches")
async def searches(services: ServicesOf, principal: PrincipalOf) -> list[SavedSearch]:
    """Return the searches that you keep."""
    return await services.searches.records(principal)


@router.put("/searches/{name}")
async def put_search(
    name: str, query: ItemQuery, services: ServicesOf, principal: PrincipalOf
) -> SavedSearch:
    """Keep a search, in the place of one of that name."""
    return await services.searches.put(principal, name, query)


@router.delete("/searches/{name}", status_code=204)
async def delete_search(name: str, services: ServicesOf, principal: PrincipalOf) -> None:
    """Forget a search."""
    await services.searches.delete(principal, name)
