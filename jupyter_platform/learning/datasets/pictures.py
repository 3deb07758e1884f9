"""Images that are read when they are needed."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from jupyter_platform.core.errors import InvalidDataError

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's name of an image of so many channels."""
CACHE_BYTES = 256 * 1024**2
"""Pixels up to which images are kept when they have been read once."""
_LOOKED_AT = 200
"""Images whose size is looked at before any is needed."""
_FAULTS = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)
"""What Pillow raises for files that are no images, or broken ones."""


class Picture(NamedTuple):
    """One image that has not been read."""

    name: str
    """What an error calls it."""
    source: str | BinaryIO
    """A path, or a file that is open."""


class ImageSamples:
    """Images of one shape, one for each stored row, as bytes of shape (C, H, W).

    Those of a small dataset are kept once they have been read, so that only the first pass over
    it decodes them.

    Parameters
    ----------
    count : int
        How many there are; at least one.
    picture : callable
        Gives the image of a row.
    shape : tuple of int, optional
        (C, H, W) to which each is brought: cut to the aspect ratio around its middle, then
        resized. Without it that of the first image, which all must have.
    dataset : str
        Name, for errors.
    is_mask : bool
        Whether they are masks: one channel, and no value between two others when resized.

    Raises
    ------
    InvalidDataError
        If an image that is looked at is none, or has another size than the first.
    """

    dtype = torch.uint8
    in_memory = False

    def __init__(
        self,
        count: int,
        picture: Callable[[int], Picture],
        shape: tuple[int, ...] | None,
        dataset: str,
        *,
        is_mask: bool = False,
    ) -> None:
        self._count = count
        self._picture = picture
        self._dataset = dataset
        self._resample = Image.Resampling.NEAREST if is_mask else Image.Resampling.BILINEAR
        self._is_fitted = shape is not None
        self.shape = self._checked(shape) if shape is not None else self._shape_of_first(is_mask)
        self._mode = MODES[self.shape[0]]
        self._look()
        is_small = count * math.prod(self.shape) <= CACHE_BYTES
        self._kept = np.empty((count, *self.shape), dtype=np.uint8) if is_small else None
        self._is_kept = np.zeros(count, dtype=np.bool_)

    def __len__(self) -> int:
        return self._count

    def read(self, rows: Tensor) -> Tensor:
        """Decode the images of rows, but those that are kept."""
        wanted = rows.cpu().numpy()
        if self._kept is None:
            found = np.empty((len(wanted), *self.shape), dtype=np.uint8)
            for place, row in enumerate(wanted.tolist()):
                found[place] = self._decoded(row)
            return torch.from_numpy(found)
        for row in wanted[~self._is_kept[wanted]].tolist():
            # Threads that read the same image at once write the same.
            self._kept[row] = self._decoded(row)
            self._is_kept[row] = True
        return torch.from_numpy(self._kept[wanted])

    def whole(self) -> Tensor:
        """Decode all images; that takes as long and as much memory as they need."""
        return self.read(torch.arange(self._count))

    def to(self, device: torch.device) -> ImageSamples:
        """Return the same: images stay where they are."""
        return self

    def _decoded(self, row: int) -> NDArray[np.uint8]:
        """Return the pixels of an image, shape (C, H, W)."""
        _, height, width = self.shape
        picture = self._picture(row)
        try:
            with Image.open(picture.source) as image:
                found = _converted(image, self._mode)
        except _FAULTS as error:
            raise self._unreadable(picture, error) from error
        if found.size != (width, height):
            if not self._is_fitted:
                raise self._other_size(picture, found.size)
            found = ImageOps.fit(found, (width, height), self._resample)
        pixels = np.asarray(found)
        return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)

    def _shape_of_first(self, is_mask: bool) -> tuple[int, ...]:
        picture = self._picture(0)
        try:
            with Image.open(picture.source) as image:
                grey = is_mask or image.mode in ("1", "L") or image.mode.startswith("I")
                return (1 if grey else 3, image.height, image.width)
        except _FAULTS as error:
            raise self._unreadable(picture, error) from error

    def _checked(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(shape) != 3 or shape[0] not in MODES:
            raise InvalidDataError(
                f"Dataset {self._dataset!r}: shape {shape} is not that of an image; give channels "
                "(1, 3 or 4), height and width."
            )
        return shape

    def _look(self) -> None:
        """Look at the sizes of some images, spread over all, without decoding them."""
        for number in range(min(self._count, _LOOKED_AT)):
            picture = self._picture(number * self._count // min(self._count, _LOOKED_AT))
            try:
                with Image.open(picture.source) as image:
                    size = image.size
            except _FAULTS as error:
                raise self._unreadable(picture, error) from error
            if not self._is_fitted and size != (self.shape[2], self.shape[1]):
                raise self._other_size(picture, size)

    def _unreadable(self, picture: Picture, error: Exception) -> InvalidDataError:
        reason = "it is no image" if isinstance(error, UnidentifiedImageError) else error
        return InvalidDataError(
            f"Dataset {self._dataset!r}: {picture.name} cannot be read: {reason}."
        )

    def _other_size(self, picture: Picture, size: tuple[int, int]) -> InvalidDataError:
        _, height, width = self.shape
        return InvalidDataError(
            f"Dataset {self._dataset!r}: {picture.name} has {size[0]}×{size[1]} pixels, the first "
            f"image has {width}×{height}; set shape to bring all to one size."
        )


def _converted(image: Image.Image, mode: str) -> Image.Image:
    """Return an image in a mode of 8 bits a channel."""
    if image.mode.startswith("I;16"):
        # Pillow would cut off everything above 255.
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode != mode:
        return image.convert(mode)
    image.load()
    return image


def path_picture(path: str) -> Picture:
    """Return the image of a path."""
    folder, name = os.path.split(path)
    return Picture(os.path.join(os.path.basename(folder), name), path)
