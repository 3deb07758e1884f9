"""Records of the marketplace: items, their search, and the sources that they come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from jupyter_platform.core.errors import nearest, refusal, shortened
from jupyter_platform.core.recipes import Recipe, ServiceName
from jupyter_platform.core.records import Record

ItemKind = Literal["module", "tool", "model", "llm"]
"""A module or a tool; a model of another zoo or a language model, which a tool deploys."""
Runs = Literal["here", "containers", "gpu", "no"]
"""What an item needs to run: nothing more than is here, containers, a GPU; or it cannot run."""
OWN_SOURCE = "jupyter-platform"
"""Source of the items that ship with the package."""
FilterField = Literal[
    "libraries", "tasks", "categories", "data_types", "tags", "runs", "kind", "source", "license"
]
"""What items are filtered by; also the names of the card's fields and of the query parameters."""
FILTER_FIELDS: tuple[FilterField, ...] = (
    "libraries",
    "tasks",
    "categories",
    "data_types",
    "tags",
    "runs",
    "kind",
    "source",
    "license",
)
Sort = Literal["name", "updated", "relevance"]
SORTS: tuple[Sort, ...] = ("name", "updated", "relevance")

INVALID_TAG = "invalid metadata"
"""Tag of the placeholder that stands for an item whose metadata cannot be read."""
MOST_VALUES = 100
"""Values of one field that a filter may name."""
MOST_GROUPS = 20
MOST_ON_A_PAGE = 500
LONGEST_TEXT = 500
"""Characters of a search text."""

ItemFilter = dict[FilterField, Annotated[list[str], Field(max_length=MOST_VALUES)]]
"""Values by field: any of a field's values, in all of the fields."""


class ItemMetric(Record):
    """How well an item's weights do."""

    name: str
    value: float
    measured_on: str = ""
    """The data that it was measured on, in words."""


class ModelFacts(Record):
    """What is known of a language model or a model of another zoo."""

    id: str
    """Identifier with its publisher; the deploying tool is given it as `model_id`."""
    tool: str
    """Item that deploys it."""
    family: str = ""
    context_tokens: int | None = None
    """Length of its context, in tokens."""
    needs_token: bool = False
    """Whether its publisher hands out the weights to registered users only."""
    url: str | None = None


class ItemCard(Record):
    """An item as a list shows it."""

    name: str
    """Unique among all items."""
    kind: ItemKind
    title: str
    summary: str = ""
    source: str
    """Name of the source that it comes from."""
    libraries: list[str] = []
    tasks: list[str] = []
    categories: list[str] = []
    tags: list[str] = []
    data_types: list[str] = []
    license: str | None = None
    """SPDX identifier where it has one, else as the item has it."""
    created: date | None = None
    updated: date | None = None
    popularity: int | None = None
    """Deployments made of it here."""
    runs: Runs = "no"
    runs_reason: str = ""
    """A sentence: why it does or does not run here."""
    metric: ItemMetric | None = None
    model: ModelFacts | None = None
    valid: bool = True
    """False for the placeholder of an item whose metadata cannot be read."""
    problems: list[str] = []
    """What was wrong with its files, a sentence each."""
    has_picture: bool = False


class ItemLink(Record):
    """A link of an item to a page elsewhere."""

    kind: str
    """``source_code``, ``issues``, ``dataset`` and so on."""
    label: str
    url: str


class Badge(Record):
    """Two words as a small picture that is drawn here."""

    label: str
    value: str
    svg: str
    url: str | None = None


class ItemResources(Record):
    """What an item asks for; None where it does not say."""

    cpu: int | None = None
    gpu: int | None = None
    memory_mb: int | None = None
    gpu_memory_mb: int | None = None
    gpu_compute_capability: float | None = None
    storage_mb: int | None = None


class ProvenanceNode(Record):
    """A thing, an activity or an agent in the history of an item."""

    id: str
    kind: Literal["entity", "activity", "agent"]
    label: str
    detail: str = ""


class ProvenanceEdge(Record):
    """A relation of PROV-O between two nodes."""

    source: str
    target: str
    relation: str
    """Such as ``wasDerivedFrom``, ``wasGeneratedBy``, ``used``, ``wasAttributedTo``."""


class Provenance(Record):
    """Where an item comes from, as a graph."""

    nodes: list[ProvenanceNode] = []
    edges: list[ProvenanceEdge] = []


class RecipeSummary(Record):
    """How an item is run."""

    runtime: Literal["process", "container"] = "process"
    services: list[ServiceName] = []
    main: ServiceName = "api"
    """The service that a deployment is opened at."""
    own_environment: bool = False
    """Whether packages of its own are installed before its first start."""
    download_bytes: int = 0
    """What is fetched before its first start."""
    trainable: bool = False


DeployKind = Literal["try", "api", "jupyterlab", "vscode", "batch", "elsewhere", "notebook"]


class DeployAction(Record):
    """An entry of an item's deploy menu."""

    action: DeployKind
    label: str
    enabled: bool
    reason: str
    """What it does; where it is disabled, why, and what would be needed."""
    service: ServiceName | None = None
    """Service that the form opens with."""
    item: str | None = None
    """Item that is deployed; another one where a tool deploys it."""
    values: dict[str, Any] = {}
    """Configuration that the form opens with."""
    url: str | None = None
    """Page elsewhere that it leads to."""


