"""What the networks panel says of the repository: words and tables, made from records."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from jupyter_platform.client import Platform
from jupyter_platform.core.catalogue import (
    NetworkRecord,
    TagOrigin,
    TagRecord,
    TagVariant,
    named_tags,
)
from jupyter_platform.core.networks import FEATURES, OUTPUTS, NetworkDescription
from jupyter_platform.figures.wording import ago, utc, value
from jupyter_platform.panels import html
from jupyter_platform.panels.html import definitions, paragraph, table
from jupyter_platform.panels.network_graph import network_graph

LOSS_WORDS = ("loss", "error")
"""A score named with one of these is the better the lower it is."""
PLACES = {FEATURES: "(values of a sample)", OUTPUTS: "(outputs)"}
"""Placeholder in a description for sizes that the dataset decides."""


@dataclass(frozen=True)
class Score:
    """The score of one set of weights."""

    name: str
    value: float
    tag: str

    @property
    def lower_is_better(self) -> bool:
        """Whether it measures what is wrong."""
        return any(word in self.name for word in LOSS_WORDS)

    @property
    def text(self) -> str:
        """Such as ``accuracy 0.981``; that it is of the validation set goes without saying."""
        return f"{plain_name(self.name)} {value(self.value)}"


@dataclass(frozen=True)
class NetworkRow:
    """One network: its line in the list, and its page."""

    name: str
    searched: str
    """Lower-case text in which a search looks."""
    cells: str
    """HTML of the line behind the name."""
    record: NetworkRecord
    base_url: str
    """Address of the Jupyter server's pages; ends with a slash, or is empty."""
    now: datetime
    """When it was read."""

    @property
    def complete(self) -> bool:
        """Whether its layers are known already."""
        return self.record.facts is not None

    @cached_property
    def head(self) -> str:
        """HTML of the upper part of the page: what it is."""
        return str(_head(self.record))

    @cached_property
    def actions(self) -> str:
        """HTML of links to what can be done with it."""
        return str(_actions(self.record, self.base_url))

    @cached_property
    def page(self) -> str:
        """HTML of the rest of the page, made when it is looked at: graph, layers, weights."""
        return str(_page(self.record, self.base_url, self.now))


def networks(hub: Platform, base_url: str) -> list[NetworkRow]:
    """Read the repository.

    Parameters
    ----------
    hub : Platform
        Where it is asked for.
    base_url : str
        Address of the Jupyter server's pages, for links to jobs; ends with a slash, or is empty.

    Raises
    ------
    PlatformError
        If it cannot be read.
    """
    now = datetime.now(UTC)
    return [network_row(record, base_url, now) for record in hub.networks()]


def network_row(record: NetworkRecord, base_url: str, now: datetime) -> NetworkRow:
    """Return the row of a network in the list."""
    description = record.description
    best = best_score(record)
    words = {
        "task": task(record),
        "parameters": parameters(record),
        "tags": str(len(named_tags(record.tags))),
        "best": best.text if best else "not trained yet",
    }
    cells = Markup("").join(
        Markup('<span class="jp-PlatformPanel-{}">{}</span>').format(kind, text)
        for kind, text in words.items()
    )
    searched = " ".join((description.name, description.title, description.summary, task(record)))
    return NetworkRow(
        name=description.name,
        searched=searched.lower(),
        cells=str(cells),
        record=record,
        base_url=base_url,
        now=now,
    )


def best_score(record: NetworkRecord) -> Score | None:
    """Return the best of what the weights of a network scored, by accuracy where there is one."""
    scores = [
        Score(name, number, f"{tag.tag}/{variant.variant}")
        for tag in record.tags
        for variant in tag.variants
        for name, number in variant.scores.items()
        if number is not None and math.isfinite(number)
    ]
    if not scores:
        return None
    # Scores of different names cannot be compared: the first in this order stands for all.
    leading = min(scores, key=lambda item: (item.lower_is_better, item.name)).name
    same = [item for item in scores if item.name == leading]
    lowest = same[0].lower_is_better
    return min(same, key=lambda item: item.value if lowest else -item.value)


def plain_name(name: str) -> str:
    """Return the name of a score as people say it: ``accuracy`` of ``validation_accuracy``."""
    return name.removeprefix("validation_").replace("_", " ")


def task(record: NetworkRecord) -> str:
    """Return the task of a network in words."""
    return record.description.task or "any task"


def parameters(record: NetworkRecord) -> str:
    """Return how many parameters a network has, where its dataset does not decide that."""
    return f"{record.facts.parameters:,}" if record.facts and record.facts.layers else "–"


def shape(sizes: Sequence[int] | None) -> str:
    """Return a shape as ``1 × 8 × 8``."""
    return "as its dataset" if sizes is None else html.shape(sizes)


def _head(record: NetworkRecord) -> Markup:
    description = record.description
    return Markup("<h2>{name}</h2><p>{title}</p>{summary}{facts}").format(
        name=description.name,
        title=description.title,
        summary=paragraph(description.summary),
        facts=_facts(record),
    )


def _page(record: NetworkRecord, base_url: str, now: datetime) -> Markup:
    facts = record.facts
    return Markup("<h3>Weights</h3>{tags}<h3>Layers</h3>{graph}{layers}{source}").format(
        tags=_tags(record, base_url, now),
        graph=network_graph(
            record.description,
            facts.layers if facts else (),
            facts.input_shape if facts else record.description.input_shape,
        ),
        layers=_layers(record),
        source=_source(record.description),
    )


