"""What the page of an item says, as HTML."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup

from jupyter_platform.panels.html import definitions, paragraph
from jupyter_platform.panels.marketplace.grid import KINDS, RUNS
from jupyter_platform.panels.marketplace.provenance import provenance_graph

if TYPE_CHECKING:
    from jupyter_platform.core.marketplace import ItemRecord, ItemResources

FORMATS = {"JSON": "json", "JSON-LD": "json-ld", "Turtle": "turtle"}
"""What metadata are offered in, with the word of the address."""


def head(record: ItemRecord) -> Markup:
    """Return title, summary, and what it needs to run."""
    runs = Markup(
        '<p class="jp-PlatformPanel-facts"><span class="jp-PlatformItems-runs" data-runs="{}">{}'
        '</span> <span class="jp-mod-quiet">{}</span></p>'
    ).format(record.runs, RUNS[record.runs], record.runs_reason)
    title = Markup("<h2>{}</h2>").format(record.title)
    problems = Markup("").join(
        Markup('<p class="jp-mod-noted">▲ {}</p>').format(problem) for problem in record.problems
    )
    return title + paragraph(record.summary) + runs + problems


def description(record: ItemRecord) -> Markup:
    """Return the description, which the catalogue has made harmless."""
    text = Markup(record.description_html)
    return Markup('<div class="jp-PlatformPanel-prose">{}</div>').format(text)


def facts(record: ItemRecord, base_url: str) -> Markup:
    """Return all that is known beside the description."""
    parts = [
        _badges(record),
        definitions(_pairs(record)),
        _section("Links", _links(record)),
        _section("Metadata", _downloads(record, base_url)),
    ]
    if record.provenance is not None and record.provenance.nodes:
        drawn = provenance_graph(record.provenance)
        rdf = _download(record, base_url, "provenance", "RDF")
        parts.append(_section("Provenance", drawn + Markup("<p>{}</p>").format(rdf)))
    return Markup("").join(parts)


def reasons(record: ItemRecord) -> Markup:
    """Return why some of the actions are not possible, a line each."""
    lines = [
        Markup("<li><b>{}</b>: {}</li>").format(action.label, action.reason)
        for action in record.deploy
        if not action.enabled
    ]
    if not lines:
        return Markup("")
    return Markup('<ul class="jp-PlatformPanel-reasons">{}</ul>').format(Markup("").join(lines))


def _pairs(record: ItemRecord) -> Iterable[tuple[str, str]]:
    metric = record.metric
    yield "Kind", KINDS[record.kind]
    if metric is not None:
        measured = f" on {metric.measured_on}" if metric.measured_on else ""
        yield "Score", f"{metric.name} {metric.value:.4g}{measured}"
    yield "Licence", record.license or ""
    yield "Tasks", ", ".join(record.tasks)
    yield "Libraries", ", ".join(record.libraries)
    yield "Data", ", ".join(record.data_types)
    yield "Categories", ", ".join(record.categories)
    yield "Tags", ", ".join(record.tags)
    yield "Created", record.created.isoformat() if record.created else ""
    yield "Updated", record.updated.isoformat() if record.updated else ""
    yield "Asks for", _resources(record.inference)
    yield "Training asks for", _resources(record.training)
    if record.recipe is not None:
        yield "Runs as", record.recipe.runtime
        yield "Services", ", ".join(record.recipe.services)
    if record.model is not None:
        yield "Model", record.model.id
        tokens = record.model.context_tokens
        yield "Context", f"{tokens:,} tokens" if tokens else ""
    yield "Made by job", record.job or ""
    yield "Retrained from", record.parent or ""
    yield "Deployments here", "" if record.popularity is None else f"{record.popularity:,}"
    yield "Source", record.source
    yield "Folder", record.folder or ""


def _resources(asked: ItemResources | None) -> str:
    if asked is None:
        return ""
    words = {
        "CPU": asked.cpu,
        "GPU": asked.gpu,
        "MB of memory": asked.memory_mb,
        "MB of GPU memory": asked.gpu_memory_mb,
        "MB of disk": asked.storage_mb,
    }
    return ", ".join(f"{amount:,} {unit}" for unit, amount in words.items() if amount)


def _badges(record: ItemRecord) -> Markup:
    drawn = Markup("").join(_linked(badge.url, Markup(badge.svg)) for badge in record.badges)
    return Markup('<p class="jp-PlatformPanel-badges">{}</p>').format(drawn) if drawn else drawn


def _linked(url: str | None, text: Markup | str) -> Markup:
    if url is None:
        return Markup("{}").format(text)
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(url, text)


def _links(record: ItemRecord) -> Markup:
    return Markup("").join(
        Markup("<li>{}</li>").format(_linked(link.url, link.label)) for link in record.links
    )


def _downloads(record: ItemRecord, base_url: str) -> Markup:
    return Markup("").join(
        Markup("<li>{}</li>").format(
            _download(record, base_url, f"metadata?format={word}", f"Metadata as {name}")
        )
        for name, word in FORMATS.items()
    )


def _download(record: ItemRecord, base_url: str, path: str, text: str) -> Markup:
    name = quote(record.name, safe="")
    address = f"jupyter-platform/api/marketplace/items/{name}/{path}"
    return Markup(
        '<a href="{base}{address}" download data-jupyter-platform-download="{address}">{text}</a>'
    ).format(base=base_url, address=address, text=text)


def _section(title: str, body: Markup) -> Markup:
    if not body:
        return body
    tag = "ul" if body.startswith("<li>") else "div"
    inside = Markup("<{0}>{1}</{0}>").format(Markup(tag), body)
    return Markup("<h3>{}</h3>{}").format(title, inside)
