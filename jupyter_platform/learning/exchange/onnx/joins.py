"""Products, and what makes one value of several."""

from __future__ import annotations

import numpy as np

from jupyter_platform.learning.exchange.onnx.model import NUMPY_BROADCASTING, Array, Model, Node
from jupyter_platform.learning.exchange.onnx.translation import TranslatedLayer, Translator

_PAIRS = {"Add": "Add", "Sub": "Subtract", "Mul": "Multiply", "Div": "Divide"}
_SEVERAL = {"Max": "Maximum", "Mean": "Average", "Min": "Minimum", "Sum": "Add"}


def _gemm(node: Node, model: Model) -> list[TranslatedLayer]:
    weight, bias = model.constant(node, 1), model.constant(node, 2)
    assert weight is not None, "the checker asks for it"
    if node.get("transA", 0):
        raise node.refuse("its first input is transposed, which mixes the batch")
    weight = weight if node.get("transB", 0) else weight.T
    weight = weight * np.asarray(node.get("alpha", 1.0), weight.dtype)
    outputs, inputs = weight.shape
    arguments = {"in_features": inputs, "out_features": outputs}
    if bias is None:
        return [TranslatedLayer("Linear", {**arguments, "bias": False}, {"weight": weight})]
    if bias.ndim > 1 and bias.shape[0] != 1:
        raise node.refuse("what it adds differs from sample to sample")
    added = bias.reshape(-1) * np.asarray(node.get("beta", 1.0), bias.dtype)
    state = {"weight": weight, "bias": np.broadcast_to(added, (outputs,)).copy()}
    return [TranslatedLayer("Linear", arguments, state)]


def _matmul(node: Node, model: Model) -> list[TranslatedLayer]:
    first, second = node.inputs
    if first in model.constants:
        raise node.refuse("its first input is a constant")
    if second not in model.constants:
        return [TranslatedLayer("MatMul", inputs=(first, second))]
    weight = model.constants[second]
    if weight.ndim != 2 or len(model.shape(node)) < 2:
        raise node.refuse(
            f"it multiplies by a constant of shape {weight.shape}; a matrix is wanted"
        )
    inputs, outputs = weight.shape
    arguments = {"in_features": inputs, "out_features": outputs, "bias": False}
    return [TranslatedLayer("Linear", arguments, {"weight": weight.T})]


def embedding(node: Node, model: Model) -> list[TranslatedLayer]:
    """Return the layer that looks up rows of a constant.

    Parameters
    ----------
    node : Node
        The operator.
    model : Model
        The graph that it stands in.
    """
    table, indices = node.inputs
    if table not in model.constants or indices in model.constants:
        raise node.refuse("it does not look up rows of a constant table")
    weight = model.constants[table]
    if weight.ndim != 2 or node.get("axis", 0) != 0:
        raise node.refuse("it does not look up rows of a matrix")
    rows, width = weight.shape
    arguments = {"num_embeddings": rows, "embedding_dim": width}
    return [TranslatedLayer("Embedding", arguments, {"weight": weight}, inputs=(indices,))]


def _pair(node: Node, model: Model) -> list[TranslatedLayer]:
    first, second = node.inputs
    if first not in model.constants and second not in model.constants:
        if node.opset < NUMPY_BROADCASTING and node.get("broadcast", 0):
            raise node.refuse("values that broadcast as before version 7 are not accepted")
        return [TranslatedLayer(_PAIRS[node.op], inputs=(first, second))]
    is_first = first in model.constants
    value, name = (second, first) if is_first else (first, second)
    constant = _broadcast(node, model, value, name)
    part = _affine(node, constant, is_first)
    part[0].inputs = (value,)
    return part


def _broadcast(node: Node, model: Model, value: str, name: str) -> Array:
    """Return a constant in the shape that it has against one sample."""
    constant = model.constants[name].astype(np.float32)
    if constant.size == 1:
        return constant.reshape(1)
    shape = model.shapes.get(value)
    if shape is None:
        raise node.refuse("the shape of its input is not known; name one (input_shape)")
    if node.opset < NUMPY_BROADCASTING and "axis" in node.attributes:
        behind = len(shape) - model.axis(node, node.attributes["axis"]) - constant.ndim
        constant = constant.reshape(*constant.shape, *[1] * behind)
    if constant.ndim == len(shape) and constant.shape[0] == 1:
        constant = constant[0]
    if constant.ndim >= len(shape):
        raise node.refuse(f"a constant of shape {constant.shape} differs from sample to sample")
    return constant


def _affine(node: Node, constant: Array, is_first: bool) -> list[TranslatedLayer]:
    shape = {"shape": list(constant.shape)}
    only_bias, only_weight = {**shape, "weight": False}, {**shape, "bias": False}
    if node.op == "Add":
        return [TranslatedLayer("Affine", only_bias, {"bias": constant})]
    if node.op == "Sub" and not is_first:
        return [TranslatedLayer("Affine", only_bias, {"bias": -constant})]
    if node.op == "Sub":
        return [
            TranslatedLayer("Affine", shape, {"weight": -np.ones_like(constant), "bias": constant})
        ]
    if node.op == "Mul":
        return [TranslatedLayer("Affine", only_weight, {"weight": constant})]
    if is_first:
        reciprocal = TranslatedLayer("Function", {"function": "reciprocal"})
        return [reciprocal, TranslatedLayer("Affine", only_weight, {"weight": constant})]
    if not constant.all():
        raise node.refuse("it divides by zero")
    return [TranslatedLayer("Affine", only_weight, {"weight": 1 / constant})]


def _several(node: Node, model: Model) -> list[TranslatedLayer]:
    values = [item for item in node.inputs if item not in model.constants]
    others = [model.constants[item] for item in node.inputs if item in model.constants]
    if not others:
        return [TranslatedLayer(_SEVERAL[node.op], inputs=tuple(values))] if len(values) > 1 else []
    if len(values) > 1 or len(others) > 1 or others[0].size > 1 or node.op not in ("Max", "Min"):
        raise node.refuse("it takes constants beside values")
    limit = "min" if node.op == "Max" else "max"
    return [TranslatedLayer("Clamp", {limit: float(others[0].reshape(()))}, inputs=(values[0],))]


def _power(node: Node, model: Model) -> list[TranslatedLayer]:
    exponent = model.constant(node, 1)
    if exponent is None or exponent.size != 1:
        raise node.refuse("it has more than one exponent")
    return [TranslatedLayer("Power", {"exponent": float(exponent.reshape(()))})]


def _concat(node: Node, model: Model) -> list[TranslatedLayer]:
    axis = int(node.get("axis", 1))
    if axis == 0 or (axis < 0 and model.axis(node, axis) == 0):
        raise node.refuse("it joins along the batch (axis 0)")
    if len(node.inputs) == 1:
        return []
    return [TranslatedLayer("Concat", {"dim": axis}, inputs=node.inputs)]


TABLE: dict[str, Translator] = {
    **dict.fromkeys(_PAIRS, _pair),
    **dict.fromkeys(_SEVERAL, _several),
    "Concat": _concat,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Pow": _power,
}
