"""How layers that cut, order and join, blocks and recurrent layers are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from jupyter_platform.learning.exchange.onnx.emitters import EMITTERS, Emitter, LayerNode
from jupyter_platform.learning.exchange.onnx.graph_writer import GraphWriter
from jupyter_platform.learning.exchange.onnx.translation import GATES
from jupyter_platform.learning.networks import layers

_FAR = 2**31 - 1
_PAD_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
_FUNCTIONS = {
    "acos": "Acos", "acosh": "Acosh", "abs": "Abs", "asin": "Asin", "asinh": "Asinh",
    "atan": "Atan", "atanh": "Atanh", "ceil": "Ceil", "cos": "Cos", "cosh": "Cosh", "erf": "Erf",
    "exp": "Exp", "floor": "Floor", "log": "Log", "neg": "Neg", "reciprocal": "Reciprocal",
    "round": "Round", "sign": "Sign", "sin": "Sin", "sinh": "Sinh", "sqrt": "Sqrt", "tan": "Tan",
}  # fmt: skip


def _reshape(writer: GraphWriter, node: LayerNode) -> str:
    return writer.reshape(node.inputs[0], node.output[1:])


def _permute(writer: GraphWriter, node: LayerNode) -> str:
    return writer.emit("Transpose", *node.inputs, perm=list(node.layer.dims))


def _narrow(writer: GraphWriter, node: LayerNode) -> str:
    layer, shape = node.layer, node.shapes[0]
    axes = list(range(1, len(layer.start) + 1))
    starts = [start % shape[axis] for axis, start in zip(axes, layer.start, strict=True)]
    sizes = zip(starts, layer.length, layer.step, strict=True)
    stops = [start + (length - 1) * step + 1 for start, length, step in sizes]
    return writer.cut(node.inputs[0], axes, starts, stops, layer.step)


def _split(writer: GraphWriter, node: LayerNode) -> str:
    layer, size = node.layer, node.shapes[0][node.layer.dim]
    if layer.cuts is None:
        width = size // layer.parts
        edges = [width * number for number in range(layer.parts + 1)]
    else:
        edges = [0, *layer.cuts, size]
    start, stop = edges[layer.part], edges[layer.part + 1]
    return writer.cut(node.inputs[0], [layer.dim], [start], [stop])


def _pad(
    writer: GraphWriter,
    node: LayerNode,
    before: Sequence[int],
    behind: Sequence[int],
    mode: str = "constant",
    value: float = 0.0,
) -> str:
    left = [0] * (len(node.shapes[0]) - len(before))
    pads = writer.constant([*left, *before, *left, *behind])
    return writer.emit("Pad", node.inputs[0], pads, writer.constant(value), mode=_PAD_MODES[mode])


def _own_pad(writer: GraphWriter, node: LayerNode) -> str:
    layer = node.layer
    return _pad(writer, node, layer.before, layer.after, layer.mode, layer.value)


def _torch_pad(mode: str) -> Emitter:
    def emit(writer: GraphWriter, node: LayerNode) -> str:
        # torch names the sides of the last axis first.
        sides = list(node.layer.padding)
        before, behind = sides[0::2][::-1], sides[1::2][::-1]
        value = float(getattr(node.layer, "value", 0.0))
        return _pad(writer, node, before, behind, mode, value)

    return emit


def _zero_pad(writer: GraphWriter, node: LayerNode) -> str:
    return _pad(writer, node, node.layer.padding, node.layer.padding)


def _upsample(writer: GraphWriter, node: LayerNode) -> str:
    layer = node.layer
    sizes = writer.constant(list(node.output))
    # The batch is left as it is: its size is taken from the input.
    batch = writer.emit("Shape", node.inputs[0], start=0, end=2)
    rest = writer.cut(sizes, [0], [2], [_FAR])
    target = writer.emit("Concat", batch, rest, axis=0)
    attributes: dict[str, Any]
    if layer.mode == "nearest":
        attributes = {"mode": "nearest", "nearest_mode": "floor"}
        places = "asymmetric"
    elif layer.mode in ("linear", "bilinear", "trilinear"):
        attributes = {"mode": "linear"}
        places = "align_corners" if layer.align_corners else "half_pixel"
    else:
        raise node.refuse(f"mode = {layer.mode!r} is not accepted")
    attributes["coordinate_transformation_mode"] = places
    return writer.emit("Resize", node.inputs[0], "", "", target, **attributes)


def _pixel_shuffle(writer: GraphWriter, node: LayerNode) -> str:
    attributes: dict[str, Any] = {"blocksize": node.layer.upscale_factor, "mode": "CRD"}
    return writer.emit("DepthToSpace", *node.inputs, **attributes)


def _join(op: str) -> Emitter:
    return lambda writer, node: writer.emit(op, *node.inputs)


def _product(writer: GraphWriter, node: LayerNode) -> str:
    value, *others = node.inputs
    for other in others:
        value = writer.emit("Mul", value, other)
    return value


def _concat(writer: GraphWriter, node: LayerNode) -> str:
    return writer.emit("Concat", *node.inputs, axis=node.layer.dim)


def _duel(writer: GraphWriter, node: LayerNode) -> str:
    value, advantage = node.inputs
    if node.shapes[0][-1] != 1:
        value, advantage = advantage, value
    mean = writer.emit("ReduceMean", advantage, writer.constant([-1]), keepdims=1)
    return writer.emit("Sub", writer.emit("Add", value, advantage), mean)


def _affine(writer: GraphWriter, node: LayerNode) -> str:
    value, layer = node.inputs[0], node.layer
    if layer.weight is not None:
        value = writer.emit("Mul", value, writer.constant(layer.weight))
    if layer.bias is not None:
        value = writer.emit("Add", value, writer.constant(layer.bias))
    return value


def _function(writer: GraphWriter, node: LayerNode) -> str:
    name, (value,) = node.layer.function, node.inputs
    if name in _FUNCTIONS:
        return writer.emit(_FUNCTIONS[name], value)
    one = writer.constant(1.0)
    if name == "square":
        return writer.emit("Mul", value, value)
    if name == "rsqrt":
        return writer.emit("Reciprocal", writer.emit("Sqrt", value))
    if name == "expm1":
        return writer.emit("Sub", writer.emit("Exp", value), one)
    return writer.emit("Log", writer.emit("Add", value, one))


def _mean(writer: GraphWriter, node: LayerNode) -> str:
    axes = writer.constant(list(node.layer.dims))
    return writer.emit("ReduceMean", *node.inputs, axes, keepdims=int(node.layer.keepdim))


def _temporal(writer: GraphWriter, node: LayerNode) -> str:
    layer, value = node.layer, node.inputs[0]
    if len(node.shapes[0]) == 2:
        value = writer.reshape(value, [node.shapes[0][1], 1])
    value = writer.emit("Transpose", value, perm=[0, 2, 1])
    names = [value, writer.constant(layer.weight), writer.constant(layer.bias)]
    value = writer.emit("Conv", *names, strides=list(layer.stride))
    return writer.emit("Transpose", value, perm=[0, 2, 1])


def _recurrent(writer: GraphWriter, node: LayerNode) -> str:
    layer = node.layer
    core, op = layer.core, type(layer).__name__
    directions = 2 if core.bidirectional else 1
    value = writer.emit("Transpose", node.inputs[0], perm=[1, 0, 2])
    last = ""
    for number in range(core.num_layers):
        names = [writer.constant(item) for item in _recurrent_weights(core, op, number)]
        attributes: dict[str, Any] = {"hidden_size": core.hidden_size}
        attributes["direction"] = "bidirectional" if core.bidirectional else "forward"
        if op == "GRU":
            attributes["linear_before_reset"] = 1
        every = writer.emit(op, value, *names, outputs=2, **attributes)
        last = f"{every}_1"
        # (T, directions, B, H) to (T, B, directions · H)
        ordered = writer.emit("Transpose", every, perm=[0, 2, 1, 3])
        sizes = writer.constant([0, 0, directions * core.hidden_size])
        value = writer.emit("Reshape", ordered, sizes)
    if layer.steps == "all":
        return writer.emit("Transpose", value, perm=[1, 0, 2])
    ordered = writer.emit("Transpose", last, perm=[1, 0, 2])
    return writer.reshape(ordered, [directions * core.hidden_size])


def _recurrent_weights(core: nn.RNNBase, op: str, number: int) -> list[Tensor]:
    ends = ("", "_reverse") if core.bidirectional else ("",)

    def ordered(name: str) -> Tensor:
        tensors = [getattr(core, f"{name}_l{number}{end}") for end in ends]
        gates = [item.chunk(len(GATES[op])) for item in tensors]
        return torch.stack([torch.cat([item[node] for node in GATES[op]]) for item in gates])

    biases = torch.cat([ordered("bias_ih"), ordered("bias_hh")], 1)
    return [ordered("weight_ih"), ordered("weight_hh"), biases]


def _inner(writer: GraphWriter, module: nn.Module, value: str, rank: int) -> str:
    """Write a part of a block; only its number of axes counts."""
    shape = (1,) * rank
    node = LayerNode("", module, (value,), (shape,), shape)
    if isinstance(module, nn.Sequential):
        for part in module:
            value = _inner(writer, part, value, rank)
        return value
    return EMITTERS[type(module)](writer, node)


def _conv_block(writer: GraphWriter, node: LayerNode) -> str:
    return _inner(writer, node.layer, node.inputs[0], len(node.output))


def _shortcut(writer: GraphWriter, block: Any, value: str, branch: str) -> str:
    join = block.join
    if join.stride > 1:
        value = writer.cut(value, [2, 3], [0, 0], [_FAR] * 2, [join.stride] * 2)
    if join.padding:
        pads = writer.constant([0, join.padding, 0, 0, 0, join.padding, 0, 0])
        value = writer.emit("Pad", value, pads)
    return writer.emit("Relu", writer.emit("Add", value, branch))


def _residual(writer: GraphWriter, node: LayerNode) -> str:
    block, value = node.layer, node.inputs[0]
    names = ["conv1", "norm1", "", "conv2", "norm2"]
    if isinstance(block, layers.Bottleneck):
        names += ["", "conv3", "norm3"]
    branch = value
    for name in names:
        if name:
            branch = _inner(writer, getattr(block, name), branch, 4)
        else:
            branch = writer.emit("Relu", branch)
    return _shortcut(writer, block, value, branch)


def _inception(writer: GraphWriter, node: LayerNode) -> str:
    block, value = node.layer, node.inputs[0]
    branches = []
    for parts in (
        (block.branch1,),
        (block.reduce3, block.branch3),
        (block.reduce5, block.branch5),
        (block.pool, block.project),
    ):
        branch = value
        for part in parts:
            branch = _inner(writer, part, branch, 4)
        branches.append(branch)
    return writer.emit("Concat", *branches, axis=1)


def _fractal(writer: GraphWriter, node: LayerNode) -> str:
    block = node.layer

    def path(value: str, *parts: nn.Module) -> str:
        for part in parts:
            value = _inner(writer, part, value, 4)
        return value

    value = node.inputs[0]
    early = path(value, block.early)
    middle = writer.emit("Mean", early, path(value, block.early_long1, block.early_long2))
    late = path(middle, block.late)
    long = path(middle, block.late_long1, block.late_long2)
    return writer.emit("Mean", late, long, path(value, block.short))


SHAPE_EMITTERS: Mapping[type[nn.Module], Callable[[GraphWriter, LayerNode], str]] = (
    MappingProxyType(
        {
            **dict.fromkeys((nn.Flatten, nn.Unflatten, layers.Reshape), _reshape),
            **dict.fromkeys((layers.LSTM, layers.GRU), _recurrent),
            **dict.fromkeys((layers.Residual, layers.Bottleneck), _residual),
            **dict.fromkeys(
                (nn.ZeroPad1d, nn.ZeroPad2d, nn.ConstantPad1d, nn.ConstantPad2d),
                _torch_pad("constant"),
            ),
            **dict.fromkeys((nn.ReflectionPad1d, nn.ReflectionPad2d), _torch_pad("reflect")),
            **dict.fromkeys((nn.ReplicationPad1d, nn.ReplicationPad2d), _torch_pad("replicate")),
            layers.Add: _join("Sum"),
            layers.Affine: _affine,
            layers.Average: _join("Mean"),
            layers.Concat: _concat,
            layers.ConvBlock: _conv_block,
            layers.Divide: _join("Div"),
            layers.DuelJoin: _duel,
            layers.Fractal: _fractal,
            layers.Function: _function,
            layers.Inception: _inception,
            layers.Invert: lambda writer, node: writer.emit(
                "Sub", writer.constant(1.0), *node.inputs
            ),
            layers.MatMul: _join("MatMul"),
            layers.Maximum: _join("Max"),
            layers.Mean: _mean,
            layers.Minimum: _join("Min"),
            layers.Multiply: _product,
            layers.Narrow: _narrow,
            layers.Pad: _own_pad,
            layers.Permute: _permute,
            layers.Power: lambda writer, node: writer.emit(
                "Pow", *node.inputs, writer.constant(float(node.layer.exponent))
            ),
            layers.Split: _split,
            layers.Subtract: _join("Sub"),
            layers.TemporalConv: _temporal,
            layers.ZeroPad: _zero_pad,
            nn.PixelShuffle: _pixel_shuffle,
            nn.Upsample: _upsample,
        }
    )
)
