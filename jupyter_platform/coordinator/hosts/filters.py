r"""Filters that choose hosts (DIANNE: ``targetFilter``).

A strict subset of RFC 1960, "A String Representation of LDAP Search Filters":
``(&(arch=x86_64)(|(gpu=*H200*)(memory>=64GB))(!(name=old)))``. Names and texts are compared without
regard to case; ``\`` takes their meaning from ``( ) * \`` in a value. What a host lacks matches
nothing.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.units import parse_bytes

TEXTS = ("name", "id", "arch", "os", "ip", "gpu", "site", "role", "runtime")
FLAGS = {"learn": "learner", "evaluate": "evaluator", "act": "agent", "run": "runner"}
"""Attribute to the role that it asks for: ``(learn=true)``, as in DIANNE."""
NUMBERS = ("cpus",)
SIZES = ("memory", "gpu_memory")
ATTRIBUTES = (*TEXTS, *NUMBERS, *SIZES, *FLAGS)
"""``gpu`` is the model of a GPU, ``gpu_memory`` the bytes of one; a host may have several."""
MOST_CHARACTERS = 2000
_DEEPEST = 20

_REMEMBERED = 2**14
"""Values of an attribute whose answers each comparison of a filter remembers."""

Value = str | int
Values = tuple[Value, ...]
Attributes = Mapping[str, Values]
"""Attribute to its values."""
Mask = NDArray[np.bool_]
Column = Callable[[str], Sequence[Values]]
"""Attribute to its values on each of many hosts."""

_ITEM = re.compile(r"([A-Za-z_]+)\s*(~=|>=|<=|=)((?:[^()\\]|\\.)*)", re.DOTALL)
_PART = re.compile(r"\\(.)|(\*)|([^\\*]+)", re.DOTALL)


class Filter(ABC):
    """Tells which hosts match."""

    @abstractmethod
    def __call__(self, host: Attributes) -> bool:
        """Return whether the attributes of a host match."""

    @abstractmethod
    def mask(self, column: Column) -> Mask:
        """Return which of many hosts match."""


class FilterError(ValueError):
    """The text is no filter; says where and what is expected."""


@lru_cache(maxsize=256)
def parse_filter(text: str) -> Filter:
    """Return the filter that a text describes.

    Raises
    ------
    FilterError
        Naming the place of the first character that does not belong.
    """
    if len(text) > MOST_CHARACTERS:
        raise FilterError(f"it has {len(text):,} characters; at most {MOST_CHARACTERS:,} may be")
    parser = _Parser(text)
    found = parser.filter(0)
    parser.end()
    return found


@dataclass(frozen=True)
class _Comparison(Filter):
    name: str
    matches: Callable[[Values], bool]

    def __call__(self, host: Attributes) -> bool:
        return self.matches(host.get(self.name, ()))

    def mask(self, column: Column) -> Mask:
        values = column(self.name)
        return np.fromiter(map(self.matches, values), np.bool_, len(values))


@dataclass(frozen=True)
class _Not(Filter):
    part: Filter

    def __call__(self, host: Attributes) -> bool:
        return not self.part(host)

    def mask(self, column: Column) -> Mask:
        return ~self.part.mask(column)


@dataclass(frozen=True)
class _All(Filter):
    parts: list[Filter]

    def __call__(self, host: Attributes) -> bool:
        return all(part(host) for part in self.parts)

    def mask(self, column: Column) -> Mask:
        found: Mask = np.logical_and.reduce([part.mask(column) for part in self.parts])
        return found


@dataclass(frozen=True)
class _Any(Filter):
    parts: list[Filter]

    def __call__(self, host: Attributes) -> bool:
        return any(part(host) for part in self.parts)

    def mask(self, column: Column) -> Mask:
        found: Mask = np.logical_or.reduce([part.mask(column) for part in self.parts])
        return found


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def filter(self, depth: int) -> Filter:
        if depth > _DEEPEST:
            raise self._wrong(f"at most {_DEEPEST} levels of parentheses")
        self._expect("(")
        self._skip()
        sign = self._text[self._at : self._at + 1]
        if sign in ("&", "|", "!") and sign:
            self._at += 1
            found = self._combined(sign, depth)
        else:
            found = self._item()
        self._expect(")")
        return found

    def end(self) -> None:
        self._skip()
        if self._at < len(self._text):
            raise self._wrong("the end")

    def _combined(self, sign: str, depth: int) -> Filter:
        parts = [self.filter(depth + 1)]
        self._skip()
        while sign != "!" and self._text[self._at : self._at + 1] == "(":
            parts.append(self.filter(depth + 1))
            self._skip()
        if sign == "!":
            return _Not(parts[0])
        return _All(parts) if sign == "&" else _Any(parts)

    def _item(self) -> Filter:
        match = _ITEM.match(self._text, self._at)
        if match is None:
            raise self._wrong("'&', '|', '!' or a comparison such as name=value")
        name, sign, value = match[1].lower(), match[2], match[3].strip()
        if name not in ATTRIBUTES:
            raise FilterError(f"{match[1]!r} is no attribute of a host; {_listed(ATTRIBUTES)} are")
        if sign == "~=":
            raise FilterError("'~=' has no meaning here; '=', '>=' and '<=' have")
        self._at = match.end()
        if not value:
            raise self._wrong(f"a value for {name}")
        if name in FLAGS:
            return _flag_item(name, sign, value)
        if value == "*" and sign == "=":
            return _Comparison(name, bool)
        if name in TEXTS:
            return _text_item(name, sign, value)
        return _number_item(name, sign, value)

    def _expect(self, letter: str) -> None:
        self._skip()
        if self._text[self._at : self._at + 1] != letter:
            raise self._wrong(f"{letter!r}")
        self._at += 1

    def _skip(self) -> None:
        while self._text[self._at : self._at + 1].isspace():
            self._at += 1

    def _wrong(self, expected: str) -> FilterError:
        found = repr(self._text[self._at]) if self._at < len(self._text) else "the end"
        return FilterError(f"{expected} is expected at character {self._at + 1}, not {found}")


def _text_item(name: str, sign: str, value: str) -> Filter:
    if sign != "=":
        raise FilterError(f"{name} is a text and has no order; write {name}={value}")
    pattern = re.compile("".join(_as_pattern(part) for part in _PART.finditer(value)), re.I | re.S)
    return _Comparison(
        name, _remembering(lambda values: any(pattern.fullmatch(str(item)) for item in values))
    )


def _flag_item(name: str, sign: str, value: str) -> Filter:
    if sign != "=" or value.lower() not in ("true", "false"):
        raise FilterError(f"{name} is true or false; write {name}=true or {name}=false")
    wanted, role = value.lower() == "true", FLAGS[name]
    return _Comparison("role", lambda values: (role in values) is wanted)


def _as_pattern(part: re.Match[str]) -> str:
    return ".*" if part[2] else re.escape(part[1] or part[3])


def _number_item(name: str, sign: str, value: str) -> Filter:
    try:
        wanted = parse_bytes(value) if name in SIZES else int(value)
    except (ValueError, AttributeError, OverflowError) as error:
        accepted = "a size such as 16GB" if name in SIZES else "a whole number"
        raise FilterError(f"{name}{sign}{value} wants {accepted}") from error
    compare = {"=": int.__eq__, ">=": int.__ge__, "<=": int.__le__}[sign]
    return _Comparison(
        name, _remembering(lambda values: any(compare(int(item), wanted) for item in values))
    )


def _remembering(matches: Callable[[Values], bool]) -> Callable[[Values], bool]:
    # Hosts keep their values, and the planner asks for all of them at each of its turns.
    return lru_cache(maxsize=_REMEMBERED)(matches)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1]
