"""Properties of a network's outputs that only running it shows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jupyter_platform.learning.networks.layers import MultivariateGaussian

_LARGE = 1e3
"""Factor under which a linear output leaves the unit interval."""


def gives_probabilities(network: nn.Module, inputs: Tensor) -> bool:
    """Tell whether a network's outputs stay between 0 and 1, however large its inputs are.

    Parameters
    ----------
    network : Module
        Left in the mode in which it was.
    inputs : Tensor, shape (B, …)
        Some inputs of a usual size.
    """
    was_training = network.training
    network.eval()
    noise = torch.randn(inputs.shape, generator=torch.Generator().manual_seed(0))
    spread = _LARGE * noise.to(inputs)
    with torch.no_grad():
        outputs = torch.cat([network(inputs), network(spread), network(-spread)])
    network.train(was_training)
    return bool(((outputs >= 0) & (outputs <= 1)).all())


def gives_deviations(network: nn.Module) -> bool:
    """Tell whether the second half of a network's outputs are standard deviations.

    They are where it ends in a `MultivariateGaussian` layer, and logarithms of variances elsewhere.
    """
    last = None
    for layer in network.modules():
        if not any(True for _ in layer.children()):
            last = layer
    return isinstance(last, MultivariateGaussian)


def binary_loss(outputs: Tensor, target: float, are_probabilities: bool) -> Tensor:
    """Return the mean binary cross-entropy of outputs that should all mean `target`, 0 or 1.

    Parameters
    ----------
    outputs : Tensor
        Probabilities of 1, or raw scores whose sigmoid they are.
    target : float
        0 or 1.
    are_probabilities : bool
        Which of the two `outputs` are.
    """
    targets = torch.full_like(outputs, target)
    if are_probabilities:
        return nn.functional.binary_cross_entropy(outputs, targets)
    return nn.functional.binary_cross_entropy_with_logits(outputs, targets)
