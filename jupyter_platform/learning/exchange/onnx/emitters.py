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
class Place:
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


Emitter = Callable[[GraphWriter, Place], str]
"""Writes a layer and returns the value that it gives."""


def _tuple(value: int | Sequence[int], count: int) -> list[int]:
    return [value] * count if isinstance(value, int) else list(value)


def _one(op: str, **attributes: Any) -> Emitter:
    return lambda writer, place: writer.emit(op, *place.inputs, **attributes)


def _linear(writer: GraphWriter, place: Place) -> str:
    layer, (value,) = place.layer, place.inputs
    if len(place.shapes[0]) == 2:
        names = [value, writer.constant(layer.weight)]
        if layer.bias is not None:
            names.append(writer.constant(layer.bias))
        return writer.emit("Gemm", *names, transB=1)
    product = writer.emit("MatMul", value, writer.constant(layer.weight.T))
    return product if layer.bias is None else _plus(writer, product, layer.bias)


def _plus(writer: GraphWriter, value: str, bias: Tensor | float) -> str:
    return writer.emit("Add", value, writer.constant(bias))


def _conv(writer: GraphWriter, place: Place) -> str:
    layer = place.layer
    if layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        raise place.refuse("only padding with zeros, in numbers, is accepted")
    names = [*place.inputs, writer.constant(layer.weight)]
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


def _pool(writer: GraphWriter, place: Place) -> str:
    layer, count = place.layer, len(place.output) - 2
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
        return writer.emit("MaxPool", *place.inputs, **attributes)
    if getattr(layer, "divisor_override", None) is not None:
        raise place.refuse("divisor_override is not accepted")
    attributes["count_include_pad"] = int(layer.count_include_pad)
    return writer.emit("AveragePool", *place.inputs, **attributes)


def _global_pool(writer: GraphWriter, place: Place) -> str:
    if any(size != 1 for size in place.output[2:]):
        raise place.refuse("only output_size = 1 is accepted")
    if isinstance(place.layer, nn.AdaptiveAvgPool1d | nn.AdaptiveAvgPool2d | nn.AdaptiveAvgPool3d):
        return writer.emit("GlobalAveragePool", *place.inputs)
    axes = writer.constant(list(range(2, len(place.output))))
    return writer.emit("ReduceMax", *place.inputs, axes, keepdims=1)


def _or(values: Tensor | None, default: float, count: int) -> Tensor:
    return torch.full((count,), default) if values is None else values


def _batch_norm(writer: GraphWriter, place: Place) -> str:
    layer = place.layer
    if layer.running_mean is None:
        raise place.refuse("it keeps no running statistics")
    count = layer.num_features
    tensors = (_or(layer.weight, 1, count), _or(layer.bias, 0, count))
    names = [writer.constant(item) for item in (*tensors, layer.running_mean, layer.running_var)]
    return writer.emit("BatchNormalization", *place.inputs, *names, epsilon=layer.eps)


def _instance_norm(writer: GraphWriter, place: Place) -> str:
    layer, count = place.layer, place.shapes[0][1]
    if layer.running_mean is not None:
        raise place.refuse("running statistics are not accepted")
    names = [
        writer.constant(_or(layer.weight, 1, count)),
        writer.constant(_or(layer.bias, 0, count)),
    ]
    return writer.emit("InstanceNormalization", *place.inputs, *names, epsilon=layer.eps)


def _layer_norm(writer: GraphWriter, place: Place) -> str:
    layer = place.layer
    weight = torch.ones(layer.normalized_shape) if layer.weight is None else layer.weight
    names = [writer.constant(weight)]
    if layer.bias is not None:
        names.append(writer.constant(layer.bias))
    axis = -len(layer.normalized_shape)
    return writer.emit("LayerNormalization", *place.inputs, *names, axis=axis, epsilon=layer.eps)


def _group_norm(writer: GraphWriter, place: Place) -> str:
    layer, count = place.layer, place.layer.num_channels
    names = [
        writer.constant(_or(layer.weight, 1, count)),
        writer.constant(_or(layer.bias, 0, count)),
    ]
    attributes: dict[str, Any] = {"num_groups": layer.num_groups, "epsilon": layer.eps}
    return writer.emit("GroupNormalization", *place.inputs, *names, **attributes)


