"""Contexts that hold networks in another mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import nn


@contextmanager
def evaluating(networks: Sequence[nn.Module]) -> Iterator[None]:
    """Hold networks in evaluation mode for a while."""
    modes = [network.training for network in networks]
    for network in networks:
        network.eval()
    try:
        yield
    finally:
        for network, mode in zip(networks, modes, strict=True):
            network.train(mode)


@contextmanager
def frozen(parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    """Let gradients pass through weights, but not into them, for a while."""
    for item in parameters:
        item.requires_grad_(False)
    try:
        yield
    finally:
        for item in parameters:
            item.requires_grad_(True)
