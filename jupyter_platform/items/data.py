"""Where an item finds what was made for it, and how it keeps what it makes."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_platform.core.errors import InvalidRequestError, NotFoundError

ITEM_DATA = "JUPYTER_PLATFORM_ITEM_DATA"
"""Environment variable: the folder of what was made for the item."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
BASE = "base"
"""Name of the weights that an item comes with."""


def data_folder() -> Path:
    """Return the folder of what was made for the item that runs here.

    Raises
    ------
    NotFoundError
        If nobody says which.
    """
    told = os.environ.get(ITEM_DATA)
    if not told:
        raise NotFoundError(
            f"The variable {ITEM_DATA} is not set: it names the folder with the weights, which "
            "'jupyter platform items build' makes."
        )
    return Path(told)


def weights_folder(name: str = BASE) -> Path:
    """Return the folder of some weights of the item.

    Parameters
    ----------
    name : str
        ``base``: those that the item comes with; else a name that was given when it was retrained.

    Raises
    ------
    NotFoundError
        If there are none of that name.
    """
    folder = data_folder() if name == BASE else _retrained(name)
    if not folder.is_dir():
        message = f"weights = {name!r}: there are none. There is: {', '.join(weights_names())}."
        raise NotFoundError(message)
    return folder


def weights_names() -> list[str]:
    """Return the names of all weights of the item, ``base`` first."""
    found = sorted(path.name for path in (data_folder() / "retrained").glob("[a-z0-9]*"))
    return [BASE, *found]


@contextmanager
def new_weights(name: str) -> Iterator[Path]:
    """Give a folder for weights that are made now, which has its name when all of them are there.

    Parameters
    ----------
    name : str
        Lower-case letters, digits and hyphens.

    Raises
    ------
    InvalidRequestError
        If the name cannot be one, or is taken.
    """
    if not _NAME.fullmatch(name) or name == BASE:
        raise InvalidRequestError(
            f"name = {name!r}: it must be lower-case letters, digits and hyphens, and not {BASE!r}."
        )
    folder = _retrained(name)
    if folder.exists():
        raise InvalidRequestError(f"name = {name!r}: there are weights of that name already.")
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=folder.parent) as place:
        beside = Path(place) / name
        beside.mkdir(mode=0o700)
        yield beside
        beside.rename(folder)


def _retrained(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise NotFoundError(f"weights = {name!r}: there are none.")
    return data_folder() / "retrained" / name
