"""How each layer is written in operators of ONNX."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.exchange.onnx.graph_writer import GraphWriter
from jupyter_platform.learning.networks import layers

Shape = tuple[int, ...]


@dataclass(frozen=True)
class LayerNode:
    """A layer in the graph."""

    name: str
    layer: Any
    """The module; its attributes depend on its type."""
    inputs: tuple[str, ...]
    """Values."""
    shapes: tuple[Shape, ...]
    """Of the inputs, batch included."""
    output: Shape

    def refuse(self, reason: str) -> InvalidDataError:
        """Return the error about what ONNX cannot say."""
        kind = type(self.layer).__name__
        return InvalidDataError(f"Layer {self.name!r} ({kind}) cannot be exported: {reason}.")


Emitter = Callable[[GraphWriter, LayerNode], str]
"""Writes a layer and returns the value that it gives."""


def _tuple(value: int | Sequence[int], count: int) -> list[int]:
    return [value] * count if isinstance(value, int) else list(value)


def _one(op: str, **attributes: Any) -> Emitter:
    return lambda writer, node: writer.emit(op, *node.inputs, **attributes)


def _linear(writer: GraphWriter, node: LayerNode) -> str:
    layer, (value,) = node.layer, node.inputs
    if len(node.shapes[0]) == 2:
        names = [value, writer.constant(layer.weight)]
        if layer.bias is not None:
            names.append(writer.constant(layer.bias))
        return writer.emit("Gemm", *names, transB=1)
    product = writer.emit("MatMul", value, writer.constant(layer.weight.T))
    return product if layer.bias is None else _plus(writer, product, layer.bias)


def _plus(writer: GraphWriter, value: str, bias: Tensor | float) -> str:
    return writer.emit("Add", value, writer.constant(bias))


def _conv(writer: GraphWriter, node: LayerNode) -> str:
    layer = node.layer
    if layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        raise node.refuse("only padding with zeros, in numbers, is accepted")
    names = [*node.inputs, writer.constant(layer.weight)]
    if layer.bias is not None:
        names.append(writer.constant(layer.bias))
    attributes: dict[str, Any] = {
        "kernel_shape": list(layer.kernel_size),
        "strides": list(layer.stride),
        "pads": [*layer.padding, *layer.padding],
        "dilations": list(layer.dilation),
        "group": layer.groups,
    }
    if layer.transposed:
        attributes["output_padding"] = list(layer.output_padding)
    return writer.emit("ConvTranspose" if layer.transposed else "Conv", *names, **attributes)


def _pool(writer: GraphWriter, node: LayerNode) -> str:
    layer, count = node.layer, len(node.output) - 2
    kernel = _tuple(layer.kernel_size, count)
    padding = _tuple(layer.padding, count)
    attributes: dict[str, Any] = {
        "kernel_shape": kernel,
        "strides": _tuple(layer.stride, count) if layer.stride is not None else kernel,
        "pads": [*padding, *padding],
        "ceil_mode": int(layer.ceil_mode),
    }
    if isinstance(layer, nn.MaxPool1d | nn.MaxPool2d | nn.MaxPool3d):
        attributes["dilations"] = _tuple(layer.dilation, count)
        return writer.emit("MaxPool", *node.inputs, **attributes)
    if getattr(layer, "divisor_override", None) is not None:
        raise node.refuse("divisor_override is not accepted")
    attributes["count_include_pad"] = int(layer.count_include_pad)
    return writer.emit("AveragePool", *node.inputs, **attributes)


def _global_pool(writer: GraphWriter, node: LayerNode) -> str:
    if any(size != 1 for size in node.output[2:]):
        raise node.refuse("only output_size = 1 is accepted")
    if isinstance(node.layer, nn.AdaptiveAvgPool1d | nn.AdaptiveAvgPool2d | nn.AdaptiveAvgPool3d):
        return writer.emit("GlobalAveragePool", *node.inputs)
    axes = writer.constant(list(range(2, len(node.output))))
    return writer.emit("ReduceMax", *node.inputs, axes, keepdims=1)


def _or(values: Tensor | None, default: float, count: int) -> Tensor:
    return torch.full((count,), default) if values is None else values


def _batch_norm(writer: GraphWriter, node: LayerNode) -> str:
    layer = node.layer
    if layer.running_mean is None:
        raise node.refuse("it keeps no running statistics")
    count = layer.num_features
    tensors = (_or(layer.weight, 1, count), _or(layer.bias, 0, count))
    names = [writer.constant(item) for item in (*tensors, layer.running_mean, layer.running_var)]
    return writer.emit("BatchNormalization", *node.inputs, *names, epsilon=layer.eps)


def _instance_norm(writer: GraphWriter, node: LayerNode) -> str:
    layer, count = node.layer, node.shapes[0][1]
    if layer.running_mean is not None:
        raise node.refuse("running statistics are not accepted")
    names = [
        writer.constant(_or(layer.weight, 1, count)),
        writer.constant(_or(layer.bias, 0, count)),
    ]
    return writer.emit("InstanceNormalization", *node.inputs, *names, epsilon=layer.eps)


def _layer_norm(writer: GraphWriter, node: LayerNode) -> str:
    layer = node.layer
    weight = torch.ones(layer.normalized_shape) if layer.weight is None else layer.weight
    names = [writer.constant(weight)]
    if layer.bias is not None:
        names.append(writer.constant(layer.bias))
    axis = -len(layer.normalized_shape)
    return writer.emit("LayerNormalization", *node.inputs, *names, axis=axis, epsilon=layer.eps)


def _group_norm(writer: GraphWriter, node: LayerNode) -> str:
    layer, count = node.layer, node.layer.num_channels
    names = [
        writer.constant(_or(layer.weight, 1, count)),
        writer.constant(_or(layer.bias, 0, count)),
    ]
    attributes: dict[str, Any] = {"num_groups": layer.num_groups, "epsilon": layer.eps}
    return writer.emit("GroupNormalization", *node.inputs, *names, **attributes)


def _local_response(writer: GraphWriter, node: LayerNode) -> str:
    layer = node.layer
    if isinstance(layer, nn.LocalResponseNorm) and layer.size % 2 == 0:
        raise node.refuse("torch centres an even size otherwise than ONNX; use LocalResponse")
    attributes: dict[str, Any] = {
        "size": layer.size,
        "alpha": layer.alpha,
        "beta": layer.beta,
        "bias": layer.k,
    }
    return writer.emit("LRN", *node.inputs, **attributes)


def _statistics(writer: GraphWriter, node: LayerNode) -> str:
    layer, (value,) = node.layer, node.inputs
    trailing = [1] * (len(node.shapes[0]) - 2)
    mean, std = (
        writer.constant(item if len(item) == 1 else item.reshape(-1, *trailing))
        for item in (layer.mean, layer.std)
    )
    if isinstance(layer, layers.Normalize):
        return writer.emit("Div", writer.emit("Sub", value, mean), std)
    return writer.emit("Add", writer.emit("Mul", value, std), mean)


def _softmax(op: str) -> Emitter:
    def emit(writer: GraphWriter, node: LayerNode) -> str:
        if node.layer.dim is None:
            raise node.refuse("it does not say along which axis (dim)")
        value = node.inputs[0]
        if isinstance(node.layer, nn.Softmin):
            value = writer.emit("Neg", value)
        return writer.emit(op, value, axis=node.layer.dim)

    return emit


def _limits(low: float | None, high: float | None) -> Emitter:
    def emit(writer: GraphWriter, node: LayerNode) -> str:
        names = ["" if limit is None else writer.constant(limit) for limit in (low, high)]
        return writer.emit("Clip", *node.inputs, *names)

    return emit


def _prelu(writer: GraphWriter, node: LayerNode) -> str:
    slope = node.layer.weight
    trailing = [1] * (len(node.shapes[0]) - 2)
    shaped = slope if len(slope) == 1 else slope.reshape(-1, *trailing)
    return writer.emit("PRelu", *node.inputs, writer.constant(shaped))


def _softplus(writer: GraphWriter, node: LayerNode) -> str:
    beta, value = node.layer.beta, node.inputs[0]
    if beta == 1:
        return writer.emit("Softplus", value)
    scale = writer.constant(float(beta))
    return writer.emit("Div", writer.emit("Softplus", writer.emit("Mul", value, scale)), scale)


def _log_sigmoid(writer: GraphWriter, node: LayerNode) -> str:
    return writer.emit("Neg", writer.emit("Softplus", writer.emit("Neg", *node.inputs)))


def _threshold(writer: GraphWriter, node: LayerNode) -> str:
    (value,), layer = node.inputs, node.layer
    above = writer.emit("Greater", value, writer.constant(float(layer.threshold)))
    return writer.emit("Where", above, value, writer.constant(float(layer.value)))


def _times_own(op: str) -> Emitter:
    """Return what multiplies a value with a function of it."""
    return lambda writer, node: writer.emit("Mul", node.inputs[0], writer.emit(op, node.inputs[0]))


def _shrink(writer: GraphWriter, node: LayerNode) -> str:
    limit = float(node.layer.lambd)
    bias = limit if isinstance(node.layer, nn.Softshrink) else 0.0
    return writer.emit("Shrink", *node.inputs, lambd=limit, bias=bias)


def _nothing(_writer: GraphWriter, node: LayerNode) -> str:
    return node.inputs[0]


def _embedding(writer: GraphWriter, node: LayerNode) -> str:
    indices = writer.emit("Cast", *node.inputs, to=7)
    return writer.emit("Gather", writer.constant(node.layer.weight), indices)


def _hardtanh(writer: GraphWriter, node: LayerNode) -> str:
    return _limits(float(node.layer.min_val), float(node.layer.max_val))(writer, node)


def _clamp(writer: GraphWriter, node: LayerNode) -> str:
    return _limits(node.layer.min, node.layer.max)(writer, node)


def _alpha(op: str, name: str) -> Emitter:
    return lambda writer, node: writer.emit(
        op, *node.inputs, alpha=float(getattr(node.layer, name))
    )


EMITTERS: Mapping[type[nn.Module], Emitter] = MappingProxyType(
    {
        **dict.fromkeys((nn.Conv1d, nn.Conv2d, nn.Conv3d), _conv),
        **dict.fromkeys((nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d), _conv),
        **dict.fromkeys((nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d), _pool),
        **dict.fromkeys((nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d), _pool),
        **dict.fromkeys(
            (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d), _global_pool
        ),
        **dict.fromkeys(
            (nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d), _global_pool
        ),
        **dict.fromkeys(
            (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, layers.BatchNorm), _batch_norm
        ),
        **dict.fromkeys((nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d), _instance_norm),
        **dict.fromkeys((nn.LocalResponseNorm, layers.LocalResponse), _local_response),
        **dict.fromkeys((layers.Normalize, layers.Denormalize), _statistics),
        **dict.fromkeys((nn.Hardshrink, nn.Softshrink), _shrink),
        **dict.fromkeys(
            (
                nn.Identity,
                nn.Dropout,
                nn.Dropout1d,
                nn.Dropout2d,
                nn.Dropout3d,
                nn.AlphaDropout,
                layers.DropPath,
            ),
            _nothing,
        ),
        layers.Clamp: _clamp,
        layers.Embedding: _embedding,
        nn.CELU: _alpha("Celu", "alpha"),
        nn.ELU: _alpha("Elu", "alpha"),
        nn.GELU: lambda writer, node: writer.emit(
            "Gelu", *node.inputs, approximate=node.layer.approximate
        ),
        nn.GroupNorm: _group_norm,
        nn.Hardsigmoid: _one("HardSigmoid", alpha=1 / 6, beta=0.5),
        nn.Hardswish: _one("HardSwish"),
        nn.Hardtanh: _hardtanh,
        nn.LayerNorm: _layer_norm,
        nn.LeakyReLU: _alpha("LeakyRelu", "negative_slope"),
        nn.Linear: _linear,
        nn.LogSigmoid: _log_sigmoid,
        nn.LogSoftmax: _softmax("LogSoftmax"),
        nn.Mish: _one("Mish"),
        nn.PReLU: _prelu,
        nn.ReLU: _one("Relu"),
        nn.ReLU6: _limits(0.0, 6.0),
        nn.SELU: _one("Selu"),
        nn.SiLU: _times_own("Sigmoid"),
        nn.Sigmoid: _one("Sigmoid"),
        nn.Softmax: _softmax("Softmax"),
        nn.Softmin: _softmax("Softmax"),
        nn.Softplus: _softplus,
        nn.Softsign: _one("Softsign"),
        nn.Tanh: _one("Tanh"),
        nn.Tanhshrink: lambda writer, node: writer.emit(
            "Sub", node.inputs[0], writer.emit("Tanh", node.inputs[0])
        ),
        nn.Threshold: _threshold,
    }  # fmt: skip
)
"""Layers whose values or statistics count; `shape_emitters` has those that cut, order and join."""
