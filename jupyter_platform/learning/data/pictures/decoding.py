"""From image files to pixels: the one way, for training, previews and predictions."""

from __future__ import annotations

import os
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from jupyter_platform.core.preparations import PicturePreparation

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's name of an image of so many channels."""
MOST_PIXELS = 100_000_000
"""Pixels of one picture: a small file may unpack to gigabytes."""
FAULTS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    MemoryError,
    OverflowError,
    Image.DecompressionBombError,
)
"""What Pillow raises for files that are no pictures, or broken ones."""
_BLACK_AND_WHITE = ("1", "L", "LA", "La", "I;16", "I;16B", "I;16L", "I;16N", "I")
_TURNED = (5, 6, 7, 8)
"""EXIF orientations that exchange width and height."""


class Picture(NamedTuple):
    """One image that has not been read."""

    name: str
    """What an error calls it."""
    source: str | BinaryIO
    """A path, or a file that is open."""


def path_picture(path: str) -> Picture:
    """Return the image of a path."""
    folder, name = os.path.split(path)
    return Picture(os.path.join(os.path.basename(folder), name), path)


def decode(picture: Picture, preparation: PicturePreparation) -> NDArray[np.uint8]:
    """Return the pixels of a picture.

    Parameters
    ----------
    picture : Picture
        A file, or one inside an archive.
    preparation : PicturePreparation
        Size, channels and range of the result.

    Returns
    -------
    ndarray, shape (C, H, W)
        See `PicturePreparation`.

    Raises
    ------
    OSError, ValueError, …
        One of `FAULTS` if it cannot be read; `reason` says why.
    """
    channels, height, width = preparation.shape
    found = read_picture(picture, channels, preparation.background)
    if found.size != (width, height):
        found = ImageOps.fit(found, (width, height), Image.Resampling.BILINEAR)
    return as_array(found)


def read_picture(picture: Picture, channels: int, background: str = "white") -> Image.Image:
    """Return a picture upright, with 8 bits for each of so many channels, in its own size.

    Parameters
    ----------
    picture : Picture
        A file, or one inside an archive.
    channels : int
        1: grey, 3: RGB, 4: RGB and alpha.
    background : str, optional
        Colour behind transparent pixels.

    Raises
    ------
    OSError, ValueError, …
        One of `FAULTS` if it cannot be read.
    """
    with opened(picture) as image:
        found = _eight_bits(upright(image), image.format)
    return _converted(found, MODES[channels], background)


def as_array(image: Image.Image) -> NDArray[np.uint8]:
    """Return the pixels of an image of 8 bits a channel, shape (C, H, W)."""
    pixels: NDArray[np.uint8] = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def opened(picture: Picture) -> Image.Image:
    """Open a picture without decoding it; to be closed.

    Raises
    ------
    OSError, ValueError, …
        One of `FAULTS` if it is none, or has more than `MOST_PIXELS`.
    """
    image = Image.open(picture.source)
    width, height = image.size
    if width * height > MOST_PIXELS:
        image.close()
        raise ValueError(f"it has {width:,}×{height:,} pixels; at most {MOST_PIXELS:,} are read")
    return image


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Return width and height of a picture as it is seen, without decoding it."""
    width, height = image.size
    if image.format == "TIFF":
        return width, height  # Pillow has turned these already
    # A PNG's own method would decode it to find what stands behind the pixels.
    turned = Image.Image.getexif(image).get(ExifTags.Base.Orientation) in _TURNED
    return (height, width) if turned else (width, height)


def upright(image: Image.Image) -> Image.Image:
    """Decode a picture and turn it as its EXIF orientation says."""
    image.load()
    return ImageOps.exif_transpose(image)


def is_grey(image: Image.Image) -> bool:
    """Return whether a picture has no colours, by its mode and its palette."""
    if image.mode != "P":
        return image.mode in _BLACK_AND_WHITE
    palette = np.array(image.getpalette("RGB") or [], dtype=np.uint8).reshape(-1, 3)
    return bool((palette == palette[:, :1]).all())


def reason(error: Exception) -> str:
    """Return why a picture cannot be read, as the end of a sentence."""
    if isinstance(error, UnidentifiedImageError):
        return "it is no image"
    if isinstance(error, Image.DecompressionBombError):
        return f"it has too many pixels; at most {MOST_PIXELS:,} are read"
    if isinstance(error, MemoryError):
        return "it does not fit into memory"
    if isinstance(error, OSError) and "truncated" in str(error):
        return "it is cut short"
    return str(error).rstrip(".") or type(error).__name__


def _converted(image: Image.Image, mode: str, background: str) -> Image.Image:
    """Return an image of 8 bits a channel in another mode."""
    if image.mode == mode:
        return image
    if mode != "RGBA" and image.has_transparency_data:
        seen = image.convert("RGBA")
        ground = Image.new("RGBA", seen.size, background)
        image = Image.alpha_composite(ground, seen).convert("RGB")
    return image.convert(mode)


def _eight_bits(image: Image.Image, file_format: str | None) -> Image.Image:
    """Return an image of 8 bits a channel; Pillow would cut off everything above 255."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode == "I" and file_format == "PPM":
        # Pillow brings any depth of these files to 16 bits.
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        kind = "whole" if image.mode == "I" else "real"
        raise ValueError(
            f"its pixels are {kind} numbers of 32 bits; 8 or 16 bits a channel are read"
        )
    return image
