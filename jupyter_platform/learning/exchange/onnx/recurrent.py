"""Recurrent networks, and the values around them whose batch is not on axis 0.

The layers here have the batch on axis 0, the recurrent operators of ONNX the steps. What exporters
write to turn one into the other becomes no layer: values are followed by the names of their axes
until the batch is in front again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jupyter_platform.learning.exchange.onnx.model import OPEN, Array, Model, Node
from jupyter_platform.learning.exchange.onnx.operators import OPERATORS
from jupyter_platform.learning.exchange.onnx.translation import GATES, TranslatedLayer

_ACTIVATIONS = {"GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}
_DIRECTIONS = {"forward": 1, "bidirectional": 2}
_STATES = {"GRU": (5,), "LSTM": (5, 6)}
"""Inputs that a network starts from."""
_PEEPHOLES = 7
_EACH_STEP = frozenset(
    {"Add", "Dropout", "Elu", "Gelu", "Identity", "LeakyRelu", "MatMul", "Relu", "Sigmoid", "Tanh"}
)
"""Operators that do the same in each step of each sample."""

# Axes by letter: B = batch, T = steps, D = directions or states, H = hidden size, F = D · H


@dataclass(frozen=True)
class _Steps:
    """All steps of sequences, as one layer gives them."""

    origin: Node
    axes: str
    layer: str
    """Gives (B, T, F)."""
    directions: int = 1
    size: int = 0
    """H, for what a recurrent operator gives."""


@dataclass(frozen=True)
class _State:
    """The state behind the last step in one direction."""

    layer: str
    direction: int
    size: int
    parts: int
    """States that the layer gives, side by side."""
    steps: int | None
    """Of the sequence that the layer gives; None for one that gives states."""


@dataclass(frozen=True)
class _States:
    """States along one axis, those of several layers behind each other."""

    origin: Node
    axes: str
    items: tuple[_State, ...]


class Recurrences:
    """Reads recurrent operators and what stands around them.

    Parameters
    ----------
    values : dict
        Layers by the values that they give, batch first; more are added.
    uses : dict
        How often each value is used.
    append : callable
        Adds a layer that takes what the named layers give, and returns its name.
    """

    def __init__(
        self,
        model: Model,
        values: dict[str, str],
        uses: Mapping[str, int],
        append: Callable[[TranslatedLayer, tuple[str, ...]], str],
    ) -> None:
        self._model, self._values, self._uses, self._append = model, values, uses, append
        self._moved: dict[str, _Steps | _States] = {}

    def read(self, node: Node) -> bool:
        """Translate a node; return False for one that has nothing to do with recurrence.

        Raises
        ------
        InvalidDataError
            If it does with a moved batch what no layer here does.
        """
        if node.op in GATES:
            self._read_recurrent(node)
            return True
        value = next((item for item in node.inputs if item in self._moved), None)
        if value is None:
            return node.op == "Transpose" and self._turn(node)
        moved = self._moved[value]
        done = (
            self._follow_steps(node, moved)
            if isinstance(moved, _Steps)
            else self._follow_states(node, moved)
        )
        if not done:
            self.settle(node.inputs)
        return done

    def settle(self, values: Iterable[str]) -> None:
        """Give values the axes that they have in the file.

        Raises
        ------
        InvalidDataError
            If the batch is not on axis 0 of one.
        """
        for value in values:
            moved = self._moved.get(value)
            if moved is not None and moved.axes in ("BTDH", "BDH"):
                self._values[value] = self._with_directions(moved)
                del self._moved[value]
            elif moved is not None:
                origin = moved.origin
                raise origin.refuse(
                    "its output, with the batch behind the steps, is used in a way that has no "
                    "layer here"
                    if origin.op in GATES
                    else "it moves the batch (axis 0)"
                )

    def _with_directions(self, moved: _Steps | _States) -> str:
        """Return the layer that gives a value with an axis for the directions."""
        if isinstance(moved, _States):
            count, size = len(moved.items), moved.items[0].size
            shape, layer = [count, size], self._side_by_side(moved.items)
        else:
            shape, layer = [-1, moved.directions, moved.size], moved.layer
        return self._append(TranslatedLayer("Reshape", {"shape": shape}), (layer,))

    def _turn(self, node: Node) -> bool:
        if list(node.get("perm", ())) != [1, 0, 2] or node.input(0) not in self._values:
            return False
        self._moved[node.outputs[0]] = _Steps(node, "TBF", self._values[node.input(0)])
        return True

    def _settle(self, node: Node, moved: _Steps, axes: str) -> bool:
        """Note the value of a node that has the axes of another in another order."""
        name = node.outputs[0]
        if axes == "BTF":
            self._values[name] = moved.layer
        else:
            self._moved[name] = replace(moved, axes=axes)
        return True

    def _read_recurrent(self, node: Node) -> None:
        source = self._source(node)
        every, last, cell = (node.outputs[index : index + 1] for index in range(3))
        if any(self._uses.get(name) for name in cell):
            raise node.refuse("the state of its cells is used")
        keeps_steps = any(self._uses.get(name) for name in every)
        part = self._part(node)
        if not keeps_steps:
            part.arguments["steps"] = "last"
        layer = self._append(part, (source,))
        directions = 2 if part.arguments.get("bidirectional") else 1
        size = int(part.arguments["hidden_size"])
        is_batch_first = bool(node.get("layout", 0))
        if keeps_steps:
            axes = "BTDH" if is_batch_first else "TDBH"
            self._moved[every[0]] = _Steps(node, axes, layer, directions, size)
        if any(self._uses.get(name) for name in last):
            steps = self._model.shape(node)[1 if is_batch_first else 0] if keeps_steps else None
            if keeps_steps and steps is None:
                raise node.refuse("the number of steps is not known; name a shape (input_shape)")
            items = tuple(_State(layer, at, size, directions, steps) for at in range(directions))
            self._moved[last[0]] = _States(node, "BDH" if is_batch_first else "DBH", items)

    def _source(self, node: Node) -> str:
        """Return the layer that gives the sequences, batch first."""
        name = node.input(0)
        if node.get("layout", 0):
            self.settle([name])
            if name in self._values:
                return self._values[name]
        else:
            moved = self._moved.get(name)
            if isinstance(moved, _Steps) and moved.axes == "TBF":
                return moved.layer
            self.settle([name])
        raise node.refuse("its input has the steps on axis 0; the batch has to be there")

    def _part(self, node: Node) -> TranslatedLayer:
        """Return the layer, with the gates in torch's order."""
        directions = self._check(node)
        weights, recurrent, bias = (self._model.constant(node, index) for index in (1, 2, 3))
        assert weights is not None, "the checker asks for it"
        assert recurrent is not None, "the checker asks for it"
        size = recurrent.shape[2]
        if bias is None:
            bias = np.zeros((directions, 2 * weights.shape[1]), weights.dtype)
        state: dict[str, Array] = {}
        for at, end in enumerate(("", "_reverse")[:directions]):
            of_input, of_state = np.split(bias[at], 2)
            tensors = {
                "weight_ih": weights[at],
                "weight_hh": recurrent[at],
                "bias_ih": of_input,
                "bias_hh": of_state,
            }
            for name, array in tensors.items():
                state[f"core.{name}_l0{end}"] = _in_order(array, GATES[node.op])
        arguments: dict[str, Any] = {"input_size": weights.shape[2], "hidden_size": size}
        if directions == 2:
            arguments["bidirectional"] = True
        return TranslatedLayer(node.op, arguments, state)

    def _check(self, node: Node) -> int:
        """Refuse what torch's layers do not do; return how many directions there are."""
        direction = str(node.get("direction", "forward"))
        if direction not in _DIRECTIONS:
            raise node.refuse(f"direction {direction} is not accepted")
        directions = _DIRECTIONS[direction]
        activations = [_text(item) for item in node.get("activations", ())]
        if activations and activations != _ACTIVATIONS[node.op] * directions:
            raise node.refuse(f"activations {', '.join(activations)} are not accepted")
        for name in ("clip", "input_forget"):
            if node.get(name, 0):
                raise node.refuse(f"{name} is not accepted")
        if node.op == "GRU" and not node.get("linear_before_reset", 0):
            raise node.refuse("linear_before_reset = 0 is not accepted; 1 is, as torch has it")
        lengths = self._model.constant(node, 4)
        steps = self._model.shape(node)[1 if node.get("layout", 0) else 0]
        if lengths is not None and (lengths != steps).any():
            raise node.refuse("sequences of different lengths are not accepted")
        if not all(self._model.is_zero(node.input(index)) for index in _STATES[node.op]):
            raise node.refuse("it starts from other states than zeros")
        if node.op == "LSTM" and not self._model.is_zero(node.input(_PEEPHOLES)):
            raise node.refuse("peepholes are not accepted")
        return directions

    def _follow_steps(self, node: Node, moved: _Steps) -> bool:
        axes = moved.axes
        if node.op == "Transpose":
            return self._settle(node, moved, _permuted(node, axes))
        if node.op == "Squeeze":
            gone = self._squeezed(node, axes)
            rest = axes.replace("D", "").replace("H", "F")
            return gone == "D" and self._settle(node, moved, rest)
        if node.op == "Reshape":
            return self._join(node, moved)
        if node.op == "Gather" and axes == "TBF":
            return self._pick_step(node, moved)
        if node.op in _EACH_STEP and axes == "TBF":
            return self._do_each_step(node, moved)
        return False

    def _squeezed(self, node: Node, axes: str) -> str:
        """Return the letters of the axes that a Squeeze removes."""
        places = self._model.numbers(node, 1, "axes") or []
        return "".join(axes[place] for place in places)

    def _join(self, node: Node, moved: _Steps) -> bool:
        """Follow a Reshape that joins the directions, or removes their axis where there is one."""
        target = self._model.target(node)
        shape = [OPEN if size is None else size for size in self._model.shape(node)]
        if moved.axes in ("TBDH", "BTDH"):
            kept, joined = shape[:2], shape[3] * moved.directions
        elif moved.axes == "TDBH" and moved.directions == 1:
            kept, joined = [shape[0], shape[2]], shape[3]
        else:
            return False
        wanted = (*kept, joined)
        may_copy = moved.axes != "TDBH"
        fits = len(target) == len(wanted) and all(
            size in (-1, known) or (size == 0 and (at == 0 or (may_copy and at == 1)))
            for at, (size, known) in enumerate(zip(target, wanted, strict=True))
        )
        axes = "BTF" if moved.axes.startswith("B") else "TBF"
        return fits and self._settle(node, moved, axes)

    def _pick_step(self, node: Node, moved: _Steps) -> bool:
        place = self._model.constant(node, 1)
        steps, _, features = self._model.shape(node)
        if node.get("axis", 0) not in (0, -3) or place is None or place.ndim:
            return False
        if steps is None or features is None:
            raise node.refuse("the number of steps is not known; name a shape (input_shape)")
        at = node.place(int(place), steps)
        self._values[node.outputs[0]] = self._cut(moved.layer, at, 0, features)
        return True

    def _do_each_step(self, node: Node, moved: _Steps) -> bool:
        others = [self._model.constants.get(item) for item in node.inputs[1:] if item]
        if node.op in ("Add", "MatMul"):
            first = self._model.constants.get(node.input(0))
            constants = [item for item in (first, *others) if item is not None]
            flat = 2 if node.op == "MatMul" else 1
            if len(constants) != 1 or constants[0].ndim > flat:
                return False
        layer = moved.layer
        for part in OPERATORS[node.op](node, self._model):
            layer = self._append(part, (layer,))
        self._moved[node.outputs[0]] = replace(moved, layer=layer)
        return True

    def _follow_states(self, node: Node, moved: _States) -> bool:
        axes, items = moved.axes, moved.items
        chosen: Sequence[_State] = ()
        if node.op == "Transpose":
            self._moved[node.outputs[0]] = replace(moved, axes=_permuted(node, axes))
            return True
        if node.op == "Concat":
            return self._stack(node, moved)
        if node.op == "Gather":
            place = self._model.constant(node, 1)
            if place is None or place.ndim or axes[int(node.get("axis", 0))] != "D":
                return False
            chosen = [items[node.place(int(place), len(items))]]
        elif node.op == "Squeeze" and self._squeezed(node, axes) == "D":
            chosen = items
        elif (node.op == "Flatten" and axes == "BDH") or node.op == "Reshape":
            if node.op == "Reshape" and len(self._model.target(node)) != 2:
                return False
            if axes != "BDH" and len(items) > 1:
                return False
            chosen = items
        if not chosen:
            return False
        self._values[node.outputs[0]] = self._side_by_side(chosen)
        return True

    def _stack(self, node: Node, moved: _States) -> bool:
        every = [self._moved.get(name) for name in node.inputs]
        states = [item for item in every if isinstance(item, _States) and item.axes == moved.axes]
        if len(states) < len(every) or moved.axes[int(node.get("axis", 0))] != "D":
            return False
        items = tuple(item for state in states for item in state.items)
        self._moved[node.outputs[0]] = replace(moved, items=items)
        return True

    def _side_by_side(self, states: Sequence[_State]) -> str:
        """Return the layer that gives states, shape (B, D · H)."""
        first = states[0]
        whole = [replace(first, direction=at) for at in range(first.parts)]
        if first.steps is None and list(states) == whole:
            return first.layer
        layers = tuple(self._one(state) for state in states)
        return (
            layers[0]
            if len(layers) == 1
            else self._append(TranslatedLayer("Concat", {"dim": 1}), layers)
        )

    def _one(self, state: _State) -> str:
        start = state.direction * state.size
        if state.steps is not None:
            last = state.steps - 1 if state.direction == 0 else 0
            return self._cut(state.layer, last, start, state.size)
        if state.parts == 1:
            return state.layer
        return self._append(
            TranslatedLayer("Narrow", {"start": [start], "length": [state.size]}), (state.layer,)
        )

    def _cut(self, layer: str, step: int, start: int, size: int) -> str:
        """Return the layer that gives some features of one step."""
        cut = TranslatedLayer("Narrow", {"start": [step, start], "length": [1, size]})
        return self._append(
            TranslatedLayer("Reshape", {"shape": [size]}), (self._append(cut, (layer,)),)
        )


def _permuted(node: Node, axes: str) -> str:
    order = node.get("perm", range(len(axes))[::-1])
    return "".join(axes[int(place)] for place in order)


def _in_order(array: Array, gates: Sequence[int]) -> Array:
    """Return an array with its gates where torch has them."""
    pieces = np.split(array, len(gates))
    return np.concatenate([pieces[gates.index(place)] for place in range(len(gates))])


def _text(item: str | bytes) -> str:
    return item.decode("ascii", "replace") if isinstance(item, bytes) else item
