"""Networks and datasets as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from jupyter_platform.core.datasets import DatasetDescriptor, DatasetFacts, SampleView
from jupyter_platform.core.errors import FieldError
from jupyter_platform.core.networks import NetworkDescription, NetworkFacts
from jupyter_platform.core.picture_folders import PictureFolder
from jupyter_platform.core.preparations import Preparation
from jupyter_platform.core.records import Record
from jupyter_platform.core.tables import TableLook


class TagVariant(Record):
    """One set of weights under a tag."""

    variant: str
    """``last``, ``best`` or an iteration."""
    digest: str
    """SHA-256 of the safetensors file, in hex."""
    bytes: int
    step: int
    scores: dict[str, float | None] = Field(default_factory=dict)
    """Scores at the time of storing: ``validation_loss``, ``validation_accuracy``, …"""
    job: str | None = None
    """The job that made it."""


class TagOrigin(Record):
    """The known origin of weights."""

    torch: str | None = None
    """Version of torch."""
    seed: int | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    """Options of the job, as they were resolved."""
    source: str | None = None
    """The file that they were imported from."""
    preparation: Preparation | None = None
    """How the samples that they learnt were prepared; the weights file tells the same."""


class TagRecord(Record):
    """A named set of weights of a network."""

    network: str
    tag: str
    job: str | None
    """The job that last stored weights under it."""
    dataset: str | None
    network_digest: str
    """Digest of the description the weights belong to."""
    input_shape: list[int] | None = None
    outputs: int | None = None
    origin: TagOrigin = Field(default_factory=TagOrigin)
    variants: list[TagVariant]
    updated_at: datetime

    @property
    def is_own(self) -> bool:
        """Whether it is the id of the job that made the weights, so that they never change."""
        return self.tag == self.job


def named_tags(tags: Sequence[TagRecord]) -> list[TagRecord]:
    """Return tags for people to choose from: weights that have a name are not listed by job, too.

    Parameters
    ----------
    tags : sequence of TagRecord
        Of one network.
    """
    named = {
        (item.job or tag.job, item.variant, item.digest)
        for tag in tags
        if not tag.is_own
        for item in tag.variants
    }
    return [
        tag
        for tag in tags
        if not tag.is_own
        or any((tag.job, item.variant, item.digest) not in named for item in tag.variants)
    ]


class JobWeights(Record):
    """Weights that belong to a job: made by it, or used by it to evaluate or act."""

    network: str
    variant: str
    digest: str
    """SHA-256 of the safetensors file, in hex."""
    bytes: int
    step: int | None = None
    scores: dict[str, float | None] = Field(default_factory=dict)
    job: str | None = None
    """The job that made them."""
    description: NetworkDescription
    """The network as it was when the job was submitted."""


class NetworkRecord(Record):
    """A network of the repository."""

    description: NetworkDescription
    origin: str
    """``bundled``, ``added`` or ``entry point``."""
    facts: NetworkFacts | None = None
    """None until the inspector has answered."""
    tags: list[TagRecord] = Field(default_factory=list)


class DownloadRecord(Record):
    """How far the files of a dataset have come."""

    bytes: int
    """That are here, of `total`; also those of an earlier try."""
    total: int
    rate: float | None = None
    """Bytes a second, lately; None while nothing comes."""
    running: bool = True
    unpacking: bool = False
    """Whether all is here and is being verified and unpacked."""
    problem: str | None = None
    """Why the last try ended without success."""


class NetworkImport(Record):
    """The outcome of an uploaded file."""

    kind: str
    """``archive``, ``dianne``, ``onnx``, ``safetensors`` or ``description``."""
    network: NetworkRecord
    tags: list[str] = Field(default_factory=list)
    """Tags of the weights that came with it."""
    warnings: list[str] = Field(default_factory=list)


class DatasetLook(Record):
    """How a file or folder would be read as a dataset; nothing has been added."""

    content: str
    """The inspected data: ``sha256:<hex>`` of a file, or ``path:<folder>``."""
    name: str
    """A name that it may be added under."""
    kind: str
    table: TableLook | None = None
    """Recognised properties of a table."""
    folder: PictureFolder | None = None
    """Recognised properties of a folder of pictures."""
    facts: DatasetFacts | None = None
    """None where it cannot be used as it is."""
    samples: list[SampleView] = Field(default_factory=list)
    """The first samples, spread over all, as networks would see them."""
    problems: list[FieldError] = Field(default_factory=list)
    """All that is wrong, by the option that would mend it."""


class DatasetRecord(Record):
    """A dataset of the repository."""

    name: str
    descriptor: DatasetDescriptor | None
    """None where the file that should describe it cannot be read."""
    origin: Literal["bundled", "added"]
    state: Literal["ready", "not downloaded", "downloading", "broken"] = "ready"
    problem: str | None = None
    """Why it cannot be used, as a sentence."""
    base: str | None = None
    """The dataset that it is, seen through adapters."""
    location: str | None = None
    """Where it lies on the coordinator's machine: its descriptor, or its only file."""
    download: DownloadRecord | None = None
    """None where there is nothing to download, or nobody has tried."""
    reading: bool = False
    """Whether its data are being read, so that its facts come later: gigabytes take minutes."""
    facts: DatasetFacts | None = None
    """None until the inspector has answered."""
