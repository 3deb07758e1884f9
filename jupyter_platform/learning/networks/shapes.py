"""The inside of a network: layers, shapes, parameters."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.networks import LayerRecord, NetworkDescription, NetworkFacts
from jupyter_platform.learning.networks.builder import build, build_source, check_layers
from jupyter_platform.learning.networks.graph import (
    INPUT,
    GraphNetwork,
    Node,
    State,
    StepwiseNetwork,
)
from jupyter_platform.learning.networks.layers import Memory
from jupyter_platform.learning.networks.own_code import ShapeNeededError, line_of

_WIDTHS = {
    "in_features": (-1, "values on the last axis"),
    "in_channels": (1, "channels"),
    "num_features": (1, "features"),
}
"""Argument that fixes the width of a layer's input: the axis it is about, and its name."""
_ERRORS = (RuntimeError, ValueError, IndexError, TypeError, NotImplementedError)


def network_facts(
    description: NetworkDescription,
    input_shape: Sequence[int] | None = None,
    outputs: int | None = None,
    output_shape: Sequence[int] | None = None,
    device: str = "meta",
    *,
    integers: bool = False,
) -> NetworkFacts:
    """Return the layer table of a network, traced with one sample.

    Parameters
    ----------
    description : NetworkDescription
        Its own `input_shape` and `outputs` hold where it has them.
    input_shape, outputs, output_shape
        Those of a dataset or strategy, for networks that take them from there. Where they are
        needed and missing the description is only checked, and the answer holds no layers and no
        shapes.
    device : str
        ``"meta"`` needs no memory for layers of any size; ``"cpu"`` begins seconds earlier in a
        process that traces nothing else.
    integers : bool
        Whether code gets whole numbers, as embeddings take them.

    Raises
    ------
    InvalidDataError
        If the network cannot be built, or a layer does not fit the one before it.
    """
    shape = description.input_shape or input_shape
    width = description.outputs or outputs
    if width is None and not description.needs_shape and description.entry_point is None:
        width = 0
    if description.source is not None and not width:
        width = None
    if shape is None or (width is None and description.source is None):
        return _shapeless(description, width, device)
    if description.is_code:
        # Foreign code need not understand the meta device.
        try:
            network = _built_by_code(description, shape, width, output_shape)
        except ShapeNeededError:
            return _shapeless(description, width, device)
        values = torch.zeros(2, *shape, dtype=torch.int64 if integers else torch.float32)
        layers, output = _trace_modules(description, network, values)
    else:
        assert width is not None, "only code does without"
        with torch.device(device):
            network = build(description, shape, width, output_shape)
            values = torch.zeros(1, *shape)
        assert isinstance(network, GraphNetwork)
        layers, output = _trace_graph(description, network, values)
    return NetworkFacts(
        layers=layers,
        parameters=sum(item.numel() for item in network.parameters()),
        input_shape=list(shape),
        output_shape=list(output.shape[1:]),
    )


def _built_by_code(
    description: NetworkDescription,
    shape: Sequence[int],
    outputs: int | None,
    output_shape: Sequence[int] | None,
) -> nn.Module:
    if description.source is not None:
        return build_source(description, shape, outputs, output_shape)
    assert outputs is not None, "an entry point is asked with a number of outputs"
    return build(description, shape, outputs)


def _shapeless(description: NetworkDescription, outputs: int | None, device: str) -> NetworkFacts:
    """Return what can be told of a network without the shape of a sample."""
    parameters = 0
    layers: list[LayerRecord] = []
    if description.source is not None:
        with contextlib.suppress(ShapeNeededError):
            network = build_source(description, None, outputs)
            parameters, layers = _parameters(network), _untraced(network)
    elif description.entry_point is None:
        check_layers(description)
        fixed = _fixed_shape(description)
        if fixed is not None and outputs is not None:
            with contextlib.suppress(InvalidDataError):
                return network_facts(description, fixed, outputs, device=device)
        if not description.needs_shape:
            with torch.device("meta"):
                parameters = _parameters(build(description, (), 0))
    return NetworkFacts(layers=layers, parameters=parameters, input_shape=None, output_shape=None)


def _untraced(network: nn.Module) -> list[LayerRecord]:
    """Return the layers of a network that nothing has gone through: their shapes are not known."""
    return [
        LayerRecord(
            name=name,
            type=type(layer).__name__,
            output_shape=None,
            parameters=_parameters(layer),
        )
        for name, layer in _leaves(network)
    ]


