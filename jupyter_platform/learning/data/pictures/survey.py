"""Looking at all pictures of a dataset before any is learnt from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import BinaryIO

from PIL import Image

from jupyter_platform.core.errors import FieldError, InvalidDataError
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.data.pictures.decoding import (
    FAULTS,
    Picture,
    is_grey,
    opened,
    reason,
    upright_size,
)

DECODED_BYTES = 64 * 1024**2
"""Size of all files up to which each is decoded; of more, headers and ends are looked at."""
MOST_LOOKED_AT = 20_000
"""Pictures beyond which some, spread over all, stand for the others."""
NAMED = 10
"""Broken pictures that are named of each kind."""
_THREADS = 4
_TAIL = 4096
_ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND", "GIF": b";"}
"""What stands at the end of files that are whole."""


@dataclass(frozen=True)
class Seen:
    """Findings about one picture."""

    name: str
    size: tuple[int, int] = (0, 0)
    """Width and height, upright."""
    is_grey: bool = False
    is_transparent: bool = False
    fault: str | None = None
    """Why it cannot be read."""


@dataclass(frozen=True)
class Broken:
    """Pictures of a dataset that cannot be read."""

    rows: tuple[int, ...]
    """Their numbers among all that were looked at."""
    names: tuple[str, ...]
    looked_at: int
    text: str
    """``3 of 120 pictures cannot be read: it is no image: a/1.png; …``."""


def survey(
    count: int, picture: Callable[[int], Picture], size: int | None = None
) -> dict[int, Seen]:
    """Look at pictures, in several threads.

    Parameters
    ----------
    count : int
        How many there are.
    picture : callable
        Returns that of a row.
    size : int, optional
        Bytes of all their files, which decides how closely they are looked at.

    Returns
    -------
    dict
        By row, in their order; all of them, or `MOST_LOOKED_AT` of a larger number.
    """
    looked_at = min(count, MOST_LOOKED_AT)
    rows = [number * count // looked_at for number in range(looked_at)]
    decodes = size is not None and size <= DECODED_BYTES
    with ThreadPoolExecutor(_THREADS) as pool:
        found = pool.map(lambda row: look(picture(row), decodes=decodes), rows)
        return dict(zip(rows, found, strict=True))


def look(picture: Picture, *, decodes: bool) -> Seen:
    """Look at one picture.

    Parameters
    ----------
    decodes : bool
        Whether to decode it too; else only whether its file ends as it should.
    """
    try:
        with opened(picture) as image:
            seen = Seen(
                picture.name,
                upright_size(image),
                is_grey(image),
                image.has_transparency_data,
                None if decodes else _cut_short(picture.source, image),
            )
            if decodes:
                image.load()
    except FAULTS as error:
        return Seen(picture.name, fault=_fault(picture, error))
    return seen


def broken(seen: dict[int, Seen]) -> Broken | None:
    """Return the pictures that cannot be read, listed by what is wrong; None without any."""
    found = {row: item for row, item in seen.items() if item.fault is not None}
    if not found:
        return None
    ordered = sorted(found.values(), key=lambda item: (item.fault or "", item.name))
    kinds = [_listed(fault or "", items) for fault, items in groupby(ordered, lambda x: x.fault)]
    text = (
        f"{len(found):,} of {format_count(len(seen), 'picture')} cannot be read: {'; '.join(kinds)}"
    )
    return Broken(tuple(found), tuple(item.name for item in found.values()), len(seen), text)


def refuse_broken(dataset: str, found: Broken) -> InvalidDataError:
    """Return the error that lists them and names the way out.

    Parameters
    ----------
    dataset : str
        Name of the dataset, for messages.
    found : Broken
        The pictures that cannot be read, with the reasons.
    """
    message = (
        f"Dataset {dataset!r}: {found.text}. Mend or remove them, or set skip_broken to leave them "
        "out."
    )
    field = FieldError(
        field="skip_broken", value=False, message=message, accepted="true", nearest=None
    )
    return InvalidDataError(message, errors=[field])


def _listed(fault: str, items: Iterable[Seen]) -> str:
    names = [item.name for item in items]
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"{fault}: {', '.join(names[:NAMED])}{more}"


def _fault(picture: Picture, error: Exception) -> str:
    if isinstance(picture.source, str) and _size(picture.source) == 0:
        return "it is empty"
    return reason(error)


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size
    except OSError:
        return None


def _cut_short(source: str | BinaryIO, image: Image.Image) -> str | None:
    """Say so where a file does not end as those of its format do."""
    end = _ENDS.get(image.format or "")
    if end is None or not isinstance(source, str):
        return None
    with open(source, "rb") as file:
        file.seek(max(0, os.stat(source).st_size - _TAIL))
        return None if end in file.read() else "it is cut short"


def sizes_of(seen: Sequence[Seen]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return least and most of widths, and of heights, of pictures that can be read."""
    widths = [item.size[0] for item in seen if item.fault is None]
    heights = [item.size[1] for item in seen if item.fault is None]
    return (min(widths), max(widths)), (min(heights), max(heights))