def _source(description: NetworkDescription) -> Markup:
    """Return the Python source that makes a network, each file folded; nothing without any."""
    source = description.source
    if source is None:
        return Markup("")
    given = ", ".join(f"{key}={value!r}" for key, value in source.arguments.items())
    called = Markup("<p>{name}({given})</p>").format(
        name=source.attribute or source.main, given=given
    )
    files = (
        Markup("<details><summary>{path}</summary><pre>{text}</pre></details>").format(
            path=path, text=text
        )
        for path, text in source.files.items()
    )
    return Markup("<h3>Source</h3>") + called + Markup("").join(files)


def _actions(record: NetworkRecord, base_url: str) -> Markup:
    """Return links to the submit form, which JupyterLab opens where it is, and to an archive."""
    name = record.description.name
    types = [("Train", "LEARN"), *([("Evaluate", "EVALUATE")] if record.tags else [])]
    download = Markup(
        '<a class="jp-PlatformPanel-action" href="{base}{path}" download '
        'data-jupyter-platform-download="{path}">Download</a>'
    ).format(base=base_url, path=f"jupyter-platform/api/networks/{quote(name)}/archive")
    forms = [
        Markup(
            '<a class="jp-PlatformPanel-action" href="{base}lab?submit&amp;type={type}&amp;'
            'network={name}" target="_blank" data-jupyter-platform-submit="{type}" '
            'data-jupyter-platform-network="{name}">{label}</a>'
        ).format(base=base_url, type=job_type, name=name, label=label)
        for label, job_type in types
    ]
    return Markup(" ").join([*forms, download])


def _facts(record: NetworkRecord) -> Markup:
    description, facts = record.description, record.facts
    pairs = [
        ("learns", task(record)),
        ("input", shape(facts.input_shape if facts else description.input_shape)),
        ("output", shape(facts.output_shape if facts else _outputs(record))),
        ("parameters", parameters(record)),
        ("from", record.origin),
        ("defaults", " ".join(f"{key}={item}" for key, item in description.defaults.items())),
    ]
    return definitions(pairs)


def _outputs(record: NetworkRecord) -> list[int] | None:
    outputs = record.description.outputs
    return None if outputs is None else [outputs]


def _layers(record: NetworkRecord) -> Markup:
    if record.facts is None:
        return Markup(
            "<p>Not known yet: no host has looked at this network. It is asked again.</p>"
        )
    if not record.facts.layers:
        return _described_layers(record.description)
    rows = [
        (
            layer.name,
            layer.type,
            "" if layer.output_shape is None else html.shape(layer.output_shape),
            f"{layer.parameters:,}",
        )
        for layer in record.facts.layers
    ]
    return table(("layer", "type", "output shape", ">parameters"), rows)


def _described_layers(description: NetworkDescription) -> Markup:
    if not description.layers:
        return Markup("<p>They are made by code, once the dataset is known.</p>")
    rows = [
        (
            layer.name or str(number),
            layer.type,
            " ".join(f"{key}={_argument(item)}" for key, item in layer.arguments.items()),
        )
        for number, layer in enumerate(description.layers, 1)
    ]
    return Markup("<p>Shapes and parameters follow from the dataset.</p>{}").format(
        table(("layer", "type", "arguments"), rows)
    )


def _argument(item: Any) -> str:
    return PLACES.get(item, item) if isinstance(item, str) else str(item)


def _tags(record: NetworkRecord, base_url: str, now: datetime) -> Markup:
    if not record.tags:
        line = f"%submit LEARN {record.description.name} DATASET"
        return Markup("<p>None yet. Train it: <code>{}</code></p>").format(line)
    newest = sorted(named_tags(record.tags), key=lambda item: item.updated_at, reverse=True)
    names = sorted({name for item in newest for kept in item.variants for name in kept.scores})
    headings = ("tag", "weights", ">steps", *(f">{plain_name(name)}" for name in names))
    rows = list(_tag_rows(newest, names, lambda item: _job(item, base_url), now))
    return table((*headings, "dataset", "job", "stored", "made with"), rows)


def _tag_rows(
    tags: Sequence[TagRecord],
    names: Sequence[str],
    job: Callable[[str | None], Markup],
    now: datetime,
) -> Iterator[tuple[str | Markup, ...]]:
    for item in tags:
        when = Markup('<time title="{}">{}</time>').format(
            utc(item.updated_at), ago(item.updated_at, now)
        )
        for kept in item.variants:
            scores = (_score(kept, name) for name in names)
            about = (item.dataset or "", job(kept.job or item.job), when, _origin(item.origin))
            yield (item.tag, kept.variant, f"{kept.step:,}", *scores, *about)


def _origin(origin: TagOrigin) -> Markup:
    """Return the origin of weights, with all options in a tooltip."""
    told = [
        origin.source and f"file {origin.source}",
        origin.torch and f"torch {origin.torch}",
        None if origin.seed is None else f"seed {origin.seed}",
        origin.options.get("method"),
    ]
    options = "\n".join(
        f"{key} = {item}" for key, item in sorted(origin.options.items()) if item is not None
    )
    return Markup('<span title="{}">{}</span>').format(
        options, " · ".join(str(item) for item in told if item)
    )


def _score(kept: TagVariant, name: str) -> str:
    return value(kept.scores[name]) if name in kept.scores else ""


def _job(job: str | None, base_url: str) -> Markup:
    if job is None:
        return Markup("")
    # JupyterLab opens the job where it is; elsewhere the address does.
    return Markup(
        '<a href="{0}lab?job={1}" target="_blank" data-jupyter-platform-job="{1}">{1}</a>'
    ).format(base_url, job)
