"""What both ways of looking at a space share."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SHOWN = 8


class UnfitSpaceError(ValueError):
    """A space that nothing here can be learned from or act in; the text says why."""


class OutsideError(ValueError):
    """A value that is not in its space; the text names both."""


def spaces() -> Any:
    """Return the package `gymnasium.spaces`."""
    return importlib.import_module("gymnasium.spaces")


def space_name(space: Any) -> str:
    """Return the name of a space's type."""
    return type(space).__name__


def text_of(space: Any) -> str:
    """Return a space as Gymnasium writes it, cut where that is long."""
    found = repr(space)
    return found if len(found) <= 120 else f"{space_name(space)}(…)"


def shown(value: Any) -> str:
    """Return what came, in few words: its type, shape and first numbers."""
    if isinstance(value, np.ndarray):
        first = ", ".join(str(item) for item in value.ravel()[:_SHOWN].tolist())
        more = ", …" if value.size > _SHOWN else ""
        return f"an array of {value.dtype}, shape {list(value.shape)}: [{first}{more}]"
    text = repr(value)
    text = text if len(text) <= 80 else text[:80] + "…"
    return f"{type(value).__name__} {text}"


def parts_of(space: Any, where: str) -> list[tuple[Any, Any, str]]:
    """Return key, space and place of each part of a Tuple, Dict or OneOf.

    Parameters
    ----------
    space : object
        A space of Gymnasium.
    where : str
        How it is reached from the outermost space, for messages.
    """
    kinds = spaces()
    if isinstance(space, kinds.Dict):
        return [(key, part, f"{where}[{key!r}]") for key, part in space.spaces.items()]
    return [(key, part, f"{where}[{key}]") for key, part in enumerate(space.spaces)]


def leaves_of(space: Any, where: str) -> list[tuple[Any, str]]:
    """Return the spaces inside a space that hold no others, and the place of each.

    Parameters
    ----------
    space : object
        A space of Gymnasium.
    where : str
        How it is reached from the outermost space, for messages.
    """
    kinds = spaces()
    if not isinstance(space, kinds.Tuple | kinds.Dict | kinds.OneOf):
        return [(space, where)]
    return [leaf for _, part, place in parts_of(space, where) for leaf in leaves_of(part, place)]


def unfit(space: Any, where: str) -> UnfitSpaceError:
    """Return the error that refuses a space of a kind that nothing here takes.

    Parameters
    ----------
    space : object
        A space of Gymnasium.
    where : str
        How it is reached from the outermost space, for messages.
    """
    kinds = spaces()
    if isinstance(space, kinds.Graph | kinds.Sequence):
        return UnfitSpaceError(
            f"{where} is a {space_name(space)}, whose size varies; networks here take one size"
        )
    if not isinstance(space, kinds.Space):
        kind = f"{type(space).__module__}.{space_name(space)}"
        return UnfitSpaceError(f"{where} has {kind} for its space, which is none of Gymnasium's")
    return UnfitSpaceError(
        f"{where} is a {space_name(space)}; known are Box, Discrete, MultiDiscrete, MultiBinary, "
        "Text, Tuple, Dict and OneOf"
    )


def counts_of(space: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many values each number of a Discrete or MultiDiscrete has, and the lowest."""
    if isinstance(space, spaces().Discrete):
        return np.array([int(space.n)]), np.array([int(space.start)])
    sizes = np.asarray(space.nvec, np.int64).ravel()
    starts = getattr(space, "start", None)  # of MultiDiscrete since Gymnasium 1.0
    if starts is None:
        return sizes, np.zeros(len(sizes), np.int64)
    return sizes, np.asarray(starts, np.int64).ravel()
