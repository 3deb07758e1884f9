"""Networks from elsewhere and for elsewhere: what the process that converts them is told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from jupyter_platform.core.catalogue import TagOrigin
from jupyter_platform.core.networks import NetworkDescription, NetworkFacts

ImportKind = Literal["archive", "dianne", "onnx", "safetensors", "description"]
"""``archive``: a zip of this platform; ``dianne``: ``modules.txt``, or a zip with it and weights;
``description``: the JSON of a `NetworkDescription`."""

IMPORTED = "imported"
"""Tag of weights that come without one."""


class ImportRequest(BaseModel):
    """A file that holds a network, or the weights of one."""

    model_config = ConfigDict(extra="forbid")

    op: Literal["import"] = "import"
    file: str
    """Absolute path."""
    folder: str
    """Absolute path of an empty folder for the weights files that are made."""
    file_name: str = ""
    """What the file was called where it comes from."""
    kind: ImportKind | None = None
    """Told from the content when absent."""
    name: str | None = None
    """Under which the network is kept; what the file says, or its name, when absent."""
    tag: str | None = None
    """For weights that come without one."""
    input_shape: tuple[int, ...] | None = None
    """Shape of one sample, where the file does not say."""
    outputs: int | None = None
    """Number of outputs, where neither file nor network say."""
    output: str | None = None
    """Which output of a network with several: its number from 1, name or id."""
    network: NetworkDescription | None = None
    """The network that bare weights belong to."""


class WeightsFile(BaseModel):
    """One set of weights: a safetensors file that fits the description beside it."""

    tag: str
    variant: str = "last"
    file: str
    """Absolute path."""
    step: int = 0
    scores: dict[str, float | None] = Field(default_factory=dict)
    input_shape: list[int] | None = None
    outputs: int | None = None
    dataset: str | None = None
    job: str | None = None
    origin: TagOrigin = Field(default_factory=TagOrigin)


class ImportAnswer(BaseModel):
    """What a file held."""

    kind: ImportKind
    description: NetworkDescription
    facts: NetworkFacts
    weights: list[WeightsFile] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)


class ExportRequest(BaseModel):
    """A network and its weights, to become an ONNX file."""

    model_config = ConfigDict(extra="forbid")

    op: Literal["export"] = "export"
    description: NetworkDescription
    weights: str
    """Absolute path of a safetensors file."""
    target: str
    """Absolute path of the file to be written."""
    input_shape: tuple[int, ...] | None = None
    """Shape of one sample, where neither description nor weights say."""


class ExportAnswer(BaseModel):
    """What was written."""

    opset: int
    difference: float | None
    """Largest difference between the outputs of ONNX's reference and torch's on random input."""
