"""A network of 64, 128 and 10 units that is never trained, and what is told of its outputs."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

INPUTS, HIDDEN, CLASSES = 64, 128, 10


def make_network() -> nn.Module:
    """Return the network, always the same."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    layers = nn.Sequential(nn.Linear(INPUTS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, CLASSES))
    return layers.eval()


def predict(network: nn.Module, sample: list[float]) -> dict[str, Any]:
    """Return outputs, probabilities and likeliest class of one sample."""
    with torch.inference_mode():
        outputs = network(torch.tensor([sample]))
        shares = outputs.softmax(1)
    return {
        "outputs": outputs.tolist(),
        "probabilities": shares.tolist(),
        "predicted": [str(int(shares.argmax(1)))],
    }
