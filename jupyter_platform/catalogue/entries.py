"""Entries of the index: what is made of an item's files once, when its source is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from jupyter_platform.catalogue.badges import badges_of, doi_of
from jupyter_platform.catalogue.descriptions import plain_text, render_description
from jupyter_platform.catalogue.licences import find_licence
from jupyter_platform.catalogue.provenance import read_provenance
from jupyter_platform.catalogue.reading import ReadMetadata
from jupyter_platform.core.marketplace import (
    ItemEntry,
    ItemKind,
    ItemLink,
    ItemMetric,
    ItemRecord,
    ItemResources,
    ModelFacts,
    RecipeSummary,
)
from jupyter_platform.core.recipes import Recipe

TOOLS = "AI4 tools"
TRAINABLE = "AI4 trainable"
LONGEST_URL = 2_000
_DOCKER_HUB = "https://hub.docker.com/r/"
_DOI_RESOLVER = "https://doi.org/"
_LABELS = {
    "source_code": "Source code",
    "issues": "Report an issue",
    "dataset": "Dataset",
    "docker_image": "Container image",
    "documentation": "Documentation",
    "weights": "Weights",
    "citation": "Citation",
    "base_model": "Base model",
    "zenodo_doi": "Zenodo record",
}
"""The links that are shown, in order."""


@dataclass(frozen=True)
class ItemFiles:
    """What a source found of one item."""

    name: str
    metadata: ReadMetadata
    readme: str = ""
    """Markdown that is shown instead of the metadata's description."""
    recipe: Recipe | None = None
    folder: str | None = None
    kind: ItemKind | None = None
    """None: told from the categories."""
    license: str | None = None
    metric: ItemMetric | None = None
    has_picture: bool = False
    model: ModelFacts | None = None
    problems: tuple[str, ...] = field(default=())


def make_entry(files: ItemFiles, source: str) -> ItemEntry:
    """Return the index's entry of an item.

    Parameters
    ----------
    files : ItemFiles
        What was found of it.
    source : str
        Name of the source.
    """
    data = files.metadata.data
    description = render_description(files.readme or data["description"])
    links = _links(data)
    resources = data.get("resources") or {}
    licence_text = files.license or data.get("license")
    licence = find_licence(licence_text) if isinstance(licence_text, str) and licence_text else None
    doi = doi_of(data.get("doi"), data["links"].get("zenodo_doi"))
    recipe = files.recipe
    dates = data.get("dates") or {}
    record = ItemRecord(
        name=files.name,
        kind=files.kind or ("tool" if TOOLS in data["categories"] else "module"),
        title=data["title"],
        summary=data["summary"],
        source=source,
        libraries=data["libraries"],
        tasks=data["tasks"],
        categories=data["categories"],
        tags=data["tags"],
        data_types=data.get("data-type", []),
        license=None if licence is None else licence.name,
        created=_day(dates.get("created")),
        updated=_day(dates.get("updated")),
        metric=files.metric,
        model=files.model,
        valid=files.metadata.valid,
        problems=[*files.metadata.problems, *files.problems],
        has_picture=files.has_picture,
        description_html=description,
        license_url=None if licence is None else licence.url,
        links=links,
        badges=badges_of(doi, _web_address(data["links"].get("cicd_url"))),
        inference=_resources(resources.get("inference")),
        training=_resources(resources.get("training")),
        provenance=read_provenance(data, files.name),
        recipe=None if recipe is None else _summary(recipe, data),
        metadata=data,
        folder=files.folder,
        **_lineage(data),
    )
    image = data["links"].get("docker_image") if recipe is None else recipe.image
    gpus = (resources.get("inference") or {}).get("gpu") or 0
    return ItemEntry(
        record=record,
        text=plain_text(description),
        recipe=recipe,
        image=_image_name(image),
        gpus=gpus if recipe is None else max(gpus, recipe.resources.gpus),
    )


def _links(data: Mapping[str, Any]) -> list[ItemLink]:
    given = {key: value for key, value in data["links"].items() if isinstance(value, str)}
    source = given.get("source_code", "")
    if urlsplit_host(source) in ("github.com", "gitlab.com"):
        given["issues"] = source.rstrip("/").removesuffix(".git") + "/issues"
    image = _image_name(given.get("docker_image"))
    if image is not None and "/" in image and "." not in image.partition("/")[0]:
        given["docker_image"] = _DOCKER_HUB + image
    for key in ("dataset", "zenodo_doi", "citation"):
        if (doi := doi_of(given.get(key))) and not given[key].startswith("http"):
            given[key] = _DOI_RESOLVER + doi
    found = []
    for kind, label in _LABELS.items():
        if (url := _web_address(given.get(kind))) is not None:
            found.append(ItemLink(kind=kind, label=label, url=url))
    return found


def urlsplit_host(url: str) -> str | None:
    """Return the host of an address; None where there is none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _web_address(url: Any) -> str | None:
    if not isinstance(url, str) or len(url) > LONGEST_URL or not url.isprintable():
        return None
    is_web = url.startswith(("http://", "https://")) and urlsplit_host(url)
    return url if is_web and not set(url) & set("\"'<> ") else None


def _image_name(image: str | None) -> str | None:
    if not image:
        return None
    return image.removeprefix(_DOCKER_HUB).removeprefix("docker://").strip("/ ")


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


def _resources(found: Any) -> ItemResources | None:
    if not found:
        return None
    return ItemResources(
        cpu=found.get("cpu"),
        gpu=found.get("gpu"),
        memory_mb=found.get("memory_MB"),
        gpu_memory_mb=found.get("gpu_memory_MB"),
        gpu_compute_capability=found.get("gpu_compute_capability"),
        storage_mb=found.get("storage_MB"),
    )


def _summary(recipe: Recipe, data: Mapping[str, Any]) -> RecipeSummary:
    return RecipeSummary(
        runtime=recipe.runtime,
        services=list(recipe.services),
        main=recipe.main_service,
        own_environment=recipe.environment is not None,
        download_bytes=sum(item.size for item in recipe.downloads),
        trainable=TRAINABLE in data["categories"],
    )


def _lineage(data: Mapping[str, Any]) -> dict[str, str | None]:
    """Return where a published item comes from, as its provenance has it."""
    found = data.get("provenance")
    told = found if isinstance(found, Mapping) else {}
    return {
        key: str(told[key]) if told.get(key) else None
        for key in ("parent", "job", "network", "tag")
    }
