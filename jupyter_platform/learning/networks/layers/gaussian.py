"""Layers whose values are distributions: means beside standard deviations on axis 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional

from jupyter_platform.learning.networks.layers.described import Described

MEAN_ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {"sigmoid": torch.sigmoid, "tanh": torch.tanh}
)
DEVIATION_ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {"sigmoid": torch.sigmoid, "softplus": functional.softplus, "exp": torch.exp}
)


class MultivariateGaussian(Described):
    """Makes means and standard deviations of independent Gaussians of what a network gives.

    Parameters
    ----------
    size : int
        Number of Gaussians.
    mean_activation : str, optional
        ``"sigmoid"`` or ``"tanh"``; None leaves the means as they are.
    stdev_activation : str, optional
        ``"softplus"``, ``"sigmoid"`` or ``"exp"``; None leaves the deviations as they are.
    """

    def __init__(
        self, size: int, mean_activation: str | None = None, stdev_activation: str | None = None
    ) -> None:
        super().__init__()
        self.size = size
        self.mean_activation = _known("mean_activation", mean_activation, MEAN_ACTIVATIONS)
        self.stdev_activation = _known("stdev_activation", stdev_activation, DEVIATION_ACTIVATIONS)

    def forward(self, values: Tensor, deviations: Tensor | None = None) -> Tensor:
        """Return means and deviations side by side, shape (B, 2·size).

        Parameters
        ----------
        values : Tensor, shape (B, 2·size), or (B, size) when deviations are given apart
        deviations : Tensor, shape (B, size), optional
        """
        if deviations is None:
            values, deviations = _halves(values, self.size)
        if self.mean_activation is not None:
            values = MEAN_ACTIVATIONS[self.mean_activation](values)
        if self.stdev_activation is not None:
            deviations = DEVIATION_ACTIVATIONS[self.stdev_activation](deviations)
        return torch.cat([values, deviations], 1)


class GaussianSampler(Described):
    """Draws from Gaussians, so that gradients reach their means and deviations.

    The reparametrisation of Kingma and Welling (2014), section 2.4.

    Parameters
    ----------
    size : int
        Number of Gaussians.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, values: Tensor) -> Tensor:
        """Return one draw, shape (B, size), for means and deviations of shape (B, 2·size)."""
        mean, deviation = _halves(values, self.size)
        return mean + deviation * torch.randn_like(mean)


def _halves(values: Tensor, size: int) -> tuple[Tensor, Tensor]:
    if values.ndim != 2 or values.shape[1] != 2 * size:
        raise ValueError(
            f"expected {size} means and {size} deviations on axis 1, got shape "
            f"{tuple(values.shape)}"
        )
    return values[:, :size], values[:, size:]


def _known(
    argument: str, name: str | None, known: Mapping[str, Callable[[Tensor], Tensor]]
) -> str | None:
    if name is not None and name not in known:
        raise ValueError(f"{argument} must be one of {', '.join(known)}")
    return name
