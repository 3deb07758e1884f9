"""Networks with trained weights, built as the weights record it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.preparations import METADATA_KEY, Preparation, from_metadata
from jupyter_platform.learning.networks import build, build_source, load_weights, read_metadata


@dataclass(frozen=True)
class LearntFor:
    """Shapes that a network was built for when its weights were learnt; None where unknown."""

    input_shape: tuple[int, ...] | None = None
    outputs: int | None = None
    output_shape: tuple[int, ...] | None = None
    preparation: Preparation | None = None
    """How its samples were prepared."""


def learnt_for(weights: Path) -> LearntFor:
    """Read from a weights file what its network was built for.

    Raises
    ------
    InvalidDataError
        If it is no safetensors file, or what it says is not understood.
    """
    told = read_metadata(weights)
    text = told.get(METADATA_KEY)
    preparation = None if text is None else from_metadata(text, weights.name)
    try:
        return LearntFor(
            input_shape=_shape(told.get("input_shape")),
            outputs=int(told["outputs"]) if "outputs" in told else None,
            output_shape=_shape(told.get("output_shape")),
            preparation=preparation,
        )
    except (ValueError, TypeError) as error:
        raise InvalidDataError(
            f"Weights file {weights.name} does not tell what it was learnt for: {error}."
        ) from error


def _shape(text: str | None) -> tuple[int, ...] | None:
    return None if text is None else tuple(int(size) for size in json.loads(text))


def trained_network(
    description: NetworkDescription,
    weights: Path,
    input_shape: Sequence[int] | None = None,
    outputs: int | None = None,
) -> tuple[nn.Module, tuple[int, ...] | None]:
    """Build a network for what its weights were learnt for, with these weights.

    Parameters
    ----------
    weights : Path
        A safetensors file.
    input_shape, outputs
        What holds where neither the file nor the description tells.

    Returns
    -------
    network : Module
        On the CPU, in evaluation mode.
    input_shape : tuple of int or None
        Shape of one sample; None where nobody tells and the layers do not follow from it.

    Raises
    ------
    InvalidDataError
        If the layers follow from a shape that is not known, or the weights do not fit.
    """
    known = learnt_for(weights)
    shape = known.input_shape or description.input_shape or input_shape
    width = known.outputs or description.outputs or outputs
    follows = description.needs_shape or description.entry_point is not None
    if follows and (shape is None or width is None):
        raise InvalidDataError(
            f"The weights of network {description.name!r} do not tell for which samples and "
            "outputs they were learnt."
        )
    if description.source is not None:
        network = build_source(description, shape, width, known.output_shape)
    else:
        network = build(description, tuple(shape or ()), width or 0, known.output_shape)
    load_weights(network, weights, description.name)
    return network.eval(), None if shape is None else tuple(shape)
