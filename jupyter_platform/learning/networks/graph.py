"""Networks made of named layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from jupyter_platform.learning.networks.layers import Cell, Memory

INPUT = "input"
"""Name that stands for the network's own input among a layer's `inputs`."""

State = dict[str, Any]
"""What recurrent layers carry from one step to the next, by layer."""


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
        known = {INPUT: values}
        state: State = {}
        for node in self.nodes:
            values = known[node.name] = self.compute(node, known, state)
        return values

    def compute(self, node: Node, known: Mapping[str, Tensor], state: State) -> Tensor:
        """Return a layer's output for what its inputs gave; `state` is changed in place.

        Parameters
        ----------
        node : Node
            The layer.
        known : mapping of str to Tensor
            Name of each layer before it to what that gave, batch on axis 0.
        state : State
            What the network remembers, by layer; changed in place.
        """
        output: Tensor = self._modules[node.name](  # type: ignore[misc]
            *(known[name] for name in node.inputs)
        )
        return output


class StepwiseNetwork(GraphNetwork):
    """A graph with memory: it sees a sequence step by step.

    Steps are on axis 1 of input and output; each layer sees one step, without that axis. Memories
    are empty at the beginning of every sequence.
    """

    def forward(self, values: Tensor) -> Tensor:
        """Return the outputs of all steps, shape (B, T, …), for `values` of shape (B, T, …)."""
        if values.ndim < 2:
            raise ValueError(f"expected shape (batch, steps, …), got {tuple(values.shape)}")
        state: State = {}
        return torch.stack([self.step(part, state) for part in values.unbind(1)], 1)

    def step(self, values: Tensor, state: State) -> Tensor:
        """Return the output of one step; `state`, empty before the first, is changed in place.

        Parameters
        ----------
        values : Tensor
            Inputs of the step, shape (B, …).
        state : State
            What the network remembers, by layer; changed in place.
        """
        known = {INPUT: values}
        output = values
        for node in self.nodes:
            output = known[node.name] = self.compute(node, known, state)
        self.remember(known, state)
        return output

    def compute(self, node: Node, known: Mapping[str, Tensor], state: State) -> Tensor:
        """Return a layer's output; that of a `Memory` is what it was given one step before."""
        layer = self._modules[node.name]
        if isinstance(layer, Memory):
            kept: Tensor | None = state.get(node.name)
            return layer.empty(known[INPUT]) if kept is None else kept
        if isinstance(layer, Cell):
            (source,) = node.inputs
            output: Tensor
            output, state[node.name] = layer(known[source], state.get(node.name))
            return output
        return super().compute(node, known, state)

    def remember(self, known: Mapping[str, Tensor], state: State) -> None:
        """Give every `Memory` what the layer before it computed in this step.

        Parameters
        ----------
        known : mapping of str to Tensor
            Name of each layer to what it gave in this step, batch on axis 0.
        state : State
            What the network remembers, by layer; changed in place.
        """
        for node in self.nodes:
            layer = self._modules[node.name]
            if isinstance(layer, Memory):
                state[node.name] = layer(known[node.inputs[0]])
