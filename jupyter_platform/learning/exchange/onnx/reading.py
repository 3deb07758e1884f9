"""From an ONNX file to a description and weights."""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath

import torch
from torch import Tensor

from jupyter_platform.core.errors import InvalidDataError, nearest, shortened
from jupyter_platform.core.exchange import IMPORTED, ONNX_SUFFIX, ImportRequest
from jupyter_platform.core.networks import Layer, NetworkDescription
from jupyter_platform.core.units import format_count
from jupyter_platform.learning.exchange.imported import Imported, WeightsOf, network_name
from jupyter_platform.learning.exchange.onnx.model import Array, Model, Node, load_model
from jupyter_platform.learning.exchange.onnx.operators import OPERATORS
from jupyter_platform.learning.exchange.onnx.recurrent import Recurrences
from jupyter_platform.learning.exchange.onnx.shaping import split_part
from jupyter_platform.learning.exchange.onnx.translation import GATES, TranslatedLayer
from jupyter_platform.learning.exchange.zips import SafeZip
from jupyter_platform.learning.networks.graph import INPUT
from jupyter_platform.learning.networks.registry import LAYER_TYPES


def read_onnx(path: Path, request: ImportRequest, data: Path | None = None) -> Imported:
    """Read a model of one input.

    Parameters
    ----------
    data : Path, optional
        Folder of files that came with it and may hold its weights.

    Raises
    ------
    InvalidDataError
        If it is damaged or does something that no layer here does; the node is named.
    """
    model = load_model(path, request.input_shape, data, request.output)
    (output,) = model.outputs
    reader = _Reader(model)
    reader.read(_needed(model, output), output)
    shape = model.shapes.get(model.input, ())[1:]
    stem = Path(request.file_name).stem
    description = NetworkDescription(
        name=request.name or network_name(stem or model.name),
        title=model.name or stem,
        summary=f"From ONNX, {format_count(len(model.nodes), 'operation')}.",
        input_shape=None if None in shape or not shape else tuple(int(size or 0) for size in shape),
        layers=tuple(reader.layers),
    )
    weights = [WeightsOf(request.tag or IMPORTED, "last", reader.state)] if reader.state else []
    return Imported("onnx", description, weights)


def read_zipped_onnx(archive: SafeZip, request: ImportRequest) -> Imported:
    """Read a model whose weights lie in other files, as torch writes it by default.

    Parameters
    ----------
    archive : SafeZip
        The file that was sent.
    request : ImportRequest
        What is read, and where the result goes.

    Raises
    ------
    InvalidDataError
        As `read_onnx`, or if the zip file holds more than one model.
    """
    models = [name for name in archive.names if name.endswith(ONNX_SUFFIX)]
    if len(models) != 1:
        shown = ", ".join(map(shortened, models))
        raise InvalidDataError(f"The zip file holds {len(models)} models ({shown}); give one.")
    (model,) = map(PurePosixPath, models)
    with tempfile.TemporaryDirectory() as folder:
        for name in archive.names:
            # A model may only name files of its own folder.
            if PurePosixPath(name).parent == model.parent:
                archive.extract(name, Path(folder) / PurePosixPath(name).name)
        named = request.model_copy(update={"file_name": model.name})
        return read_onnx(Path(folder) / model.name, named, Path(folder))


def _needed(model: Model, output: str) -> list[Node]:
    """Return the nodes that compute an output: others may only have made shapes."""
    wanted = {output}
    found: list[Node] = []
    for node in reversed(model.nodes):
        if not wanted.isdisjoint(node.outputs):
            found.append(node)
            wanted |= set(node.inputs)
    return found[::-1]


