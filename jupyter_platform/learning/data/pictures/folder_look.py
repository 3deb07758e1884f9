"""Looking at a folder of pictures that has no descriptor."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from jupyter_platform.core.datasets import Part
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.picture_folders import PictureFolder
from jupyter_platform.learning.data.pictures.decoding import path_picture
from jupyter_platform.learning.data.pictures.folders import (
    SUFFIXES,
    Folder,
    class_layout,
    holds_masks,
    mask_layout,
)
from jupyter_platform.learning.data.pictures.survey import Seen, broken, sizes_of, survey

LARGEST_SIDE = 224
"""Pixels of the longer side that pictures of differing sizes are suggested to be brought to."""


def look_at_folder(path: Path) -> PictureFolder:
    """Tell how the pictures of a folder would be read.

    Parameters
    ----------
    path : Path
        Folders of classes or parts, or of images and masks; see `class_layout` and `mask_layout`.

    Raises
    ------
    InvalidDataError
        If it is no folder, holds no picture that can be read, or is laid out otherwise.
    """
    if not path.is_dir():
        raise InvalidDataError(f"{path.name} is no folder.")
    root = Folder(path)
    if not root.pictures and not root.folders:
        raise InvalidDataError(
            f"{path.name} holds no picture; accepted are {', '.join(sorted(SUFFIXES))}."
        )
    parts: dict[Part, int]
    classes: Counter[str] = Counter()
    warnings: list[str] = []
    if holds_masks(root):
        pairs = mask_layout(root)
        parts = {part: len(found) for part, found in pairs.items()}
        paths = [item for found in pairs.values() for item, _ in found]
    else:
        layout = class_layout(root)
        warnings += layout.warnings
        parts = {part: sum(map(len, found.values())) for part, found in layout.parts.items()}
        for found in layout.parts.values():
            classes.update({name: len(items) for name, items in found.items()})
        paths = [
            item for found in layout.parts.values() for each in found.values() for item in each
        ]
        if len(classes) == 1:
            warnings.append(f"All pictures are of one class, {next(iter(classes))!r}.")
    size = sum(Path(item).stat().st_size for item in paths)
    seen = survey(len(paths), lambda row: path_picture(paths[row]), size)
    bad = broken(seen)
    good = [item for item in seen.values() if item.fault is None]
    if not good:
        raise InvalidDataError(f"{path.name}: {bad.text if bad else 'no picture can be read'}.")
    return PictureFolder(
        kind="masks" if not classes else "images",
        parts=parts,
        classes=dict(sorted(classes.items())),
        shape=_shape(good),
        sizes=_sizes(good),
        broken=0 if bad is None else len(bad.rows),
        problem=None if bad is None else bad.text,
        warnings=warnings,
    )


def _shape(seen: list[Seen]) -> list[int] | None:
    """Return a shape for all; None where they have one size."""
    (least_w, most_w), (least_h, most_h) = sizes_of(seen)
    if (least_w, least_h) == (most_w, most_h):
        return None
    channels = 1 if all(item.is_grey for item in seen) else 3
    width = sorted(item.size[0] for item in seen)[len(seen) // 2]
    height = sorted(item.size[1] for item in seen)[len(seen) // 2]
    factor = min(1.0, LARGEST_SIDE / max(width, height))
    return [channels, max(1, round(height * factor)), max(1, round(width * factor))]


def _sizes(seen: list[Seen]) -> str:
    (least_w, most_w), (least_h, most_h) = sizes_of(seen)
    least, most = f"{least_w}×{least_h}", f"{most_w}×{most_h}"
    return least if least == most else f"{least} to {most}"
