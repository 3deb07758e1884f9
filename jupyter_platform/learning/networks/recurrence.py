"""Recurrent networks whose memory is kept from one piece of a sequence to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from jupyter_platform.learning.networks.graph import StepwiseNetwork

Memory = dict[str, Any]
"""State of each recurrent layer by its name: tensors, and tuples of them; empty at the start."""


class Recurrence:
    """Runs a network from a memory, and returns the memory afterwards.

    It knows `torch.nn.LSTM`, `GRU` and `RNN`, wherever they lie in a network, and networks that go
    through a sequence step by step.

    Parameters
    ----------
    network : Module
        From sequences, shape (B, T, …), to outputs of all steps, shape (B, T, …).
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._cores = {
            name: layer for name, layer in network.named_modules() if isinstance(layer, nn.RNNBase)
        }

    @property
    def remembers(self) -> bool:
        """Whether the network has a memory at all."""
        return bool(self._cores) or isinstance(self._network, StepwiseNetwork)

    def __call__(self, values: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """Return outputs and new memory; `memory` itself stays as it is."""
        found = dict(memory)
        if isinstance(self._network, StepwiseNetwork):
            steps = [self._network.step(part, found) for part in values.unbind(1)]
            return torch.stack(steps, 1), found
        with self._remembering(found):
            outputs: Tensor = self._network(values)
        return outputs, found

    @contextmanager
    def _remembering(self, memory: Memory) -> Iterator[None]:
        handles = []
        for name, layer in self._cores.items():
            handles.append(layer.register_forward_pre_hook(_recall(memory, name)))
            handles.append(layer.register_forward_hook(_keep(memory, name)))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def _recall(memory: Mapping[str, Any], name: str) -> Any:
    def hook(_layer: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        if name not in memory or len(arguments) > 1:
            return arguments
        return (*arguments, memory[name])

    return hook


def _keep(memory: Memory, name: str) -> Any:
    def hook(_layer: nn.Module, _arguments: Any, outputs: tuple[Tensor, Any]) -> None:
        memory[name] = outputs[1]

    return hook


def detached(memory: Memory) -> Memory:
    """Return a memory detached from the graph of gradients."""
    return {name: _each(value, Tensor.detach) for name, value in memory.items()}


def moved(memory: Memory, device: torch.device) -> Memory:
    """Return a memory on a device.

    Parameters
    ----------
    memory : Memory
        State of a recurrent network.
    device : device
        Where it computes.
    """
    return {name: _each(value, lambda item: item.to(device)) for name, value in memory.items()}


def _each(value: Any, change: Any) -> Any:
    if isinstance(value, Tensor):
        return change(value)
    return tuple(_each(item, change) for item in value)
