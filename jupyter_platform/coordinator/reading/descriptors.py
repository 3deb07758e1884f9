"""Reading descriptors that people write by hand, in JSON or YAML."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ConfigDict, Field, ValidationError

from jupyter_platform.coordinator.reading import dianne_datasets
from jupyter_platform.core.datasets import (
    PARTS,
    PATH,
    REFERENCES,
    DatasetDescriptor,
    check_dataset_name,
)
from jupyter_platform.core.errors import InvalidDataError, nearest, shortened
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.core.records import Record
from jupyter_platform.runtime.bounded import (
    LARGEST_BYTES,
    parse_json,
    parse_yaml,
    read_text,
)
from jupyter_platform.runtime.names import name_from

SUFFIXES = (".json", ".yaml", ".yml")
_MARKS = frozenset({"kind", "type", "adapter", "dataset", "name"})
"""Keys that tell a descriptor from other files in a folder of data: it has at least one."""
_OURS = frozenset({"learnt", "pinned"})
"""Fields of a descriptor that the platform alone fills in."""
_TEXTS = ("classes", "features", "inputs", "exclude")
_ADAPTED_KEYS = frozenset({"name", "title", "summary", "dataset", "adapters"})


class DescriptorFile(Record):
    """The content of one file."""

    model_config = ConfigDict(frozen=True)

    name: str
    path: Path
    descriptor: DatasetDescriptor | None = None
    """None where it is broken, or describes another dataset through adapters."""
    base: str | None = None
    """Name of the dataset that it adapts."""
    changes: dict[str, Any] = Field(default_factory=dict)
    """Keys that override the base dataset's."""
    problem: str | None = None
    """Why it cannot be used, as a sentence."""


def read_descriptor(path: Path, *, nested: bool) -> DescriptorFile | None:
    """Read a file of the watched folder.

    Parameters
    ----------
    path : Path
        A JSON or YAML file.
    nested : bool
        Whether it lies in a folder of data, where such files need not be descriptors.

    Returns
    -------
    DescriptorFile or None
        None where it is no descriptor.
    """
    name = path.stem
    try:
        if path.stat().st_size > LARGEST_BYTES:
            if nested:
                return None
            raise InvalidDataError(f"it is larger than {LARGEST_BYTES:,} bytes, so it holds data")
        content = _parse(path)
        own = _OURS & content.keys() if isinstance(content, dict) else set()
        if own:
            raise InvalidDataError(_unknown_key(min(own), []))
        is_descriptor = isinstance(content, dict) and not _MARKS.isdisjoint(content)
        if nested and not is_descriptor:
            return None
        if not isinstance(content, dict):
            raise InvalidDataError("it holds no object of keys and values")
        name = str(content.get("name") or name_from(path.stem, "dataset"))
        check_dataset_name(name)
        return _described({str(key): value for key, value in content.items()}, path, name)
    except (InvalidDataError, OSError, ValueError) as error:
        return DescriptorFile(name=name, path=path, problem=_sentence(path, error))


def _parse(path: Path) -> Any:
    try:
        text = read_text(path)
        return parse_json(text) if path.suffix == ".json" else parse_yaml(text)
    except UnicodeDecodeError as error:
        raise InvalidDataError(f"byte {error.start} is no UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise InvalidDataError(
            f"line {error.lineno}, column {error.colno}, is no JSON: {error.msg}"
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}, " if mark else ""
        is_tab = re.search(r"\\t|\btab\b", str(error.problem)) is not None
        hint = "; indent with spaces, not tabs" if is_tab else ""
        raise InvalidDataError(f"{place}is no YAML: {error.problem}{hint}") from error
    except yaml.YAMLError as error:
        raise InvalidDataError(f"it is no YAML: {str(error).splitlines()[0]}") from error


