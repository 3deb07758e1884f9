"""The part of an ONNX graph that one output needs, in an order in which it can be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onnx import TensorProto

from jupyter_platform.core.errors import InvalidDataError, shortened

_QUANTISED = frozenset(
    {
        "ConvInteger", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "MatMulNBits",
        "QAttention", "QGemm", "QuantizeLinear",
    }
)  # fmt: skip
_REDUCED: dict[int, str] = {
    TensorProto.FLOAT16: "float16",
    TensorProto.BFLOAT16: "bfloat16",
    TensorProto.FLOAT8E4M3FN: "float8",
    TensorProto.FLOAT8E4M3FNUZ: "float8",
    TensorProto.FLOAT8E5M2: "float8",
    TensorProto.FLOAT8E5M2FNUZ: "float8",
}


def choose_output(outputs: list[str], wanted: str | None) -> str:
    """Return the name of the output that is asked for.

    Parameters
    ----------
    outputs : list of str
        Names of all outputs.
    wanted : str, optional
        A name, or a number from 1; may be absent where there is one output.

    Raises
    ------
    InvalidDataError
        If there is no such output, or there are several and none is named.
    """
    known = ", ".join(f"{number} ({name})" for number, name in enumerate(outputs, 1))
    if wanted is None:
        if len(outputs) != 1:
            raise InvalidDataError(
                f"The model has {len(outputs)} outputs, and networks here have one; say which as "
                f"output: {known}."
            )
        return outputs[0]
    if wanted in outputs:
        return wanted
    if wanted.isdecimal() and 0 < int(wanted) <= len(outputs):
        return outputs[int(wanted) - 1]
    raise InvalidDataError(f"There is no output {wanted!r}. Known: {known}.")


def arrange(graph: Any, output: str) -> None:
    """Leave in a graph what an output needs, each node after those that feed it.

    Parameters
    ----------
    graph : onnx.GraphProto
        Changed in place: other outputs, and inputs and nodes that only they need, go.
    output : str
        Name of one of its outputs.

    Raises
    ------
    InvalidDataError
        If nodes feed each other in a circle, or two make one value.
    """
    makers: dict[str, int] = {}
    for index, node in enumerate(graph.node):
        for name in filter(None, node.output):
            if name in makers:
                raise InvalidDataError(
                    f"Two nodes of the model make the value {shortened(name)!r}."
                )
            makers[name] = index
    order = _order(graph, makers, output)
    nodes = [graph.node[index] for index in order]
    used = {name for node in nodes for name in _taken(node)} | {output}
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [item for item in graph.input if item.name in used or item.name in constants]
    outputs = [item for item in graph.output if item.name == output]
    for kept, field in ((nodes, graph.node), (inputs, graph.input), (outputs, graph.output)):
        copies = [type(item).FromString(item.SerializeToString()) for item in kept]
        del field[:]
        field.extend(copies)


def _order(graph: Any, makers: dict[str, int], output: str) -> list[int]:
    """Return the numbers of the nodes that an output needs, those that feed others first."""
    order: list[int] = []
    state: dict[int, bool] = {}  # False while the nodes that feed it are looked at
    pending = [makers[output]] if output in makers else []
    while pending:
        index = pending[-1]
        if index not in state:
            state[index] = False
            feeding = (makers[name] for name in _taken(graph.node[index]) if name in makers)
            # The first that feeds it is to come first.
            for other in reversed(list(dict.fromkeys(feeding))):
                if state.get(other) is False:
                    node = graph.node[other]
                    raise InvalidDataError(
                        f"Node {shortened(node.name or node.output[0])!r} ({node.op_type}) of the "
                        "model depends on its own output."
                    )
                if other not in state:
                    pending.append(other)
        else:
            pending.pop()
            if not state[index]:
                state[index] = True
                order.append(index)
    return order


def _taken(node: Any) -> Iterator[str]:
    """Yield the names of the values that a node takes, those in graphs inside of it included."""
    yield from filter(None, node.input)
    for attribute in node.attribute:
        for inner in (attribute.g, *attribute.graphs):
            for item in inner.node:
                yield from _taken(item)


def refuse_reduced(model: Any, input_name: str) -> None:
    """Refuse what is computed in fewer bits than float32: here it would give other numbers.

    Constants that are kept in fewer bits and made float32 before they are used are none of it.

    Parameters
    ----------
    model : onnx.ModelProto
        With the types of its values, as far as they can be told.
    input_name : str
        Name of its input.

    Raises
    ------
    InvalidDataError
        Naming type or operator, and a node or value.
    """
    graph = model.graph
    values = (*graph.input, *graph.value_info, *graph.output)
    types = {item.name: item.type.tensor_type.elem_type for item in values}
    variable = {input_name}
    for name in (input_name, *(item.name for item in graph.output)):
        _check_type(name, types)
    for node in graph.node:
        if variable.isdisjoint(node.input):
            continue
        variable |= set(filter(None, node.output))
        if node.op_type in _QUANTISED or node.op_type.startswith("QLinear"):
            called = shortened(node.name or node.output[0])
            raise InvalidDataError(
                f"The model is quantised (node {called!r}, {node.op_type}), which networks here "
                "are not; import the float32 model that it was made of."
            )
        for name in node.output:
            _check_type(name, types)


def _check_type(name: str, types: dict[str, int]) -> None:
    reduced = _REDUCED.get(types.get(name, TensorProto.UNDEFINED))
    if reduced is not None:
        raise InvalidDataError(
            f"The model computes in {reduced} (its value {shortened(name)!r}), networks here in "
            "float32, which gives other numbers; export it in float32."
        )
