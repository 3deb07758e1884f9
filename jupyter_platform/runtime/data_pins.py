"""Pins of files that lie at paths and may be changed by anybody: what they were."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from jupyter_platform.core.datasets import PATH, DataPin, DatasetDescriptor

HASHED_BYTES = 1_000_000_000
"""Bytes up to which a pin knows the content itself, and not names, sizes and times alone."""
_PIECE = 1 << 20
_SHOWN = 3


def local_paths(descriptor: DatasetDescriptor) -> tuple[Path, ...]:
    """Return the files and folders that a dataset names by path."""
    return tuple(
        Path(item.removeprefix(PATH)) for item in descriptor.references if item.startswith(PATH)
    )


def pin_data(paths: Iterable[Path], known: DataPin | None = None) -> DataPin:
    """Return what files are now, and all files in folders.

    Parameters
    ----------
    paths : iterable of Path
        Files and folders; what links lead to counts.
    known : DataPin, optional
        An earlier pin of the same: where names, sizes and times are its own, so is its content.

    Raises
    ------
    OSError
        If one is not there, or cannot be read.
    """
    files = [(path, path.stat()) for path in _files(paths)]
    stamp = hashlib.blake2b(digest_size=16)
    for path, status in files:
        stamp.update(
            f"{path}\0{status.st_size} {status.st_mtime_ns}\n".encode(errors="surrogateescape")
        )
    size = sum(status.st_size for _, status in files)
    told = stamp.hexdigest()
    if known is not None and known.stamp == told:
        return known
    content = _content([path for path, _ in files]) if size <= HASHED_BYTES else None
    return DataPin(stamp=told, content=content, files=len(files), bytes=size, at=time.time())


def changed(paths: Iterable[Path], pinned: DataPin) -> str | None:
    """Return what is different from what was pinned, as the rest of a sentence; None: nothing.

    Parameters
    ----------
    paths : iterable of Path
        The same files and folders.
    pinned : DataPin
        What they were.

    Raises
    ------
    OSError
        If one is not there any more, or cannot be read.
    """
    paths = tuple(paths)
    now = pin_data(paths)
    # A copy, or a file that was only touched, is the same content with other times.
    is_same = now.stamp == pinned.stamp if pinned.content is None else now.content == pinned.content
    if is_same:
        return None
    later = [path for path in _files(paths) if path.stat().st_mtime > pinned.at]
    if later:
        names = ", ".join(map(str, later[:_SHOWN])) + (", …" if len(later) > _SHOWN else "")
        return f"{names} changed"
    if (now.files, now.bytes) == (pinned.files, pinned.bytes):
        return "they hold something else"
    was, is_now = (f"{item.files:,} of {item.bytes:,} bytes" for item in (pinned, now))
    return f"they were {was}, and are {is_now}"


def pinned_at(pinned: DataPin) -> str:
    """Return the time of a pin, as people write it."""
    return datetime.fromtimestamp(pinned.at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files, and those in folders in the order of their names."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        seen: set[tuple[int, int]] = set()
        for folder, inside, names in os.walk(path, followlinks=True):
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in seen:
                inside.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            inside.sort()
            for name in sorted(names):
                file = Path(folder, name)
                # Neither a pipe nor a link to nothing is data.
                if file.is_file():
                    yield file


def _content(paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            while piece := file.read(_PIECE):
                found.update(piece)
        found.update(f"\0{path.name}\0".encode(errors="surrogateescape"))
    return found.hexdigest()
