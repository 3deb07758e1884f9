"""Adapters that move the pixels of images, and of the masks that go with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.options.groups.adapters import CENTER, RANDOM
from jupyter_platform.learning.data.adapters import geometry
from jupyter_platform.learning.data.adapters.base import Batch, refused, shape_text
from jupyter_platform.learning.data.pictures.mask_values import IGNORED

Move = Callable[[Tensor, geometry.Mode], Tensor]
"""From images (B, C, H, W) to images."""


@dataclass
class _Geometric:
    """Moves pixels; masks move with their images."""

    option: str = field(default="", init=False)
    is_random: bool = field(default=True, init=False)
    moves_targets: bool = field(default=False, init=False)
    are_classes: bool = field(default=False, init=False)
    """Whether masks hold numbers of classes, which have no mixtures."""

    def shape(self, facts: DatasetFacts) -> DatasetFacts:
        """Return the facts of samples after the change."""
        shape = facts.shape
        if len(shape) not in (2, 3) or facts.input_type != "float32":
            raise refused(self.option, f"needs images; samples have shape {shape_text(shape)}.")
        self.moves_targets = len(facts.target_shape) >= 2 and facts.target_shape[-2:] == shape[-2:]
        self.are_classes = self.moves_targets and facts.task == "classification"
        new = self._new_shape(tuple(shape))
        target = facts.target_shape
        if self.moves_targets:
            target = [*target[:-2], *new[-2:]]
        return facts.model_copy(
            update={
                "shape": list(new),
                "target_shape": target,
                "outputs": math.prod(target)
                if self.moves_targets and not self.are_classes
                else facts.outputs,
                "features": None,
            }
        )

    def __call__(
        self, inputs: Tensor, targets: Tensor, generator: torch.Generator | None, training: bool
    ) -> Batch:
        """Return a changed batch."""
        images = _as_images(inputs)
        move = self._draw(images, generator if training else None)
        if move is None:
            return inputs, targets
        moved = _as_before(move(images, "bilinear"), inputs)
        if not self.moves_targets:
            return moved, targets
        move = self._on_masks(move)
        if not self.are_classes:
            return moved, _as_before(move(_as_images(targets), "bilinear"), targets)
        # What comes in from outside is 0: then it is a pixel to ignore.
        masks = (targets[:, None] - IGNORED).to(torch.float32)
        return moved, move(masks, "nearest")[:, 0].round().to(targets.dtype) + IGNORED

    def _new_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape

    def _draw(self, images: Tensor, generator: torch.Generator | None) -> Move | None:
        """Return what is done to this batch; without a generator nothing random is."""
        raise NotImplementedError

    def _on_masks(self, move: Move) -> Move:
        return move


class Flip(_Geometric):
    """Turns images upside down, and mirrors them, each with a probability."""

    def __init__(self, vertical: float, horizontal: float) -> None:
        super().__init__()
        self.option = "vertical_flip" if vertical else "horizontal_flip"
        self._vertical, self._horizontal = vertical, horizontal

    def _draw(self, images: Tensor, generator: torch.Generator | None) -> Move | None:
        if generator is None:
            return None
        drawn = _uniform(2, len(images), generator).to(images.device)
        upside_down, mirrored = drawn[0] < self._vertical, drawn[1] < self._horizontal
        return lambda batch, _: geometry.flip(geometry.flip(batch, upside_down, 2), mirrored, 3)


class Rotation(_Geometric):
    """Rotates each image by an angle of its own."""

    def __init__(self, angles: tuple[float, float], center: str, zero_pad: bool) -> None:
        super().__init__()
        self.option = "rotation"
        self._angles, self._center, self._zero_pad = angles, center, zero_pad

    def _draw(self, images: Tensor, generator: torch.Generator | None) -> Move | None:
        if generator is None:
            return None
        height, width = images.shape[-2:]
        drawn = _uniform(3, len(images), generator).to(images.device, images.dtype)
        least, most = self._angles
        angles = least + drawn[0] * (most - least)
        if self._center == RANDOM:
            # As in DIANNE any pixel may stay where it is.
            centers = torch.stack(((drawn[1] * width).floor(), (drawn[2] * height).floor()), 1)
        else:
            place = self._place(width, height)
            centers = torch.tensor(place, device=images.device, dtype=images.dtype)
            centers = centers.expand(len(images), 2)
        return lambda batch, mode: geometry.rotate(
            batch, angles, centers, zero_pad=self._zero_pad, mode=mode
        )

    def _place(self, width: int, height: int) -> tuple[float, float]:
        if self._center == CENTER:
            return (width - 1) / 2, (height - 1) / 2
        x, y = (float(part) for part in self._center.split(","))
        return x, y


class Crop(_Geometric):
    """Cuts a piece out of each image, at random while training, else out of the middle.

    Images that are smaller than the piece are doubled in size until they are not.

    Parameters
    ----------
    width, height : tuple of int, or None
        The size, or the least and the most; None: all of it.
    padding : int
        Zeros that are put around images first.
    """

    def __init__(
        self, width: tuple[int, ...] | None, height: tuple[int, ...] | None, padding: int
    ) -> None:
        super().__init__()
        self.option = "crop_width" if width is not None else "crop_height"
        self._width, self._height, self._padding = width, height, padding

    @property
    def varies(self) -> bool:
        """Whether pieces have several sizes."""
        return any(len(set(item or ())) > 1 for item in (self._width, self._height))

    def sizes(self, shape: Sequence[int]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the least and the most of width and height for images of a shape."""
        width, height = self._width or (shape[-1],), self._height or (shape[-2],)
        return (width[0], width[-1]), (height[0], height[-1])

    def doubled(self, shape: Sequence[int]) -> tuple[int, int]:
        """Return height and width that images must have, doubled as often as needed."""
        (_, wide), (_, high) = self.sizes(shape)
        height, width = shape[-2:]
        while height < high or width < wide:
            height, width = 2 * height, 2 * width
        return height, width

    def prepare(self, images: Tensor, mode: geometry.Mode) -> Tensor:
        """Return images that are large enough, with their padding.

        Parameters
        ----------
        images : Tensor
            Of shape (B, C, H, W).
        mode : Mode
            How values between pixels are made.
        """
        height, width = self.doubled(images.shape)
        if (height, width) != tuple(images.shape[-2:]):
            images = geometry.scale(images, width, height, mode)
        return functional.pad(images, [self._padding] * 4) if self._padding else images

    def boxes(
        self, images: Tensor, whole: tuple[int, int], generator: torch.Generator | None
    ) -> Tensor:
        """Return left, top, width and height of the piece of each image, int64, shape (B, 4).

        Parameters
        ----------
        images : Tensor
            Of shape (B, C, H, W).
        whole : tuple of int
            Height and width of the images, pixels.
        generator : Generator or None
            Source of random places; None: the middle.
        """
        (least_w, most_w), (least_h, most_h) = self.sizes(images.shape)
        height, width = (side + 2 * self._padding for side in whole)
        if generator is None:
            middle = [(width - most_w) // 2, (height - most_h) // 2, most_w, most_h]
            return torch.tensor(middle, device=images.device).expand(len(images), 4)
        drawn = _uniform(4, len(images), generator).to(torch.float64)
        wide = least_w + (drawn[0] * (most_w - least_w + 1)).floor()
        high = least_h + (drawn[1] * (most_h - least_h + 1)).floor()
        left = (drawn[2] * (width - wide + 1)).floor()
        top = (drawn[3] * (height - high + 1)).floor()
        return torch.stack((left, top, wide, high), 1).to(images.device, torch.int64)

    def _new_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        (_, wide), (_, high) = self.sizes(shape)
        return (*shape[:-2], high, wide)

    def _draw(self, images: Tensor, generator: torch.Generator | None) -> Move | None:
        boxes = self.boxes(images, self.doubled(images.shape), generator)
        (_, wide), (_, high) = self.sizes(images.shape)
        return lambda batch, mode: geometry.crop(
            self.prepare(batch, mode), boxes[:, 0], boxes[:, 1], wide, high
        )


class Frame(_Geometric):
    """Brings images to one size: cut to its aspect ratio around the middle, then scaled."""

    def __init__(self, size: tuple[int, ...]) -> None:
        super().__init__()
        self.option = "frame"
        self.is_random = False
        self.size = size

    def narrowed(self, boxes: Tensor) -> Tensor:
        """Return the middle of boxes, with the aspect ratio of the frame."""
        height, width = self.size[-2:]
        left, top, wide, high = boxes.unbind(1)
        factor = torch.minimum(wide / width, high / height)
        new_wide, new_high = (width * factor).long(), (height * factor).long()
        new_left = left + (wide - new_wide).div(2, rounding_mode="floor")
        new_top = top + (high - new_high).div(2, rounding_mode="floor")
        return torch.stack((new_left, new_top, new_wide, new_high), 1)

    def fit(self, images: Tensor, boxes: Tensor, mode: geometry.Mode) -> Tensor:
        """Return boxes of images, framed.

        Parameters
        ----------
        images : Tensor
            Of shape (B, C, H, W).
        boxes : Tensor
            Left, top, width and height of each, int64, shape (B, 4), pixels.
        mode : Mode
            How values between pixels are made.
        """
        height, width = self.size[-2:]
        return geometry.frame(images, self.narrowed(boxes), width, height, mode)

    def channels(self, images: Tensor) -> Tensor:
        """Return images with as many channels as are asked for: grey ones are repeated."""
        wanted = self.size[0] if len(self.size) == 3 else images.shape[1]
        return images if images.shape[1] == wanted else images.expand(-1, wanted, -1, -1)

    def _new_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(self.size) == 2:
            return (*shape[:-2], *self.size)
        channels = shape[0] if len(shape) == 3 else 1
        if channels not in (1, self.size[0]):
            raise refused(
                "frame",
                f"asks for {self.size[0]} channels; samples have shape {shape_text(shape)}.",
            )
        return self.size

    def _draw(self, images: Tensor, generator: torch.Generator | None) -> Move | None:
        height, width = images.shape[-2:]
        if (height, width) == self.size[-2:]:
            return lambda batch, _: self.channels(batch)
        whole = torch.tensor([[0, 0, width, height]], device=images.device)
        return lambda batch, mode: self.channels(self.fit(batch, whole.expand(len(batch), 4), mode))

    def _on_masks(self, move: Move) -> Move:
        # A mask has one channel, however many its image gets.
        return lambda masks, mode: move(masks, mode)[:, : masks.shape[1]]


class FramedCrop(_Geometric):
    """Pieces of varying size, each brought to one size at once."""

    def __init__(self, crop: Crop, frame: Frame) -> None:
        super().__init__()
        self.option = crop.option
        self._crop, self._frame = crop, frame

    def _new_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return self._frame._new_shape(self._crop._new_shape(shape))

    def _draw(self, images: Tensor, generator: torch.Generator | None) -> Move | None:
        boxes = self._crop.boxes(images, self._crop.doubled(images.shape), generator)
        return lambda batch, mode: self._frame.channels(
            self._frame.fit(self._crop.prepare(batch, mode), boxes, mode)
        )

    def _on_masks(self, move: Move) -> Move:
        return self._frame._on_masks(move)


def _uniform(count: int, batch: int, generator: torch.Generator) -> Tensor:
    """Return numbers in [0, 1), `count` for each sample, on the generator's device."""
    return torch.rand((count, batch), generator=generator, device=generator.device)


def _as_images(batch: Tensor) -> Tensor:
    return batch if batch.ndim == 4 else batch[:, None]


def _as_before(images: Tensor, batch: Tensor) -> Tensor:
    is_grey = batch.ndim == 3 and images.shape[1] == 1
    return images[:, 0] if is_grey else images
