"""Drafts: networks under construction."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from jupyter_platform.core.networks import LayerRecord, NetworkDescription
from jupyter_platform.core.records import Record


class LayerArgument(Record):
    """A keyword argument of a type of layer."""

    name: str
    required: bool
    default: Any = None
    """Default value; None also for a default that JSON cannot express."""


class LayerTypeRecord(Record):
    """A type of layer that a description may name."""

    name: str
    arguments: list[LayerArgument]
    min_inputs: int
    max_inputs: int | None
    """None: any number."""


class LayerTypes(BaseModel):
    """All types of layers."""

    types: list[LayerTypeRecord]


class DraftRequest(BaseModel):
    """A network to look at without storing it."""

    model_config = ConfigDict(extra="forbid")

    description: NetworkDescription
    dataset: str | None = None
    """Dataset to learn; gives the shape of samples and the number of outputs."""


class DraftRecord(Record):
    """Properties of a draft, as far as it can be built."""

    layers: list[LayerRecord] = Field(default_factory=list)
    """The layers up to the first that does not fit."""
    parameters: int = 0
    input_shape: list[int] | None = None
    output_shape: list[int] | None = None
    problem: str | None = None
    """The mismatch, as a sentence; None where the network can be trained as it is."""
    layer: int | None = None
    """Number of the layer that does not fit, from 0; None where it is not one layer's fault."""
