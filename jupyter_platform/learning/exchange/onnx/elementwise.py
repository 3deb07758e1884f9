"""Operators that change each value by itself."""

from __future__ import annotations

import numpy as np

from jupyter_platform.learning.exchange.onnx.model import Model, Node
from jupyter_platform.learning.exchange.onnx.translation import TranslatedLayer, Translator

FUNCTIONS = {
    name: name.lower()
    for name in (
        "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Cos", "Cosh", "Erf",
        "Exp", "Floor", "Log", "Neg", "Reciprocal", "Round", "Sign", "Sin", "Sinh", "Sqrt", "Tan",
    )
}  # fmt: skip
"""Operators that the layer `Function` knows."""
PLAIN = {
    "HardSwish": "Hardswish",
    "Mish": "Mish",
    "Relu": "ReLU",
    "Sigmoid": "Sigmoid",
    "Softplus": "Softplus",
    "Softsign": "Softsign",
    "Tanh": "Tanh",
}
"""Operators without attributes that torch has a layer for."""
_SELU = {"alpha": 1.6732632, "gamma": 1.0507010}
_CLOSE = 1e-5
_FLOATS = (1, 10, 11, 16)
"""Numbers that ONNX gives to float, float16, double and bfloat16."""
_INTEGERS = (6, 7)
"""Numbers of int32 and int64."""


def _function(node: Node, _model: Model) -> list[TranslatedLayer]:
    return [TranslatedLayer("Function", {"function": FUNCTIONS[node.op]})]


def _plain(node: Node, _model: Model) -> list[TranslatedLayer]:
    return [TranslatedLayer(PLAIN[node.op])]


def _selu(node: Node, _model: Model) -> list[TranslatedLayer]:
    alpha, gamma = (node.get(name, value) for name, value in _SELU.items())
    if abs(alpha - _SELU["alpha"]) < _CLOSE and abs(gamma - _SELU["gamma"]) < _CLOSE:
        return [TranslatedLayer("SELU")]
    scale = {"weight": np.array([gamma], "f4")}
    return [
        TranslatedLayer("ELU", {"alpha": alpha}),
        TranslatedLayer("Affine", {"shape": [1], "bias": False}, scale),
    ]


def _hard_sigmoid(node: Node, _model: Model) -> list[TranslatedLayer]:
    alpha, beta = node.get("alpha", 0.2), node.get("beta", 0.5)
    if abs(alpha - 1 / 6) < _CLOSE and beta == 0.5:
        return [TranslatedLayer("Hardsigmoid")]
    state = {"weight": np.array([alpha], "f4"), "bias": np.array([beta], "f4")}
    return [
        TranslatedLayer("Affine", {"shape": [1]}, state),
        TranslatedLayer("Clamp", {"min": 0.0, "max": 1.0}),
    ]


def _swish(node: Node, _model: Model) -> list[TranslatedLayer]:
    if node.get("alpha", 1.0) != 1:
        raise node.refuse(f"alpha = {node.get('alpha', 1.0):g} is not accepted; 1 is")
    return [TranslatedLayer("SiLU")]


def _shrink(node: Node, _model: Model) -> list[TranslatedLayer]:
    limit, bias = node.get("lambd", 0.5), node.get("bias", 0.0)
    if bias not in (0, limit):
        raise node.refuse(f"bias = {bias:g} is not accepted; 0 and lambd ({limit:g}) are")
    return [TranslatedLayer("Softshrink" if bias else "Hardshrink", {"lambd": limit})]


def _prelu(node: Node, model: Model) -> list[TranslatedLayer]:
    slope = model.constant(node, 1)
    assert slope is not None, "the checker asks for it"
    is_by_channel = node.opset < 7 and slope.ndim == 1
    if slope.size > 1 and not is_by_channel:
        rank = len(model.shape(node))
        full = (1,) * (rank - slope.ndim) + slope.shape
        if slope.ndim > rank or any(size > 1 for axis, size in enumerate(full) if axis != 1):
            raise node.refuse(f"slopes of shape {slope.shape} are not one for each channel")
    return [
        TranslatedLayer("PReLU", {"num_parameters": int(slope.size)}, {"weight": slope.reshape(-1)})
    ]


