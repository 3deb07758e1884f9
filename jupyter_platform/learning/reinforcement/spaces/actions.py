"""From what a network chooses to what an environment is given."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.learning.reinforcement.spaces.parts import (
    UnfitSpaceError,
    counts_of,
    leaves_of,
    parts_of,
    space_name,
    spaces,
    text_of,
    unfit,
)

MOST_ACTIONS = 4096
"""Combinations of a few up to which an action is one of them."""


@dataclass(frozen=True)
class FiniteActions:
    """Actions that are one of a few, numbered from 0."""

    count: int
    decode: Callable[[int], Any]


@dataclass(frozen=True)
class BoxActions:
    """Actions that are numbers between bounds."""

    shape: tuple[int, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """Bounds of each number, flat."""
    decode: Callable[[NDArray[np.floating]], Any]
    """From numbers in units of their range, -1 the lowest and 1 the highest; others are cut."""


ActionCodec = FiniteActions | BoxActions


def action_codec(space: Any) -> ActionCodec:
    """Return how actions of a space are made from what a network gives.

    Raises
    ------
    UnfitSpaceError
        If a part has no bounds, parts are partly one of a few and partly numbers, there are
        more than `MOST_ACTIONS` combinations, or the space is of another kind.
    """
    leaves = leaves_of(space, "the action")
    kinds = {isinstance(leaf, spaces().Box) for leaf, _ in leaves}
    for leaf, where in leaves:
        if not isinstance(leaf, spaces().Box):
            _choices(leaf, where)  # says what is unfit by itself
    if kinds == {True}:
        return _box_actions(space)
    if kinds == {True, False}:
        raise UnfitSpaceError(
            f"the action is {text_of(space)}, partly one of a few and partly numbers; agents here "
            "give one or the other"
        )
    count, decode = _choices(space, "the action")
    if count > MOST_ACTIONS:
        raise UnfitSpaceError(
            f"the action is {text_of(space)}, one of more than the {MOST_ACTIONS:,} that can be "
            "told apart here"
        )
    if count < 1:
        raise UnfitSpaceError(f"the action is {text_of(space)}, which leaves nothing to choose")
    return FiniteActions(count, decode)


def _choices(space: Any, where: str) -> tuple[int, Callable[[int], Any]]:
    """Return how many values a space has, and what makes one of its number, counted from 0."""
    kinds = spaces()
    if isinstance(space, kinds.Discrete):
        start, kind = int(space.start), getattr(space.dtype, "type", np.int64)
        return int(space.n), lambda index: kind(start + index)
    if isinstance(space, kinds.MultiBinary):
        size = math.prod(space.shape)
        return 2**size, _digits([2] * size, np.zeros(size, np.int64), space)
    if isinstance(space, kinds.MultiDiscrete):
        sizes, starts = counts_of(space)
        return math.prod(sizes.tolist()), _digits(sizes.tolist(), starts, space)
    if isinstance(space, kinds.Tuple | kinds.Dict):
        return _joined_choices(space, where)
    if isinstance(space, kinds.OneOf):
        return _one_of_choices(space, where)
    if isinstance(space, kinds.Graph | kinds.Sequence) or not isinstance(space, kinds.Space):
        raise unfit(space, where)
    raise UnfitSpaceError(
        f"{where} is a {space_name(space)}; agents here take one of a few (Discrete, "
        "MultiDiscrete, MultiBinary) or numbers (Box), alone or in a Tuple or Dict"
    )


def _split(index: int, sizes: Sequence[int]) -> list[int]:
    """Return the digits of a number, the last counting fastest."""
    digits = []
    for size in reversed(sizes):
        index, digit = divmod(index, size)
        digits.append(digit)
    return digits[::-1]


def _digits(
    sizes: Sequence[int], starts: NDArray[np.int64], space: Any
) -> Callable[[int], NDArray[Any]]:
    def decode(index: int) -> NDArray[Any]:
        return (np.array(_split(index, sizes)) + starts).astype(space.dtype).reshape(space.shape)

    return decode


def _joined_choices(space: Any, where: str) -> tuple[int, Callable[[int], Any]]:
    parts = [(key, *_choices(part, place)) for key, part, place in parts_of(space, where)]
    sizes = [count for _, count, _ in parts]
    is_dict = isinstance(space, spaces().Dict)

    def decode(index: int) -> Any:
        made = {
            key: make(digit)
            for (key, _, make), digit in zip(parts, _split(index, sizes), strict=True)
        }
        return made if is_dict else tuple(made.values())

    return math.prod(sizes), decode


def _one_of_choices(space: Any, where: str) -> tuple[int, Callable[[int], Any]]:
    parts = [_choices(part, place) for _, part, place in parts_of(space, where)]

    def decode(index: int) -> tuple[np.int64, Any]:
        for number, (count, make) in enumerate(parts):
            if index < count:
                return np.int64(number), make(index)
            index -= count
        raise IndexError(index)

    return sum(count for count, _ in parts), decode


def _box_actions(space: Any) -> BoxActions:
    kinds = spaces()
    leaves = leaves_of(space, "the action")
    if any(isinstance(item, kinds.OneOf) for item in _compounds(space)):
        raise UnfitSpaceError(
            f"the action is {text_of(space)}: a choice, then numbers; agents here give one or the "
            "other"
        )
    for leaf, where in leaves:
        _check_bounds(leaf, where)
    low = np.concatenate([np.asarray(leaf.low, np.float64).ravel() for leaf, _ in leaves])
    high = np.concatenate([np.asarray(leaf.high, np.float64).ravel() for leaf, _ in leaves])
    if not len(low):
        raise UnfitSpaceError(f"the action is {text_of(space)}, which holds no number")

    def decode(values: NDArray[np.floating]) -> Any:
        flat = np.clip(np.asarray(values, np.float64).ravel(), -1, 1)
        return _built(space, low + (flat + 1) / 2 * (high - low))[0]

    shape = tuple(space.shape) if isinstance(space, kinds.Box) else (len(low),)
    return BoxActions(shape, low, high, decode)


def _compounds(space: Any) -> list[Any]:
    kinds = spaces()
    if not isinstance(space, kinds.Tuple | kinds.Dict | kinds.OneOf):
        return []
    return [space, *(item for _, part, _ in parts_of(space, "") for item in _compounds(part))]


def _check_bounds(space: Any, where: str) -> None:
    """Refuse a Box that does not say how far its numbers go."""
    low, high = np.asarray(space.low, np.float64), np.asarray(space.high, np.float64)
    # Bounds at the end of float32 or of long integers are those of who gave none.
    endless = np.abs(np.stack([low, high])).max(0, initial=0.0) >= 2.0**31 - 1
    if endless.any():
        index = int(endless.ravel().argmax())
        raise UnfitSpaceError(
            f"{where} is {text_of(space)}: number {index} has no bounds, so nothing says how far "
            "an agent may go; give the space a low and a high, perhaps with "
            "gymnasium.wrappers.TransformAction"
        )


def _built(space: Any, flat: NDArray[np.float64]) -> tuple[Any, NDArray[np.float64]]:
    """Return one action from the front of numbers, and the numbers behind it."""
    kinds = spaces()
    if isinstance(space, kinds.Box):
        size = math.prod(space.shape)
        values = flat[:size].reshape(space.shape)
        if not np.issubdtype(space.dtype, np.floating):
            values = np.rint(values)
        # What the type rounds must not leave the bounds.
        action = np.clip(np.asarray(values).astype(space.dtype), space.low, space.high)
        return np.asarray(action, space.dtype), flat[size:]
    made: dict[Any, Any] = {}
    for key, part, _ in parts_of(space, ""):
        made[key], flat = _built(part, flat)
    return (made if isinstance(space, kinds.Dict) else tuple(made.values())), flat
