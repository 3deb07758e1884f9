"""From a description to a torch module."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from torch import nn

from jupyter_platform.core.errors import InvalidDataError, NotFoundError, nearest, unknown_name
from jupyter_platform.core.networks import (
    CHANNELS,
    FEATURES,
    OUTPUT_FEATURES,
    OUTPUT_SHAPE,
    OUTPUTS,
    SHAPE,
    STEP_FEATURES,
    SYMBOLS,
    Layer,
    NetworkDescription,
    mentions_symbol,
)
from jupyter_platform.learning.networks.graph import INPUT, GraphNetwork, Node, StepwiseNetwork
from jupyter_platform.learning.networks.layers import Cell, Memory
from jupyter_platform.learning.networks.own_code import ShapeNeededError, build_own
from jupyter_platform.learning.networks.registry import LAYER_TYPES, LayerType

ENTRY_POINTS = "jupyter_platform.networks"
"""Entry-point group of networks that are code: ``name = module:callable``."""

_Symbols = dict[str, int | tuple[int, ...]]


def build(
    description: NetworkDescription,
    input_shape: Sequence[int],
    outputs: int,
    output_shape: Sequence[int] | None = None,
) -> nn.Module:
    """Build a network with fresh weights drawn from torch's global generator.

    Parameters
    ----------
    description : NetworkDescription
        Layers, or the name of an entry point.
    input_shape : sequence of int
        Shape of one sample, without the batch axis.
    outputs : int
        Number of classes or of regression targets.
    output_shape : sequence of int, optional
        Shape that it is to give for one sample; ``(outputs,)`` when absent.

    Raises
    ------
    InvalidDataError
        If a layer is unknown, lacks an argument or has a wrong one, or if an entry point cannot
        be used; layer, argument and what would fit are named.
    NotFoundError
        If there is no such entry point.
    """
    if description.source is not None:
        return build_source(description, input_shape, outputs, output_shape)
    if description.entry_point is not None:
        return _build_entry_point(description, tuple(input_shape), outputs)
    nodes = check_layers(description)
    symbols = _symbols(input_shape, outputs, output_shape)
    layers = [
        _build_layer(description, node, layer, symbols)
        for node, layer in zip(nodes, description.layers, strict=True)
    ]
    stepwise = any(isinstance(layer, Memory | Cell) for layer in layers)
    return StepwiseNetwork(nodes, layers) if stepwise else GraphNetwork(nodes, layers)


def build_source(
    description: NetworkDescription,
    input_shape: Sequence[int] | None,
    outputs: int | None,
    output_shape: Sequence[int] | None = None,
) -> nn.Module:
    """Build a network that Python source makes; parameters and errors as of `build`.

    Parameters
    ----------
    description : NetworkDescription
        The network.
    input_shape : sequence of int or None
        Shape of one sample; None where it is not known.
    outputs : int or None
        Numbers that it gives for one sample; None where that is not known.
    output_shape : sequence of int, optional
        Shape of what it gives for one sample, where that is no vector.

    Raises
    ------
    ShapeNeededError
        If it follows from a shape or a number of outputs that is None.
    """

    def substitute(value: Any, where: str) -> Any:
        if not mentions_symbol(value):
            return value
        if input_shape is None or outputs is None:
            raise ShapeNeededError(f"{where} is {value!r}, which follows from a dataset; give it.")
        return _substitute(value, _symbols(input_shape, outputs, output_shape), where)

    return build_own(description, input_shape, outputs, substitute)


def _symbols(
    input_shape: Sequence[int], outputs: int, output_shape: Sequence[int] | None
) -> _Symbols:
    wanted = (outputs,) if output_shape is None else tuple(output_shape)
    return {
        FEATURES: math.prod(input_shape),
        CHANNELS: input_shape[0] if input_shape else 1,
        STEP_FEATURES: math.prod(input_shape[1:]),
        SHAPE: tuple(input_shape),
        OUTPUTS: outputs,
        OUTPUT_FEATURES: math.prod(wanted),
        OUTPUT_SHAPE: wanted,
    }


def check_layers(description: NetworkDescription) -> list[Node]:
    """Check names, types, inputs and names of arguments without building anything.

    Returns
    -------
    list of Node
        The layers with their full names and inputs, in order.

    Raises
    ------
    InvalidDataError
        If something is wrong with one of them.
    """
    if not description.layers:
        raise InvalidDataError(
            f"Network {description.name!r} has no layers; give 'layers', 'entry_point' or 'source'."
        )
    counts: dict[str, int] = {}
    nodes: list[Node] = []
    for layer in description.layers:
        counts[layer.type] = counts.get(layer.type, 0) + 1
        name = layer.name or f"{layer.type}{counts[layer.type]}"
        where = f"Layer {name!r} of network {description.name!r}"
        kind = _layer_type(layer, where)
        _check_name(name, nodes, where)
        inputs = layer.inputs or (nodes[-1].name if nodes else INPUT,)
        if not kind.is_memory:
            _check_inputs(inputs, nodes, where)
        _check_count(inputs, kind, where)
        _check_arguments(layer, kind, where)
        nodes.append(Node(name, layer.type, inputs))
    for node in nodes:
        if LAYER_TYPES[node.type].is_memory:
            _check_inputs(node.inputs, nodes, f"Layer {node.name!r}", before="")
    return nodes


def _layer_type(layer: Layer, where: str) -> LayerType:
    kind = LAYER_TYPES.get(layer.type)
    if kind is None:
        error = unknown_name("layer type", layer.type, LAYER_TYPES)
        raise InvalidDataError(f"{where}: {error.message}", errors=[error])
    return kind


def _check_name(name: str, nodes: list[Node], where: str) -> None:
    if not name or "." in name or hasattr(nn.Module, name) or name in (INPUT, "nodes", "training"):
        raise InvalidDataError(
            f"{where} cannot have this name; names hold no dot, and {INPUT!r} and the names of "
            "torch's own module attributes are taken."
        )
    if any(node.name == name for node in nodes):
        raise InvalidDataError(f"{where}: another layer has this name; names are unique.")


def _check_inputs(
    inputs: tuple[str, ...], nodes: Sequence[Node], where: str, before: str = " before it"
) -> None:
    known = [INPUT, *(node.name for node in nodes)]
    for name in inputs:
        if name not in known:
            near = nearest(name, known)
            hint = f" Did you mean {near!r}?" if near else ""
            raise InvalidDataError(
                f"{where} takes input from {name!r}, which is no layer{before}.{hint} "
                f"Accepted: {', '.join(known)}."
            )


def _check_count(inputs: tuple[str, ...], kind: LayerType, where: str) -> None:
    least, most = kind.min_inputs, kind.max_inputs
    if least <= len(inputs) and (most is None or len(inputs) <= most):
        return
    wanted = (
        f"{least} or more"
        if most is None
        else f"{least}"
        if most == least
        else f"{least} or {most}"
    )
    raise InvalidDataError(
        f"{where} ({kind.name}) has {len(inputs)} inputs; it takes {wanted}. Name them in 'inputs'."
    )


def _check_arguments(layer: Layer, kind: LayerType, where: str) -> None:
    accepted = ", ".join(kind.arguments) or "none"
    for name in layer.arguments:
        if name not in kind.arguments:
            near = nearest(name, kind.arguments)
            hint = f" Did you mean {near!r}?" if near else ""
            raise InvalidDataError(
                f"{where} ({kind.name}) has no argument {name!r}.{hint} Accepted: {accepted}."
            )
    for name in kind.required:
        if name not in layer.arguments:
            raise InvalidDataError(
                f"{where} ({kind.name}) lacks the argument {name!r}. Accepted: {accepted}."
            )


def _build_layer(
    description: NetworkDescription, node: Node, layer: Layer, symbols: _Symbols
) -> nn.Module:
    where = f"Layer {node.name!r} of network {description.name!r}"
    arguments = {
        name: _substitute(value, symbols, f"{where}, argument {name!r}")
        for name, value in layer.arguments.items()
    }
    try:
        return LAYER_TYPES[layer.type].factory(**arguments)
    except (TypeError, ValueError, RuntimeError, AttributeError) as error:
        shown = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        # Behind the first line torch tells where in its own sources that was.
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise InvalidDataError(
            f"{where} cannot be built as {layer.type}({shown}): {reason}."
        ) from error


def _substitute(value: Any, symbols: _Symbols, where: str) -> Any:
    if isinstance(value, list):
        return tuple(_substitute(item, symbols, where) for item in value)
    if isinstance(value, str) and value.startswith("$"):
        if value not in symbols:
            known = ", ".join(f"{name} ({meaning})" for name, meaning in SYMBOLS.items())
            raise InvalidDataError(f"{where} is {value!r}; the symbols are {known}.")
        return symbols[value]
    return value


def _build_entry_point(
    description: NetworkDescription, input_shape: tuple[int, ...], outputs: int
) -> nn.Module:
    name = str(description.entry_point)
    found = {item.name: item for item in metadata.entry_points(group=ENTRY_POINTS)}
    if name not in found:
        field = unknown_name("entry point", name, found)
        raise NotFoundError(
            f"Network {description.name!r} is made by entry point {name!r} of group "
            f"{ENTRY_POINTS!r}, which no installed package offers. {field.message}",
            errors=[field],
        )
    reference = found[name].value
    try:
        network = found[name].load()(input_shape=input_shape, outputs=outputs)
    except Exception as error:
        raise InvalidDataError(
            f"Network {description.name!r}: {reference}(input_shape={input_shape}, "
            f"outputs={outputs}) failed with {type(error).__name__}: {error}"
        ) from error
    if not isinstance(network, nn.Module):
        raise InvalidDataError(
            f"Network {description.name!r}: {reference} gave {type(network).__name__}; it must "
            "give a torch.nn.Module."
        )
    return network
