"""Images that are read when they are needed."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.preparations import PicturePreparation
from jupyter_platform.learning.data.pictures.decoding import (
    FAULTS,
    MODES,
    Picture,
    as_array,
    decode,
    is_grey,
    opened,
    read_picture,
    reason,
    upright_size,
)

CACHE_BYTES = 256 * 1024**2
"""Pixels up to which images are kept when they have been read once."""
_LOOKED_AT = 200
"""Images whose size is looked at before any is needed."""


class PictureSamples(ABC):
    """Bytes of shape `shape` for each stored row, from one image file each.

    Those of a small dataset are kept once they have been read, so that only the first pass over
    it decodes them.

    Parameters
    ----------
    count : int
        How many there are; at least one.
    picture : callable
        Gives the image of a row.
    shape : tuple of int
        Of one sample.
    dataset : str
        Name, for errors.
    """

    dtype = torch.uint8
    in_memory = False

    def __init__(
        self, count: int, picture: Callable[[int], Picture], shape: tuple[int, ...], dataset: str
    ) -> None:
        self._count = count
        self._picture = picture
        self._dataset = dataset
        self.shape = shape
        is_small = count * math.prod(shape) <= CACHE_BYTES
        self._kept = np.empty((count, *shape), dtype=np.uint8) if is_small else None
        self._is_kept = np.zeros(count, dtype=np.bool_)

    def __len__(self) -> int:
        return self._count

    def read(self, rows: Tensor) -> Tensor:
        """Decode the images of rows, but those that are kept."""
        wanted = rows.cpu().numpy()
        if self._kept is None:
            found = np.empty((len(wanted), *self.shape), dtype=np.uint8)
            for place, row in enumerate(wanted.tolist()):
                found[place] = self._read_one(row)
            return torch.from_numpy(found)
        for row in wanted[~self._is_kept[wanted]].tolist():
            # Threads that read the same image at once write the same.
            self._kept[row] = self._read_one(row)
            self._is_kept[row] = True
        return torch.from_numpy(self._kept[wanted])

    def whole(self) -> Tensor:
        """Decode all images; that takes as long and as much memory as they need."""
        return self.read(torch.arange(self._count))

    def _read_one(self, row: int) -> NDArray[np.uint8]:
        picture = self._picture(row)
        try:
            return self._decoded(picture)
        except FAULTS as error:
            raise unreadable(self._dataset, picture, error) from error

    @abstractmethod
    def _decoded(self, picture: Picture) -> NDArray[np.uint8]:
        """Return what a picture holds; one of `FAULTS` is named with it."""


class ImageSamples(PictureSamples):
    """Images of one shape (C, H, W), one for each stored row.

    Parameters
    ----------
    count, picture, dataset
        As of `PictureSamples`.
    shape : tuple of int, optional
        (C, H, W) to which each is brought, see `PicturePreparation`. Without it that of the first
        image, which all must have.

    Raises
    ------
    InvalidDataError
        If an image that is looked at is none, or has another size than the first.
    """

    def __init__(
        self,
        count: int,
        picture: Callable[[int], Picture],
        shape: tuple[int, ...] | None,
        dataset: str,
    ) -> None:
        self._is_fitted = shape is not None
        wanted = _checked(shape, dataset) if shape is not None else _shape_of(picture(0), dataset)
        super().__init__(count, picture, wanted, dataset)
        channels, height, width = wanted
        self._preparation = PicturePreparation(shape=(channels, height, width), scale=1.0)
        if not self._is_fitted:
            self._look()

    def to(self, device: torch.device) -> ImageSamples:
        """Return the same: images stay where they are."""
        return self

    def _decoded(self, picture: Picture) -> NDArray[np.uint8]:
        if self._is_fitted:
            return decode(picture, self._preparation)
        found = read_picture(picture, self.shape[0], self._preparation.background)
        self._check_size(picture, found.size)
        return as_array(found)

    def _check_size(self, picture: Picture, size: tuple[int, int]) -> None:
        _, height, width = self.shape
        if size != (width, height):
            raise InvalidDataError(
                f"Dataset {self._dataset!r}: {picture.name} has {size[0]}×{size[1]} pixels, the "
                f"first image has {width}×{height}; set shape to bring all to one size."
            )

    def _look(self) -> None:
        """Look at the sizes of some images, spread over all, without decoding them."""
        for number in range(min(self._count, _LOOKED_AT)):
            picture = self._picture(number * self._count // min(self._count, _LOOKED_AT))
            try:
                with opened(picture) as image:
                    size = upright_size(image)
            except FAULTS as error:
                raise unreadable(self._dataset, picture, error) from error
            self._check_size(picture, size)


def unreadable(dataset: str, picture: Picture, error: Exception) -> InvalidDataError:
    """Return the error that a picture of a dataset cannot be read.

    Parameters
    ----------
    dataset : str
        Name of the dataset, for messages.
    picture : Picture
        A file, or one inside an archive.
    error : Exception
        What reading it raised.
    """
    return InvalidDataError(f"Dataset {dataset!r}: {picture.name} cannot be read: {reason(error)}.")


def _shape_of(picture: Picture, dataset: str) -> tuple[int, int, int]:
    """Return the shape of a picture as it is: one channel where it is grey, else three."""
    try:
        with opened(picture) as image:
            width, height = upright_size(image)
            return (1 if is_grey(image) else 3, height, width)
    except FAULTS as error:
        raise unreadable(dataset, picture, error) from error


def _checked(shape: tuple[int, ...], dataset: str) -> tuple[int, ...]:
    if len(shape) != 3 or shape[0] not in MODES:
        raise InvalidDataError(
            f"Dataset {dataset!r}: shape {shape} is not that of an image; give channels "
            "(1, 3 or 4), height and width."
        )
    return shape
