"""Convolutions, poolings and normalisations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jupyter_platform.learning.exchange.onnx.model import Array, Model, Node
from jupyter_platform.learning.exchange.onnx.translation import TranslatedLayer, Translator

_LOWEST = float(np.finfo(np.float32).min)
_MOST_AXES = 3

Sides = tuple[list[int], list[int]]
"""Padding before and behind each axis of an image."""


def _axes(node: Node, count: int) -> int:
    if not 1 <= count <= _MOST_AXES:
        raise node.refuse(f"it moves along {count} axes; 1 to {_MOST_AXES} are accepted")
    return count


def _ints(node: Node, name: str, default: Sequence[int]) -> list[int]:
    return [int(item) for item in node.get(name, default)]


def _pads(node: Node, model: Model, kernel: Sequence[int]) -> Sides:
    """Return the padding, computed where the file only says what the result is to be."""
    count = len(kernel)
    mode = node.get("auto_pad", "NOTSET")
    if mode == "VALID":
        return [0] * count, [0] * count
    if mode == "NOTSET":
        pads = _ints(node, "pads", [0] * 2 * count)
        # The first exporters of torch wrote one number for both sides.
        return pads[:count], pads[count:] or pads
    sizes = model.shape(node)[2:]
    strides = _ints(node, "strides", [1] * count)
    dilations = _ints(node, "dilations", [1] * count)
    before, behind = [], []
    for size, window, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True):
        if size is None:
            raise node.refuse("its padding follows from a shape that is not known (auto_pad)")
        steps = -(-size // stride)
        total = max((steps - 1) * stride + (window - 1) * dilation + 1 - size, 0)
        small, large = total // 2, total - total // 2
        before.append(large if mode == "SAME_LOWER" else small)
        behind.append(small if mode == "SAME_LOWER" else large)
    return before, behind


def _padded(sides: Sides, value: float = 0.0) -> tuple[list[int], list[TranslatedLayer]]:
    """Return padding that torch's layers take, and a layer before them for what they do not."""
    before, behind = sides
    if before == behind:
        return before, []
    pad: dict[str, Any] = {"before": before, "after": behind}
    if value:
        pad["value"] = value
    return [0] * len(before), [TranslatedLayer("Pad", pad)]


def _conv(node: Node, model: Model) -> list[TranslatedLayer]:
    weight, bias = _weights(node, model)
    count = _axes(node, weight.ndim - 2)
    group = int(node.get("group", 1))
    padding, extra = _padded(_pads(node, model, weight.shape[2:]))
    arguments = {
        "in_channels": weight.shape[1] * group,
        "out_channels": weight.shape[0],
        "kernel_size": list(weight.shape[2:]),
        "stride": _ints(node, "strides", [1] * count),
        "padding": padding,
        "dilation": _ints(node, "dilations", [1] * count),
        "groups": group,
        "bias": bias is not None,
    }
    return [*extra, TranslatedLayer(f"Conv{count}d", arguments, _state(weight, bias))]


def _conv_transpose(node: Node, model: Model) -> list[TranslatedLayer]:
    weight, bias = _weights(node, model)
    count = _axes(node, weight.ndim - 2)
    group = int(node.get("group", 1))
    before, behind = _transposed_pads(node, model, weight.shape[2:])
    equal = before == behind and min(before) >= 0
    arguments = {
        "in_channels": weight.shape[0],
        "out_channels": weight.shape[1] * group,
        "kernel_size": list(weight.shape[2:]),
        "stride": _ints(node, "strides", [1] * count),
        "padding": before if equal else [0] * count,
        "output_padding": _ints(node, "output_padding", [0] * count),
        "groups": group,
        "bias": bias is not None,
        "dilation": _ints(node, "dilations", [1] * count),
    }
    parts = [TranslatedLayer(f"ConvTranspose{count}d", arguments, _state(weight, bias))]
    if not equal:
        cut = {"before": [-pad for pad in before], "after": [-pad for pad in behind]}
        if bias is not None and min(*before, *behind) < 0:
            raise node.refuse("it is larger than its windows reach")
        parts.append(TranslatedLayer("Pad", cut))
    return parts


def _transposed_pads(node: Node, model: Model, kernel: Sequence[int]) -> Sides:
    count = len(kernel)
    wanted = node.get("output_shape", None)
    mode = node.get("auto_pad", "NOTSET")
    if wanted is None and mode in ("NOTSET", "VALID"):
        return _pads(node, model, kernel)
    sizes = model.shape(node)[2:]
    strides = _ints(node, "strides", [1] * count)
    dilations = _ints(node, "dilations", [1] * count)
    extra = _ints(node, "output_padding", [0] * count)
    before, behind = [], []
    for axis, size in enumerate(sizes):
        if size is None:
            raise node.refuse("its padding follows from a shape that is not known")
        result = size * strides[axis] if wanted is None else int(wanted[axis - count])
        reach = (kernel[axis] - 1) * dilations[axis] + 1
        total = strides[axis] * (size - 1) + extra[axis] + reach - result
        small, large = total // 2, total - total // 2
        before.append(small if mode == "SAME_UPPER" else large)
        behind.append(large if mode == "SAME_UPPER" else small)
    return before, behind


def _weights(node: Node, model: Model) -> tuple[Array, Array | None]:
    weight = model.constant(node, 1)
    assert weight is not None, "the checker asks for it"
    return weight, model.constant(node, 2)


def _state(weight: Array, bias: Array | None) -> dict[str, Array]:
    return {"weight": weight} if bias is None else {"weight": weight, "bias": bias}


