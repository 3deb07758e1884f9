"""A network made of named layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

INPUT = "input"
"""Name that stands for the network's own input among a layer's `inputs`."""


@dataclass(frozen=True)
class Node:
    """A layer in its place."""

    name: str
    type: str
    inputs: tuple[str, ...]


class GraphNetwork(nn.Module):
    """Layers joined into a directed graph; the last one's output is the network's.

    The keys of its state dict are ``<layer name>.<parameter>``.

    Parameters
    ----------
    nodes : sequence of Node
        In an order in which each node comes after its inputs.
    layers : sequence of Module
        One a node.
    """

    def __init__(self, nodes: Sequence[Node], layers: Sequence[nn.Module]) -> None:
        super().__init__()
        self.nodes = tuple(nodes)
        for node, layer in zip(nodes, layers, strict=True):
            self.add_module(node.name, layer)
        before = (INPUT, *(node.name for node in nodes))
        self._is_chain = all(
            node.inputs == (previous,) for node, previous in zip(nodes, before, strict=False)
        )

    def forward(self, values: Tensor) -> Tensor:
        """Return the output of the last layer; `values` has the batch on axis 0."""
        if self._is_chain:
            for layer in self._modules.values():
                values = layer(values)  # type: ignore[misc]
            return values
        outputs = {INPUT: values}
        for node in self.nodes:
            layer = self._modules[node.name]
            values = layer(*(outputs[name] for name in node.inputs))  # type: ignore[misc]
            outputs[node.name] = values
        return values
