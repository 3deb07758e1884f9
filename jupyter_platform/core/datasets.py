"""The descriptor of a dataset: what it is and where it lies, without the data."""

import hashlib
import json
import re
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import ConfigDict, Field, field_validator, model_validator

from jupyter_platform.core.errors import FieldError, InvalidDataError, shortened
from jupyter_platform.core.records import Record
from jupyter_platform.core.tables import TableOptions, TablePreparation
from jupyter_platform.core.units import format_count

NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = get_args(Part)
Task = Literal["classification", "regression"]
Kind = Literal[
    "npz",
    "csv",
    "parquet",
    "huggingface",
    "idx",
    "cifar10",
    "cifar100",
    "svhn",
    "stl10",
    "raw",
    "images",
    "masks",
    "characters",
    "blobs",
    "moons",
    "sequences",
]
KINDS: tuple[str, ...] = get_args(Kind)
PIXEL_KINDS = frozenset({"idx", "cifar10", "cifar100", "svhn", "stl10", "raw", "images", "masks"})
"""Kinds of bytes from 0 to 255, which are read as 0 to 1 unless `scale` says otherwise."""

BUNDLED, SHA256, PATH, GET = "bundled:", "sha256:", "path:", "get:"
REFERENCES = (BUNDLED, SHA256, PATH, GET)
"""How a file is referred to: ships with the package, content-addressed, lies on a machine, not
downloaded yet."""

Reference = Annotated[str, Field(pattern=r"^(bundled|sha256|path|get):.")]

SCALES = (1e-30, 1e30)
"""Least and largest factor of inputs, without its sign: float32 reaches from 1e-38 to 3e38."""

SYNTHETIC: dict[str, dict[str, tuple[float, float, float]]] = {
    "blobs": {
        "samples": (1000, 1, 1e8),
        "classes": (3, 2, 10_000),
        "features": (2, 1, 1e5),
        "spread": (1.0, 0, 1e6),
        "seed": (0, 0, 2**32 - 1),
    },
    "moons": {"samples": (1000, 2, 1e8), "noise": (0.1, 0, 1e6), "seed": (0, 0, 2**32 - 1)},
    "sequences": {
        "samples": (10_000, 2, 1e8),
        "symbols": (4, 2, 10_000),
        "delay": (3, 0, 1e6),
        "seed": (0, 0, 2**32 - 1),
    },
}
"""Parameters of the kinds that are made up: default, least and largest value."""
_REAL = frozenset({"spread", "noise"})
_CSV = ("csv",)
_TABLES = ("csv", "parquet", "huggingface")
_MASKS = ("masks", "npz", "parquet", "huggingface")
_GOES_WITH: dict[str, tuple[str, ...]] = {
    "labels": ("images",),
    "label_bytes": ("raw",),
    "skip_broken": ("images", "masks"),
    "mask_values": _MASKS,
    "ignore_value": _MASKS,
    **dict.fromkeys(TableOptions.model_fields, _TABLES),
    **dict.fromkeys(("separator", "decimal", "thousands", "encoding", "header"), _CSV),
}
"""Each field to the kinds of datasets that it applies to."""


def check_dataset_name(name: str) -> None:
    """Refuse a name that no dataset can have.

    Raises
    ------
    InvalidDataError
        Naming what is accepted.
    """
    if re.fullmatch(NAME_PATTERN, name) is None:
        accepted = "1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit"
        message = f"{shortened(name)!r} cannot be the name of a dataset; accepted: {accepted}."
        field = FieldError(field="name", value=shortened(name), message=message, accepted=accepted)
        raise InvalidDataError(message, errors=[field])


def check_scale(scale: float) -> None:
    """Refuse a factor by which no input keeps its meaning as float32.

    Raises
    ------
    ValueError
        Saying which are accepted.
    """
    least, most = SCALES
    if scale == 0:
        raise ValueError("scale 0 would make every input zero")
    if not least <= abs(scale) <= most:
        raise ValueError(f"scale {scale:g} is not accepted; it is from {least:g} to {most:g}")


