"""Moving pixels of batches of images, bilinear where a new pixel lies between old ones."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Mode = Literal["bilinear", "nearest"]
"""Value of a new pixel between old ones: their mixture, or that of the nearest one."""


def flip(images: Tensor, chosen: Tensor, axis: int) -> Tensor:
    """Return images of which the chosen ones are mirrored along an axis.

    Parameters
    ----------
    images : Tensor, shape (B, C, H, W)
    chosen : Tensor, bool, shape (B,)
    axis : int
        2: upside down; 3: left to right.
    """
    return torch.where(chosen[:, None, None, None], images.flip(axis), images)


def rotate(
    images: Tensor, angles: Tensor, centers: Tensor, *, zero_pad: bool, mode: Mode = "bilinear"
) -> Tensor:
    """Return images rotated counter-clockwise, as they are seen with y pointing down.

    Parameters
    ----------
    images : Tensor, shape (B, C, H, W)
    angles : Tensor, shape (B,)
        Radians.
    centers : Tensor, shape (B, 2)
        x and y of the points that stay, in pixels, (0, 0) being the middle of the first pixel.
    zero_pad : bool
        Whether what lies outside is 0; else it is what lies at the border.
    """
    height, width = images.shape[-2:]
    y = torch.arange(height, device=images.device, dtype=images.dtype)[None, :, None]
    x = torch.arange(width, device=images.device, dtype=images.dtype)[None, None, :]
    center_x, center_y = centers[:, 0, None, None], centers[:, 1, None, None]
    sin, cos = angles.sin()[:, None, None], angles.cos()[:, None, None]
    source_x = (x - center_x) * cos - (y - center_y) * sin + center_x
    source_y = (x - center_x) * sin + (y - center_y) * cos + center_y
    return _sample(images, source_x, source_y, "zeros" if zero_pad else "border", mode)


def crop(images: Tensor, left: Tensor, top: Tensor, width: int, height: int) -> Tensor:
    """Return a cutting of one size from each image, its corners at whole pixels.

    Parameters
    ----------
    images : Tensor, shape (B, C, H, W)
    left, top : Tensor, int64, shape (B,)
    """
    batch = torch.arange(len(images), device=images.device)[:, None, None]
    rows = (top[:, None] + torch.arange(height, device=images.device))[:, :, None]
    columns = (left[:, None] + torch.arange(width, device=images.device))[:, None, :]
    return images.permute(0, 2, 3, 1)[batch, rows, columns].permute(0, 3, 1, 2)


def frame(
    images: Tensor, boxes: Tensor, width: int, height: int, mode: Mode = "bilinear"
) -> Tensor:
    """Return boxes of images, each brought to one size.

    The corner pixels of a box become the corner pixels of the result.

    Parameters
    ----------
    images : Tensor, shape (B, C, H, W)
    boxes : Tensor, shape (B, 4)
        Left, top, width and height, in whole pixels.
    """
    left, top, wide, high = boxes.to(images.dtype).unbind(1)
    x = torch.linspace(0, 1, width, device=images.device, dtype=images.dtype)
    y = torch.linspace(0, 1, height, device=images.device, dtype=images.dtype)
    source_x = left[:, None] + (wide[:, None] - 1) * x
    source_y = top[:, None] + (high[:, None] - 1) * y
    shape = (len(images), height, width)
    x_of_each, y_of_each = source_x[:, None, :].expand(shape), source_y[:, :, None].expand(shape)
    return _sample(images, x_of_each, y_of_each, "border", mode)


def scale(images: Tensor, width: int, height: int, mode: Mode = "bilinear") -> Tensor:
    """Return images brought to another size; corner pixels stay corner pixels.

    Parameters
    ----------
    images : Tensor
        Of shape (B, C, H, W).
    width : int
        Pixels.
    height : int
        Pixels.
    mode : Mode, optional
        How values between pixels are made.
    """
    if mode == "nearest":
        whole = torch.tensor([[0, 0, images.shape[-1], images.shape[-2]]], device=images.device)
        return frame(images, whole.expand(len(images), 4), width, height, mode)
    return functional.interpolate(images, size=(height, width), mode="bilinear", align_corners=True)


def _sample(images: Tensor, x: Tensor, y: Tensor, outside: str, mode: Mode) -> Tensor:
    """Return the values of images at places given in pixels, each of shape (B, H', W')."""
    height, width = images.shape[-2:]
    grid = torch.stack((x * (2 / max(width - 1, 1)) - 1, y * (2 / max(height - 1, 1)) - 1), dim=3)
    return functional.grid_sample(images, grid, mode=mode, padding_mode=outside, align_corners=True)
