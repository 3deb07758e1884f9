"""How layers that cut, order and join, blocks and recurrent layers are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from jupyter_platform.learning.exchange.onnx.emitters import EMITTERS, Emitter, Place
from jupyter_platform.learning.exchange.onnx.graph_writer import GraphWriter
from jupyter_platform.learning.exchange.onnx.parts import GATES
from jupyter_platform.learning.networks import layers

_FAR = 2**31 - 1
_PAD_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
_FUNCTIONS = {
    "acos": "Acos", "acosh": "Acosh", "abs": "Abs", "asin": "Asin", "asinh": "Asinh",
    "atan": "Atan", "atanh": "Atanh", "ceil": "Ceil", "cos": "Cos", "cosh": "Cosh", "erf": "Erf",
    "exp": "Exp", "floor": "Floor", "log": "Log", "neg": "Neg", "reciprocal": "Reciprocal",
    "round": "Round", "sign": "Sign", "sin": "Sin", "sinh": "Sinh", "sqrt": "Sqrt", "tan": "Tan",
}  # fmt: skip


def _reshape(writer: GraphWriter, place: Place) -> str:
    return writer.reshape(place.inputs[0], place.output[1:])


def _permute(writer: GraphWriter, place: Place) -> str:
    return writer.emit("Transpose", *place.inputs, perm=list(place.layer.dims))


def _narrow(writer: GraphWriter, place: Place) -> str:
    layer, shape = place.layer, place.shapes[0]
    axes = list(range(1, len(layer.start) + 1))
    starts = [start % shape[axis] for axis, start in zip(axes, layer.start, strict=True)]
    sizes = zip(starts, layer.length, layer.step, strict=True)
    stops = [start + (length - 1) * step + 1 for start, length, step in sizes]
    return writer.cut(place.inputs[0], axes, starts, stops, layer.step)


def _split(writer: GraphWriter, place: Place) -> str:
    layer, size = place.layer, place.shapes[0][place.layer.dim]
    if layer.cuts is None:
        width = size // layer.parts
        edges = [width * number for number in range(layer.parts + 1)]
    else:
        edges = [0, *layer.cuts, size]
    start, stop = edges[layer.part], edges[layer.part + 1]
    return writer.cut(place.inputs[0], [layer.dim], [start], [stop])


def _pad(
    writer: GraphWriter,
    place: Place,
    before: Sequence[int],
    behind: Sequence[int],
    mode: str = "constant",
    value: float = 0.0,
) -> str:
    left = [0] * (len(place.shapes[0]) - len(before))
    pads = writer.constant([*left, *before, *left, *behind])
    return writer.emit("Pad", place.inputs[0], pads, writer.constant(value), mode=_PAD_MODES[mode])


def _own_pad(writer: GraphWriter, place: Place) -> str:
    layer = place.layer
    return _pad(writer, place, layer.before, layer.after, layer.mode, layer.value)


def _torch_pad(mode: str) -> Emitter:
    def emit(writer: GraphWriter, place: Place) -> str:
        # torch names the sides of the last axis first.
        sides = list(place.layer.padding)
        before, behind = sides[0::2][::-1], sides[1::2][::-1]
        value = float(getattr(place.layer, "value", 0.0))
        return _pad(writer, place, before, behind, mode, value)

    return emit


def _zero_pad(writer: GraphWriter, place: Place) -> str:
    return _pad(writer, place, place.layer.padding, place.layer.padding)


def _upsample(writer: GraphWriter, place: Place) -> str:
    layer = place.layer
    sizes = writer.constant(list(place.output))
    # The batch is left as it is: its size is taken from the input.
    batch = writer.emit("Shape", place.inputs[0], start=0, end=2)
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
        raise place.refuse(f"mode = {layer.mode!r} is not accepted")
    attributes["coordinate_transformation_mode"] = places
    return writer.emit("Resize", place.inputs[0], "", "", target, **attributes)


def _pixel_shuffle(writer: GraphWriter, place: Place) -> str:
    attributes: dict[str, Any] = {"blocksize": place.layer.upscale_factor, "mode": "CRD"}
    return writer.emit("DepthToSpace", *place.inputs, **attributes)


def _join(op: str) -> Emitter:
    return lambda writer, place: writer.emit(op, *place.inputs)


def _product(writer: GraphWriter, place: Place) -> str:
    value, *others = place.inputs
    for other in others:
        value = writer.emit("Mul", value, other)
    return value


def _concat(writer: GraphWriter, place: Place) -> str:
    return writer.emit("Concat", *place.inputs, axis=place.layer.dim)


def _duel(writer: GraphWriter, place: Place) -> str:
    value, advantage = place.inputs
    if place.shapes[0][-1] != 1:
        value, advantage = advantage, value
    mean = writer.emit("ReduceMean", advantage, writer.constant([-1]), keepdims=1)
    return writer.emit("Sub", writer.emit("Add", value, advantage), mean)


def _affine(writer: GraphWriter, place: Place) -> str:
    value, layer = place.inputs[0], place.layer
    if layer.weight is not None:
        value = writer.emit("Mul", value, writer.constant(layer.weight))
    if layer.bias is not None:
        value = writer.emit("Add", value, writer.constant(layer.bias))
    return value


def _function(writer: GraphWriter, place: Place) -> str:
    name, (value,) = place.layer.function, place.inputs
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


def _mean(writer: GraphWriter, place: Place) -> str:
    axes = writer.constant(list(place.layer.dims))
    return writer.emit("ReduceMean", *place.inputs, axes, keepdims=int(place.layer.keepdim))


def _temporal(writer: GraphWriter, place: Place) -> str:
    layer, value = place.layer, place.inputs[0]
    if len(place.shapes[0]) == 2:
        value = writer.reshape(value, [place.shapes[0][1], 1])
    value = writer.emit("Transpose", value, perm=[0, 2, 1])
    names = [value, writer.constant(layer.weight), writer.constant(layer.bias)]
    value = writer.emit("Conv", *names, strides=list(layer.stride))
    return writer.emit("Transpose", value, perm=[0, 2, 1])


def _recurrent(writer: GraphWriter, place: Place) -> str:
    layer = place.layer
    core, op = layer.core, type(layer).__name__
    directions = 2 if core.bidirectional else 1
    value = writer.emit("Transpose", place.inputs[0], perm=[1, 0, 2])
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
        return torch.stack([torch.cat([item[place] for place in GATES[op]]) for item in gates])

    biases = torch.cat([ordered("bias_ih"), ordered("bias_hh")], 1)
    return [ordered("weight_ih"), ordered("weight_hh"), biases]


def _inner(writer: GraphWriter, module: nn.Module, value: str, rank: int) -> str:
    """Write a part of a block; only its number of axes counts."""
    shape = (1,) * rank
    place = Place("", module, (value,), (shape,), shape)
    if isinstance(module, nn.Sequential):
        for part in module:
            value = _inner(writer, part, value, rank)
        return value
    return EMITTERS[type(module)](writer, place)


def _conv_block(writer: GraphWriter, place: Place) -> str:
    return _inner(writer, place.layer, place.inputs[0], len(place.output))


def _shortcut(writer: GraphWriter, block: Any, value: str, branch: str) -> str:
    join = block.join
    if join.stride > 1:
        value = writer.cut(value, [2, 3], [0, 0], [_FAR] * 2, [join.stride] * 2)
    if join.padding:
        pads = writer.constant([0, join.padding, 0, 0, 0, join.padding, 0, 0])
        value = writer.emit("Pad", value, pads)
    return writer.emit("Relu", writer.emit("Add", value, branch))


def _residual(writer: GraphWriter, place: Place) -> str:
    block, value = place.layer, place.inputs[0]
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


def _inception(writer: GraphWriter, place: Place) -> str:
    block, value = place.layer, place.inputs[0]
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


def _fractal(writer: GraphWriter, place: Place) -> str:
    block = place.layer

    def path(value: str, *parts: nn.Module) -> str:
        for part in parts:
            value = _inner(writer, part, value, 4)
        return value

    value = place.inputs[0]
    early = path(value, block.early)
    middle = writer.emit("Mean", early, path(value, block.early_long1, block.early_long2))
    late = path(middle, block.late)
    long = path(middle, block.late_long1, block.late_long2)
    return writer.emit("Mean", late, long, path(value, block.short))


SHAPE_EMITTERS: Mapping[type[nn.Module], Callable[[GraphWriter, Place], str]] = MappingProxyType(
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
        layers.Invert: lambda writer, place: writer.emit(
            "Sub", writer.constant(1.0), *place.inputs
        ),
        layers.MatMul: _join("MatMul"),
        layers.Maximum: _join("Max"),
        layers.Mean: _mean,
        layers.Minimum: _join("Min"),
        layers.Multiply: _product,
        layers.Narrow: _narrow,
        layers.Pad: _own_pad,
        layers.Permute: _permute,
        layers.Power: lambda writer, place: writer.emit(
            "Pow", *place.inputs, writer.constant(float(place.layer.exponent))
        ),
        layers.Split: _split,
        layers.Subtract: _join("Sub"),
        layers.TemporalConv: _temporal,
        layers.ZeroPad: _zero_pad,
        nn.PixelShuffle: _pixel_shuffle,
        nn.Upsample: _upsample,
    }
)
