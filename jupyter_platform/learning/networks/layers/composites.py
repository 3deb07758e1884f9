"""Blocks of several layers that count as one: a module each, with its parts inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn import functional

# Shapes: B = batch, C = channels, H = height, W = width.

ACTIVATIONS: Mapping[str, type[nn.Module]] = MappingProxyType(
    {
        kind.__name__: kind
        for kind in (
            nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SELU, nn.GELU, nn.SiLU, nn.Sigmoid,
            nn.Tanh, nn.Softplus, nn.Identity,
        )
    }
)  # fmt: skip
"""What may stand behind the normalisation of a `ConvBlock`."""

_CONVOLUTIONS: tuple[Callable[..., nn.Module], ...] = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class ConvBlock(nn.Sequential):
    """Convolution, batch normalisation, activation.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding
        Of the convolution, as for `torch.nn.Conv2d`.
    activation : str
        One of `ACTIVATIONS`.
    dims : int
        1, 2 or 3: the axes that the convolution moves along.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        activation: str = "ReLU",
        dims: int = 2,
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}")
        if dims not in (1, 2, 3):
            raise ValueError("dims must be 1, 2 or 3")
        # torch wants a tuple where each axis has a number of its own.
        sizes = [
            size if isinstance(size, int) else tuple(size)
            for size in (kernel_size, stride, padding)
        ]
        self.conv = _CONVOLUTIONS[dims - 1](in_channels, out_channels, *sizes)
        self.norm = _NORMS[dims - 1](out_channels)
        self.activation = ACTIVATIONS[activation]()


def _block(
    in_channels: int, out_channels: int, size: int, *, norm: bool = True, padding: int | None = None
) -> nn.Sequential:
    """Return convolution, normalisation where wanted, ReLU; odd sizes keep the image's."""
    around = size // 2 if padding is None else padding
    block = nn.Sequential()
    block.add_module("conv", nn.Conv2d(in_channels, out_channels, size, padding=around))
    if norm:
        block.add_module("norm", nn.BatchNorm2d(out_channels))
    block.add_module("activation", nn.ReLU())
    return block


class _Shortcut(nn.Module):
    """Adds the input, with channels of zeros on both sides where there are fewer of them."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        if out_channels < in_channels or (out_channels - in_channels) % 2:
            raise ValueError(
                f"out_channels must be in_channels ({in_channels}) or an even number more"
            )
        self.padding, self.stride = (out_channels - in_channels) // 2, stride

    def forward(self, values: Tensor, branch: Tensor) -> Tensor:
        """Return the rectified sum."""
        values = values[..., :: self.stride, :: self.stride]
        padded = functional.pad(values, (0, 0, 0, 0, self.padding, self.padding))
        return functional.relu(padded + branch)


class Residual(nn.Module):
    """Two 3×3 convolutions beside a shortcut (He et al. 2016, figure 5, left).

    The shortcut is filled up with zeros, option A there.

    Parameters
    ----------
    in_channels, out_channels : int
        As many behind as before, or an even number more.
    stride : int
        Rows and columns that the first convolution moves by.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1)
        self.norm1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.join = _Shortcut(in_channels, out_channels, stride)

    def forward(self, values: Tensor) -> Tensor:
        """Return shape (B, out_channels, H / stride, W / stride)."""
        branch = functional.relu(self.norm1(self.conv1(values)))
        joined: Tensor = self.join(values, self.norm2(self.conv2(branch)))
        return joined


class Bottleneck(nn.Module):
    """A 3×3 convolution between two of 1×1, beside a shortcut (He et al. 2016, figure 5, right).

    Parameters
    ----------
    in_channels, filters, out_channels : int
        Before, inside and behind; as many behind as before, or an even number more.
    """

    def __init__(self, in_channels: int, filters: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, filters, 1)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(filters)
        self.conv3 = nn.Conv2d(filters, out_channels, 1)
        self.norm3 = nn.BatchNorm2d(out_channels)
        self.join = _Shortcut(in_channels, out_channels)

    def forward(self, values: Tensor) -> Tensor:
        """Return shape (B, out_channels, H, W)."""
        branch = functional.relu(self.norm1(self.conv1(values)))
        branch = functional.relu(self.norm2(self.conv2(branch)))
        joined: Tensor = self.join(values, self.norm3(self.conv3(branch)))
        return joined


class Inception(nn.Module):
    """Four branches side by side: 1×1, 3×3, 5×5, pooling (Szegedy et al. 2015, figure 2b).

    Parameters
    ----------
    in_channels : int
    filters_1x1, filters_3x3, filters_5x5, filters_pool : int
        Channels that each branch gives.
    reduce_3x3, reduce_5x5 : int
        Channels of the 1×1 convolution before the larger one.
    batch_norm : bool
        Whether every convolution is normalised (version 2), or only the reductions (version 1).
    """

    def __init__(
        self,
        in_channels: int,
        filters_1x1: int,
        reduce_3x3: int,
        filters_3x3: int,
        reduce_5x5: int,
        filters_5x5: int,
        filters_pool: int,
        batch_norm: bool = True,
    ) -> None:
        super().__init__()
        self.branch1 = _block(in_channels, filters_1x1, 1, norm=batch_norm)
        self.reduce3 = _block(in_channels, reduce_3x3, 1)
        self.branch3 = _block(reduce_3x3, filters_3x3, 3, norm=batch_norm)
        self.reduce5 = _block(in_channels, reduce_5x5, 1)
        self.branch5 = _block(reduce_5x5, filters_5x5, 5, norm=batch_norm)
        # The pooling takes one pixel from each side, the padding of the convolution gives it back.
        self.pool = nn.MaxPool2d(3, stride=1)
        self.project = _block(in_channels, filters_pool, 1, norm=batch_norm, padding=1)

    def forward(self, values: Tensor) -> Tensor:
        """Return shape (B, sum of the filters, H, W)."""
        branches = (
            self.branch1(values),
            self.branch3(self.reduce3(values)),
            self.branch5(self.reduce5(values)),
            self.project(self.pool(values)),
        )
        return torch.cat(branches, 1)


class Fractal(nn.Module):
    """A fractal of three columns (Larsson et al. 2017, figure 1): means of short and long paths.

    Parameters
    ----------
    in_channels, out_channels : int
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.short = _block(in_channels, out_channels, 3)
        self.early = _block(in_channels, out_channels, 3)
        self.early_long1 = _block(in_channels, out_channels, 3)
        self.early_long2 = _block(out_channels, out_channels, 3)
        self.late = _block(out_channels, out_channels, 3)
        self.late_long1 = _block(out_channels, out_channels, 3)
        self.late_long2 = _block(out_channels, out_channels, 3)

    def forward(self, values: Tensor) -> Tensor:
        """Return shape (B, out_channels, H, W)."""
        middle = (self.early(values) + self.early_long2(self.early_long1(values))) / 2
        late = self.late(middle) + self.late_long2(self.late_long1(middle))
        mean: Tensor = (late + self.short(values)) / 3
        return mean