def _clip(node: Node, model: Model) -> list[TranslatedLayer]:
    limits = {}
    for index, name in ((1, "min"), (2, "max")):
        found = node.get(name, None) if node.opset < 11 else model.constant(node, index)
        if found is not None:
            limits[name] = float(np.asarray(found).reshape(()))
    return [TranslatedLayer("Clamp", limits)] if limits else []


def _dropout(node: Node, model: Model) -> list[TranslatedLayer]:
    training = model.constant(node, 2)
    if training is not None and bool(training):
        raise node.refuse("it drops values when it is used, too (training_mode)")
    ratio = node.get("ratio", None) if node.opset < 12 else model.constant(node, 1)
    return [TranslatedLayer("Dropout", {"p": 0.5 if ratio is None else float(np.asarray(ratio))})]


def _softmax(node: Node, model: Model) -> list[TranslatedLayer]:
    kind = node.op
    if node.opset >= 13:
        axis = int(node.get("axis", -1))
        if axis == 0 or (axis < 0 and model.axis(node, axis) == 0):
            raise node.refuse("it works across the batch (axis 0)")
        return [TranslatedLayer(kind, {"dim": axis})]
    # Before version 13 it saw its input as a matrix, cut at the axis.
    axis = model.axis(node, int(node.get("axis", 1)))
    shape = model.shape(node)
    if axis == 0:
        raise node.refuse("it works across the batch (axis 0)")
    if axis == len(shape) - 1:
        return [TranslatedLayer(kind, {"dim": axis})]
    if axis != 1 or None in shape[1:]:
        raise node.refuse(f"axis = {axis} of {len(shape)} is not accepted before version 13")
    return [
        TranslatedLayer("Flatten"),
        TranslatedLayer(kind, {"dim": 1}),
        TranslatedLayer("Reshape", {"shape": [int(size or 0) for size in shape[1:]]}),
    ]


def _cast(node: Node, model: Model) -> list[TranslatedLayer]:
    kind, value = node.get("to", 0), node.outputs[0]
    # The layer that looks up rows takes whole numbers as they come.
    users = model.consumers(value)
    is_index = bool(users) and all(item.op == "Gather" and item.input(1) == value for item in users)
    if kind not in _FLOATS and not (kind in _INTEGERS and is_index):
        raise node.refuse("it makes other values than floating-point numbers")
    return []


TABLE: dict[str, Translator] = {
    **dict.fromkeys(FUNCTIONS, _function),
    **dict.fromkeys(PLAIN, _plain),
    "Cast": _cast,
    "Celu": lambda node, _: [TranslatedLayer("CELU", {"alpha": node.get("alpha", 1.0)})],
    "Clip": _clip,
    "Dropout": _dropout,
    "Elu": lambda node, _: [TranslatedLayer("ELU", {"alpha": node.get("alpha", 1.0)})],
    "Gelu": lambda node, _: [
        TranslatedLayer("GELU", {"approximate": node.get("approximate", "none")})
    ],
    "HardSigmoid": _hard_sigmoid,
    "Identity": lambda _node, _model: [],
    "LeakyRelu": lambda node, _: [
        TranslatedLayer("LeakyReLU", {"negative_slope": node.get("alpha", 0.01)})
    ],
    "LogSoftmax": _softmax,
    "PRelu": _prelu,
    "Selu": _selu,
    "Shrink": _shrink,
    "Softmax": _softmax,
    "Swish": _swish,
    "ThresholdedRelu": lambda node, _: [
        TranslatedLayer("Threshold", {"threshold": node.get("alpha", 1.0), "value": 0.0})
    ],
}
