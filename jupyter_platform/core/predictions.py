"""Requests for predictions of trained networks, and their answers."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.core.preparations import Preparation
from jupyter_platform.core.records import Record

MAX_SAMPLES = 1024
"""Samples in one question."""
MAX_VALUES = 4_000_000
"""Numbers in one question, and in one answer."""
MAX_BODY_BYTES = 24_000_000
"""Bytes of one question: so many values in base64, and room for the rest."""


class EncodedArray(BaseModel):
    """An array of numbers, shorter than as a list."""

    model_config = ConfigDict(extra="forbid")

    shape: list[int] = Field(max_length=16)
    data: str
    """Base64 of little-endian float32, last axis fastest."""


class PredictionRequest(BaseModel):
    """A question to a trained network: samples, or numbers of samples of a dataset."""

    model_config = ConfigDict(extra="forbid")

    tag: str | None = None
    """``<tag>[/<variant>]``; the newest tag and its best weights when absent."""
    inputs: list[Any] | EncodedArray | None = None
    """One sample, or several along the first axis, as the network gets them."""
    images: list[str] | None = Field(default=None, min_length=1, max_length=MAX_SAMPLES)
    """Image files in base64, one a sample; they are prepared as the weights learnt them."""
    invert: bool = False
    """Of images: whether dark is made bright."""
    dataset: str | None = None
    """Where `samples` are taken from; the dataset that the weights were learnt on when absent."""
    samples: list[int] | None = Field(default=None, min_length=1, max_length=MAX_SAMPLES)
    """Numbers of samples in the dataset, which are prepared as the weights learnt them."""


class PreparationRecord(Record):
    """How samples are prepared for a network with some of its weights."""

    network: str
    tag: str
    """``<tag>/<variant>`` of the weights."""
    preparation: Preparation | None
    """None where neither the weights nor a dataset tell."""
    note: str | None = None
    """A note on its source, where that is not the weights."""


class Prediction(Record):
    """A network's outputs for some samples; lists have one entry a sample."""

    network: str
    tag: str
    """``<tag>/<variant>`` of the weights."""
    input_shape: list[int]
    """Of one sample."""
    outputs: list[Any]
    """What the network gave, as nested lists."""
    classes: list[str] | None = None
    """Names of the classes; None where it gives numbers."""
    probabilities: list[list[float]] | None = None
    """Probability of each class."""
    predicted: list[str] | None = None
    """Name of the likeliest class."""
    truth: list[Any] | None = None
    """Of samples of a dataset: name of the class, or the numbers."""
    inputs: list[Any] | None = None
    """Of samples of a dataset, where they are small: what the network got."""
    notes: list[str] = Field(default_factory=list)
    """Notes on the preparation of the samples, as sentences."""
    forward_ms: float
    """Milliseconds that the network took for all of them."""


class PredictQuestion(BaseModel):
    """``predict``: what the coordinator asks the inspector."""

    description: NetworkDescription
    weights: str
    """``sha256:<hex>`` of the safetensors file."""
    input_shape: list[int] | None = None
    outputs: int | None = None
    inputs: EncodedArray | None = None
    images: list[str] | None = None
    invert: bool = False
    dataset: DatasetDescriptor | None = None
    samples: list[int] | None = None
    task: str | None = None
    """Dataset of the training, where that is known."""
    classes: list[str] | None = None
    integers: bool = False
    """Whether the network takes symbols instead of numbers."""
    preparation: Preparation | None = None
    """Preparation to use where the weights file has none."""
    files: dict[str, str] = Field(default_factory=dict)


SERVED_DESCRIPTION, SERVED_WEIGHTS = "network.json", "weights.safetensors"
"""Files of the folder that an inference API serves a network from: a `ServedNetwork`, and its
weights."""


class ServedNetwork(Record):
    """A network with some of its weights, as an inference API serves it."""

    description: NetworkDescription
    tag: str
    """``<tag>/<variant>`` of the weights."""
    input_shape: list[int] | None = None
    """Of one sample, where neither the weights nor the description tell."""
    outputs: int | None = None
    """Number of outputs, likewise."""
    task: str | None = None
    """Task of the dataset of the training, where that is known."""
    classes: list[str] | None = None
    """Names of the classes, where the weights do not tell; of text its characters."""
    sequential: bool = False
    """Whether samples follow each other, as the characters of a text; they have any length."""
    preparation: Preparation | None = None
    """How samples are prepared, where the weights do not tell."""


class PredictAnswer(BaseModel):
    """What the inspector answers."""

    input_shape: list[int]
    outputs: list[Any]
    classes: list[str] | None = None
    probabilities: list[list[float]] | None = None
    truth: list[Any] | None = None
    inputs: list[Any] | None = None
    forward_ms: float
