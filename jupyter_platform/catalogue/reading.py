"""Reading metadata as people write them: older versions, typos, unquoted dates."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import yaml

from jupyter_platform.catalogue.migration import is_version_1, migrate
from jupyter_platform.catalogue.schema import CHOICES, OLD_KEYS, VERSION, Metadata, schema_faults
from jupyter_platform.core.errors import nearest
from jupyter_platform.core.marketplace import INVALID_TAG
from jupyter_platform.runtime.bounded import BoundsError, parse_json, parse_yaml

LONGEST_TITLE = 300
LONGEST_SUMMARY = 2_000
MOST_TAGS = 100
LONGEST_TAG = 200
_KNOWN_KEYS = frozenset((field.alias or name) for name, field in Metadata.model_fields.items()) | {
    "provenance",
    "license",
}
_OLD_LINKS = {
    "dataset_url": "dataset",
    "cite_url": "citation",
    "training_files_url": "weights",
    "training_data": "dataset",
    "pre_trained_weights": "weights",
    "code": "source_code",
}
"""Keys that files give a link under, and the schema's."""
_LISTS = ("libraries", "tasks", "categories", "tags", "data-type")
_REQUIRED_TEXTS = ("title", "summary", "description")


@dataclass
class ReadMetadata:
    """Metadata of an item, as far as they could be read."""

    data: dict[str, Any]
    """They agree with schema 2.3, unless `valid` is False."""
    valid: bool
    problems: list[str] = field(default_factory=list)
    """What had to be mended, or why nothing could be read; sentences."""


def read_metadata(text: str, name: str) -> ReadMetadata:
    """Read a file ``ai4-metadata.yml`` of any version; what is broken becomes a placeholder.

    Parameters
    ----------
    text : str
        Content of the file, YAML or JSON.
    name : str
        Name of the item, for the placeholder.
    """
    try:
        # YAML refuses the tabs that JSON may be indented by.
        found = parse_json(text) if text.lstrip().startswith("{") else parse_yaml(text)
    except BoundsError as error:
        return placeholder(name, f"The metadata are not read: {error}.")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return placeholder(name, f"The metadata are no YAML or JSON: {_place(error)}.")
    return normalise(found, name)


def normalise(found: Any, name: str) -> ReadMetadata:
    """Bring metadata of any version to schema 2.3, saying what was mended.

    Parameters
    ----------
    found : Any
        What stands in the file.
    name : str
        Name of the item, for the placeholder.
    """
    if not isinstance(found, dict) or not found:
        return placeholder(name, "The metadata hold no keys and values.")
    problems: list[str] = []
    data = _plain(found, "", problems)
    if is_version_1(data):
        data = migrate(data)
        problems.append(f"Metadata of version 1, brought to {VERSION}.")
    _mend_keys(data, problems)
    _mend_links(data, problems)
    _mend_texts(data, name, problems)
    _mend_lists(data, problems)
    _mend_rest(data, problems)
    if faults := schema_faults(data):
        return placeholder(name, *faults)
    return ReadMetadata(data, valid=True, problems=problems)


def placeholder(name: str, *problems: str) -> ReadMetadata:
    """Return metadata that stand for those that cannot be read.

    Parameters
    ----------
    name : str
        Name of the item.
    *problems : str
        Why, in sentences.
    """
    data = {
        "metadata_version": VERSION,
        "title": name,
        "summary": "The metadata of this item cannot be read.",
        "description": "The metadata of this item cannot be read; ask those who maintain it.",
        "links": {"source_code": ""},
        "libraries": [],
        "tasks": [],
        "categories": [],
        "tags": [INVALID_TAG],
    }
    return ReadMetadata(data, valid=False, problems=list(problems))


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error) or type(error).__name__
    where = "" if mark is None else f", line {mark.line + 1}"
    return f"{what[:200]}{where}"


def _plain(value: Any, place: str, problems: list[str]) -> Any:
    """Return a value of YAML as JSON has it."""
    if isinstance(value, dict):
        return {
            str(key): _plain(item, f"{place}.{key}".lstrip("."), problems)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set):
        return [_plain(item, place, problems) for item in value]
    if isinstance(value, datetime | date):
        problems.append(f"{place}: an unquoted date; quote it, since YAML makes it no text.")
        return (value.date() if isinstance(value, datetime) else value).isoformat()
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def _mend_keys(data: dict[str, Any], problems: list[str]) -> None:
    for key in [key for key in data if key not in _KNOWN_KEYS and key not in OLD_KEYS]:
        meant = _meant(key)
        if meant is not None and meant not in data:
            data[meant] = data.pop(key)
            problems.append(f"{key}: read as {meant!r}.")
        elif key not in _OLD_LINKS:
            problems.append(f"{key}: no key of schema {VERSION}; it is left as it is.")


def _meant(key: str) -> str | None:
    known = [name for name in _KNOWN_KEYS if abs(len(name) - len(key)) <= 2]
    near = nearest(key.replace("_", "-") if "data" in key else key, known)
    if near is None:
        return None
    return near if _distance(key.lower(), near.lower()) <= 2 else None