class ItemRecord(ItemCard):
    """All that is known of an item."""

    description_html: str = ""
    """The description, sanitised: no script, nothing that is fetched from elsewhere."""
    license_url: str | None = None
    """Its licence in the vocabulary of the EU."""
    links: list[ItemLink] = []
    badges: list[Badge] = []
    inference: ItemResources | None = None
    training: ItemResources | None = None
    provenance: Provenance | None = None
    recipe: RecipeSummary | None = None
    metadata: dict[str, Any] = {}
    """Metadata of schema 2.3, as read."""
    folder: str | None = None
    """The item's folder on the coordinator's machine, where it has one."""
    deploy: list[DeployAction] = []
    parent: str | None = None
    """Item that it was retrained from."""
    job: str | None = None
    """Job that made its weights."""
    network: str | None = None
    """Network that it publishes."""
    tag: str | None = None
    """Tag of the weights that it publishes."""


class FacetValue(Record):
    """A value of a field, and how many items it would give."""

    value: str
    count: int


class ItemPage(Record):
    """The items that a query finds, a page at a time."""

    total: int
    items: list[ItemCard]
    facets: dict[FilterField, list[FacetValue]]
    """Per field the items that text and other fields leave, by value: ticking it gives as many."""
    offset: int = 0
    all: int = 0
    """Items in the whole catalogue."""


class ItemQuery(BaseModel):
    """A search for items."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(default="", max_length=LONGEST_TEXT)
    """Words and quoted phrases; an item holds all of them."""
    filters: ItemFilter = {}
    groups: Annotated[list[ItemFilter], Field(max_length=MOST_GROUPS)] = []
    """Further filters; an item passes `filters`, or any of these."""
    sort: Sort | None = None
    """None: by relevance with a text, else by name."""

    @model_validator(mode="after")
    def _without_empty(self) -> ItemQuery:
        self.filters = {field: values for field, values in self.filters.items() if values}
        kept = (
            {field: values for field, values in group.items() if values} for group in self.groups
        )
        self.groups = [group for group in kept if group]
        return self


def item_query(
    text: str,
    filters: Mapping[str, Sequence[str]],
    groups: Sequence[str] = (),
    sort: str | None = None,
) -> ItemQuery:
    """Return a query whose every field is known.

    Parameters
    ----------
    text : str
        Words and quoted phrases.
    filters : mapping
        Values by field.
    groups : sequence of str
        Further filters, each as JSON.
    sort : str, optional
        One of `SORTS`.

    Raises
    ------
    OptionError
        If a field is unknown, or a group is no JSON object of lists.
    """
    if sort is not None and sort not in SORTS:
        raise refusal("sort", sort, f"sort = {sort!r} is unknown.", ", ".join(SORTS))
    check_fields(filters)
    parsed = [_group(text) for text in groups]
    return ItemQuery.model_validate(
        {"text": text, "filters": dict(filters), "groups": parsed, "sort": sort}
    )


def check_fields(fields: Iterable[str]) -> None:
    """Refuse fields that items are not filtered by.

    Parameters
    ----------
    fields : iterable of str
        Names of fields.

    Raises
    ------
    OptionError
        If one is unknown.
    """
    for field in fields:
        if field not in FILTER_FIELDS:
            near, known = nearest(field, FILTER_FIELDS), ", ".join(FILTER_FIELDS)
            hint = f" Did you mean {near!r}?" if near else ""
            message = (
                f"Items have no field {shortened(field)!r} to filter by.{hint} Known: {known}."
            )
            raise refusal(shortened(field), None, message, known, near)


def _group(text: str) -> ItemFilter:
    try:
        found: ItemFilter = TypeAdapter(ItemFilter).validate_json(text)
    except ValidationError as error:
        accepted = '{"libraries": ["PyTorch"]}'
        fields = ", ".join(FILTER_FIELDS)
        message = f"A group is a JSON object such as {accepted}, with fields out of {fields}."
        raise refusal("group", shortened(text), message, accepted) from error
    return found


class SavedSearch(Record):
    """A search that a person keeps."""

    name: str
    query: ItemQuery
    created: datetime


class DefaultSearch(Record):
    """The search that a marketplace opens with."""

    filters: ItemFilter = {}


class SourceRecord(Record):
    """Where items come from, and how the last look at it went."""

    name: str
    kind: str
    location: str
    items: int = 0
    invalid: int = 0
    """Items whose metadata could not be read."""
    refreshed: datetime | None = None
    """Last time that it was read without fault."""
    refreshing: bool = False
    error: str | None = None
    """Why the last look failed; the items of the one before are kept."""
    problems: list[str] = []


class Publication(BaseModel):
    """A request to publish a network with weights as an item."""

    model_config = ConfigDict(extra="forbid")

    name: str
    """Name of the item."""
    title: Annotated[str, Field(min_length=1, max_length=300)]
    summary: Annotated[str, Field(max_length=2000)] = ""
    description: Annotated[str, Field(max_length=200_000)] = ""
    """Markdown."""
    job: str
    """LEARN job that has ended well; its id, the beginning of that, or its name."""
    parent: str | None = None
    """Item that it was retrained from."""
    license: str | None = None
    tags: Annotated[list[str], Field(max_length=50)] = []
    evaluations: Annotated[list[str], Field(max_length=2)] = []
    """EVALUATE jobs that judged it and, with a parent, that parent on the same samples."""
    replace: bool = False


class ItemEntry(Record):
    """What the index keeps of an item: all that depends neither on hosts nor on who asks."""

    record: ItemRecord
    text: str = ""
    """Title, summary, description and tags without markup, for searches."""
    name_in_source: str | None = None
    """Its name there, where another item has that name here."""
    recipe: Recipe | None = None
    image: str | None = None
    """Container image that it runs in."""
    gpus: int = 0
    """GPUs that it cannot do without."""
