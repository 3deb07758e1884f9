"""Reading folders of images: a class a folder, classes in a file, or a mask for each image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.datasets.arrays import Files, StoredArrays
from jupyter_platform.learning.datasets.decoding import path_picture
from jupyter_platform.learning.datasets.masks import picture_masks
from jupyter_platform.learning.datasets.pictures import ImageSamples

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
)
IMAGES, MASKS = "images", "masks"
_TRAIN, _TESTS = "train", ("test", "validation", "val")


def read(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    """List the images of a dataset; each is read when it is needed.

    Raises
    ------
    InvalidDataError
        If a folder is not laid out as its kind wants, or holds no image.
    """
    train, test = _parts(descriptor, files)
    if descriptor.kind == "masks":
        return _read_masks(descriptor, train, test)
    if files.labels is not None:
        return _read_labelled(descriptor, train, test, files.labels)
    return _read_classes(descriptor, train, test)


def _parts(descriptor: DatasetDescriptor, files: Files) -> tuple[list[Path], list[Path]]:
    """Return training and test folders; one folder may hold both, by their names."""
    for path in (*files.train, *files.test):
        if not path.is_dir():
            raise InvalidDataError(f"Dataset {descriptor.name!r}: {path.name} is no folder.")
    if descriptor.file is None:
        return list(files.train), list(files.test)
    inside = {path.name: path for path in _folders(files.only)}
    if _TRAIN in inside and set(inside) <= {_TRAIN, *_TESTS}:
        return [inside[_TRAIN]], [inside[name] for name in _TESTS if name in inside]
    return [files.only], []


def _read_classes(
    descriptor: DatasetDescriptor, train: Sequence[Path], test: Sequence[Path]
) -> StoredArrays:
    name = descriptor.name
    found = [_classes_in(folder) for folder in (*train, *test)]
    names = sorted({item for classes in found for item in classes})
    if not names:
        raise InvalidDataError(
            f"Dataset {name!r}: {train[0].name} holds no folders; put the images of each class "
            "into a folder named after it."
        )
    numbers = {item: number for number, item in enumerate(names)}
    paths: list[str] = []
    labels: list[int] = []
    size, border = 0, 0
    for number, classes in enumerate(found):
        if number == len(train):
            border = len(paths)
        for item, folder in classes.items():
            images, taken = _images_in(folder)
            paths += images
            labels += [numbers[item]] * len(images)
            size += taken
    return StoredArrays(
        _samples(paths, descriptor, train[0]),
        np.array(labels, dtype=np.int64),
        train=border if test else None,
        classes=tuple(names),
        is_sorted=not test,
        bytes=size,
    )


def _classes_in(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in _folders(folder)}


def _read_labelled(
    descriptor: DatasetDescriptor, train: Sequence[Path], test: Sequence[Path], labels: Path
) -> StoredArrays:
    paths, border, size = _listed(train, test)
    numbers = _class_numbers(labels, descriptor.name)
    if len(numbers) != len(paths):
        raise InvalidDataError(
            f"Dataset {descriptor.name!r}: {labels.name} holds {len(numbers):,} labels for "
            f"{len(paths):,} images."
        )
    return StoredArrays(
        _samples(paths, descriptor, train[0]), numbers, train=border if test else None, bytes=size
    )


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


def _read_masks(
    descriptor: DatasetDescriptor, train: Sequence[Path], test: Sequence[Path]
) -> StoredArrays:
    name = descriptor.name
    for folder in (*train, *test):
        if not (folder / IMAGES).is_dir() or not (folder / MASKS).is_dir():
            raise InvalidDataError(
                f"Dataset {name!r}: {folder.name} needs the folders {IMAGES} and {MASKS}."
            )
    images, border, size = _listed([item / IMAGES for item in train], [i / IMAGES for i in test])
    masks, _, more = _listed([item / MASKS for item in train], [item / MASKS for item in test])
    stems = [_stem(path) for path in images]
    if stems != [_stem(path) for path in masks]:
        alone = sorted(set(stems) ^ {_stem(path) for path in masks}) or stems
        raise InvalidDataError(
            f"Dataset {name!r}: each image has one mask of the same name, and the other way round; "
            f"not so {alone[0]!r}."
        )
    inputs = _samples(images, descriptor, train[0])
    height, width = inputs.shape[1:]
    targets = picture_masks(
        len(masks), lambda row: path_picture(masks[row]), (height, width), descriptor
    )
    return StoredArrays(inputs, targets, train=border if test else None, bytes=size + more)


def _samples(paths: list[str], descriptor: DatasetDescriptor, folder: Path) -> ImageSamples:
    if not paths:
        raise InvalidDataError(
            f"Dataset {descriptor.name!r}: {folder.name} holds no image; accepted are "
            f"{', '.join(sorted(SUFFIXES))}."
        )
    return ImageSamples(
        len(paths), lambda row: path_picture(paths[row]), descriptor.shape, descriptor.name
    )


def _listed(train: Sequence[Path], test: Sequence[Path]) -> tuple[list[str], int, int]:
    """Return all images, how many of them come before the test samples, and their size."""
    paths: list[str] = []
    size, border = 0, 0
    for number, folder in enumerate((*train, *test)):
        if number == len(train):
            border = len(paths)
        # Images that a labels file goes with may lie in a folder of their own.
        images, taken = _images_in(folder / IMAGES if (folder / IMAGES).is_dir() else folder)
        paths += images
        size += taken
    return paths, border, size


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
