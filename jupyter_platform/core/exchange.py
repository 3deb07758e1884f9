"""Networks from elsewhere and for elsewhere: what the process that converts them is told."""

import codecs
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jupyter_platform.core.catalogue import TagOrigin
from jupyter_platform.core.errors import FieldError, InvalidDataError, shortened
from jupyter_platform.core.networks import NetworkDescription, NetworkFacts

ImportKind = Literal["archive", "dianne", "onnx", "safetensors", "description", "python"]
"""``archive``: a zip of this platform; ``dianne``: ``modules.txt``, or a zip with it and weights;
``description``: the JSON of a `NetworkDescription`; ``python``: source with a module."""

ACCEPTED_FILES = (
    "an archive of a network, DIANNE's modules.txt (alone or zipped with its weights), a "
    "description as JSON, an ONNX file (alone or zipped with its data), weights as "
    "safetensors and a Python file with a torch module"
)
"""Importable formats, as text."""
ONNX_SUFFIX = ".onnx"
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
    code: bool = False
    """Whether Python source in the file may be run."""


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
    """The contents of an imported file."""

    kind: ImportKind
    description: NetworkDescription
    facts: NetworkFacts | None
    """None when it has not been built."""
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
    """The exported file."""

    opset: int
    difference: float | None
    """Largest difference between the outputs of ONNX's reference and torch's on random input."""


def describes_network(content: object) -> bool:
    """Return whether JSON is meant to be a `NetworkDescription`."""
    return isinstance(content, dict) and bool({"layers", "entry_point", "source"} & content.keys())


def parse_description(data: bytes, where: str) -> NetworkDescription:
    """Read the JSON of a description.

    Parameters
    ----------
    data : bytes
        Content of the file, UTF-8 with or without a byte order mark.
    where : str
        Name of the file, for the message of an error.

    Raises
    ------
    InvalidDataError
        If it is none; the first field that is wrong is named.
    """
    try:
        return NetworkDescription.model_validate_json(data.removeprefix(codecs.BOM_UTF8))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        at = f" at {shortened(place)}" if place else ""
        raise InvalidDataError(
            f"{where} is no description of a network{at}: {first['msg']}."
        ) from error


def refuse_code(description: NetworkDescription) -> None:
    """Refuse a description that holds Python source, which nobody has vouched for.

    Raises
    ------
    InvalidDataError
        Naming the files.
    """
    if description.source is None:
        return
    message = (
        f"Network {description.name!r} is made by Python source "
        f"({', '.join(description.source.files)}), which would run as you. Where you trust it, "
        "say code = true (networks import --code)."
    )
    field = FieldError(field="code", value=False, message=message, accepted="true")
    raise InvalidDataError(message, errors=[field])


def as_asked(description: NetworkDescription, request: ImportRequest) -> NetworkDescription:
    """Return a description with the name and the shape that were asked for.

    Parameters
    ----------
    description : NetworkDescription
        Description read from the file.
    request : ImportRequest
        Name and input shape to use instead, and whether Python source may run.

    Raises
    ------
    InvalidDataError
        If it holds Python source that may not be run.
    """
    if not request.code:
        refuse_code(description)
    given: dict[str, Any] = {}
    if request.name is not None:
        given["name"] = request.name
    if request.input_shape is not None:
        given["input_shape"] = request.input_shape
    fields = description.model_dump(exclude_unset=True)
    return NetworkDescription.model_validate({**fields, **given})