def _fixed_shape(description: NetworkDescription) -> tuple[int, ...] | None:
    """Return a shape that a linear layer at the beginning leaves no choice about."""
    for layer in description.layers:
        width = layer.arguments.get("in_features")
        if layer.type == "Linear" and isinstance(width, int):
            return (width,)
        if layer.type != "Flatten":
            return None
    return None


def _parameters(layer: nn.Module) -> int:
    return sum(item.numel() for item in layer.parameters())


def _trace_graph(
    description: NetworkDescription, network: GraphNetwork, values: Tensor
) -> tuple[list[LayerRecord], Tensor]:
    network.eval()
    steps = 0
    if isinstance(network, StepwiseNetwork):
        if values.ndim < 2:
            raise InvalidDataError(
                f"Network {description.name!r} goes through sequences step by step; it takes "
                "samples of shape (steps, …), not one value."
            )
        steps, values = values.shape[1], values[:, 0]
    known = {INPUT: values}
    rows: list[LayerRecord] = []
    state: State = {}
    with torch.inference_mode():
        for node, layer in zip(network.nodes, network.children(), strict=True):
            try:
                values = known[node.name] = network.compute(node, known, state)
            except _ERRORS as error:
                inputs = [known[name] for name in node.inputs]
                raise _misfit(description, node, layer, inputs, error) from error
            rows.append(
                LayerRecord(
                    name=node.name,
                    type=node.type,
                    output_shape=list(values.shape[1:]),
                    parameters=_parameters(layer),
                )
            )
        if isinstance(network, StepwiseNetwork):
            _check_memories(description, network, known)
            values = values.unsqueeze(1).expand(-1, steps, *values.shape[1:])
    return rows, values


def _check_memories(
    description: NetworkDescription,
    network: StepwiseNetwork,
    known: dict[str, Tensor],
) -> None:
    for node, layer in zip(network.nodes, network.children(), strict=True):
        if isinstance(layer, Memory):
            inputs = [known[node.inputs[0]]]
            try:
                layer(*inputs)
            except _ERRORS as error:
                raise _misfit(description, node, layer, inputs, error) from error


def _misfit(
    description: NetworkDescription,
    node: Node,
    layer: nn.Module,
    inputs: Sequence[Tensor],
    error: Exception,
) -> InvalidDataError:
    before = " and ".join(
        "the input" if name == INPUT else f"layer {name!r}" for name in node.inputs
    )
    shapes = " and ".join(shape_text(item.shape[1:]) for item in inputs)
    where = f"Layer {node.name!r} ({node.type}) of network {description.name!r}"
    for argument, (axis, noun) in _WIDTHS.items():
        wanted = getattr(layer, argument, None)
        shape = inputs[0].shape
        if wanted is None or not -len(shape) <= axis < len(shape) or shape[axis] == wanted:
            continue
        return InvalidDataError(
            f"{where} takes {wanted} {noun} ({argument}), but {before} gives {shape[axis]} "
            f"(shape {shapes}); give {argument}={shape[axis]} or change what comes before."
        )
    return InvalidDataError(f"{where} does not fit {before}, which gives shape {shapes}: {error}")


def _trace_modules(
    description: NetworkDescription, network: nn.Module, values: Tensor
) -> tuple[list[LayerRecord], Tensor]:
    rows: list[LayerRecord] = []
    hooks = [layer.register_forward_hook(_row_hook(rows, name)) for name, layer in _leaves(network)]
    try:
        with torch.inference_mode():
            output = network.eval()(values)
    except Exception as error:
        raise InvalidDataError(
            f"Network {description.name!r} fails on an input of shape "
            f"{shape_text(values.shape[1:])}: {type(error).__name__}: {error}"
            f"{line_of(error, description)}"
        ) from error
    finally:
        for hook in hooks:
            hook.remove()
    if not isinstance(output, Tensor) or output.shape[:1] != values.shape[:1]:
        raise InvalidDataError(
            f"Network {description.name!r} gives {type(output).__name__} for a batch of "
            f"{len(values)}; it must give one tensor with the batch on axis 0."
        )
    return rows, output


def _leaves(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for name, layer in network.named_modules():
        if not any(layer.children()):
            yield name or type(layer).__name__, layer


def _row_hook(rows: list[LayerRecord], name: str) -> Any:
    def hook(layer: nn.Module, _inputs: Any, output: Any) -> None:
        shape = list(output.shape[1:]) if isinstance(output, Tensor) else []
        rows.append(
            LayerRecord(
                name=name,
                type=type(layer).__name__,
                output_shape=shape,
                parameters=_parameters(layer),
            )
        )

    return hook


def shape_text(shape: Sequence[int]) -> str:
    """Return a shape as ``"1×8×8"``."""
    return "×".join(str(size) for size in shape) or "one value"
