"""An ONNX file as nodes with plain attributes, constants and shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import external_data_helper, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

from jupyter_platform.core.errors import InvalidDataError, shortened
from jupyter_platform.learning.exchange.onnx.arranging import (
    arrange,
    choose_output,
    refuse_reduced,
)

Array = NDArray[Any]
Shape = tuple[int | None, ...]
"""Sizes; None where the file leaves them open, as it may for the batch."""

_DOMAINS = ("", "ai.onnx")
_FIRST_WITH_OPSETS = 3
NUMPY_BROADCASTING = 7
"""Version from which on values broadcast as in NumPy."""
_KEEP_ZEROS = frozenset({"Concat", "Expand", "Identity", "Reshape", "Slice", "Unsqueeze"})
"""Operators that make zeros of zeros."""
_ON_SIZES = frozenset(
    {"Cast", "Concat", "Gather", "Identity", "Mul", "Reshape", "Slice", "Squeeze", "Unsqueeze"}
)
"""Operators by which exporters make a shape of a shape."""
OPEN = 2_147_483_647
"""Stands for a size that the file leaves open, in what is made of shapes; a prime."""
_MAX_SIZES = 16
_MAX_FOLDED = 50_000_000
"""Values of a constant that is computed from others."""


@dataclass(frozen=True)
class Node:
    """One operation."""

    op: str
    name: str
    inputs: tuple[str, ...]
    """Names of values; empty where an optional one is left out."""
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    opset: int

    @property
    def label(self) -> str:
        """How errors name it."""
        called = self.name or (self.outputs[0] if self.outputs else "")
        return f"Node {shortened(called)!r} ({self.op})"

    def get(self, name: str, default: Any) -> Any:
        """Return an attribute.

        Parameters
        ----------
        name : str
            Name of the attribute.
        default : object
            Value where it is not there.
        """
        return self.attributes.get(name, default)

    def input(self, index: int) -> str:
        """Return the name of an input; empty when it is left out."""
        return self.inputs[index] if index < len(self.inputs) else ""

    def place(self, index: int, size: int) -> int:
        """Return an index counted from the front; one outside is refused.

        Parameters
        ----------
        index : int
            Counted from the end where it is negative.
        size : int
            Length of the axis.
        """
        if not -size <= index < size:
            raise self.refuse(f"its index {index} is outside of {size} values")
        return index % size

    def refuse(self, reason: str) -> InvalidDataError:
        """Return the error about what has no layer here."""
        return InvalidDataError(f"{self.label} cannot be imported: {reason}.")


@dataclass
class Model:
    """A graph with one input."""

    nodes: list[Node]
    constants: dict[str, Array]
    shapes: dict[str, Shape]
    input: str
    outputs: list[str]
    name: str
    variable: set[str] = field(default_factory=set)
    """Values that depend on the input."""
    unknown: dict[str, InvalidDataError] = field(default_factory=dict)
    """Values that depend on a size which is not known, with what to say where they count."""
    zeros: set[str] = field(default_factory=set)
    """Those of them that are zeros in any size."""
    sizes: dict[str, Array] = field(default_factory=dict)
    """Those of them that are shapes, with `OPEN` for the size that is not known."""

    def consumers(self, value: str) -> list[Node]:
        """Return the nodes that take a value."""
        return [node for node in self.nodes if value in node.inputs]

    def constant(self, node: Node, index: int) -> Array | None:
        """Return an input that is a constant; None when it is left out.

        Parameters
        ----------
        node : Node
            The operator.
        index : int
            Number of the input, from 0.

        Raises
        ------
        InvalidDataError
            If it depends on the network's input.
        """
        name = node.input(index)
        if not name:
            return None
        if name in self.unknown:
            raise self.unknown[name]
        if name not in self.constants:
            raise node.refuse(f"its input {index + 1} is not a constant")
        return self.constants[name]

    def is_zero(self, name: str) -> bool:
        """Whether a value is left out, or zeros whatever its size."""
        known = self.constants.get(name)
        return not name or name in self.zeros or (known is not None and not known.any())

    def numbers(self, node: Node, index: int, attribute: str) -> list[int] | None:
        """Return whole numbers that old versions keep as attribute and new ones as input.

        Parameters
        ----------
        node : Node
            The operator.
        index : int
            Number of the input, from 0.
        attribute : str
            Name of the attribute in old versions.
        """
        if attribute in node.attributes:
            return [int(item) for item in node.attributes[attribute]]
        found = self.constant(node, index)
        return None if found is None else [int(item) for item in np.atleast_1d(found)]

    def target(self, node: Node) -> list[int]:
        """Return the shape that a Reshape makes, which may hold `OPEN`."""
        found = self.sizes.get(node.input(1))
        return self.numbers(node, 1, "shape") or [] if found is None else found.tolist()

    def factors(self, node: Node, index: int, attribute: str) -> list[float] | None:
        """Return numbers that old versions keep as attribute and new ones as input.

        Parameters
        ----------
        node : Node
            The operator.
        index : int
            Number of the input, from 0.
        attribute : str
            Name of the attribute in old versions.
        """
        found = node.attributes.get(attribute)
        found = self.constant(node, index) if found is None else np.asarray(found)
        return None if found is None else [float(item) for item in np.atleast_1d(found)]

    def shape(self, node: Node, index: int = 0) -> Shape:
        """Return the shape of an input, batch included.

        Parameters
        ----------
        node : Node
            The operator.
        index : int, optional
            Number of the input, from 0.

        Raises
        ------
        InvalidDataError
            If even its number of axes is not known.
        """
        found = self.shapes.get(node.input(index))
        if found is None:
            raise node.refuse("the shape of its input is not known; name one (input_shape)")
        return found

    def axis(self, node: Node, axis: int) -> int:
        """Return an axis of the first input counted from the front.

        Parameters
        ----------
        node : Node
            The operator.
        axis : int
            Counted from the end where it is negative.
        """
        rank = len(self.shape(node))
        return axis + rank if axis < 0 else axis


def load_model(
    path: Path,
    input_shape: Sequence[int] | None = None,
    data: Path | None = None,
    output: str | None = None,
) -> Model:
    """Read a file.

    Parameters
    ----------
    input_shape : sequence of int, optional
        Shape of one sample, where the file leaves it open.
    data : Path, optional
        Folder of files that came with it and may hold its weights.
    output : str, optional
        Which output is wanted: its number from 1, or its name. What only others need is left out.

    Raises
    ------
    InvalidDataError
        If it is damaged, keeps weights elsewhere, needs not one input, or computes in fewer bits
        than float32.
    """
    try:
        proto = onnx.load(str(path), load_external_data=False)
        _load_other_files(proto, data)
        if proto.opset_import:
            # The first exporters of torch wrote opsets into files of a format without them.
            proto.ir_version = max(proto.ir_version, _FIRST_WITH_OPSETS)
        arrange(proto.graph, choose_output([item.name for item in proto.graph.output], output))
        onnx.checker.check_model(proto)
    except (
        DecodeError,
        onnx.checker.ValidationError,
        OSError,
        ValueError,
        RuntimeError,
    ) as error:
        reason = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
        raise InvalidDataError(f"The file is no whole ONNX model: {reason}.") from error
    known = {tensor.name for tensor in proto.graph.initializer}
    inputs = [item.name for item in proto.graph.input if item.name not in known]
    if not inputs:
        (end,) = proto.graph.output
        raise InvalidDataError(
            f"The output {shortened(end.name)!r} of the model depends on no input."
        )
    if len(inputs) != 1:
        (end,) = proto.graph.output
        raise InvalidDataError(
            f"The output {shortened(end.name)!r} of the model needs {len(inputs)} inputs "
            f"({', '.join(map(shortened, inputs))}); networks here have one."
        )
    if input_shape is not None:
        _set_shape(proto, inputs[0], input_shape)
    return _model(proto, inputs[0])


def _load_other_files(proto: Any, folder: Path | None) -> None:
    """Read tensors that lie in files which came with the model; nowhere else is looked."""
    for tensor in filter(external_data_helper.uses_external_data, _tensors(proto)):
        location = external_data_helper.ExternalDataInfo(tensor).location
        is_name = location == Path(location).name
        if folder is None or not is_name or not (folder / location).is_file():
            raise InvalidDataError(
                f"The model keeps {shortened(tensor.name)!r} in the file {shortened(location)!r}, "
                "which was not given; put it beside the model, send a zip file of both, or save "
                "the model as one file (torch.onnx.export with external_data=False)."
            )
        external_data_helper.load_external_data_for_tensor(tensor, str(folder))
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]


def _tensors(proto: Any) -> list[Any]:
    attributes = (item for node in proto.graph.node for item in node.attribute)
    return [*proto.graph.initializer, *(item.t for item in attributes if item.HasField("t"))]


def _set_shape(proto: Any, name: str, shape: Sequence[int]) -> None:
    (value,) = [item for item in proto.graph.input if item.name == name]
    dims = value.type.tensor_type.shape.dim
    while len(dims) < 1 + len(shape):
        dims.add()
    del dims[1 + len(shape) :]
    for dim, size in zip(dims[1:], shape, strict=True):
        dim.dim_value = size


def _model(proto: Any, name: str) -> Model:
    opset = max((item.version for item in proto.opset_import if item.domain in _DOMAINS), default=1)
    proto = _with_shapes(proto)
    refuse_reduced(proto, name)
    graph = proto.graph
    constants = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    model = Model(
        nodes=[],
        constants=constants,
        shapes={item.name: _shape(item) for item in _values(proto)},
        input=name,
        outputs=[item.name for item in graph.output],
        name=graph.name,
        variable={name},
    )
    model.shapes |= {key: tuple(value.shape) for key, value in constants.items()}
    for item in graph.node:
        _add(model, item, opset)
    return model


def _with_shapes(proto: Any) -> Any:
    try:
        return shape_inference.infer_shapes(proto, data_prop=True)
    except Exception as error:
        reason = str(error).splitlines()[0][:300]
        raise InvalidDataError(f"The shapes of the model do not fit: {reason}.") from error


def _values(proto: Any) -> list[Any]:
    """Return all values whose number of axes is known."""
    graph = proto.graph
    values = (*graph.input, *graph.value_info, *graph.output)
    return [item for item in values if item.type.tensor_type.HasField("shape")]


def _shape(value: Any) -> Shape:
    dims = value.type.tensor_type.shape.dim
    return tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in dims)


def _add(model: Model, proto: Any, opset: int) -> None:
    if proto.domain not in _DOMAINS:
        raise InvalidDataError(
            f"Node {shortened(proto.name)!r} ({proto.op_type}) is of the domain "
            f"{shortened(proto.domain)!r}; operators of ONNX itself are accepted."
        )
    node = Node(
        op=proto.op_type,
        name=proto.name,
        inputs=tuple(proto.input),
        outputs=tuple(proto.output),
        attributes={item.name: _attribute(item) for item in proto.attribute},
        opset=opset,
    )
    if node.op == "Shape" and node.input(0) in model.variable:
        _add_shape(model, node)
    elif not model.variable.isdisjoint(node.inputs):
        model.nodes.append(node)
        model.variable |= {item for item in node.outputs if item}
    elif not model.unknown.keys().isdisjoint(node.inputs):
        _pass_on_unknown(model, proto, node)
    else:
        _fold(model, proto, node)


def _attribute(proto: Any) -> Any:
    value = onnx.helper.get_attribute_value(proto)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def _add_shape(model: Model, node: Node) -> None:
    try:
        model.constants[node.outputs[0]] = _known_shape(model, node)
    except InvalidDataError as error:
        model.unknown[node.outputs[0]] = error
        shape = model.shape(node)
        if shape.count(None) == 1:
            sizes = np.array([OPEN if size is None else size for size in shape], np.int64)
            cut = slice(node.get("start", 0), node.get("end", len(sizes)))
            model.sizes[node.outputs[0]] = sizes[cut]


def _pass_on_unknown(model: Model, proto: Any, node: Node) -> None:
    """Note what follows from a size that is not known: perhaps only how many zeros there are."""
    known = {**model.constants, **model.sizes}
    feeds = {name: known[name] for name in node.inputs if name in known}
    is_whole = feeds.keys() == set(filter(None, node.inputs))
    if is_whole and node.op in _ON_SIZES and max(map(np.size, feeds.values())) <= _MAX_SIZES:
        (model.sizes[node.outputs[0]],) = _computed(proto, node, feeds)
    values = node.inputs if node.op == "Concat" else node.inputs[:1]
    is_zero = node.op in _KEEP_ZEROS and all(map(model.is_zero, values))
    if node.op == "ConstantOfShape":
        is_zero = not np.any(node.get("value", 0))
    reason = next(model.unknown[item] for item in node.inputs if item in model.unknown)
    for item in filter(None, node.outputs):
        model.unknown[item] = reason
        if is_zero:
            model.zeros.add(item)


def _known_shape(model: Model, node: Node) -> Array:
    """Return a shape as numbers, 0 for the batch: as a Reshape understands it."""
    shape = model.shape(node)
    if any(size is None for size in shape[1:]):
        raise node.refuse("the shape of its input is not known; name one (input_shape)")
    sizes = [0, *(size or 0 for size in shape[1:])]
    stop = node.get("end", len(sizes))
    return np.array(sizes[node.get("start", 0) : stop], np.int64)


def _fold(model: Model, proto: Any, node: Node) -> None:
    """Compute what does not depend on the input."""
    missing = [item for item in node.inputs if item and item not in model.constants]
    if missing:
        raise node.refuse(f"its input {shortened(missing[0])!r} comes from nowhere")
    feeds = {item: model.constants[item] for item in node.inputs if item}
    results = _computed(proto, node, feeds)
    for item, array in zip([item for item in node.outputs if item], results, strict=True):
        if np.size(array) > _MAX_FOLDED:
            raise node.refuse(f"its constant result has {np.size(array):,} values")
        model.constants[item] = np.asarray(array)
        model.shapes[item] = tuple(np.shape(array))


def _computed(proto: Any, node: Node, feeds: Mapping[str, Array]) -> list[Array]:
    alone = onnx.helper.make_model(
        onnx.helper.make_graph(
            [proto],
            "constant",
            [_value(name, array) for name, array in feeds.items()],
            [onnx.helper.make_value_info(item, onnx.TypeProto()) for item in node.outputs if item],
        ),
        opset_imports=[onnx.helper.make_opsetid("", node.opset)],
    )
    try:
        return list(ReferenceEvaluator(alone).run(None, dict(feeds)))
    except Exception as error:
        raise node.refuse(f"its constants cannot be computed ({error})") from error


def _value(name: str, array: Array) -> Any:
    kind = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
    return onnx.helper.make_tensor_value_info(name, kind, array.shape)
