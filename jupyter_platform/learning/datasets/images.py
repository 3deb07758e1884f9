"""Reading folders of images: a class a folder, classes in a file, or a mask for each image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.datasets import DatasetDescriptor, Part
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.datasets.arrays import Files, StoredArrays
from jupyter_platform.learning.datasets.decoding import path_picture
from jupyter_platform.learning.datasets.masks import picture_masks
from jupyter_platform.learning.datasets.part_names import WORDS
from jupyter_platform.learning.datasets.pictures import ImageSamples

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
)
IMAGES, MASKS = "images", "masks"


def read(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    """List the images of a dataset; each is read when it is needed.

    Raises
    ------
    InvalidDataError
        If a folder is not laid out as its kind wants, or holds no image.
    """
    found = _parted(descriptor, files)
    if descriptor.kind == "masks":
        return _read_masks(descriptor, found)
    if files.labels is not None:
        return _read_labelled(descriptor, found, files.labels)
    return _read_classes(descriptor, found)


def _parted(descriptor: DatasetDescriptor, files: Files) -> Files:
    """Return the folders of each part; one folder may hold them, by their names."""
    for path in files.all:
        if not path.is_dir():
            raise InvalidDataError(f"Dataset {descriptor.name!r}: {path.name} is no folder.")
    if descriptor.file is None:
        return files
    inside = _folders(files.only)
    parts = [WORDS.get(path.name.lower()) for path in inside]
    if "train" not in parts or None in parts:
        return files
    named: dict[Part, list[Path]] = {}
    for part, path in zip(parts, inside, strict=True):
        if part is not None:
            named.setdefault(part, []).append(path)
    return replace(Files.of(named), labels=files.labels)


def _read_classes(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    name = descriptor.name
    found = [_classes_in(folder) for folder in files.all]
    names = sorted({item for classes in found for item in classes})
    if not names:
        raise InvalidDataError(
            f"Dataset {name!r}: {files.all[0].name} holds no folders; put the images of each class "
            "into a folder named after it."
        )
    numbers = {item: number for number, item in enumerate(names)}
    paths: list[str] = []
    labels: list[int] = []
    counts: list[int] = []
    size = 0
    for classes in found:
        before = len(paths)
        for item, folder in classes.items():
            images, taken = _images_in(folder)
            paths += images
            labels += [numbers[item]] * len(images)
            size += taken
        counts.append(len(paths) - before)
    parts = files.ranges(counts)
    return StoredArrays(
        _samples(paths, descriptor, files.all[0]),
        np.array(labels, dtype=np.int64),
        parts=parts,
        classes=tuple(names),
        is_sorted=parts is None,
        bytes=size,
    )


def _classes_in(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in _folders(folder)}


def _read_labelled(descriptor: DatasetDescriptor, files: Files, labels: Path) -> StoredArrays:
    paths, counts, size = _listed(files.all)
    numbers = _class_numbers(labels, descriptor.name)
    if len(numbers) != len(paths):
        raise InvalidDataError(
            f"Dataset {descriptor.name!r}: {labels.name} holds {len(numbers):,} labels for "
            f"{len(paths):,} images."
        )
    inputs = _samples(paths, descriptor, files.all[0])
    return StoredArrays(inputs, numbers, parts=files.ranges(counts), bytes=size)


def _class_numbers(path: Path, dataset: str) -> NDArray[np.int64]:
    numbers: list[int] = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidDataError(
            f"Dataset {dataset!r}: {path.name} cannot be read: {error}."
        ) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            numbers.append(int(line))
        except ValueError as error:
            raise InvalidDataError(
                f"Dataset {dataset!r}: line {number} of {path.name} is {line.strip()[:40]!r}; each "
                "is the number of a class."
            ) from error
    return np.array(numbers, dtype=np.int64)


def _read_masks(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    name = descriptor.name
    for folder in files.all:
        if not (folder / IMAGES).is_dir() or not (folder / MASKS).is_dir():
            raise InvalidDataError(
                f"Dataset {name!r}: {folder.name} needs the folders {IMAGES} and {MASKS}."
            )
    images, counts, size = _listed([item / IMAGES for item in files.all])
    masks, _, more = _listed([item / MASKS for item in files.all])
    stems = [_stem(path) for path in images]
    if stems != [_stem(path) for path in masks]:
        alone = sorted(set(stems) ^ {_stem(path) for path in masks}) or stems
        raise InvalidDataError(
            f"Dataset {name!r}: each image has one mask of the same name, and the other way round; "
            f"not so {alone[0]!r}."
        )
    inputs = _samples(images, descriptor, files.all[0])
    height, width = inputs.shape[1:]
    targets = picture_masks(
        len(masks), lambda row: path_picture(masks[row]), (height, width), descriptor
    )
    return StoredArrays(inputs, targets, parts=files.ranges(counts), bytes=size + more)


def _samples(paths: list[str], descriptor: DatasetDescriptor, folder: Path) -> ImageSamples:
    if not paths:
        raise InvalidDataError(
            f"Dataset {descriptor.name!r}: {folder.name} holds no image; accepted are "
            f"{', '.join(sorted(SUFFIXES))}."
        )
    return ImageSamples(
        len(paths), lambda row: path_picture(paths[row]), descriptor.shape, descriptor.name
    )


def _listed(folders: Sequence[Path]) -> tuple[list[str], list[int], int]:
    """Return all images, how many of them each folder has, and their size."""
    paths: list[str] = []
    counts: list[int] = []
    size = 0
    for folder in folders:
        # Images that a labels file goes with may lie in a folder of their own.
        images, taken = _images_in(folder / IMAGES if (folder / IMAGES).is_dir() else folder)
        paths += images
        counts.append(len(images))
        size += taken
    return paths, counts, size


def _images_in(folder: Path) -> tuple[list[str], int]:
    """Return the images of a folder, numbered ones in the order of their numbers, and their size.

    Entries whose names begin with a dot are left out.
    """
    found: list[str] = []
    size = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            suffix = os.path.splitext(entry.name)[1].lower()
            if suffix in SUFFIXES and not entry.name.startswith(".") and entry.is_file():
                found.append(entry.path)
                size += entry.stat().st_size
    if all(_stem(path).isdecimal() for path in found):
        found.sort(key=lambda path: (int(_stem(path)), path))
    else:
        found.sort()
    return found, size


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def _folders(folder: Path) -> list[Path]:
    inside = [path for path in folder.iterdir() if path.is_dir()]
    return sorted(path for path in inside if not path.name.startswith("."))
