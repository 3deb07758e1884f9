"""Layers that change each value, or each sample, by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import torch
from torch import Tensor, nn

from jupyter_platform.learning.networks.layers.described import Described

FUNCTIONS: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {
        function.__name__: function
        for function in (
            torch.abs, torch.acos, torch.acosh, torch.asin, torch.asinh, torch.atan, torch.atanh,
            torch.ceil, torch.cos, torch.cosh, torch.erf, torch.exp, torch.expm1, torch.floor,
            torch.log, torch.log1p, torch.neg, torch.reciprocal, torch.round, torch.rsqrt,
            torch.sign, torch.sin, torch.sinh, torch.sqrt, torch.square, torch.tan,
        )
    }
)  # fmt: skip
"""What `Function` may apply."""


class Function(Described):
    """Applies a function to each value.

    Parameters
    ----------
    function : str
        One of `FUNCTIONS`: ``"abs"``, ``"exp"``, ``"sqrt"``, …
    """

    def __init__(self, function: str) -> None:
        super().__init__()
        if function not in FUNCTIONS:
            raise ValueError(f"function must be one of {', '.join(FUNCTIONS)}")
        self.function = function

    def forward(self, values: Tensor) -> Tensor:
        """Return the function of each value."""
        return FUNCTIONS[self.function](values)


class Invert(nn.Module):
    """Gives ``1 - x``."""

    def forward(self, values: Tensor) -> Tensor:
        """Return ``1 - values``."""
        return 1 - values


class Clamp(Described):
    """Keeps values within limits.

    Parameters
    ----------
    min, max : float, optional
        The limits; None where there is none.
    """

    def __init__(self, min: float | None = None, max: float | None = None) -> None:
        super().__init__()
        if min is None and max is None:
            raise ValueError("give min, max or both")
        self.min, self.max = min, max

    def forward(self, values: Tensor) -> Tensor:
        """Return the limited values."""
        return values.clamp(self.min, self.max)


class Power(Described):
    """Raises each value to a power.

    Parameters
    ----------
    exponent : float
        The power.
    """

    def __init__(self, exponent: float) -> None:
        super().__init__()
        self.exponent = exponent

    def forward(self, values: Tensor) -> Tensor:
        """Return ``values ** exponent``."""
        return values.pow(self.exponent)


class Affine(nn.Module):
    """Gives ``x * weight + bias``; both are learned, and may broadcast.

    Parameters
    ----------
    shape : int or sequence of int
        Shape of weight and bias, which is that of a sample or broadcasts to it.
    weight, bias : bool
        Whether there is one.
    """

    weight: Tensor | None
    bias: Tensor | None

    def __init__(self, shape: int | Sequence[int], weight: bool = True, bias: bool = True) -> None:
        super().__init__()
        sizes = (shape,) if isinstance(shape, int) else tuple(shape)
        if not (weight or bias):
            raise ValueError("give weight, bias or both")
        self.register_parameter("weight", nn.Parameter(torch.ones(sizes)) if weight else None)
        self.register_parameter("bias", nn.Parameter(torch.zeros(sizes)) if bias else None)

    def forward(self, values: Tensor) -> Tensor:
        """Return the scaled and shifted values."""
        if self.weight is not None:
            values = values * self.weight
        return values if self.bias is None else values + self.bias


class Mean(Described):
    """Averages over axes.

    Parameters
    ----------
    dims : int or sequence of int
        Axes, counted with the batch axis as 0.
    keepdim : bool
        Whether they stay, with size 1.
    """

    def __init__(self, dims: int | Sequence[int], keepdim: bool = False) -> None:
        super().__init__()
        self.dims = (dims,) if isinstance(dims, int) else tuple(dims)
        if 0 in self.dims:
            raise ValueError("the batch, axis 0, cannot be averaged over")
        self.keepdim = keepdim

    def forward(self, values: Tensor) -> Tensor:
        """Return the means."""
        return values.mean(self.dims, self.keepdim)


class BatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation over axis 1, whatever the number of axes behind it."""

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ValueError(f"expected features on axis 1, got shape {tuple(input.shape)}")


class LocalResponse(Described):
    """Divides each value by ``(k + alpha * m) ** beta``, m the mean square over nearby channels.

    As `torch.nn.LocalResponseNorm`, but a window of even size has its longer side behind, as in
    Krizhevsky et al. (2012) and ONNX.

    Parameters
    ----------
    size : int
        Channels in a window.
    alpha, beta, k : float
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, values: Tensor) -> Tensor:
        """Return normalised values of the same shape (B, C, …)."""
        squares = values.square().movedim(1, -1)
        padded = nn.functional.pad(squares, ((self.size - 1) // 2, self.size // 2))
        mean = padded.unfold(-1, self.size, 1).mean(-1).movedim(-1, 1)
        return values / (self.k + self.alpha * mean).pow(self.beta)


class DropPath(Described):
    """Drops whole samples of a branch while learning; those that stay are scaled up.

    Stochastic depth after Huang et al. (2016), scaled so that evaluation needs no factor.

    Parameters
    ----------
    p : float
        Probability that a sample is dropped.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError("p must be at least 0 and below 1")
        self.p = p

    def forward(self, values: Tensor) -> Tensor:
        """Return values of the same shape."""
        if not self.training or self.p == 0:
            return values
        shape = (len(values), *[1] * (values.ndim - 1))
        kept = torch.empty(shape, dtype=values.dtype, device=values.device).bernoulli_(1 - self.p)
        return values * kept / (1 - self.p)