def _distance(left: str, right: str) -> int:
    """Return the number of letters that must change (Levenshtein)."""
    row = list(range(len(right) + 1))
    for number, letter in enumerate(left, 1):
        above, row[0] = row[0], number
        for place, other in enumerate(right, 1):
            above, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, above + (letter != other)),
            )
    return row[-1]


def _mend_links(data: dict[str, Any], problems: list[str]) -> None:
    links = data.get("links")
    if not isinstance(links, dict):
        if links is not None:
            problems.append("links: no keys and values; they are left out.")
        links = {}
    _move_old_links(data, "", links, problems)
    _move_old_links(links, "links.", links, problems)
    for key, value in list(links.items()):
        if not isinstance(value, str):
            del links[key]
            if value is not None:
                problems.append(f"links.{key}: no text; it is left out.")
    if not links.get("source_code"):
        links["source_code"] = ""
        problems.append("links.source_code is missing.")
    data["links"] = links


def _move_old_links(
    holder: dict[str, Any], prefix: str, links: dict[str, Any], problems: list[str]
) -> None:
    """Take links that stand under a key of old, unless the right key has one."""
    for old, new in _OLD_LINKS.items():
        url = holder.pop(old, None)
        if isinstance(url, str) and url and not links.get(new):
            links[new] = url
            problems.append(f"{prefix}{old}: read as 'links.{new}'.")
        elif url:
            problems.append(f"{prefix}{old}: no key of schema {VERSION}; left out.")


def _mend_texts(data: dict[str, Any], name: str, problems: list[str]) -> None:
    for key in _REQUIRED_TEXTS:
        value = data.get(key)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            data[key] = "\n".join(value)
            problems.append(f"{key}: a list; its lines are joined.")
        elif isinstance(value, bool | int | float):
            data[key] = str(value)
            problems.append(f"{key}: no text; quote it.")
        elif value is None:
            data[key] = name if key == "title" else ""
            problems.append(f"{key} is missing.")
    for key, longest in (("title", LONGEST_TITLE), ("summary", LONGEST_SUMMARY)):
        if isinstance(data[key], str):
            joined = " ".join(data[key].split())
            data[key] = joined if len(joined) <= longest else joined[: longest - 1] + "…"
            if len(joined) > longest:
                problems.append(f"{key}: cut to {longest:,} characters.")
    for key in [key for key in OLD_KEYS if key in data]:
        del data[key]
        problems.append(f"{key}: a key of version 1; left out.")
    if data.get("doi", "") is None:
        del data["doi"]


def _mend_lists(data: dict[str, Any], problems: list[str]) -> None:
    for key in _LISTS:
        if data.get(key) is None and key == "data-type":
            data.pop(key, None)
            continue
        value = data.get(key)
        if value is None:
            problems.append(f"{key} is missing.")
        data[key] = _mended_list(key, [] if value is None else value, problems)


def _mended_list(key: str, value: Any, problems: list[str]) -> list[str]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
        problems.append(f"{key}: one text; read as a list.")
    if not isinstance(value, list):
        problems.append(f"{key}: no list; left out.")
        return []
    found = [text for item in value if (text := _mended_value(key, item, problems))]
    kept = list(dict.fromkeys(found))[:MOST_TAGS]
    if len(found) > len(kept):
        problems.append(f"{key}: a value stands twice, or there are more than {MOST_TAGS}.")
    return kept


def _mended_value(key: str, item: Any, problems: list[str]) -> str:
    text = item if isinstance(item, str) else "" if item is None else str(item)
    if not isinstance(item, str):
        problems.append(f"{key}: {item!r} is no text; quote it.")
    if key not in CHOICES:
        return text.strip()[:LONGEST_TAG]
    if text in CHOICES[key]:
        return text
    alike = {_letters(choice): choice for choice in CHOICES[key]}
    meant = alike.get(_letters(text))
    if meant is None and "Other" in CHOICES[key]:
        meant = "Other"
    known = ", ".join(CHOICES[key])
    shown = text[:50]
    if meant is None:
        problems.append(f"{key}: {shown!r} is unknown; left out. Known: {known}.")
        return ""
    problems.append(f"{key}: {shown!r} is read as {meant!r}. Known: {known}.")
    return meant


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _mend_rest(data: dict[str, Any], problems: list[str]) -> None:
    version = data.get("metadata_version")
    if not isinstance(version, str) or not re.fullmatch(r"\d+\.\d+\.\d+", version):
        data["metadata_version"] = VERSION
        problems.append(f"metadata_version: {str(version)[:30]!r}; {VERSION} is taken.")
    for key in ("dates", "resources", "doi"):
        if key not in data:
            continue
        rest = {**_NOTHING_ELSE, key: data[key]}
        if faults := schema_faults(rest):
            del data[key]
            problems += [f"{fault.rstrip('.')}; {key} are left out." for fault in faults]


_NOTHING_ELSE: dict[str, Any] = {
    "metadata_version": VERSION,
    "title": "",
    "summary": "",
    "description": "",
    "links": {"source_code": ""},
    "libraries": [],
    "tasks": [],
    "categories": [],
    "tags": [],
}
"""The least that is valid, to check one more key by itself."""
