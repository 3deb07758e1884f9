"""Reading the folder of one item: metadata, README, recipe, picture."""

from __future__ import annotations

from pathlib import Path

from jupyter_platform.catalogue.entries import ItemFiles
from jupyter_platform.catalogue.licences import licence_of_text
from jupyter_platform.catalogue.reading import ReadMetadata, placeholder, read_metadata
from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.marketplace import ItemMetric
from jupyter_platform.core.recipes import README_FILE, RECIPE_FILE, MeasuredMetric, Recipe
from jupyter_platform.runtime.bounded import BoundsError, read_text
from jupyter_platform.runtime.item_folders import METRIC_FILE, read_metric, read_recipe
from jupyter_platform.runtime.paths import Paths

METADATA_FILES = ("ai4-metadata.yml", "ai4-metadata.yaml", "ai4-metadata.json")
PICTURES = {
    "picture.svg": "image/svg+xml",
    "picture.png": "image/png",
    "picture.jpg": "image/jpeg",
    "picture.webp": "image/webp",
}
LARGEST_PICTURE = 2_000_000
"""Bytes."""
_LICENCE_FILES = ("LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "COPYING")


def metadata_file(folder: Path) -> Path | None:
    """Return the file of metadata in a folder; None where there is none."""
    return next((path for name in METADATA_FILES if (path := folder / name).is_file()), None)


def picture_file(folder: Path) -> Path | None:
    """Return the picture of an item; None where there is none."""
    return next((path for name in PICTURES if (path := folder / name).is_file()), None)


def read_picture(folder: Path) -> tuple[bytes, str] | None:
    """Return the picture of an item with its media type.

    None where there is none, or it is too large, or a link that leads out of the folder.
    """
    path = picture_file(folder)
    if path is None or not path.resolve().is_relative_to(folder.resolve()):
        return None
    with open(path, "rb") as file:
        data = file.read(LARGEST_PICTURE + 1)
    return None if len(data) > LARGEST_PICTURE else (data, PICTURES[path.name])


def read_item_folder(
    folder: Path, name: str, paths: Paths, *, root: Path | None = None
) -> ItemFiles:
    """Return what stands in an item's folder; faults become problems of the item.

    Parameters
    ----------
    folder : Path
        The item's folder.
    name : str
        Name of the item.
    paths : Paths
        The platform's folders, where measured metrics lie.
    root : Path, optional
        Folder that links must not lead out of; `folder` when absent.
    """
    inside = (root or folder).resolve()
    problems: list[str] = []
    path = metadata_file(folder)
    metadata = (
        placeholder(name, f"There is no {METADATA_FILES[0]}.")
        if path is None
        else read_metadata_file(path, name, inside)
    )
    recipe = _recipe(folder, inside, problems)
    licence_text = next(
        (text for file in _LICENCE_FILES if (text := _optional(folder / file, inside, problems))),
        "",
    )
    metric = None if recipe is None else _metric(folder, name, paths)
    return ItemFiles(
        name=name,
        metadata=metadata,
        readme=_optional(folder / README_FILE, inside, problems),
        recipe=recipe,
        folder=str(folder),
        license=licence_of_text(licence_text),
        metric=None if metric is None else ItemMetric(**metric.model_dump()),
        has_picture=picture_file(folder) is not None,
        problems=tuple(problems),
    )


def read_metadata_file(path: Path, name: str, inside: Path) -> ReadMetadata:
    """Return the metadata of a file; a placeholder where it cannot be read.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Name of the item.
    inside : Path
        Folder, without links, that the file must lie in.
    """
    try:
        return read_metadata(_text(path, inside), name)
    except (BoundsError, UnicodeDecodeError) as error:
        return placeholder(name, f"{path.name} is not read: {error}.")
    except OSError as error:
        return placeholder(name, f"{path.name} cannot be read: {error.strerror}.")


def _text(path: Path, inside: Path) -> str:
    if not path.resolve().is_relative_to(inside):
        raise BoundsError("it is a link that leads out of its folder")
    return read_text(path)


def _optional(path: Path, inside: Path, problems: list[str]) -> str:
    try:
        return _text(path, inside)
    except FileNotFoundError:
        return ""
    except (BoundsError, UnicodeDecodeError, OSError) as error:
        problems.append(f"{path.name} is not read: {error}.")
        return ""


def _metric(folder: Path, name: str, paths: Paths) -> MeasuredMetric | None:
    """Return what was measured of the weights that come with an item, or were made here."""
    try:
        return MeasuredMetric.model_validate_json(read_text(folder / METRIC_FILE))
    except (OSError, ValueError):
        return read_metric(name, paths)


def _recipe(folder: Path, inside: Path, problems: list[str]) -> Recipe | None:
    path = folder / RECIPE_FILE
    if path.exists() and not path.resolve().is_relative_to(inside):
        problems.append(f"{RECIPE_FILE} is a link that leads out of its folder; it is not read.")
        return None
    try:
        return read_recipe(folder)
    except PlatformError as error:
        problems.append(f"{RECIPE_FILE} is not taken: {error.message}")
        return None
