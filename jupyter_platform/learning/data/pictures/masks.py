"""Masks: the target of each pixel of an image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data.pictures.decoding import Picture, opened, upright
from jupyter_platform.learning.data.pictures.mask_values import (
    IGNORED_BYTE,
    VALUES,
    MaskMeaning,
    understand,
)
from jupyter_platform.learning.data.pictures.pictures import PictureSamples
from jupyter_platform.learning.data.samples import ArraySamples, Samples

_PIECE = 64
"""Masks that are looked at at once."""
_FEW = 64
"""Different values of an array beyond which it holds no masks, unless the descriptor says so."""
_NAMED = 5
_COLOURS = 3
"""Colours that are named of a mask that has some."""


class RawMasks(PictureSamples):
    """The values of mask files as they are written, bytes of shape (H, W).

    Parameters
    ----------
    size : tuple of int
        Height and width of the images that they go with.
    is_fitted : bool
        Whether other sizes are brought to it, cut around the middle and without values between
        two others; else they are refused.
    """

    def __init__(
        self,
        count: int,
        picture: Callable[[int], Picture],
        size: tuple[int, int],
        dataset: str,
        *,
        is_fitted: bool,
    ) -> None:
        super().__init__(count, picture, size, dataset)
        self._is_fitted = is_fitted
        self.has_palette = False
        """Whether a mask that was read has numbers of a palette."""

    def to(self, device: torch.device) -> RawMasks:
        """Return the same: masks stay where they are."""
        return self

    def _decoded(self, picture: Picture) -> NDArray[np.uint8]:
        height, width = self.shape
        with opened(picture) as image:
            self.has_palette = self.has_palette or image.mode == "P"
            found = Image.fromarray(_values(upright(image)))
        if found.size != (width, height):
            if not self._is_fitted:
                raise InvalidDataError(
                    f"Dataset {self._dataset!r}: mask {picture.name} has "
                    f"{found.size[0]}×{found.size[1]} pixels, its image {width}×{height}."
                )
            found = ImageOps.fit(found, (width, height), Image.Resampling.NEAREST)
        return np.asarray(found)


class MaskSamples:
    """Masks as targets: bytes with class numbers, shape (H, W), or numbers from 0 to 1, (1, H, W).

    Parameters
    ----------
    raw : Samples
        Values as they are written, bytes of shape (H, W).
    meaning : MaskMeaning
        What they stand for.
    dataset : str
        Name, for errors.
    """

    def __init__(self, raw: Samples, meaning: MaskMeaning, dataset: str) -> None:
        self.meaning = meaning
        self.in_memory = raw.in_memory
        self._raw = raw
        self._dataset = dataset
        is_classes = meaning.task == "classification"
        self.shape = tuple(raw.shape) if is_classes else (1, *raw.shape)
        self.dtype = torch.uint8 if is_classes else torch.float32
        self._table = torch.from_numpy(meaning.table())

    def __len__(self) -> int:
        return len(self._raw)

    def read(self, rows: Tensor) -> Tensor:
        """Return the targets of rows."""
        return self._meant(self._raw.read(rows))

    def whole(self) -> Tensor:
        """Return all targets."""
        return self._meant(self._raw.whole())

    def to(self, device: torch.device) -> MaskSamples:
        """Return the same on a device; what is not in memory stays where it is."""
        return MaskSamples(self._raw.to(device), self.meaning, self._dataset)

    def _meant(self, values: Tensor) -> Tensor:
        if self.meaning.is_grey:
            return values.to(torch.float32).div_(VALUES - 1)[:, None]
        numbers = self._table.to(values.device)[values.long()]
        if bool((numbers >= VALUES).any()):
            unknown = sorted(set(values[numbers >= VALUES].tolist()))
            raise InvalidDataError(
                f"Dataset {self._dataset!r}: a mask now holds the values {unknown[:10]}, which it "
                "did not when the dataset was read first."
            )
        found = numbers.to(self.dtype)
        return found if self.meaning.task == "classification" else found[:, None]


def picture_masks(
    count: int,
    picture: Callable[[int], Picture],
    size: tuple[int, int],
    descriptor: DatasetDescriptor,
) -> MaskSamples:
    """Return the masks in image files.

    Parameters
    ----------
    count, picture
        As of `PictureSamples`.
    size : tuple of int
        Height and width of the images that they go with.

    Raises
    ------
    InvalidDataError
        If they cannot be read, or their values are not understood.
    """
    raw = RawMasks(count, picture, size, descriptor.name, is_fitted=descriptor.shape is not None)
    counts = tally(raw)
    meaning = understand(counts, descriptor, has_palette=raw.has_palette)
    return MaskSamples(raw, meaning, descriptor.name)


def tally(raw: Samples) -> NDArray[np.int64]:
    """Return how many pixels have each value, int64, shape (256,); all masks are read."""
    counts = torch.zeros(VALUES, dtype=torch.int64)
    for rows in torch.split(torch.arange(len(raw)), _PIECE):
        counts += torch.bincount(raw.read(rows).flatten().long(), minlength=VALUES)
    return counts.numpy()


def _values(image: Image.Image) -> NDArray[np.uint8]:
    """Return the values of a mask, shape (H, W): grey levels, or numbers of a palette.

    Raises
    ------
    ValueError
        If it has colours, or values beyond 255.
    """
    pixels = np.asarray(image)
    if image.mode in ("LA", "RGB", "RGBA"):
        if image.mode.endswith("A") and int(pixels[..., -1].min()) < VALUES - 1:
            raise ValueError("it is a mask with transparency; its values are to be grey levels")
        colours = pixels[..., : len(image.mode.removesuffix("A"))]
        if (colours != colours[..., :1]).any():
            seen = np.unique(colours.reshape(-1, colours.shape[-1]), axis=0)[:_COLOURS].tolist()
            raise ValueError(
                f"it is a mask of colours, among them {', '.join(map(str, seen))}; write the "
                "numbers of classes as grey levels, or with a palette"
            )
        return np.ascontiguousarray(colours[..., 0])
    if image.mode not in ("1", "L", "P") and not image.mode.startswith("I"):
        raise ValueError(f"it is a mask in mode {image.mode}; grey levels or a palette are read")
    if pixels.min() < 0 or pixels.max() >= VALUES:
        raise ValueError(
            f"it is a mask with values from {pixels.min()} to {pixels.max()}; 0 to 255 are read"
        )
    return pixels.astype(np.uint8)


def array_masks(
    targets: NDArray[Any], sample: tuple[int, ...], descriptor: DatasetDescriptor
) -> MaskSamples | None:
    """Return targets in an array as masks, where they are some; None where they are not.

    They are where each has the height and width of its sample and few different whole numbers.

    Parameters
    ----------
    targets : ndarray, shape (N, H, W) or (N, 1, H, W)
        Of other shapes they are no masks.
    sample : tuple of int
        Shape of an input.

    Raises
    ------
    InvalidDataError
        If their values are not understood.
    """
    shape = targets.shape[2:] if targets.ndim == 4 and targets.shape[1] == 1 else targets.shape[1:]
    if len(shape) != 2 or len(sample) not in (2, 3) or tuple(sample[-2:]) != shape:
        return None
    if targets.dtype.kind not in "biuf" or descriptor.task == "regression":
        return None
    seen = np.unique(targets)
    is_stated = descriptor.mask_values is not None or descriptor.classes is not None
    if (seen != np.trunc(seen)).any() or (len(seen) > _FEW and not is_stated):
        return None
    values = targets.reshape(len(targets), *shape)
    if seen[0] == -1 and seen[-1] < IGNORED_BYTE:
        values = np.where(values == -1, IGNORED_BYTE, values)  # how arrays mark what they ignore
    elif seen[0] < 0 or seen[-1] >= VALUES:
        raise InvalidDataError(
            f"Dataset {descriptor.name!r}: its masks hold values from {seen[0]} to {seen[-1]}; 0 "
            "to 255 are read, and -1 for pixels to ignore."
        )
    raw = ArraySamples([values.astype(np.uint8)])
    return MaskSamples(raw, understand(tally(raw), descriptor, has_palette=False), descriptor.name)


def mask_facts(targets: Samples) -> dict[str, Any]:
    """Return what facts of a dataset tell of its masks; nothing where targets are none."""
    if not isinstance(targets, MaskSamples):
        return {}
    meaning = targets.meaning
    return {
        "masks": True,
        "mask_values": None if meaning.is_grey else list(meaning.values),
        "ignore_value": meaning.ignored,
    }


def mask_warnings(targets: Samples) -> list[str]:
    """Return warnings about masks that may mislead, as sentences."""
    absent = targets.meaning.absent if isinstance(targets, MaskSamples) else ()
    if not absent:
        return []
    shown = ", ".join(repr(name) for name in absent[:_NAMED])
    more = f" and {len(absent) - _NAMED} more" if len(absent) > _NAMED else ""
    return [f"No mask has a pixel of class {shown}{more}; nothing is learned of it."]
