"""The description of a network: a named list of layers that any process can read.

The layers are those of `torch.nn`, under torch's own names and arguments, so a description is
also documentation. No process but a torch one ever builds it.
"""

import hashlib
import json
import re
from importlib import resources
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from jupyter_platform.core.records import Record

FEATURES = "$features"
"""Stands in a layer's argument for the number of values in one input sample."""
CHANNELS = "$channels"
"""Stands for the first size of one input sample: the channels of an image."""
STEP_FEATURES = "$step_features"
"""Stands for the number of values in one step of a sequence: all sizes but the first."""
SHAPE = "$shape"
"""Stands for the whole shape of one input sample."""
OUTPUTS = "$outputs"
"""Stands in a layer's argument for the number of classes or of regression targets."""
OUTPUT_FEATURES = "$output_features"
"""Stands for the number of values that the network is to give for one sample."""
OUTPUT_SHAPE = "$output_shape"
"""Stands for the whole shape that the network is to give for one sample."""
SYMBOLS = {
    FEATURES: "values in one input sample",
    CHANNELS: "first size of one input sample",
    STEP_FEATURES: "values in one step of an input sequence",
    SHAPE: "shape of one input sample",
    OUTPUTS: "classes or regression targets",
    OUTPUT_FEATURES: "values that it gives for a sample",
    OUTPUT_SHAPE: "shape that it gives for a sample",
}
"""Placeholder in descriptions for sizes that the dataset or the strategy decides."""

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class Layer(Record):
    """One layer: a type, its arguments, and where its inputs come from."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str
    """A name from the registry of layers: ``"Conv2d"``, ``"Linear"``, ``"ReLU"``, …"""
    name: str | None = None
    """Unique within the network; defaults to the type and its number."""
    inputs: tuple[str, ...] | None = None
    """Names of the layers that feed this one; the previous layer when absent."""

    @property
    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of the layer's constructor."""
        return dict(self.model_extra or {})


MOST_SOURCE_BYTES = 1_000_000
"""Bytes of the Python source of a network, with the modules that it imports."""
MOST_SOURCE_FILES = 200
SOURCE_PATH = r"^[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*\.py$"


class NetworkSource(Record):
    """Python source that makes a network; only torch processes run it.

    It is part of the description, so a job, its weights and an archive hold the very source that
    they were made with, even when the file that it was read from changes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: dict[str, str] = Field(min_length=1, max_length=MOST_SOURCE_FILES)
    """Text by path: the module itself, and those of the same folder that it imports."""
    main: str = Field(pattern=SOURCE_PATH)
    """The path of the module."""
    attribute: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Its class, or a function that gives a network; None: the only class of its own."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments; they may hold `SYMBOLS`."""

    @model_validator(mode="after")
    def _check_files(self) -> Self:
        if self.main not in self.files:
            raise ValueError(f"files lack {self.main!r}, which main names")
        wrong = next((path for path in self.files if re.match(SOURCE_PATH, path) is None), None)
        if wrong is not None:
            raise ValueError(f"{wrong[:100]!r} is no path of a Python module")
        size = sum(len(text.encode("utf-8", "surrogatepass")) for text in self.files.values())
        if size > MOST_SOURCE_BYTES:
            raise ValueError(
                f"the source takes {size:,} bytes; at most {MOST_SOURCE_BYTES:,} are accepted"
            )
        return self


class NetworkDescription(Record):
    """A network as the repository keeps it: structure without weights."""

    # FastAPI asks for the body of a request to be built beforehand.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=False)

    format: Literal[1] = 1
    name: str = Field(pattern=NAME_PATTERN)
    title: str = ""
    summary: str = ""
    roles: tuple[str, ...] = ()
    """Roles that it can take in strategies: ``generator``, ``critic``, …; empty: on its own."""
    task: Literal["classification", "regression"] | None = None
    """Task that it can learn; None for both."""
    input_shape: tuple[int, ...] | None = None
    """Shape of one sample; None when it takes the shape of its dataset."""
    outputs: int | None = None
    """Number of outputs; None when it takes that of its dataset."""
    layers: tuple[Layer, ...] = ()
    entry_point: str | None = None
    """Name in the entry-point group ``jupyter_platform.networks`` instead of layers."""
    source: NetworkSource | None = None
    """Python source that makes it, instead of layers."""
    defaults: dict[str, Any] = Field(default_factory=dict)
    """Options that suit this network better than the general defaults."""

    @property
    def is_code(self) -> bool:
        """Whether code makes it, not a list of layers."""
        return self.entry_point is not None or self.source is not None

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of what weights depend on: not of names, texts and defaults."""
        parts = self.model_dump(mode="json", include={"format", *_STRUCTURE})
        if self.source is not None:
            parts["source"] = self.source.model_dump(mode="json")
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @property
    def needs_shape(self) -> bool:
        """Whether its layers follow from a sample's shape or the number of outputs."""
        return any(mentions_symbol(layer.arguments) for layer in self.layers)


_STRUCTURE = ("input_shape", "outputs", "layers", "entry_point")


def mentions_symbol(value: Any) -> bool:
    """Return whether an argument holds what only the dataset tells."""
    if isinstance(value, dict):
        return any(mentions_symbol(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(mentions_symbol(item) for item in value)
    return isinstance(value, str) and value.startswith("$")


class LayerRecord(Record):
    """One row of a layer table, as the inspector answers it."""

    name: str
    type: str
    output_shape: list[int] | None
    """Shape of the layer's output for one sample, without the batch axis; None: not known."""
    parameters: int


class NetworkFacts(Record):
    """Facts read from the built network."""

    layers: list[LayerRecord]
    parameters: int
    input_shape: list[int] | None
    output_shape: list[int] | None


def bundled_networks() -> dict[str, NetworkDescription]:
    """Return the networks that ship with the package, by name."""
    folder = resources.files("jupyter_platform.core") / "bundled" / "networks"
    found = [
        NetworkDescription.model_validate_json(path.read_text(encoding="utf-8"))
        for path in folder.iterdir()
        if path.name.endswith(".json")
    ]
    return {item.name: item for item in sorted(found, key=lambda item: item.name)}
