"""The items that ship with the package, and those that were published here."""

from __future__ import annotations

from jupyter_platform.catalogue.folders import metadata_file, read_item_folder
from jupyter_platform.coordinator.marketplace.sources.base import Gathered, Workplace
from jupyter_platform.core.settings import SourceSettings
from jupyter_platform.runtime.item_folders import own_items

PUBLISHED = "published"
"""Folder of the items that were published here."""


def read(settings: SourceSettings, place: Workplace) -> Gathered:
    """Return the package's own items and the published ones.

    Parameters
    ----------
    settings : SourceSettings
        The source.
    place : Workplace
        Where it may keep what it brings.
    """
    del settings  # there is one such source
    folders = dict(own_items())
    published = place.paths.marketplace / PUBLISHED
    for folder in sorted(published.iterdir()) if published.is_dir() else []:
        if metadata_file(folder) is not None:
            folders.setdefault(folder.name, folder)
    return Gathered(
        [read_item_folder(folder, name, place.paths) for name, folder in folders.items()]
    )
