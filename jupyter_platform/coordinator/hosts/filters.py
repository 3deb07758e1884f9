r"""Filters that choose hosts (DIANNE: ``targetFilter``).

A strict subset of RFC 1960, "A String Representation of LDAP Search Filters":
``(&(arch=x86_64)(|(gpu=*H200*)(memory>=64GB))(!(name=old)))``. Names and texts are compared without
regard to case; ``\`` takes their meaning from ``( ) * \`` in a value. What a host lacks matches
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from jupyter_platform.core.units import parse_bytes

TEXTS = ("name", "id", "arch", "os", "ip", "gpu", "site", "role")
FLAGS = {"learn": "learner", "evaluate": "evaluator", "act": "agent", "run": "runner"}
"""Attribute to the role that it asks for: ``(learn=true)``, as in DIANNE."""
NUMBERS = ("cpus",)
SIZES = ("memory", "gpu_memory")
ATTRIBUTES = (*TEXTS, *NUMBERS, *SIZES, *FLAGS)
"""``gpu`` is the model of a GPU, ``gpu_memory`` the bytes of one; a host may have several."""
MOST_CHARACTERS = 2000
_DEEPEST = 20

Value = str | int
Attributes = Mapping[str, tuple[Value, ...]]
"""Attribute to its values."""
Filter = Callable[[Attributes], bool]

_ITEM = re.compile(r"([A-Za-z_]+)\s*(~=|>=|<=|=)((?:[^()\\]|\\.)*)", re.DOTALL)
_PART = re.compile(r"\\(.)|(\*)|([^\\*]+)", re.DOTALL)


class FilterError(ValueError):
    """The text is no filter; says where and what is expected."""


@lru_cache(maxsize=256)
def parse_filter(text: str) -> Filter:
    """Return a function that tells whether the attributes of a host match.

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
            return lambda host: not parts[0](host)
        quantifier = all if sign == "&" else any
        return lambda host: quantifier(part(host) for part in parts)

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
            return lambda host: bool(host.get(name))
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
    return lambda host: any(pattern.fullmatch(str(item)) for item in host.get(name, ()))


def _flag_item(name: str, sign: str, value: str) -> Filter:
    if sign != "=" or value.lower() not in ("true", "false"):
        raise FilterError(f"{name} is true or false; write {name}=true or {name}=false")
    wanted, role = value.lower() == "true", FLAGS[name]
    return lambda host: (role in host.get("role", ())) is wanted


def _as_pattern(part: re.Match[str]) -> str:
    return ".*" if part[2] else re.escape(part[1] or part[3])


def _number_item(name: str, sign: str, value: str) -> Filter:
    try:
        wanted = parse_bytes(value) if name in SIZES else int(value)
    except (ValueError, AttributeError, OverflowError) as error:
        accepted = "a size such as 16GB" if name in SIZES else "a whole number"
        raise FilterError(f"{name}{sign}{value} wants {accepted}") from error
    compare = {"=": int.__eq__, ">=": int.__ge__, "<=": int.__le__}[sign]
    return lambda host: any(compare(int(item), wanted) for item in host.get(name, ()))


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1]
