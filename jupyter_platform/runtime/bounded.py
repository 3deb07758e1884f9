"""Reading JSON and YAML that strangers wrote: what it may cost is bounded before it is built."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import yaml

LARGEST_BYTES = 1_000_000
MOST_NODES = 100_000
"""Values in one text, each counted as often as aliases repeat it."""
DEEPEST = 50
"""Lists and objects within one another."""
LONGEST_NUMBER = 400
"""Digits of a number: to read one takes the square of its length."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BoundsError(ValueError):
    """A text that is larger, deeper or more entangled than what is read."""


def read_text(path: Path) -> str:
    """Return the content of a small text file.

    Raises
    ------
    BoundsError
        If it is no file, but a device, a pipe or the like, or larger than `LARGEST_BYTES`.
    OSError, UnicodeDecodeError
        If it cannot be read, or is no UTF-8.
    """
    # A pipe that nobody writes to would keep who opens it waiting.
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise BoundsError("it is no file, but a device, a pipe or a folder")
    with os.fdopen(file, "rb") as source:
        data = source.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise _too_large()
    return data.decode()


def parse_json(text: str) -> Any:
    """Return the value of a JSON text.

    Raises
    ------
    BoundsError
        If it is beyond the bounds.
    json.JSONDecodeError
        If it is no JSON.
    """
    _check_bytes(text)
    try:
        found = json.loads(text, parse_int=_whole_number)
    except RecursionError as error:
        raise _too_deep() from error
    _check_values(found)
    return found


def parse_yaml(text: str) -> Any:
    """Return the value of a YAML text, of safe types only.

    Raises
    ------
    BoundsError
        If it is beyond the bounds, or refers to what it is part of.
    yaml.YAMLError
        If it is no YAML.
    """
    _check_bytes(text)
    _check_events(text)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _expanded(node, {})
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _check_bytes(text: str) -> None:
    if len(text) > LARGEST_BYTES:
        raise _too_large()


def _too_large() -> BoundsError:
    return BoundsError(f"it is larger than {LARGEST_BYTES:,} bytes, so it holds data")


def _too_deep() -> BoundsError:
    return BoundsError(f"its objects are nested deeper than {DEEPEST}")


def _too_many() -> BoundsError:
    return BoundsError(f"it holds more than {MOST_NODES:,} values, aliases included")


def _whole_number(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise BoundsError(f"it holds a number of {len(digits):,} digits")
    return int(digits)


def _check_values(found: Any) -> None:
    count, level = 0, [found]
    for _ in range(DEEPEST + 1):
        count += len(level)
        if count > MOST_NODES:
            raise _too_many()
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        if not inner:
            return
        level = inner
    raise _too_deep()


def _check_events(text: str) -> None:
    """Look at a text event by event, which builds nothing."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise _too_deep()
        if count > 2 * MOST_NODES:
            raise _too_many()


def _expanded(node: Any, known: dict[int, int | None]) -> int:
    """Return how many values a node stands for once its aliases are written out.

    Parameters
    ----------
    known : dict
        Of nodes that were counted, by identity; None while one is being counted.
    """
    if isinstance(node, yaml.ScalarNode):
        is_number = node.tag.endswith((":int", ":float", ":timestamp"))
        if is_number and len(node.value) > LONGEST_NUMBER:
            raise BoundsError(f"it holds a number of {len(node.value):,} characters")
        return 1
    if id(node) in known:
        count = known[id(node)]
        if count is None:
            raise BoundsError("an alias in it refers to what it is part of")
        return count
    known[id(node)] = None
    inner = node.value if isinstance(node, yaml.SequenceNode) else _pairs(node)
    total = 1
    for item in inner:
        total += _expanded(item, known)
        if total > MOST_NODES:
            raise _too_many()
    known[id(node)] = total
    return total


def _pairs(node: Any) -> list[Any]:
    return [item for pair in node.value for item in pair]
