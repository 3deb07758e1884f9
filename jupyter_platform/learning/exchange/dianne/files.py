"""DIANNE's files: ``modules.txt`` in both of its forms, and weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.errors import InvalidDataError, shortened
from jupyter_platform.learning.exchange.loose_json import parse_loose

MODULES = "modules.txt"
UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_STRUCTURE = frozenset({"id", "type", "next", "prev", "properties"})
PREFIX = 4
"""Bytes of a weights file that say how many values follow."""
_VALUE = 4
"""Bytes of each of them."""
NO_TAG = ("", "last")
"""Tag and variant of weights that have neither."""

Values = NDArray[np.float32]


@dataclass
class Module:
    """One entry of ``modules.txt``."""

    id: str
    type: str
    next: list[str] = field(default_factory=list)
    """Modules that it feeds, in the order of its outputs."""
    prev: list[str] = field(default_factory=list)
    """Modules that feed it, in the order of its inputs."""
    config: dict[str, str] = field(default_factory=dict)
    """By lower-case key."""

    @property
    def label(self) -> str:
        """How errors name it."""
        return f"Module {self.id} ({shortened(self.type)})"

    def has(self, key: str) -> bool:
        """Return whether there is a value; an empty one counts as none, as in DIANNE."""
        return bool(self.config.get(key.lower()))

    def integer(self, key: str, default: int | None = None) -> int:
        """Return a whole number.

        Parameters
        ----------
        key : str
            Name of the property.
        default : int, optional
            Value where it is not given; None: it must be.

        Raises
        ------
        InvalidDataError
            If there is none and no default, or it is anything else.
        """
        number = self.number(key, default)
        if number != int(number):
            raise self._bad(key, "a whole number")
        return int(number)

    def number(self, key: str, default: float | None = None) -> float:
        """Return a finite number.

        Parameters
        ----------
        key : str
            Name of the property.
        default : float, optional
            Value where it is not given; None: it must be.

        Raises
        ------
        InvalidDataError
            If there is none and no default, or it is anything else.
        """
        if not self.has(key) and default is not None:
            return default
        try:
            number = float(self.text(key))
        except ValueError as error:
            raise self._bad(key, "a number") from error
        if not np.isfinite(number):
            raise self._bad(key, "a finite number")
        return number

    def flag(self, key: str) -> bool:
        """Return whether a value says true."""
        return self.has(key) and self.text(key).lower() == "true"

    def text(self, key: str) -> str:
        """Return a value.

        Raises
        ------
        InvalidDataError
            If there is none.
        """
        if not self.has(key):
            known = ", ".join(self.config) or "none"
            raise InvalidDataError(f"{self.label} lacks {key!r}; its keys are: {known}.")
        return self.config[key.lower()]

    def _bad(self, key: str, accepted: str) -> InvalidDataError:
        shown = shortened(self.text(key))
        return InvalidDataError(f"{self.label}: {key} = {shown!r} is not accepted; {accepted} is.")


def parse_modules(data: bytes) -> tuple[str | None, dict[str, Module]]:
    """Read ``modules.txt``.

    Parameters
    ----------
    data : bytes
        ``{"name", "properties", "modules": {id: module}}``, or only the modules by id, as JSON
        that may hold comments. The oldest files write keys as ``module.linear.input``.

    Returns
    -------
    name : str or None
    modules : dict
        By id, in the order of the file.

    Raises
    ------
    InvalidDataError
        If it is anything else.
    """
    try:
        content = parse_loose(data)
    except (ValueError, RecursionError) as error:
        raise InvalidDataError(f"{MODULES} is no JSON: {error}.") from error
    name = None
    if isinstance(content, dict) and isinstance(content.get("modules"), dict):
        name = content.get("name") if isinstance(content.get("name"), str) else None
        content = content["modules"]
    if not isinstance(content, dict) or not content:
        raise InvalidDataError(f"{MODULES} holds no modules by id.")
    modules: dict[str, Module] = {}
    for key, entry in content.items():
        module = _module(str(key), entry)
        if module.id in modules:
            raise InvalidDataError(f"{MODULES} holds two modules with the id {module.id}.")
        modules[module.id] = module
    return name, modules


def _module(key: str, entry: Any) -> Module:
    if not isinstance(entry, dict):
        raise InvalidDataError(f"{MODULES}: {shortened(key)!r} is no module: it is not an object.")
    fields = _by_last_word(entry)
    kind = fields.get("type")
    if not isinstance(kind, str) or not kind.strip():
        raise InvalidDataError(f"{MODULES}: module {shortened(key)!r} has no type.")
    nested = fields.get("properties")
    config = {**fields, **(_by_last_word(nested) if isinstance(nested, dict) else {})}
    return Module(
        id=str(fields.get("id") or key).strip().lower(),
        type=kind.strip(),
        next=_ids(fields.get("next")),
        prev=_ids(fields.get("prev")),
        config={
            name.lower(): _text(value) for name, value in config.items() if name not in _STRUCTURE
        },
    )


def _by_last_word(entry: dict[str, Any]) -> dict[str, Any]:
    return {name.rpartition(".")[2].strip(): value for name, value in entry.items()}


def _ids(value: Any) -> list[str]:
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return []
    return list(dict.fromkeys(str(item).strip().lower() for item in value if str(item).strip()))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value).strip()


def check_length(begin: bytes, length: int, name: str) -> int:
    """Return how many values a weights file holds.

    Parameters
    ----------
    begin : bytes
        Its first `PREFIX` bytes, or more.
    length : int
        Bytes of all of it.
    name : str
        The file, for errors.

    Raises
    ------
    InvalidDataError
        If the file is cut short, too long or empty.
    """
    prefix = begin[:PREFIX]
    count = int.from_bytes(prefix, "big", signed=True) if len(prefix) == PREFIX else -1
    wanted = PREFIX + _VALUE * count
    if count < 0 or length != wanted:
        says = "begins with no number of values"
        if count >= 0:
            says = f"says that it holds {count:,} values, {wanted:,} bytes"
        raise InvalidDataError(
            f"The weights file {name} {says}; it has {length:,} bytes. It is damaged or cut short."
        )
    return count


def parse_weights(data: bytes, name: str) -> Values:
    """Read a weights file: a big-endian int32 n, then n big-endian float32.

    Parameters
    ----------
    data : bytes
        Content of the file.
    name : str
        Its name, for messages.

    Raises
    ------
    InvalidDataError
        If the file is cut short, too long or empty.
    """
    count = check_length(data, len(data), name)
    return np.frombuffer(data, ">f4", count, PREFIX).astype(np.float32)


def sort_by_tag(names: Mapping[str, str]) -> dict[tuple[str, str], dict[str, str]]:
    """Sort weights files by what they are weights of.

    Parameters
    ----------
    names : mapping
        File name ``<module id>[-<tag>[-best|-<iteration>]]`` to whatever stands for the file.

    Returns
    -------
    dict
        Tag and variant to module id to file. Files without a tag are under the tag ``""``.
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    for name, place in names.items():
        match = re.fullmatch(rf"({UUID})(?:-(.+))?", name)
        if match is not None:
            module, rest = match.group(1).lower(), match.group(2) or ""
            found.setdefault(_tag_and_variant(rest), {})[module] = place
    return found


def _tag_and_variant(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"(?:(.*)-)?(best|\d+)", text)
    # A UUID may end in digits alone; then they are no iteration.
    if match is None or re.fullmatch(UUID, text):
        return text, "last"
    return match.group(1) or "", match.group(2)