class DownloadSource(Record):
    """A public file, by what is known of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    urls: tuple[str, ...] = Field(min_length=1)
    """Addresses of the same file, asked in this order."""
    bytes: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    unpack: Literal["gzip", "tar"] | None = None
    """``gzip``: one file, named without ``.gz``; ``tar``: those of its files that are needed."""
    folder: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$")
    """Folder in which mirrors keep it: files of several datasets have the same name."""
    unpacked: int | None = Field(default=None, gt=0)
    """Bytes of what is taken out of it."""

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.urls[0].rsplit("/", 1)[-1]


class LearntSamples(Record):
    """What weights that are used on a dataset know of the samples that they learnt."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    table: TablePreparation | None = None
    """How rows became inputs; means and categories are those of the rows that were learnt."""
    classes: tuple[str, ...] | None = None
    """Classes in the order of the outputs."""


class DataPin(Record):
    """What files at paths were when a job was submitted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stamp: str
    """Digest of their paths, sizes and times."""
    content: str | None
    """Digest of what they hold; None of more than a gigabyte."""
    files: int
    bytes: int
    at: float
    """Unix time at which they were looked at."""


class DatasetDescriptor(TableOptions):
    """A dataset as the repository keeps it; of tables the fields of `TableOptions` too.

    Indices are those of DIANNE: one sequence of samples, half-open ranges, and splits that are
    ranges over it. Where `shuffle_seed` is set the sequence is the stored rows in the order of
    ``numpy.random.default_rng(shuffle_seed).permutation(size)``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    name: str = Field(pattern=rf"^{NAME_PATTERN}$")
    title: str = ""
    summary: str = ""
    source: str = ""
    licence: str = ""
    kind: Kind
    file: Reference | None = None
    """The only file, or folder."""
    train: tuple[Reference, ...] = ()
    """Files of the training samples, in order, where there is more than one file. Kinds that keep
    labels apart (idx, stl10, and raw with `label_bytes` 0) take pairs: inputs, labels, …"""
    validation: tuple[Reference, ...] = ()
    """Files of the validation samples, which are numbered after those of `train`."""
    test: tuple[Reference, ...] = ()
    """Files of the test samples, which are numbered last."""
    labels: Reference | None = None
    """Images only: a text file with one class number a line, in the order of the images' names."""
    skip_broken: bool = False
    """Images only: skip unreadable files and report their names; otherwise they are refused."""
    mask_values: tuple[Annotated[int, Field(ge=0, le=255)], ...] | None = Field(
        default=None, min_length=2
    )
    """Masks only: value of the pixels of each class, in order; told from the masks when absent."""
    ignore_value: int | None = Field(default=None, ge=0, le=255)
    """Masks only: value of pixels that are neither learnt nor judged; 255 when absent, where other
    values are class numbers."""
    label_bytes: int = Field(default=1, ge=0, le=8)
    """Raw only: bytes before each sample, the last of which is the class; 0: files of labels."""
    parameters: dict[str, float] = Field(default_factory=dict)
    """Synthetic kinds only, see `SYNTHETIC`."""
    task: Task | None = None
    """None: classification when the targets are whole numbers or text, else regression."""
    shape: tuple[Annotated[int, Field(ge=1)], ...] | None = None
    """Shape of one input sample; None: as stored. Images are brought to this size."""
    scale: float | None = Field(default=None, allow_inf_nan=False)
    """Inputs are multiplied by this when they are read; None: 1/255 for pixels, else 1."""
    classes: tuple[str, ...] | None = None
    """Names of the classes in the order of their labels."""
    features: tuple[str, ...] | None = None
    size: int | None = Field(default=None, ge=1)
    """Samples that are used, from the first on; None: all."""
    shuffle_seed: int | None = Field(default=None, ge=0)
    """None: as stored; folders of images, where classes follow one another, are then shuffled with
    seed 0 unless they have parts."""
    shuffle: bool = True
    """Whether parts that neither `splits` nor files tell are drawn from all over the samples.
    False, for samples that follow one another in time: the last ones test, those before validate.
    """
    splits: dict[Part, tuple[int, int]] | None = None
    """Half-open index ranges of the parts; None: as the files say, and what they do not say is
    drawn from the training samples, by class, with seed 0."""
    adapters: dict[str, Any] = Field(default_factory=dict)
    """Adapter options that jobs get unless they say otherwise."""
    download: tuple[DownloadSource, ...] = ()
    """Where the files referred to by ``get:<name>`` come from."""
    stamp: str = ""
    """Changes with the files that are referred to by path; set by the repository."""
    learnt: LearntSamples | None = None
    """Set for weights that are used on these samples: they are read as those that were learnt."""
    pinned: DataPin | None = None
    """Set for a job: what its files at paths were when it was submitted."""

    @field_validator("splits")
    @classmethod
    def _ordered(cls, splits: dict[Part, tuple[int, int]] | None) -> Any:
        for name, (start, stop) in (splits or {}).items():
            if not 0 <= start < stop:
                raise ValueError(f"split {name!r} is [{start}, {stop}); it must hold a sample")
        return splits

    @field_validator("classes")
    @classmethod
    def _distinct(cls, classes: tuple[str, ...] | None) -> Any:
        if classes is not None and len(set(classes)) < len(classes):
            twice = next(name for name in classes if classes.count(name) > 1)
            raise ValueError(f"class {twice!r} is named twice")
        return classes

    @field_validator("scale")
    @classmethod
    def _scales(cls, scale: float | None) -> float | None:
        if scale is not None:
            check_scale(scale)
        return scale

    @model_validator(mode="before")
    @classmethod
    def _of_earlier(cls, given: Any) -> Any:
        """Forget what every descriptor of earlier releases said of CSV files."""
        if not isinstance(given, dict) or given.get("kind") == "csv":
            return given
        earlier = {"separator": ",", "header": True}
        return {key: item for key, item in given.items() if earlier.get(key) != item}

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        for name, kinds in _GOES_WITH.items():
            is_given = getattr(self, name) != type(self).model_fields[name].default
            if is_given and self.kind not in kinds:
                raise ValueError(
                    f"{name} says nothing of kind {self.kind!r}; it goes with {', '.join(kinds)}"
                )
        return self

    @model_validator(mode="after")
    def _has_data(self) -> Self:
        if self.kind in SYNTHETIC:
            if self.references:
                raise ValueError(f"kind {self.kind!r} is made up and takes no files")
            _check_parameters(self.kind, self.parameters)
        elif self.parameters:
            raise ValueError(f"kind {self.kind!r} takes no parameters")
        elif self.file is None and not self.parted:
            raise ValueError(
                "no data are named: give 'file', or one or more of 'train', 'validation' and 'test'"
            )
        elif self.file is not None and self.parted:
            raise ValueError("give either 'file', or 'train', 'validation' and 'test'")
        return self

    @property
    def references(self) -> tuple[str, ...]:
        """Every file that it refers to."""
        single = (self.file, self.labels)
        return (*(item for item in single if item is not None), *self.parted)

    @property
    def parted(self) -> tuple[str, ...]:
        """The files that it refers to part by part."""
        return (*self.train, *self.validation, *self.test)

    @property
    def is_complete(self) -> bool:
        """Whether nothing has to be downloaded first."""
        return not any(item.startswith(GET) for item in self.references)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON form, in hex; what tells its files apart is part of it."""
        # Facts that are stored are found again: their digests know nothing of `learnt`.
        unsaid = {"pinned", *(["learnt"] if self.learnt is None else [])}
        text = json.dumps(self.model_dump(mode="json", exclude=unsaid), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def content(self) -> str:
        """SHA-256, in hex, of what decides which samples its files hold, and in which rows.

        Names, texts, parts, numbering and what only changes values or labels are not part of it.
        """
        parts = self.model_dump(mode="json", exclude=_NOT_CONTENT)
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def parameter(self, name: str) -> float:
        """Return a parameter of a synthetic kind, or its default."""
        return self.parameters.get(name, SYNTHETIC[self.kind][name][0])


_NOT_CONTENT = {
    "format",
    "name",
    "title",
    "summary",
    "source",
    "licence",
    "task",
    "shape",
    "scale",
    "classes",
    "features",
    "size",
    "shuffle",
    "shuffle_seed",
    "splits",
    "adapters",
    "download",
    "learnt",
    "pinned",
}


def _check_parameters(kind: str, given: dict[str, float]) -> None:
    known = SYNTHETIC[kind]
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"parameter {name!r} is unknown; {kind} takes {', '.join(known)}")
        _, least, most = known[name]
        if not least <= value <= most or (name not in _REAL and value != int(value)):
            noun = "a number" if name in _REAL else "a whole number"
            raise ValueError(
                f"parameter {name} = {value:g} is not accepted; it must be {noun} from {least:g} "
                f"to {most:g}"
            )


class PartFacts(Record):
    """Which samples one part of a dataset has."""

    model_config = ConfigDict(frozen=True)

    start: int
    stop: int
    """Half-open range of sample numbers that they lie in."""
    size: int
    """How many they are; fewer than the range has where others lie between them."""
    seed: int | None = None
    """Seed with which they were drawn, or drawn from; None where files or ranges tell them."""

    @property
    def is_range(self) -> bool:
        """Whether they are all samples of the range."""
        return self.size == self.stop - self.start

    @property
    def text(self) -> str:
        """``1,437 to 1,796 (360 samples)``, or ``80 samples, drawn with seed 0``."""
        count = format_count(self.size, "sample")
        if self.is_range:
            return f"{self.start:,} to {self.stop - 1:,} ({count})"
        if self.seed is not None:
            return f"{count}, drawn with seed {self.seed}"
        return f"{count} between {self.start:,} and {self.stop - 1:,}"


class DatasetFacts(Record):
    """Facts read from the data itself by the inspector."""

    size: int
    shape: list[int]
    """Shape of one input sample, without the batch axis."""
    task: Task
    outputs: int
    """Number of classes, or of regression targets."""
    target_shape: list[int] = Field(default_factory=list)
    """Shape of the target of one sample; empty for one class."""
    classes: list[str] | None = None
    class_counts: list[int] | None = None
    """Samples per class, in the order of `classes`."""
    features: list[str] | None = None
    parts: dict[Part, PartFacts]
    """Its parts, in the order train, validation, test; samples are in one of them at most."""
    bytes: int
    """Size of the stored files."""
    masks: bool = False
    """Whether a target marks pixels of its image, or tells a class for each."""
    mask_values: list[int] | None = None
    """Of masks: value of the pixels of each class as they are written; None for grey levels."""
    ignore_value: int | None = None
    """Of masks: value of pixels that are neither learnt nor judged."""
    value_range: tuple[float, float] | None = None
    """Least and largest stored number, of arrays with the shape of pictures."""
    skipped: int = 0
    """Samples that were left out because they cannot be read."""
    warnings: list[str] = Field(default_factory=list)
    """Caveats about scores on this dataset, as sentences."""
    scale: float = 1.0
    """Factor applied to stored inputs."""
    input_type: Literal["float32", "int64"] = "float32"
    """Type of the inputs that networks get; int64 for symbols."""
    stored_type: str = ""
    """Type of the inputs as they are stored: ``uint8``."""
    streamed: bool = False
    """Whether samples are read when they are needed, and not held in memory."""
    sequential: bool = False
    """Whether samples follow each other, as the characters of a text."""
    table: TablePreparation | None = None
    """How a row of a table becomes a sample."""
    pin: DataPin | None = None
    """What the files at paths were that these facts were read from."""
    notes: list[str] = Field(default_factory=list)
    """Samples skipped and assumptions made while reading, as sentences."""

    @model_validator(mode="after")
    def _targets_of_regression(self) -> Self:
        if self.task == "regression" and not self.target_shape:
            self.target_shape = [self.outputs]
        return self


class SampleView(Record):
    """One sample, for people to look at."""

    index: int
    label: str | None = None
    """Name of its class."""
    target: list[float] | None = None
    """Its numbers to learn, the first few."""
    image: str | None = None
    """``data:image/png;base64,…``."""
    mask: str | None = None
    """The target as an image, likewise."""
    values: list[float] | None = None
    """Its inputs, the first few."""
    text: str | None = None
    """For symbols that follow each other: a piece of them from here on."""


class DatasetPreview(Record):
    """Some samples, with the facts as jobs see them through the adapters that were asked for."""

    facts: DatasetFacts
    part: Part | None
    samples: list[SampleView]


def bundled_file(name: str) -> Path:
    """Return the path of a data file that ships with the package."""
    return Path(str(resources.files("jupyter_platform.core") / "bundled" / "datasets" / name))


def bundled_datasets() -> dict[str, DatasetDescriptor]:
    """Return the datasets that ship with the package, by name."""
    folder = resources.files("jupyter_platform.core") / "bundled" / "datasets"
    found = [
        DatasetDescriptor.model_validate_json(path.read_text(encoding="utf-8"))
        for path in folder.iterdir()
        if path.name.endswith(".json")
    ]
    return {item.name: item for item in sorted(found, key=lambda item: item.name)}