def _max_pool(node: Node, model: Model) -> list[TranslatedLayer]:
    kernel = _ints(node, "kernel_shape", ())
    count = _axes(node, len(kernel))
    if node.get("storage_order", 0):
        raise node.refuse("storage_order = 1 is not accepted")
    padding, extra = _padded(_pads(node, model, kernel), _LOWEST)
    arguments = {
        "kernel_size": kernel,
        "stride": _ints(node, "strides", [1] * count),
        "padding": padding,
        "dilation": _ints(node, "dilations", [1] * count),
        "ceil_mode": bool(node.get("ceil_mode", 0)),
    }
    return [*extra, TranslatedLayer(f"MaxPool{count}d", arguments)]


def _average_pool(node: Node, model: Model) -> list[TranslatedLayer]:
    kernel = _ints(node, "kernel_shape", ())
    count = _axes(node, len(kernel))
    counted = bool(node.get("count_include_pad", 0))
    ceil = bool(node.get("ceil_mode", 0))
    if any(item != 1 for item in _ints(node, "dilations", [1] * count)):
        raise node.refuse("windows with gaps (dilations) are not accepted")
    sides = _pads(node, model, kernel)
    if sides[0] != sides[1] and not counted:
        raise node.refuse("unequal padding that does not count is not accepted")
    padding, extra = _padded(sides)
    arguments = {
        "kernel_size": kernel,
        "stride": _ints(node, "strides", [1] * count),
        "padding": padding,
        "ceil_mode": ceil,
        "count_include_pad": counted,
    }
    return [*extra, TranslatedLayer(f"AvgPool{count}d", arguments)]


def _global(node: Node, model: Model) -> list[TranslatedLayer]:
    count = _axes(node, len(model.shape(node)) - 2)
    kind = "Avg" if node.op == "GlobalAveragePool" else "Max"
    return [TranslatedLayer(f"Adaptive{kind}Pool{count}d", {"output_size": 1})]


def _batch_norm(node: Node, model: Model) -> list[TranslatedLayer]:
    if node.get("training_mode", 0) or not node.get("spatial", 1):
        raise node.refuse("it normalises by the batch it sees, or by position")
    scale, bias, mean, variance = (model.constant(node, index) for index in range(1, 5))
    assert scale is not None, "the checker asks for it"
    state = {
        "weight": scale,
        "bias": bias,
        "running_mean": mean,
        "running_var": variance,
        "num_batches_tracked": np.array(0),
    }
    arguments = {
        "num_features": int(scale.size),
        "eps": node.get("epsilon", 1e-5),
        "momentum": 1 - node.get("momentum", 0.9),
    }
    return [
        TranslatedLayer(
            "BatchNorm", arguments, {key: np.asarray(item) for key, item in state.items()}
        )
    ]


def _instance_norm(node: Node, model: Model) -> list[TranslatedLayer]:
    scale, bias = model.constant(node, 1), model.constant(node, 2)
    assert scale is not None, "the checker asks for it"
    count = _axes(node, len(model.shape(node)) - 2)
    eps = node.get("epsilon", 1e-5)
    arguments = {"num_features": int(scale.size), "eps": eps, "affine": True}
    return [TranslatedLayer(f"InstanceNorm{count}d", arguments, _state(scale, bias))]


def _layer_norm(node: Node, model: Model) -> list[TranslatedLayer]:
    axis = model.axis(node, int(node.get("axis", -1)))
    sizes = model.shape(node)[axis:]
    if axis == 0 or None in sizes:
        raise node.refuse("it normalises across the batch, or over sizes that are not known")
    shape = [int(size or 0) for size in sizes]
    scale, bias = model.constant(node, 1), model.constant(node, 2)
    assert scale is not None, "the checker asks for it"
    if list(scale.shape) != shape:
        raise node.refuse(f"its scale has shape {scale.shape}, which is not that of a sample")
    arguments = {
        "normalized_shape": shape,
        "eps": node.get("epsilon", 1e-5),
        "bias": bias is not None,
    }
    return [TranslatedLayer("LayerNorm", arguments, _state(scale, bias))]


def _group_norm(node: Node, model: Model) -> list[TranslatedLayer]:
    groups, channels = int(node.get("num_groups", 1)), model.shape(node)[1]
    if channels is None:
        raise node.refuse("the number of its channels is not known")
    scale, bias = model.constant(node, 1), model.constant(node, 2)
    assert scale is not None, "the checker asks for it"
    assert bias is not None, "the checker asks for it"
    if scale.size != channels:
        # Version 18 has one number for each group.
        scale, bias = (np.repeat(item, channels // item.size) for item in (scale, bias))
    arguments = {
        "num_groups": groups,
        "num_channels": channels,
        "eps": node.get("epsilon", 1e-5),
    }
    return [TranslatedLayer("GroupNorm", arguments, _state(scale, bias))]


def _lrn(node: Node, _model: Model) -> list[TranslatedLayer]:
    arguments = {
        "size": int(node.get("size", 1)),
        "alpha": node.get("alpha", 1e-4),
        "beta": node.get("beta", 0.75),
        "k": node.get("bias", 1.0),
    }
    return [TranslatedLayer("LocalResponse", arguments)]


TABLE: dict[str, Translator] = {
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "GlobalAveragePool": _global,
    "GlobalMaxPool": _global,
    "GroupNormalization": _group_norm,
    "InstanceNormalization": _instance_norm,
    "LRN": _lrn,
    "LayerNormalization": _layer_norm,
    "MaxPool": _max_pool,
}
