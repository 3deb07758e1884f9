"""Layers that make one tensor of several."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from jupyter_platform.learning.networks.layers.described import Described

# B = batch, A = actions, … = any further axes


class Add(nn.Module):
    """Sums its inputs, which have one shape or broadcast."""

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        """Return the sum of all inputs.

        Parameters
        ----------
        first : Tensor
            Of shape (B, …).
        *others
            Of the same shape, or one that broadcasts to it.
        """
        for other in others:
            first = first + other
        return first


class Average(nn.Module):
    """Averages its inputs, which have one shape or broadcast."""

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        """Return the mean of all inputs.

        Parameters
        ----------
        first : Tensor
            Of shape (B, …).
        *others
            Of the same shape, or one that broadcasts to it.
        """
        total = first
        for other in others:
            total = total + other
        return total / (1 + len(others))


class Multiply(nn.Module):
    """Multiplies its inputs value by value; they have one shape or broadcast."""

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        """Return the product of all inputs.

        Parameters
        ----------
        first : Tensor
            Of shape (B, …).
        *others
            Of the same shape, or one that broadcasts to it.
        """
        for other in others:
            first = first * other
        return first


class Subtract(nn.Module):
    """Subtracts its second input from the first."""

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return ``first - second``.

        Parameters
        ----------
        first : Tensor
            Of shape (B, …).
        second : Tensor
            Of the same shape, or one that broadcasts to it.
        """
        return first - second


class Divide(nn.Module):
    """Divides its first input by the second, value by value."""

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return ``first / second``.

        Parameters
        ----------
        first : Tensor
            Of shape (B, …).
        second : Tensor
            Of the same shape, or one that broadcasts to it.
        """
        return first / second


class Maximum(nn.Module):
    """Takes the largest of its inputs, value by value."""

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        """Return the largest of all inputs.

        Parameters
        ----------
        first : Tensor
            Of shape (B, …).
        *others
            Of the same shape, or one that broadcasts to it.
        """
        for other in others:
            first = torch.maximum(first, other)
        return first


class Minimum(nn.Module):
    """Takes the smallest of its inputs, value by value."""

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        """Return the smallest of all inputs.

        Parameters
        ----------
        first : Tensor
            Of shape (B, …).
        *others
            Of the same shape, or one that broadcasts to it.
        """
        for other in others:
            first = torch.minimum(first, other)
        return first


class MatMul(nn.Module):
    """Multiplies its two inputs as matrices, over the last two axes."""

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return ``first @ second``.

        Parameters
        ----------
        first : Tensor
            Of shape (B, …, N, K).
        second : Tensor
            Of shape (B, …, K, M).
        """
        return first @ second


class Concat(Described):
    """Joins its inputs along one axis.

    Parameters
    ----------
    dim : int
        Axis, counted with the batch axis as 0.
    """

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *values: Tensor) -> Tensor:
        """Return the inputs joined along `dim`."""
        return torch.cat(values, self.dim)


class DuelJoin(nn.Module):
    """Joins value and advantages to action values: ``V + A - mean(A)``.

    The dueling architecture of Wang et al. (2016), equation 9. The value is the input with one
    number a sample, whichever of the two that is.
    """

    def forward(self, value: Tensor, advantage: Tensor) -> Tensor:
        """Return shape (B, A) for `value` of shape (B, 1) and `advantage` of shape (B, A).

        Parameters
        ----------
        value : Tensor
            Value of each state, shape (B, 1).
        advantage : Tensor
            Advantage of each action, shape (B, A).
        """
        if value.shape[-1] != 1:
            value, advantage = advantage, value
        if value.shape[-1] != 1:
            raise ValueError(
                "expected one input with one number a sample, the value; got shapes "
                f"{tuple(value.shape)} and {tuple(advantage.shape)}"
            )
        return value + advantage - advantage.mean(-1, keepdim=True)


class NormalizedAdvantage(Described):
    """Quadratic advantage of a continuous action: ``-(a - mu)ᵀ L Lᵀ (a - mu) / 2``.

    The normalized advantage function of Gu et al. (2016), section 4. The diagonal of the lower
    triangular L is made positive by softplus.

    Parameters
    ----------
    actions : int
        Numbers in an action.
    """

    def __init__(self, actions: int) -> None:
        super().__init__()
        self.actions = actions

    def forward(self, action: Tensor, best: Tensor, matrix: Tensor) -> Tensor:
        """Return shape (B, 1) for the action, the best action mu, and L.

        Parameters
        ----------
        action, best : Tensor, shape (B, A)
        matrix : Tensor, shape (B, A, A) or (B, A·A)
            Only the lower triangle counts.
        """
        matrix = matrix.reshape(-1, self.actions, self.actions)
        diagonal = functional.softplus(matrix.diagonal(dim1=-2, dim2=-1))
        lower = matrix.tril(-1) + torch.diag_embed(diagonal)
        away = (action - best).unsqueeze(1) @ lower
        return -away.square().sum(-1) / 2