def _local_response(writer: GraphWriter, place: Place) -> str:
    layer = place.layer
    if isinstance(layer, nn.LocalResponseNorm) and layer.size % 2 == 0:
        raise place.refuse("torch centres an even size otherwise than ONNX; use LocalResponse")
    attributes: dict[str, Any] = {
        "size": layer.size,
        "alpha": layer.alpha,
        "beta": layer.beta,
        "bias": layer.k,
    }
    return writer.emit("LRN", *place.inputs, **attributes)


def _statistics(writer: GraphWriter, place: Place) -> str:
    layer, (value,) = place.layer, place.inputs
    trailing = [1] * (len(place.shapes[0]) - 2)
    mean, std = (
        writer.constant(item if len(item) == 1 else item.reshape(-1, *trailing))
        for item in (layer.mean, layer.std)
    )
    if isinstance(layer, layers.Normalize):
        return writer.emit("Div", writer.emit("Sub", value, mean), std)
    return writer.emit("Add", writer.emit("Mul", value, std), mean)


def _softmax(op: str) -> Emitter:
    def emit(writer: GraphWriter, place: Place) -> str:
        if place.layer.dim is None:
            raise place.refuse("it does not say along which axis (dim)")
        value = place.inputs[0]
        if isinstance(place.layer, nn.Softmin):
            value = writer.emit("Neg", value)
        return writer.emit(op, value, axis=place.layer.dim)

    return emit


def _limits(low: float | None, high: float | None) -> Emitter:
    def emit(writer: GraphWriter, place: Place) -> str:
        names = ["" if limit is None else writer.constant(limit) for limit in (low, high)]
        return writer.emit("Clip", *place.inputs, *names)

    return emit


def _prelu(writer: GraphWriter, place: Place) -> str:
    slope = place.layer.weight
    trailing = [1] * (len(place.shapes[0]) - 2)
    shaped = slope if len(slope) == 1 else slope.reshape(-1, *trailing)
    return writer.emit("PRelu", *place.inputs, writer.constant(shaped))


def _softplus(writer: GraphWriter, place: Place) -> str:
    beta, value = place.layer.beta, place.inputs[0]
    if beta == 1:
        return writer.emit("Softplus", value)
    scale = writer.constant(float(beta))
    return writer.emit("Div", writer.emit("Softplus", writer.emit("Mul", value, scale)), scale)


def _log_sigmoid(writer: GraphWriter, place: Place) -> str:
    return writer.emit("Neg", writer.emit("Softplus", writer.emit("Neg", *place.inputs)))


def _threshold(writer: GraphWriter, place: Place) -> str:
    (value,), layer = place.inputs, place.layer
    above = writer.emit("Greater", value, writer.constant(float(layer.threshold)))
    return writer.emit("Where", above, value, writer.constant(float(layer.value)))


def _times_own(op: str) -> Emitter:
    """Return what multiplies a value with a function of it."""
    return lambda writer, place: writer.emit(
        "Mul", place.inputs[0], writer.emit(op, place.inputs[0])
    )


def _shrink(writer: GraphWriter, place: Place) -> str:
    limit = float(place.layer.lambd)
    bias = limit if isinstance(place.layer, nn.Softshrink) else 0.0
    return writer.emit("Shrink", *place.inputs, lambd=limit, bias=bias)


def _nothing(_writer: GraphWriter, place: Place) -> str:
    return place.inputs[0]


def _embedding(writer: GraphWriter, place: Place) -> str:
    indices = writer.emit("Cast", *place.inputs, to=7)
    return writer.emit("Gather", writer.constant(place.layer.weight), indices)


def _hardtanh(writer: GraphWriter, place: Place) -> str:
    return _limits(float(place.layer.min_val), float(place.layer.max_val))(writer, place)


def _clamp(writer: GraphWriter, place: Place) -> str:
    return _limits(place.layer.min, place.layer.max)(writer, place)


def _alpha(op: str, name: str) -> Emitter:
    return lambda writer, place: writer.emit(
        op, *place.inputs, alpha=float(getattr(place.layer, name))
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
        nn.GELU: lambda writer, place: writer.emit(
            "Gelu", *place.inputs, approximate=place.layer.approximate
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
        nn.Tanhshrink: lambda writer, place: writer.emit(
            "Sub", place.inputs[0], writer.emit("Tanh", place.inputs[0])
        ),
        nn.Threshold: _threshold,
    }  # fmt: skip
)
"""Layers whose values or statistics count; `shape_emitters` has those that cut, order and join."""
