"""What an inference API says of itself: its models, their arguments, and how it does."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from jupyter_platform.core.records import Record

ENTRY_POINTS = "deepaas.v2.model"
"""Entry-point group of modules with the functions of the DEEPaaS V2 interface."""
JSON_TYPE = "application/json"

ArgumentKind = Literal[
    "text", "integer", "number", "boolean", "date", "datetime", "time", "list", "mapping", "file",
    "any",
]  # fmt: skip
MediaKind = Literal["image", "audio", "video"]
Method = Literal["predict", "train"]


class ArgumentDescription(Record):
    """One argument of a model's function, or one field of its answer."""

    name: str
    kind: ArgumentKind
    description: str = ""
    required: bool = False
    default: Any = None
    """Value where nothing is given; None where there is none."""
    choices: list[Any] | None = None
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: bool = False
    exclusive_maximum: bool = False
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    nullable: bool = False
    secret: bool = False
    """Whether it is typed unseen, as a password is."""
    media: MediaKind | None = None
    """What a file holds, as far as its description tells."""
    item: ArgumentDescription | None = None
    """Of a list: what each entry is."""
    fields: list[ArgumentDescription] | None = None
    """Of a mapping with known keys: what they hold."""


class MethodDescription(Record):
    """A function of a model: ``predict`` or ``train``."""

    implemented: bool
    """Whether the module has the function."""
    enabled: bool = True
    """Whether this service offers it."""
    arguments: list[ArgumentDescription] = Field(default_factory=list)
    """Without ``accept``, which `accept` tells."""
    accept: list[str] = Field(default_factory=list)
    """MIME types of the answer to choose from, the one first that is given unasked."""
    answer: list[ArgumentDescription] | None = None
    """Fields of the answer in JSON, where the module tells them."""


class ModelDescription(Record):
    """A model that a service offers."""

    name: str
    """Name in the paths of the API."""
    metadata: dict[str, Any]
    """What the module tells of itself."""
    predict: MethodDescription
    train: MethodDescription


class CodeState(Record):
    """Whether a service runs the code that lies on the disk."""

    loaded: float
    """Unix time at which the code was read."""
    changed: list[str] = Field(default_factory=list)
    """Files that were edited since; empty where the service runs what they hold."""


class ServiceDescription(Record):
    """``GET description``: all that a form, a page or a panel needs to call a service."""

    version: str
    """Version of the platform."""
    base_url: str
    """Prefix of all its routes as browsers see them; begins and ends with a slash."""
    models: list[ModelDescription]
    batching: bool
    """Whether ``POST predict`` answers for batches of samples."""
    code: CodeState


class ServiceHealth(Record):
    """``GET health`` and ``GET ready``: how a service does."""

    state: Literal["loading", "ready", "failed"]
    text: str = ""
    """What it waits for, or why it failed."""
    busy: int = 0
    """Calls that are being answered or wait."""
    trainings: int = 0
    idle_s: float = 0.0
    """Seconds since the last call ended; 0 during a call, and while something is trained."""
