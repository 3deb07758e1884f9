"""How far samples of one distribution are from those of another."""

from __future__ import annotations

from torch import Tensor, cdist


def energy_distance(first: Tensor, second: Tensor) -> Tensor:
    """Return the unbiased estimate of the squared energy distance of two distributions.

    ``2 E|X - Y| - E|X - X'| - E|Y - Y'|`` (Székely and Rizzo 2013, equation 2.1): 0 exactly where
    the distributions are equal, above 0 elsewhere. The estimate may fall a little below 0.

    Parameters
    ----------
    first, second : Tensor, shape (n, …) and (m, …), n and m at least 2
        Samples; all axes but the first are flattened.
    """
    x, y = first.flatten(1), second.flatten(1)
    within = _mean_within(x) + _mean_within(y)
    return 2 * cdist(x, y).mean() - within


def _mean_within(values: Tensor) -> Tensor:
    count = len(values)
    return cdist(values, values).sum() / (count * (count - 1))
