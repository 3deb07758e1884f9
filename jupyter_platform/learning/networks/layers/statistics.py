"""Layers that hold statistics of the data."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# B = batch, F = features (axis 1), … = any further axes


class _Standard(nn.Module):
    """Mean and standard deviation per feature, kept with the weights.

    Parameters
    ----------
    num_features : int
        Size of axis 1; 1 gives all values one mean and one deviation.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features
        self.register_buffer("mean", torch.zeros(num_features))
        self.register_buffer("std", torch.ones(num_features))

    def calibrate(self, mean: Tensor, std: Tensor) -> None:
        """Take over statistics.

        Parameters
        ----------
        mean, std : Tensor, shape (num_features,)
            Population statistics; a feature that never changes has std 0, which becomes 1.
        """
        self.mean.copy_(mean)
        self.std.copy_(torch.where(std > 0, std, torch.ones_like(std)))

    def extra_repr(self) -> str:
        return f"num_features={self.num_features}"

    def _shaped(self, statistic: Tensor, values: Tensor) -> Tensor:
        if self.num_features == 1:
            return statistic
        if values.ndim < 2 or values.shape[1] != self.num_features:
            raise ValueError(
                f"expected {self.num_features} features on axis 1, got shape {tuple(values.shape)}"
            )
        if values.ndim == 2:
            return statistic
        return statistic.view(-1, *[1] * (values.ndim - 2))


class Normalize(_Standard):
    """Standardises each feature: ``(x - mean) / std``.

    The statistics are those of the training inputs; they are taken once, when weights are fresh.
    Features are on axis 1, as for `torch.nn.BatchNorm1d`.
    """

    def forward(self, values: Tensor) -> Tensor:
        """Return float tensor of the same shape (B, F, …)."""
        return (values - self._shaped(self.mean, values)) / self._shaped(self.std, values)


class Denormalize(_Standard):
    """Undoes a standardisation: ``x * std + mean``, with the statistics of the training targets."""

    def forward(self, values: Tensor) -> Tensor:
        """Return float tensor of the same shape (B, F, …)."""
        return values * self._shaped(self.std, values) + self._shaped(self.mean, values)
