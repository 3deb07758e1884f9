"""Networks with trained weights for notebooks, scripts and services that have torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.learning.networks import build, load_weights
from jupyter_platform.learning.networks.trained import learnt_for


def load_network(
    description: dict[str, Any],
    input_shape: Sequence[int],
    outputs: int,
    weights_path: str | Path,
) -> nn.Module:
    """Return a network with its weights, on the CPU and in evaluation mode.

    Parameters
    ----------
    description : dict
        A `NetworkDescription` as JSON.
    input_shape : sequence of int
        Shape of one sample, without the batch axis.
    outputs : int
        Number of classes or of regression targets.
    weights_path : path
        A safetensors file.

    Raises
    ------
    InvalidDataError
        If the description cannot be built or the weights do not fit it.
    """
    parsed = NetworkDescription.model_validate(description)
    network = build(parsed, input_shape, outputs, learnt_for(Path(weights_path)).output_shape)
    load_weights(network, Path(weights_path), parsed.name)
    return network.eval()
