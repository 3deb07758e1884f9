"""Networks that somebody is still putting together."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from jupyter_platform.core.networks import LayerRecord, NetworkDescription
from jupyter_platform.core.records import Record


class LayerArgument(Record):
    """A keyword argument of a type of layer."""

    name: str
    required: bool
    default: Any = None
    """What holds where it is not given; None also for what JSON cannot say."""


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
    """What it is to learn; gives the shape of samples and the number of outputs."""


class DraftRecord(Record):
    """What a network is like as far as it can be built."""

    layers: list[LayerRecord] = Field(default_factory=list)
    """The layers up to the first that does not fit."""
    parameters: int = 0
    input_shape: list[int] | None = None
    output_shape: list[int] | None = None
    problem: str | None = None
    """What does not fit, as a sentence; None where it can be learnt as it is."""
    layer: int | None = None
    """Number of the layer that does not fit, from 0; None where it is not one layer's fault."""
