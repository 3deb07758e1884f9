"""How folders of pictures are laid out: which are parts, which are classes, which are neither."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_platform.core.datasets import PARTS, Part
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.data.part_names import WORDS

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
)
STRAYS = frozenset(
    {
        "__macosx",
        "__pycache__",
        "$recycle.bin",
        "@eadir",
        "lost+found",
        "system volume information",
        "thumbnails",
    }
)
"""Folders, in lower case, that programs leave behind; those that begin with a dot are some too."""
IMAGES = ("images", "image", "imgs", "img")
MASKS = ("masks", "mask", "segmentations", "segmentation", "annotations", "labels")
"""Names of the folders of a dataset of masks, in lower case."""
ENDINGS = ("_mask", "-mask", "_masks", "_gt", "_seg", "_segmentation", "_label")
"""What the name of a mask may have behind that of its image."""
_DEEPEST = 8
"""Folders inside each other that are gone through."""
_NAMED = 5


@dataclass(frozen=True)
class Classes:
    """Pictures of classes."""

    parts: dict[Part, dict[str, list[str]]]
    """Paths by part and class; all are of ``train`` where nothing tells parts apart."""
    warnings: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of all classes, sorted."""
        return sorted({name for classes in self.parts.values() for name in classes})


class Folder:
    """A folder as far as it matters here: its pictures, and the folders that hold some.

    Parameters
    ----------
    path : Path
        The folder.
    depth : int
        Folders that it lies in, from the one of the dataset on.
    """

    def __init__(self, path: Path, depth: int = 0) -> None:
        self.path = path
        self.pictures: list[str] = []
        """Those that lie in it, numbered ones in the order of their numbers."""
        inside: list[Path] = []
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if is_picture(entry.name) and entry.is_file():
                    self.pictures.append(entry.path)
                elif depth < _DEEPEST and entry.name.lower() not in STRAYS and entry.is_dir():
                    inside.append(Path(entry.path))
        self.pictures = in_order(self.pictures)
        found = (Folder(item, depth + 1) for item in sorted(inside))
        self.folders: list[Folder] = [item for item in found if item.pictures or item.folders]
        """Folders inside that hold pictures, at whatever depth."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.path.name

    @property
    def part(self) -> Part | None:
        """The part that its name says."""
        return WORDS.get(self.name.lower())

    def all_pictures(self) -> list[str]:
        """Return its pictures and those of the folders inside."""
        return [*self.pictures, *(path for item in self.folders for path in item.all_pictures())]

    def child(self, names: Iterable[str]) -> Folder | None:
        """Return the folder inside that has one of the names, in lower case."""
        return next((item for item in self.folders if item.name.lower() in names), None)


def is_picture(name: str) -> bool:
    """Return whether a file is a picture by its name."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def stem(path: str) -> str:
    """Return the name of a file without its suffix."""
    return os.path.splitext(os.path.basename(path))[0]


def in_order(paths: Sequence[str]) -> list[str]:
    """Return paths by name, or by number where all names are numbers."""
    if all(stem(path).isdecimal() for path in paths):
        return sorted(paths, key=lambda path: (int(stem(path)), path))
    return sorted(paths)


def unwrapped(folder: Folder) -> Folder:
    """Return the folder that tells something: an archive often unpacks into one that does not."""
    while not folder.pictures and len(folder.folders) == 1:
        (only,) = folder.folders
        if not only.folders or only.part is not None:
            break
        folder = only
    return folder


def parts_inside(folder: Folder, classes: Sequence[str] = ()) -> dict[Part, list[Folder]] | None:
    """Return the folders of each part; None where those inside are none.

    Parameters
    ----------
    classes : sequence of str
        Names that are classes, whatever they sound like.

    Raises
    ------
    InvalidDataError
        If folders of parts lie beside others.
    """
    named = [item for item in folder.folders if item.part is not None and item.name not in classes]
    others = [item for item in folder.folders if item not in named]
    if not named:
        return None
    if others:
        if all(item.part == "train" and not item.folders for item in named):
            return None  # a class of railway trains
        raise InvalidDataError(
            f"{folder.name} holds folders of parts ({_names(named)}) beside others "
            f"({_names(others)}). Put the folders of classes into those of parts, or name all "
            "classes with classes."
        )
    return {
        part: found for part in PARTS if (found := [item for item in named if item.part == part])
    }


def classes_in(parts: Mapping[Part, Sequence[Folder]]) -> Classes:
    """Return the pictures of each part by the folders that they lie in.

    Raises
    ------
    InvalidDataError
        If there are no folders of classes, or two differ in the case of their letters only.
    """
    found: dict[Part, dict[str, list[str]]] = {}
    warnings: list[str] = []
    for part, folders in parts.items():
        by_class: dict[str, list[str]] = {}
        for folder in folders:
            for item in folder.folders:
                by_class.setdefault(item.name, []).extend(item.all_pictures())
            if folder.pictures:
                warnings.append(_outside(folder))
        if by_class:
            found[part] = by_class
    first = next(folder for folders in parts.values() for folder in folders)
    if not found:
        raise InvalidDataError(
            f"{first.name} holds no folders of pictures; put the images of each class into a "
            f"folder named after it. Accepted are {', '.join(sorted(SUFFIXES))}."
        )
    classes = Classes(found, tuple(warnings))
    _check_case(classes.names)
    return classes


