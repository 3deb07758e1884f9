"""Networks and datasets as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from jupyter_platform.core.datasets import DatasetDescriptor, DatasetFacts
from jupyter_platform.core.networks import NetworkDescription, NetworkFacts


class TagVariant(BaseModel):
    """One set of weights under a tag."""

    variant: str
    """``last``, ``best`` or an iteration."""
    digest: str
    """SHA-256 of the safetensors file, in hex."""
    bytes: int
    step: int
    scores: dict[str, float | None] = Field(default_factory=dict)
    """What it scored when it was stored: ``validation_loss``, ``validation_accuracy``, …"""


class TagOrigin(BaseModel):
    """What made weights, as far as that is known."""

    torch: str | None = None
    """Version of torch."""
    seed: int | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    """Options of the job, as they were resolved."""
    source: str | None = None
    """The file that they were imported from."""


class TagRecord(BaseModel):
    """A named set of weights of a network."""

    network: str
    tag: str
    job: str | None
    """The job that made it."""
    dataset: str | None
    network_digest: str
    """Digest of the description the weights belong to."""
    input_shape: list[int] | None = None
    outputs: int | None = None
    origin: TagOrigin = Field(default_factory=TagOrigin)
    variants: list[TagVariant]
    updated_at: datetime


class NetworkRecord(BaseModel):
    """A network of the repository."""

    description: NetworkDescription
    origin: str
    """``bundled``, ``added`` or ``entry point``."""
    facts: NetworkFacts | None = None
    """None until the inspector has answered."""
    tags: list[TagRecord] = Field(default_factory=list)


class DatasetRecord(BaseModel):
    """A dataset of the repository."""

    descriptor: DatasetDescriptor
    origin: str
    """``bundled`` or ``added``."""
    facts: DatasetFacts | None = None
    """None until the inspector has answered."""