class _Reader:
    def __init__(self, model: Model) -> None:
        self.layers: list[Layer] = []
        self.state: dict[str, Array] = {}
        self._model = model
        self._values = {model.input: INPUT}
        self._counts: dict[str, int] = {}
        self._uses: dict[str, int] = {}
        self._recurrences = Recurrences(model, self._values, self._uses, self._append)

    def read(self, nodes: list[Node], output: str) -> None:
        """Translate nodes, each of which comes after those that feed it."""
        for node in nodes:
            for name in node.inputs:
                self._uses[name] = self._uses.get(name, 0) + 1
        self._uses[output] = self._uses.get(output, 0) + 1
        for node in nodes:
            self._translate(node)
        self._recurrences.settle([output])
        if output not in self._values:
            raise InvalidDataError(
                f"The output {shortened(output)!r} does not depend on the input."
            )
        end = self._values[output]
        if not self.layers or self.layers[-1].name != end:
            self._append(TranslatedLayer("Identity"), (end,))

    def _translate(self, node: Node) -> None:
        if node.op == "Split":
            for index, name in enumerate(node.outputs):
                if self._uses.get(name):
                    self._values[name] = self._chain(node, [split_part(node, self._model, index)])
            return
        if self._recurrences.read(node):
            return
        translator = OPERATORS.get(node.op)
        if translator is None:
            near = nearest(node.op, [*OPERATORS, *GATES])
            hint = f" The nearest that is known is {near}." if near else ""
            raise InvalidDataError(
                f"{node.label} is of an operator that has no layer here.{hint} docs/onnx.md lists "
                "those that have."
            )
        for name in node.outputs[1:]:
            if self._uses.get(name):
                raise node.refuse("more than its first output is used")
        if self._merge_bias(node):
            return
        parts = translator(node, self._model)
        self._values[node.outputs[0]] = self._chain(node, parts)
        if node.outputs[0] not in self._model.shapes:
            _tell_shape(self._model, node, parts)

    def _chain(self, node: Node, parts: list[TranslatedLayer]) -> str:
        before: str | None = None
        for part in parts:
            names = part.inputs or (node.input(0),)
            follows = part.inputs is None and before is not None
            sources = (str(before),) if follows else tuple(self._value(i, node) for i in names)
            before = self._append(part, sources)
        return self._value(node.input(0), node) if before is None else before

    def _value(self, name: str, node: Node) -> str:
        if name in self._model.unknown:
            raise self._model.unknown[name]
        if name not in self._values:
            raise node.refuse(f"its input {shortened(name)!r} is a constant")
        return self._values[name]

    def _merge_bias(self, node: Node) -> bool:
        """Make a bias of what is added to the product of a linear layer, as exporters write it."""
        if node.op != "Add" or len(node.inputs) != 2:
            return False
        for value, other in (node.inputs, node.inputs[::-1]):
            layer = self.layers[-1] if self.layers else None
            bias = self._model.constants.get(other)
            if (
                layer is not None
                and bias is not None
                and self._values.get(value) == layer.name
                and self._uses[value] == 1
                and layer.type == "Linear"
                and layer.arguments.get("bias") is False
                and bias.shape == (layer.arguments["out_features"],)
            ):
                arguments = {key: item for key, item in layer.arguments.items() if key != "bias"}
                fields = {"name": layer.name, "type": layer.type, "inputs": layer.inputs}
                self.layers[-1] = Layer.model_validate({**fields, **arguments})
                self.state[f"{layer.name}.bias"] = bias
                self._values[node.outputs[0]] = self._values[value]
                return True
        return False

    def _append(self, part: TranslatedLayer, sources: tuple[str, ...]) -> str:
        self._counts[part.type] = self._counts.get(part.type, 0) + 1
        name = f"{part.type.lower()}{self._counts[part.type]}"
        before = self.layers[-1].name if self.layers else INPUT
        inputs = {} if sources == (before,) else {"inputs": sources}
        layer = {"name": name, "type": part.type, **inputs, **part.arguments}
        self.layers.append(Layer.model_validate(layer))
        self.state |= {f"{name}.{key}": value for key, value in part.state.items()}
        return name


def _tell_shape(model: Model, node: Node, parts: list[TranslatedLayer]) -> None:
    """Note the shape of a value where ONNX does not tell, as before version 7 of many operators."""
    try:
        value = _zeros(model, node.input(0))
        for part in parts:
            layer = LAYER_TYPES[part.type].factory(**part.arguments).eval()
            inputs = [value] if part.inputs is None else [_zeros(model, i) for i in part.inputs]
            with torch.inference_mode():
                value = layer(*inputs)
    except (LookupError, RuntimeError, TypeError, ValueError):
        return  # what does not fit is told once the whole network is built
    batch = model.shapes[node.input(0)][0]
    model.shapes[node.outputs[0]] = (batch, *value.shape[1:])


def _zeros(model: Model, name: str) -> Tensor:
    batch, *sizes = model.shapes[name]
    if None in sizes:
        raise LookupError(name)
    return torch.zeros(batch or 1, *(size or 0 for size in sizes))