def _described(content: dict[str, Any], path: Path, name: str) -> DescriptorFile:
    if dianne_datasets.is_dianne(content):
        content = dianne_datasets.translate(content, path.parent)
    if "dataset" in content:
        return _adapted(content, path, name)
    if "kind" not in content:
        raise InvalidDataError("key 'kind' is missing: it says what the data are")
    if "adapters" in content:
        content["adapters"] = _adapter_options(content["adapters"])
    for key in _TEXTS:
        if key in content:
            content[key] = _texts(content[key], key)
    if isinstance(content.get("target"), int | list):
        target = _texts(content["target"], "target")
        content["target"] = target if isinstance(content["target"], list) else target[0]
    content["name"] = name
    _refer(content, path.parent)
    try:
        descriptor = DatasetDescriptor.model_validate(content)
    except ValidationError as error:
        raise InvalidDataError(_first_fault(error, list(DatasetDescriptor.model_fields))) from error
    return DescriptorFile(name=name, path=path, descriptor=descriptor)


def _adapted(content: dict[str, Any], path: Path, name: str) -> DescriptorFile:
    unknown = [key for key in content if key not in _ADAPTED_KEYS]
    if unknown:
        raise InvalidDataError(_unknown_key(unknown[0], sorted(_ADAPTED_KEYS)))
    changes: dict[str, Any] = {
        key: str(content[key]) for key in ("title", "summary") if key in content
    }
    options = _adapter_options(content.get("adapters", {}))
    base, changes = str(content["dataset"]), {**changes, "adapters": options}
    return DescriptorFile(name=name, path=path, base=base, changes=changes)


def _adapter_options(given: Any) -> dict[str, Any]:
    """Return adapter options, checked, in our spelling."""
    if not isinstance(given, dict):
        raise InvalidDataError("adapters: an object of options is wanted")
    spellings = AdapterOptions.spellings()
    ours = {spellings.get(str(key), str(key)): value for key, value in given.items()}
    try:
        options = AdapterOptions.model_validate(ours)
    except ValidationError as error:
        known = [*AdapterOptions.model_fields, *spellings]
        raise InvalidDataError(f"adapters: {_first_fault(error, known)}") from error
    return options.model_dump(mode="json", exclude_unset=True)


def _texts(value: Any, key: str) -> list[str]:
    """Return names as text: in YAML some are numbers, and yes and no are truth values."""
    found = value if isinstance(value, list) else [value]
    if any(isinstance(item, bool | None) for item in found):
        raise InvalidDataError(f"{key}: put names that YAML takes for something else into quotes")
    return [str(item) for item in found]


def _refer(content: dict[str, Any], folder: Path) -> None:
    """Turn names of files, which count from the descriptor's folder, into references."""
    for key in ("file", "labels"):
        if isinstance(content.get(key), str):
            content[key] = _reference(content[key], folder)
    for key in PARTS:
        given = content.get(key)
        names = [given] if isinstance(given, str) else given
        if isinstance(names, list) and all(isinstance(item, str) for item in names):
            content[key] = [_reference(item, folder) for item in names]


def _reference(name: str, folder: Path) -> str:
    if name.startswith(REFERENCES) and not name.startswith(PATH):
        return name
    path = Path(name.removeprefix(PATH)).expanduser()
    return f"{PATH}{os.path.normpath(folder / path)}"


def _first_fault(error: ValidationError, known: list[str]) -> str:
    item = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return _unknown_key(name, known)
    text = str(item["msg"]).removeprefix("Value error, ")
    if name.startswith("splits.") and item["type"] in ("tuple_type", "missing", "int_parsing"):
        text = "a range of samples is wanted, such as [0, 100], which ends before its second number"
    if not name:
        return text
    return f"{name} = {shortened(str(item['input']))!r}: {text[0].lower()}{text[1:]}"


def _unknown_key(name: str, known: list[str]) -> str:
    near = nearest(name, known)
    return f"key {name!r} is unknown" + (f"; did you mean {near!r}?" if near else "")


def _sentence(path: Path, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    text = f"{path.name} cannot be used: {reason}"
    return text if text.endswith((".", "?")) else f"{text}."