def class_layout(root: Folder, classes: Sequence[str] = ()) -> Classes:
    """Return the pictures of a folder by part and class.

    Understood are folders of classes, folders of parts with folders of classes inside, and the
    other way round. A class takes all pictures below its folder.

    Parameters
    ----------
    root : Folder
        The folder, or an archive of one.
    classes : sequence of str, optional
        Names of classes in their order; none: as the folders are called.

    Raises
    ------
    InvalidDataError
        If it is laid out otherwise.
    """
    folder = unwrapped(root)
    parts = parts_inside(folder, classes)
    if parts is not None:
        return classes_in(parts)
    inner = [parts_inside(item) if not item.pictures else None for item in folder.folders]
    if inner and all(inner):
        found: dict[Part, dict[str, list[str]]] = {}
        for item, of_class in zip(folder.folders, inner, strict=True):
            for part, folders in (of_class or {}).items():
                paths = [path for one in folders for path in one.all_pictures()]
                found.setdefault(part, {})[item.name] = paths
        ordered = {part: found[part] for part in PARTS if part in found}
        warnings = (_outside(folder),) if folder.pictures else ()
        return Classes(ordered, warnings)
    return classes_in({"train": [folder]})


def _outside(folder: Folder) -> str:
    count, names = len(folder.pictures), [os.path.basename(item) for item in folder.pictures]
    more = ", …" if count > _NAMED else ""
    verb = "is" if count == 1 else "are"
    return (
        f"{format_count(count, 'picture')} of {folder.name} {verb} in no folder of a class and "
        f"left out: {', '.join(names[:_NAMED])}{more}."
    )


def _check_case(names: Sequence[str]) -> None:
    lower: dict[str, str] = {}
    for name in names:
        other = lower.setdefault(name.lower(), name)
        if other != name:
            raise InvalidDataError(
                f"Classes {other!r} and {name!r} differ in the case of their letters only; name "
                "their folders alike."
            )


def _names(folders: Sequence[Folder]) -> str:
    shown = ", ".join(item.name for item in folders[:_NAMED])
    return f"{shown}, …" if len(folders) > _NAMED else shown


Pairs = list[tuple[str, str]]
"""Paths of images with those of their masks."""


def mask_layout(root: Folder) -> dict[Part, Pairs]:
    """Return the images of a folder with their masks, by part.

    Understood are folders of images and of masks, with folders of parts inside or around them.

    Raises
    ------
    InvalidDataError
        If it is laid out otherwise, or an image lacks its mask.
    """
    folder = root if _pair(root) is not None else unwrapped(root)
    pair = _pair(folder)
    if pair is None:
        parts = parts_inside(folder)
        return {part: masks_in(found) for part, found in (parts or {"train": [folder]}).items()}
    images, masks = (parts_inside(item) for item in pair)
    if images is None and masks is None:
        return {"train": masks_in([folder])}
    if images is None or masks is None or images.keys() != masks.keys():
        raise InvalidDataError(
            f"{folder.name}: images and masks are not in folders of the same parts."
        )
    return {
        part: [
            pair
            for image, mask in zip(images[part], masks[part], strict=True)
            for pair in _paired(image, mask)
        ]
        for part in images
    }


def holds_masks(root: Folder) -> bool:
    """Return whether a folder, or each of its parts, has folders of images and of masks."""
    folder = root if _pair(root) is not None else unwrapped(root)
    if _pair(folder) is not None:
        return True
    named = [item for item in folder.folders if item.part is not None]
    return bool(named) and all(_pair(item) is not None for item in named)


def masks_in(folders: Sequence[Folder]) -> Pairs:
    """Return the images of folders with their masks.

    Raises
    ------
    InvalidDataError
        If a folder lacks one of images or one of masks, or an image its mask.
    """
    found: Pairs = []
    for folder in folders:
        pair = _pair(folder)
        if pair is None:
            raise InvalidDataError(f"{folder.name} needs the folders images and masks.")
        found += _paired(*pair)
    return found


def _pair(folder: Folder) -> tuple[Folder, Folder] | None:
    images, masks = folder.child(IMAGES), folder.child(MASKS)
    return None if images is None or masks is None else (images, masks)


def _paired(images: Folder, masks: Folder) -> Pairs:
    """Pair images and masks of the same name; that of a mask may end in ``_mask`` or the like."""
    of_images, of_masks = _keyed(images), _keyed(masks)
    found: Pairs = []
    for key, path in of_images.items():
        ended = (key + ending for ending in ("", *ENDINGS))
        mask = next((of_masks.pop(name) for name in ended if name in of_masks), None)
        if mask is None:
            raise _unpaired(os.path.basename(key))
        found.append((path, mask))
    if of_masks:
        raise _unpaired(os.path.basename(next(iter(of_masks))))
    return found


def _keyed(folder: Folder) -> dict[str, str]:
    """Return the pictures of a folder by their paths inside it, without suffix."""
    return {
        os.path.splitext(os.path.relpath(path, folder.path))[0]: path
        for path in folder.all_pictures()
    }


def _unpaired(name: str) -> InvalidDataError:
    return InvalidDataError(
        f"each image has one mask of the same name, and the other way round; not so {name!r}."
    )
