"""A list of models of another zoo, or of language models, which a tool of ours deploys.

JSON of a file or an address: a list of objects, an object of them by id, or one with such a list
under ``models`` or ``items``. Of each the keys are read that the BioImage Model Zoo, Hugging Face
and AI4OS have; `docs/marketplace.md` lists them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jupyter_platform.catalogue.entries import ItemFiles
from jupyter_platform.catalogue.reading import normalise
from jupyter_platform.coordinator.marketplace.sources.base import (
    MOST_ITEMS,
    Gathered,
    SourceError,
    Workplace,
)
from jupyter_platform.coordinator.marketplace.sources.fetching import Fetcher, web_address
from jupyter_platform.core.marketplace import ItemKind, ModelFacts
from jupyter_platform.core.settings import SourceSettings
from jupyter_platform.runtime.bounded import BoundsError, parse_json, read_text
from jupyter_platform.runtime.names import free_name, name_from

_LISTS = ("models", "items", "collection")
_TOOLS: dict[ItemKind, str] = {"model": "ai4os-ai4life-loader", "llm": "ai4os-llm"}
"""Item that deploys the models of a list that names none."""


def read(settings: SourceSettings, place: Workplace) -> Gathered:
    """Return the models of a list.

    Parameters
    ----------
    settings : SourceSettings
        The source.
    place : Workplace
        Where it may keep what it brings.
    """
    del place  # it brings nothing that is kept
    kind: ItemKind = "llm" if settings.items == "llm" else "model"
    tool = settings.tool or _TOOLS[kind]
    gathered, taken = Gathered(), set[str]()
    for identifier, model in _models(_content(settings.location)):
        if len(gathered.items) >= MOST_ITEMS:
            gathered.problems.append(
                f"There are more than {MOST_ITEMS:,} models; the rest is left."
            )
            break
        if not identifier or not isinstance(model, Mapping):
            gathered.problems.append(f"{str(model)[:100]!r} is no model with an id.")
            continue
        name = free_name(name_from(identifier.replace("/", "-"), kind), taken)
        taken.add(name)
        gathered.items.append(_item(name, identifier, model, kind, tool))
    return gathered


def _content(location: str) -> Any:
    if location.startswith(("http://", "https://")):
        with Fetcher() as fetcher:
            return fetcher.json(web_address(location))
    path = Path(location).expanduser()
    if not path.is_absolute():
        raise SourceError(f"{location!r} is neither an absolute path nor an address.")
    try:
        return parse_json(read_text(path))
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    except (BoundsError, ValueError) as error:
        raise SourceError(f"{path} is not read: {error}.") from error


def _models(content: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(content, Mapping):
        inner = next((content[key] for key in _LISTS if isinstance(content.get(key), list)), None)
        if inner is None:
            yield from ((str(key), value) for key, value in content.items())
            return
        content = inner
    if not isinstance(content, list):
        raise SourceError("The content is no list of models.")
    for model in content:
        found = _first(model, "id", "model_id", "name") if isinstance(model, Mapping) else None
        yield str(found or ""), model


def _item(
    name: str, identifier: str, model: Mapping[str, Any], kind: ItemKind, tool: str
) -> ItemFiles:
    summary = _text(model, "summary", "description")
    links = {"source_code": _text(model, "git_repo", "source_code", "repository")}
    for key, names in _LINKS.items():
        if url := _text(model, *names):
            links[key] = url
    data = {
        "metadata_version": "2.3.0",
        "title": _text(model, "title", "nickname", "name") or identifier,
        "summary": summary.partition("\n")[0],
        "description": _text(model, "description", "documentation_text", "summary"),
        "links": links,
        "libraries": _words(model, "libraries"),
        "tasks": _words(model, "tasks")
        or ["Natural Language Processing" if kind == "llm" else "Other"],
        "categories": ["AI4 inference", "AI4 pre trained"],
        "tags": _words(model, "tags"),
        "data-type": _words(model, "data-type") or ["Text" if kind == "llm" else "Image"],
    }
    metadata = normalise(data, name)
    # A list of another zoo has no page of source code, and need not have one.
    metadata.problems = [text for text in metadata.problems if "source_code" not in text]
    context = _first(model, "context", "context_length", "context_tokens", "max_model_len")
    licence = _text(model, "license", "licence")
    facts = ModelFacts(
        id=identifier,
        tool=tool,
        family=_text(model, "family") or _family(identifier),
        context_tokens=context if isinstance(context, int) else None,
        needs_token=bool(_first(model, "needs_token", "gated", "needs_HF_token")),
        url=_web(_text(model, "url", "link")) or _hub(identifier, kind),
    )
    return ItemFiles(name, metadata, kind=kind, license=licence or None, model=facts)


_LINKS = {
    "documentation": ("documentation",),
    "weights": ("weights_url", "download_url"),
    "citation": ("citation", "cite_url"),
}


def _first(model: Mapping[str, Any], *names: str) -> Any:
    return next((model[name] for name in names if model.get(name) not in (None, "")), None)


def _text(model: Mapping[str, Any], *names: str) -> str:
    value = _first(model, *(name for name in names if isinstance(model.get(name), str)))
    return "" if value is None else str(value)


def _words(model: Mapping[str, Any], name: str) -> list[str]:
    value = model.get(name)
    return [str(word) for word in value if isinstance(word, str)] if isinstance(value, list) else []


def _web(url: str) -> str | None:
    return url if url.startswith(("http://", "https://")) else None


def _hub(identifier: str, kind: ItemKind) -> str | None:
    return f"https://huggingface.co/{identifier}" if kind == "llm" and "/" in identifier else None


def _family(identifier: str) -> str:
    """Return the family that a model's name begins with: Qwen2.5-7B is a Qwen."""
    name = identifier.rpartition("/")[2]
    letters = "".join(letter if letter.isalpha() else " " for letter in name).split()
    return letters[0] if letters else ""
