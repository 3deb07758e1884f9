"""Statistics of the training data, taken once when weights are fresh."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jupyter_platform.learning.networks.layers import Denormalize, Normalize

_BATCH = 1024


def needs_calibration(network: nn.Module) -> bool:
    """Return whether a network has layers that `calibrate` sets."""
    return any(isinstance(layer, Normalize | Denormalize) for layer in network.modules())


def calibrate(network: nn.Module, inputs: Tensor, targets: Tensor) -> None:
    """Set the statistics of every `Normalize` and `Denormalize` layer of a network.

    A `Normalize` layer takes the statistics of what reaches it, layer after layer; a
    `Denormalize` layer takes those of the targets.

    Parameters
    ----------
    network : Module
        Changed in place.
    inputs : Tensor, float32, shape (N, …)
        Training inputs.
    targets : Tensor, shape (N,) or (N, K)
        Training targets.
    """
    was_training = network.training
    network.eval()
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, Denormalize):
                wide = targets.double().reshape(len(targets), -1)
                layer.calibrate(*_statistics([wide], layer.num_features))
            elif isinstance(layer, Normalize):
                parts = _reaching(network, layer, inputs)
                layer.calibrate(*_statistics(parts, layer.num_features))
    network.train(was_training)


def _reaching(network: nn.Module, layer: nn.Module, inputs: Tensor) -> list[Tensor]:
    """Return what reaches a layer as float64 tensors of shape (n, features)."""
    seen: list[Tensor] = []

    def hook(_layer: nn.Module, values: tuple[Tensor, ...]) -> None:
        moved = values[0].double().movedim(1, -1)
        seen.append(moved.reshape(-1, moved.shape[-1]))

    handle = layer.register_forward_pre_hook(hook)
    try:
        for batch in torch.split(inputs, _BATCH):
            network(batch)
    finally:
        handle.remove()
    return seen


def _statistics(parts: list[Tensor], features: int) -> tuple[Tensor, Tensor]:
    if features == 1:
        parts = [part.reshape(-1, 1) for part in parts]
    count = sum(len(part) for part in parts)
    mean = torch.stack([part.sum(0) for part in parts]).sum(0) / count
    squares = torch.stack([(part - mean).square().sum(0) for part in parts]).sum(0)
    return mean.float(), (squares / count).sqrt().float()
