"""Reading folders of images: a class a folder, classes in a file, or a mask for each image."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.datasets import DatasetDescriptor, Part
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data.arrays import Files, StoredArrays, ranges_of
from jupyter_platform.learning.data.pictures.decoding import Picture, path_picture
from jupyter_platform.learning.data.pictures.folders import (
    SUFFIXES,
    Folder,
    class_layout,
    classes_in,
    mask_layout,
    masks_in,
    parts_inside,
)
from jupyter_platform.learning.data.pictures.masks import picture_masks
from jupyter_platform.learning.data.pictures.pictures import ImageSamples
from jupyter_platform.learning.data.pictures.survey import broken, refuse_broken, survey

IMAGES = "images"
_T = TypeVar("_T")


@dataclass(frozen=True)
class _Listed:
    """The pictures of a dataset, part by part in the order in which samples are numbered."""

    paths: list[str]
    counts: dict[Part, int]
    """Pictures of each part."""
    warnings: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(os.stat(path).st_size for path in self.paths)


@dataclass(frozen=True)
class _Sound:
    """Which of the listed pictures can be read."""

    rows: list[int]
    skipped: int = 0
    warnings: tuple[str, ...] = ()

    def of(self, items: Sequence[_T]) -> list[_T]:
        """Return those of some items, one a picture, that go with them."""
        return [items[row] for row in self.rows]

    def counts(self, before: Mapping[Part, int]) -> dict[Part, int]:
        """Return how many each part has left."""
        borders = np.cumsum([0, *before.values()])
        places = np.searchsorted(self.rows, borders)
        return dict(zip(before, np.diff(places).tolist(), strict=True))


def read(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    """List the images of a dataset; each is read when it is needed.

    Parameters
    ----------
    descriptor : DatasetDescriptor
        Description of the dataset.
    files : Files
        Its files on this host.

    Raises
    ------
    InvalidDataError
        If a folder is not laid out as its kind wants, or holds no image, or pictures cannot be
        read and are not to be skipped.
    """
    for path in files.all:
        if not path.is_dir():
            raise InvalidDataError(f"Dataset {descriptor.name!r}: {path.name} is no folder.")
    try:
        if descriptor.kind == "masks":
            return _read_masks(descriptor, files)
        if files.labels is not None:
            return _read_labelled(descriptor, files, files.labels)
        return _read_classes(descriptor, files)
    except InvalidDataError as error:
        prefix = f"Dataset {descriptor.name!r}"
        if error.message.startswith(prefix):
            raise
        raise InvalidDataError(f"{prefix}: {error.message}", errors=error.errors) from error


def _read_classes(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    if descriptor.file is None:
        layout = classes_in(_folders(files))
    else:
        layout = class_layout(Folder(files.only), descriptor.classes or ())
    names = layout.names
    listed = _Listed(
        [
            path
            for classes in layout.parts.values()
            for name in names
            for path in classes.get(name, ())
        ],
        {part: sum(map(len, classes.values())) for part, classes in layout.parts.items()},
        tuple(layout.warnings),
    )
    numbers = [
        number
        for classes in layout.parts.values()
        for number, name in enumerate(names)
        for _ in classes.get(name, ())
    ]
    sound = _sound(descriptor, listed)
    parts = ranges_of(sound.counts(listed.counts))
    return StoredArrays(
        _samples(sound.of(listed.paths), descriptor),
        np.array(sound.of(numbers), dtype=np.int64),
        parts=parts,
        classes=tuple(names),
        is_sorted=parts is None,
        bytes=listed.bytes,
        skipped=sound.skipped,
        warnings=(*listed.warnings, *sound.warnings),
    )


def _read_labelled(descriptor: DatasetDescriptor, files: Files, labels: Path) -> StoredArrays:
    folder = Folder(files.only) if descriptor.file is not None else None
    parts = _folders(files) if folder is None else parts_inside(folder) or {"train": [folder]}
    by_part = {
        # Images that a labels file goes with may lie in a folder of their own.
        part: [path for item in found for path in (item.child((IMAGES,)) or item).all_pictures()]
        for part, found in parts.items()
    }
    listed = _listed(by_part)
    numbers = _class_numbers(labels, descriptor.name)
    if len(numbers) != len(listed.paths):
        raise InvalidDataError(
            f"{labels.name} holds {len(numbers):,} labels for {len(listed.paths):,} images."
        )
    sound = _sound(descriptor, listed)
    return StoredArrays(
        _samples(sound.of(listed.paths), descriptor),
        numbers[sound.rows],
        parts=ranges_of(sound.counts(listed.counts)),
        bytes=listed.bytes,
        skipped=sound.skipped,
        warnings=sound.warnings,
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


def _read_masks(descriptor: DatasetDescriptor, files: Files) -> StoredArrays:
    if descriptor.file is None:
        found = {part: masks_in(folders) for part, folders in _folders(files).items()}
    else:
        found = mask_layout(Folder(files.only))
    images = _listed({part: [image for image, _ in pairs] for part, pairs in found.items()})
    masks = _listed({part: [mask for _, mask in pairs] for part, pairs in found.items()})
    seen, marked = _sound(descriptor, images), _sound(descriptor, masks)
    rows = sorted(set(seen.rows) & set(marked.rows))
    kept = _Sound(rows, len(images.paths) - len(rows), (*seen.warnings, *marked.warnings))
    inputs = _samples(kept.of(images.paths), descriptor)
    of_masks = kept.of(masks.paths)
    height, width = inputs.shape[1:]
    targets = picture_masks(len(of_masks), _pictures(of_masks), (height, width), descriptor)
    return StoredArrays(
        inputs,
        targets,
        parts=ranges_of(kept.counts(images.counts)),
        bytes=images.bytes + masks.bytes,
        skipped=kept.skipped,
        warnings=kept.warnings,
    )


def _folders(files: Files) -> dict[Part, list[Folder]]:
    return {part: [Folder(path) for path in paths] for part, paths in files.parts.items()}


def _listed(parts: Mapping[Part, Sequence[str]]) -> _Listed:
    return _Listed(
        [path for paths in parts.values() for path in paths],
        {part: len(paths) for part, paths in parts.items()},
    )


def _sound(descriptor: DatasetDescriptor, listed: _Listed) -> _Sound:
    """Return which pictures can be read.

    Raises
    ------
    InvalidDataError
        If some cannot be, and are not to be skipped.
    """
    count = len(listed.paths)
    found = broken(survey(count, _pictures(listed.paths), listed.bytes)) if count else None
    if found is None:
        return _Sound(list(range(count)))
    if not descriptor.skip_broken:
        raise refuse_broken(descriptor.name, found)
    left_out = set(found.rows)
    return _Sound(
        [row for row in range(count) if row not in left_out],
        len(left_out),
        (f"Left out: {found.text}.",),
    )


def _pictures(paths: Sequence[str]) -> Callable[[int], Picture]:
    return lambda row: path_picture(paths[row])


def _samples(paths: Sequence[str], descriptor: DatasetDescriptor) -> ImageSamples:
    if not paths:
        raise InvalidDataError(f"No image can be read; accepted are {', '.join(sorted(SUFFIXES))}.")
    return ImageSamples(len(paths), _pictures(paths), descriptor.shape, descriptor.name)
