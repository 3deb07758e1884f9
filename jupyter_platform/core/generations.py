"""Requests to generative networks for samples or text, and their answers."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.records import Record

MAX_COUNT = 256
"""Samples in one answer."""
MAX_LENGTH = 2000
"""Characters in one answer."""
MAX_START = 10_000
"""Characters that a text may begin with."""


class GenerationRequest(BaseModel):
    """A question for samples, or for text that goes on."""

    model_config = ConfigDict(extra="forbid")

    tag: str | None = None
    """``<tag>[/<variant>]``; the newest tag and its best weights when absent."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Seed of what is drawn; the same one gives the same."""
    count: int | None = Field(default=None, ge=1, le=MAX_COUNT)
    """Samples to make; 16 when absent."""
    start: str | None = Field(default=None, min_length=1, max_length=MAX_START)
    """Text to go on with; the first character that the network knows when absent."""
    length: int | None = Field(default=None, ge=1, le=MAX_LENGTH)
    """Characters to make; 200 when absent."""
    temperature: float | None = Field(default=None, gt=0, le=100, allow_inf_nan=False)
    """How freely characters are drawn: near 0 the likeliest always; 1 when absent."""


class Generation(Record):
    """The output of a generative network: `samples`, or `text`."""

    network: str
    tag: str
    """``<tag>/<variant>`` of the weights."""
    samples: list[Any] | None = None
    """As nested lists."""
    start: str | None = None
    text: str | None = None
    """The continuation of `start`."""


class GenerateQuestion(BaseModel):
    """``generate``: what the coordinator asks the inspector."""

    description: NetworkDescription
    weights: str
    """``sha256:<hex>`` of the safetensors file."""
    input_shape: list[int] | None = None
    outputs: int | None = None
    seed: int = 0
    count: int = 16
    classes: list[str] | None = None
    """Characters that it knows; None: it makes samples."""
    start: str = ""
    length: int = 200
    temperature: float = 1.0
    files: dict[str, str] = Field(default_factory=dict)


class GenerateAnswer(BaseModel):
    """What the inspector answers."""

    samples: list[Any] | None = None
    text: str | None = None
