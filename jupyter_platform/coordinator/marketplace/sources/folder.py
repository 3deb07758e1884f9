"""A folder of items: folders with ``ai4-metadata.yml``, or YAML files of one item each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from jupyter_platform.catalogue.entries import ItemFiles
from jupyter_platform.catalogue.folders import (
    METADATA_FILES,
    metadata_file,
    read_item_folder,
    read_metadata_file,
)
from jupyter_platform.coordinator.marketplace.sources.base import (
    MOST_ITEMS,
    Gathered,
    SourceError,
    Workplace,
)
from jupyter_platform.core.recipes import RECIPE_FILE
from jupyter_platform.core.settings import SourceSettings
from jupyter_platform.runtime.names import free_name, name_from

DEEPEST = 4
"""Folders within one another that are looked into."""
_MOST_FOLDERS = 100_000


def read(settings: SourceSettings, place: Workplace) -> Gathered:
    """Return the items of a folder of this machine.

    Parameters
    ----------
    settings : SourceSettings
        The source.
    place : Workplace
        Where it may keep what it brings.
    """
    root = Path(settings.location).expanduser()
    if not root.is_absolute():
        raise SourceError(f"The folder {settings.location!r} is no absolute path.")
    if not root.is_dir():
        raise SourceError(f"There is no folder {root} on the coordinator's machine.")
    return read_tree(root, place, root.name)


def read_tree(root: Path, place: Workplace, root_name: str) -> Gathered:
    """Return the items below a folder.

    Parameters
    ----------
    root : Path
        The folder; links that lead out of it are not followed.
    place : Workplace
        Where measured metrics lie.
    root_name : str
        Name of the item that `root` itself may be.
    """
    gathered, taken = Gathered(), set[str]()
    for path in _found(root, gathered.problems):
        if len(gathered.items) >= MOST_ITEMS:
            gathered.problems.append(f"There are more than {MOST_ITEMS:,} items; the rest is left.")
            break
        stem = (root_name if path == root else path.name) if path.is_dir() else path.stem
        name = free_name(name_from(stem, "item"), taken)
        taken.add(name)
        gathered.items.append(_read_one(path, name, root, place))
    return gathered


def _read_one(path: Path, name: str, root: Path, place: Workplace) -> ItemFiles:
    if path.is_dir():
        return read_item_folder(path, name, place.paths, root=root)
    return ItemFiles(name, read_metadata_file(path, name, root.resolve()))


def _found(root: Path, problems: list[str]) -> Iterator[Path]:
    """Yield folders of items and files that are items by themselves, in order."""
    for count, (place, folders, files) in enumerate(os.walk(root)):
        folder = Path(place)
        if count >= _MOST_FOLDERS:
            problems.append(f"There are more than {_MOST_FOLDERS:,} folders; the rest is left.")
            return
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if metadata_file(folder) is not None:
            yield folder
            if folder != root:
                folders.clear()
            continue
        if len(folder.relative_to(root).parts) >= DEEPEST:
            folders.clear()
        for name in sorted(files):
            if _is_item(name):
                yield folder / name


def _is_item(name: str) -> bool:
    is_yaml = name.endswith((".yml", ".yaml")) and not name.startswith((".", "_"))
    return is_yaml and name not in (RECIPE_FILE, *METADATA_FILES)
