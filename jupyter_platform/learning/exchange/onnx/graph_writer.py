"""Nodes and constants of an ONNX graph as they are put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import helper, numpy_helper
from torch import Tensor

OPSET = 21
"""Version of the operators that are written: the first whose GroupNormalization is torch's."""
IR_VERSION = 10


class GraphWriter:
    """Gives each value and each node a name of its own."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._counts: dict[str, int] = {}
        self._place = "network"

    def enter(self, layer: str) -> None:
        """Name what follows after a layer."""
        self._place = layer

    def emit(self, op: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        """Add a node and return its first output; the second is called ``<first>_1``, and so on.

        Parameters
        ----------
        op : str
            Name of the operator.
        *inputs
            Names of values.
        outputs : int, optional
            Number of values that it gives.
        **attributes
            Attributes of the node.
        """
        name = self._name(op)
        results = [name, *(f"{name}_{number}" for number in range(1, outputs))]
        self.nodes.append(helper.make_node(op, list(inputs), results, name=name, **attributes))
        return name

    def constant(self, value: Tensor | Sequence[int] | float) -> str:
        """Add a constant and return its name; whole numbers of a list are int64."""
        if isinstance(value, Tensor):
            array = value.detach().cpu().numpy()
        elif isinstance(value, Sequence):
            array = np.array(value, np.int64)
        else:
            array = np.array(value, np.float32)
        name = self._name("constant")
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def reshape(self, value: str, sizes: Sequence[int]) -> str:
        """Give each sample another shape; the batch stays.

        Parameters
        ----------
        value : str
            Name of a value.
        sizes : sequence of int
            Shape of one sample.
        """
        return self.emit("Reshape", value, self.constant([0, *sizes]))

    def cut(
        self,
        value: str,
        axes: Sequence[int],
        starts: Sequence[int],
        stops: Sequence[int],
        steps: Sequence[int] | None = None,
    ) -> str:
        """Cut a block out.

        Parameters
        ----------
        value : str
            Name of a value.
        axes : sequence of int
            Axes to cut, batch included.
        starts : sequence of int
            First index on each.
        stops : sequence of int
            Index after the last on each.
        steps : sequence of int, optional
            Distance between two indices on each; by default 1.
        """
        places = (self.constant(item) for item in (starts, stops, axes, steps or [1] * len(axes)))
        return self.emit("Slice", value, *places)

    def _name(self, kind: str) -> str:
        base = f"{self._place}/{kind}"
        self._counts[base] = self._counts.get(base, 0) + 1
        number = self._counts[base]
        return base if number == 1 else f"{base}_{number}"
