"""From what an environment shows to what a network sees."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.learning.reinforcement.spaces.parts import (
    OutsideError,
    UnfitSpaceError,
    counts_of,
    parts_of,
    shown,
    spaces,
    text_of,
    unfit,
)

MOST_NUMBERS = 1_000_000
"""Numbers up to which an observation is written one-hot."""
_ROUNDING = 1e-5
"""Relative to a bound: what float32 makes of a float64 at the bound is inside."""

Values = NDArray[Any]
_Writer = Callable[[Any, Values], None]


@dataclass(frozen=True)
class ObservationCodec:
    """From what an environment shows to what a network sees."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    """float32 or uint8."""
    encode: Callable[[Any], Values]
    """Return one observation as an array; OutsideError says why it is none."""


def observation_codec(space: Any, *, bounded: bool = True) -> ObservationCodec:
    """Return how observations of a space are shown to a network.

    Parameters
    ----------
    space : gymnasium.Space
        Of the observations.
    bounded : bool
        Whether numbers outside the bounds of a Box are refused.

    Raises
    ------
    UnfitSpaceError
        If their size varies, or the space is none of Gymnasium's.
    """
    if isinstance(space, spaces().Box):
        shape = tuple(space.shape) or (1,)
        size = math.prod(shape)
        if not size:
            raise UnfitSpaceError(f"the observation is {text_of(space)}, which holds no number")
        dtype = np.dtype("uint8" if space.dtype == np.uint8 else "float32")
        check = _box_check(space, "the observation", bounded)
        return ObservationCodec(shape, dtype, lambda value: check(value).reshape(shape))
    size, write = _writer(space, "the observation", bounded)
    if not 0 < size <= MOST_NUMBERS:
        raise UnfitSpaceError(
            f"the observation is {text_of(space)}, {size:,} numbers as networks see it; 1 to "
            f"{MOST_NUMBERS:,} are taken"
        )

    def encode(value: Any) -> Values:
        row = np.zeros(size, np.float32)
        write(value, row)
        return row

    return ObservationCodec((size,), np.dtype("float32"), encode)


def _writer(space: Any, where: str, bounded: bool) -> tuple[int, _Writer]:
    """Return the numbers that a value takes, and what writes them into a row of zeros."""
    kinds = spaces()
    if isinstance(space, kinds.Box):
        return _box_writer(space, where, bounded)
    if isinstance(space, kinds.Discrete | kinds.MultiDiscrete | kinds.MultiBinary):
        return _number_writer(space, where)
    if isinstance(space, kinds.Text):
        return _text_writer(space, where)
    if isinstance(space, kinds.Tuple | kinds.Dict):
        return _joined_writer(space, where, bounded)
    if isinstance(space, kinds.OneOf):
        return _one_of_writer(space, where, bounded)
    raise unfit(space, where)


def _outside(where: str, value: Any, space: Any) -> OutsideError:
    return OutsideError(f"{where} is {shown(value)}, which is not in {text_of(space)}")


def _box_check(space: Any, where: str, bounded: bool) -> Callable[[Any], Values]:
    """Return what checks a value against a Box: shape, type, bounds."""
    low, high = np.asarray(space.low, np.float64), np.asarray(space.high, np.float64)
    margin_low = low - _ROUNDING * np.maximum(1.0, np.abs(low))
    margin_high = high + _ROUNDING * np.maximum(1.0, np.abs(high))
    limits = np.iinfo(space.dtype) if np.issubdtype(space.dtype, np.integer) else None
    whole = limits is not None and (low <= limits.min).all() and (high >= limits.max).all()
    endless = np.isneginf(low).all() and np.isposinf(high).all()
    checks_bounds = bounded and not whole and not endless

    def check(value: Any) -> Values:
        try:
            found = np.asarray(value)
        except ValueError:  # ragged
            raise _outside(where, value, space) from None
        if found.shape != space.shape:
            raise OutsideError(
                f"{where} is {shown(value)}, of shape {list(found.shape)}; its space "
                f"{text_of(space)} has shape {list(space.shape)}"
            )
        if found.dtype != space.dtype and not (
            found.dtype.kind in "biuf"
            and (isinstance(value, int) or np.can_cast(found.dtype, space.dtype, "same_kind"))
        ):
            raise OutsideError(
                f"{where} is {shown(value)}, of type {found.dtype}; its space {text_of(space)} has "
                f"{space.dtype}"
            )
        if checks_bounds:
            # What is not finite is told elsewhere, with the action that brought it.
            wrong = ((found < margin_low) | (found > margin_high)) & np.isfinite(found)
            if wrong.any():
                index = int(wrong.argmax())
                raise OutsideError(
                    f"number {index} of {where} is {found.flat[index]:g}, outside "
                    f"{low.flat[index]:g} to {high.flat[index]:g}, the bounds of its space "
                    f"{text_of(space)}"
                )
        return found

    return check


def _box_writer(space: Any, where: str, bounded: bool) -> tuple[int, _Writer]:
    check = _box_check(space, where, bounded)

    def write(value: Any, row: Values) -> None:
        row[:] = check(value).ravel()

    return math.prod(space.shape), write


def _number_writer(space: Any, where: str) -> tuple[int, _Writer]:
    """Return the writer of a Discrete, MultiDiscrete or MultiBinary."""
    kinds = spaces()
    if isinstance(space, kinds.MultiBinary):

        def write_bits(value: Any, row: Values) -> None:
            row[:] = _numbers(value, space, where)

        return math.prod(space.shape), write_bits
    sizes, starts = counts_of(space)
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)

    def write(value: Any, row: Values) -> None:
        row[offsets + _numbers(value, space, where) - starts] = 1.0

    return int(sizes.sum()), write


def _numbers(value: Any, space: Any, where: str) -> NDArray[np.int64]:
    """Return whole numbers, flat, that are in their space."""
    try:
        found = np.asarray(value)
    except ValueError:  # ragged
        raise _outside(where, value, space) from None
    if found.shape != space.shape or found.dtype.kind not in "biu":
        raise _outside(where, value, space)
    flat = found.ravel().astype(np.int64)
    if isinstance(space, spaces().MultiBinary):
        inside = (flat == 0) | (flat == 1)
    else:
        sizes, starts = counts_of(space)
        inside = (flat >= starts) & (flat < starts + sizes)
    if not inside.all():
        raise _outside(where, value, space)
    return flat


def _text_writer(space: Any, where: str) -> tuple[int, _Writer]:
    characters = {character: index for index, character in enumerate(space.character_list)}
    known = len(characters)

    def write(value: Any, row: Values) -> None:
        if not isinstance(value, str) or not space.contains(value):
            raise _outside(where, value, space)
        for place, character in enumerate(value):
            row[place * known + characters[character]] = 1.0

    return int(space.max_length) * known, write


def _joined_writer(space: Any, where: str, bounded: bool) -> tuple[int, _Writer]:
    is_dict = isinstance(space, spaces().Dict)
    parts = [(key, *_writer(part, place, bounded)) for key, part, place in parts_of(space, where)]

    def write(value: Any, row: Values) -> None:
        fits = (
            isinstance(value, dict) and value.keys() == {key for key, _, _ in parts}
            if is_dict
            else isinstance(value, tuple | list | np.ndarray) and len(value) == len(parts)
        )
        if not fits:
            raise _outside(where, value, space)
        start = 0
        for key, size, write_part in parts:
            write_part(value[key], row[start : start + size])
            start += size

    return sum(size for _, size, _ in parts), write


def _one_of_writer(space: Any, where: str, bounded: bool) -> tuple[int, _Writer]:
    parts = [_writer(part, place, bounded) for _, part, place in parts_of(space, where)]
    starts = list(itertools.accumulate((size for size, _ in parts), initial=len(parts)))

    def write(value: Any, row: Values) -> None:
        if not isinstance(value, tuple | list) or len(value) != 2:
            raise _outside(where, value, space)
        chosen, item = value
        is_number = isinstance(chosen, int | np.integer) and not isinstance(chosen, bool)
        if not is_number or not 0 <= chosen < len(parts):
            raise _outside(where, value, space)
        row[chosen] = 1.0
        parts[chosen][1](item, row[starts[chosen] : starts[chosen + 1]])

    return starts[-1], write
