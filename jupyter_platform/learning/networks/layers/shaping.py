"""Layers that cut, fill, order or resize."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from jupyter_platform.learning.networks.layers.described import Described

# B = batch, C = channels, H = height, W = width; axes of a sample are counted without the batch

Sizes = int | Sequence[int]


class Reshape(Described):
    """Gives each sample another shape.

    Parameters
    ----------
    shape : int or sequence of int
        Shape of one sample; one size may be -1.
    """

    def __init__(self, shape: Sizes) -> None:
        super().__init__()
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape)

    def forward(self, values: Tensor) -> Tensor:
        """Return shape (B, *shape)."""
        return values.reshape(values.shape[0], *self.shape)


class Permute(Described):
    """Orders axes anew.

    Parameters
    ----------
    dims : sequence of int
        For each axis of the output the axis of the input; the batch is axis 0 of both.
    """

    def __init__(self, dims: Sequence[int]) -> None:
        super().__init__()
        self.dims = tuple(dims)
        if not self.dims or self.dims[0] != 0:
            raise ValueError("dims must begin with 0, the batch")

    def forward(self, values: Tensor) -> Tensor:
        """Return the same values in another order."""
        return values.permute(self.dims)


class Narrow(Described):
    """Cuts a block out of each sample.

    Parameters
    ----------
    start, length : int or sequence of int
        Beginning and size along each axis of a sample, the first axes when there are more; a
        negative start counts from the end.
    step : int or sequence of int
        Values from one that is kept to the next.
    """

    def __init__(self, start: Sizes, length: Sizes, step: Sizes = 1) -> None:
        super().__init__()
        self.start, self.length = _several(start), _several(length)
        self.step = _several(step) * (len(self.start) if isinstance(step, int) else 1)
        if not len(self.start) == len(self.length) == len(self.step):
            raise ValueError("start, length and step must name equally many axes")
        if min(self.step) < 1:
            raise ValueError("step must be 1 or more")

    def forward(self, values: Tensor) -> Tensor:
        """Return the block."""
        sizes = zip(self.start, self.length, self.step, strict=True)
        for axis, (start, length, step) in enumerate(sizes, 1):
            reach = (length - 1) * step + 1
            values = values.narrow(axis, start, reach)
            values = values[(slice(None),) * axis + (slice(None, None, step),)]
        return values


class Split(Described):
    """Gives one part of its input; several of them on one input divide it among branches.

    Parameters
    ----------
    part : int
        Which part, from 0.
    parts : int, optional
        Number of equal parts.
    cuts : sequence of int, optional
        Where it is cut instead: ``[10, 30]`` makes the three parts 0-9, 10-29 and the rest.
    dim : int
        Axis, counted with the batch axis as 0.
    """

    def __init__(
        self, part: int, parts: int | None = None, cuts: Sizes | None = None, dim: int = 1
    ) -> None:
        super().__init__()
        if (parts is None) == (cuts is None):
            raise ValueError("give parts or cuts, one of them")
        self.part, self.parts, self.dim = part, parts, dim
        self.cuts = None if cuts is None else _several(cuts)
        count = len(self.cuts) + 1 if self.cuts is not None else parts or 0
        if not 0 <= part < count:
            raise ValueError(f"part must be 0 to {count - 1}")

    def forward(self, values: Tensor) -> Tensor:
        """Return the part."""
        size = values.shape[self.dim]
        if self.cuts is None:
            assert self.parts is not None, "checked when it was made"
            if size % self.parts:
                raise ValueError(f"{size} values cannot be cut into {self.parts} equal parts")
            edges = [number * size // self.parts for number in range(self.parts + 1)]
        else:
            edges = [0, *self.cuts, size]
        return values.narrow(self.dim, edges[self.part], edges[self.part + 1] - edges[self.part])


class ZeroPad(Described):
    """Puts zeros before and behind.

    Parameters
    ----------
    padding : sequence of int
        Zeros on both sides of each axis of a sample, the last axes when there are more.
    """

    def __init__(self, padding: Sizes) -> None:
        super().__init__()
        self.padding = _several(padding)

    def forward(self, values: Tensor) -> Tensor:
        """Return the padded values."""
        if len(self.padding) >= values.ndim:
            raise ValueError(f"{len(self.padding)} paddings for {values.ndim - 1} axes")
        return functional.pad(values, [pad for pad in reversed(self.padding) for _ in range(2)])


class Pad(Described):
    """Puts values before and behind, as many on each side as is said.

    Parameters
    ----------
    before, after : sequence of int
        Values before and behind along the last axes; negative numbers cut away.
    value : float
        What is put there, in mode ``"constant"``.
    mode : str
        ``"constant"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
    """

    def __init__(
        self, before: Sizes, after: Sizes, value: float = 0.0, mode: str = "constant"
    ) -> None:
        super().__init__()
        self.before, self.after = _several(before), _several(after)
        self.value, self.mode = value, mode
        if len(self.before) != len(self.after):
            raise ValueError(f"{len(self.before)} paddings before and {len(self.after)} after")
        if mode not in ("constant", "reflect", "replicate", "circular"):
            raise ValueError("mode must be constant, reflect, replicate or circular")

    def forward(self, values: Tensor) -> Tensor:
        """Return the padded values."""
        sides = [
            side
            for pair in reversed(list(zip(self.before, self.after, strict=True)))
            for side in pair
        ]
        if self.mode == "constant":
            return functional.pad(values, sides, value=self.value)
        return functional.pad(values, sides, mode=self.mode)


class Grid(Described):
    """Cuts each image into crops, which become samples of their own.

    Crops go from left to right, in each column from top to bottom; those of the first sample come
    first. An image smaller than a crop is enlarged to it.

    Parameters
    ----------
    size : int or sequence of int
        Height and width of a crop.
    stride : int or sequence of int
        Rows and columns from one crop to the next.
    """

    def __init__(self, size: Sizes, stride: Sizes = 1) -> None:
        super().__init__()
        self.size, self.stride = _pair(size), _pair(stride)

    def forward(self, images: Tensor) -> Tensor:
        """Return shape (B·n, …, height, width) for `images` of shape (B, …, H, W)."""
        height, width = self.size
        enlarge = max(height / images.shape[-2], width / images.shape[-1])
        if enlarge > 1:
            sides = zip(images.shape[-2:], self.size, strict=True)
            images = _resize(images, [max(int(side * enlarge), least) for side, least in sides])
        crops = images.unfold(-2, height, self.stride[0]).unfold(-2, width, self.stride[1])
        # (B, …, rows, columns, height, width) to (B, columns, rows, …, height, width)
        crops = crops.movedim((-3, -4), (1, 2))
        return crops.reshape(-1, *crops.shape[3:])


class Frame(Described):
    """Cuts the largest centred block of the wanted proportions out of each image and resizes it.

    Parameters
    ----------
    size : int or sequence of int
        Height and width of the result.
    """

    def __init__(self, size: Sizes) -> None:
        super().__init__()
        self.size = _pair(size)

    def forward(self, images: Tensor) -> Tensor:
        """Return shape (…, height, width) for `images` of shape (…, H, W), bilinear."""
        sides = images.shape[-2:]
        if tuple(sides) == self.size:
            return images
        factor = min(side / wanted for side, wanted in zip(sides, self.size, strict=True))
        for axis, wanted in zip((-2, -1), self.size, strict=True):
            length = int(wanted * factor)
            images = images.narrow(axis, (images.shape[axis] - length) // 2, length)
        return _resize(images, self.size)


class MaskedMaxPool(nn.Module):
    """Takes the largest value of each named group, and last that of all that no group names.

    Parameters
    ----------
    num_features : int
        Values of one sample.
    masks : sequence of sequence of int
        Indices of each group.
    """

    groups: Tensor

    def __init__(self, num_features: int, masks: Sequence[Sequence[int]]) -> None:
        super().__init__()
        groups = torch.zeros(len(masks) + 1, num_features, dtype=torch.bool)
        groups[-1] = True
        for number, indices in enumerate(masks):
            if not indices or any(not 0 <= index < num_features for index in indices):
                raise ValueError(f"mask {number} must name indices from 0 to {num_features - 1}")
            groups[number, list(indices)] = True
            groups[-1, list(indices)] = False
        if len({index for indices in masks for index in indices}) == num_features:
            raise ValueError("the masks name every index, which leaves none for the last output")
        self.register_buffer("groups", groups, persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """Return shape (B, len(masks) + 1) for `values` of shape (B, num_features)."""
        spread = values.flatten(1).unsqueeze(1).expand(-1, len(self.groups), -1)
        return spread.masked_fill(~self.groups, float("-inf")).amax(-1)


class _MaxPoolIndices(Described):
    """Tells where the values of a max pooling lie, as `MaxUnpool2d` and `MaxUnpool3d` want it."""

    axes = 0

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

    def forward(self, values: Tensor) -> Tensor:
        """Return int64 indices into the flattened image, shape as the pooled values."""
        pool: Any = functional.max_pool2d if self.axes == 2 else functional.max_pool3d
        indices: Tensor = pool(
            values, self.kernel_size, self.stride, self.padding, return_indices=True
        )[1]
        return indices


class MaxPoolIndices2d(_MaxPoolIndices):
    """Tells where the values of `MaxPool2d` lie; the second input of `MaxUnpool2d`."""

    axes = 2


class MaxPoolIndices3d(_MaxPoolIndices):
    """Tells where the values of `MaxPool3d` lie; the second input of `MaxUnpool3d`."""

    axes = 3


def _several(sizes: Sizes) -> tuple[int, ...]:
    return (sizes,) if isinstance(sizes, int) else tuple(sizes)


def _pair(size: Sizes) -> tuple[int, int]:
    if isinstance(size, int):
        return size, size
    height, width = size
    return height, width


def _resize(images: Tensor, size: Sequence[int]) -> Tensor:
    """Resize the last two axes, bilinear, corners onto corners."""
    flat = images.reshape(1, -1, *images.shape[-2:])
    resized = functional.interpolate(flat, tuple(size), mode="bilinear", align_corners=True)
    return resized.reshape(*images.shape[:-2], *resized.shape[-2:])
