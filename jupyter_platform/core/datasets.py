"""The descriptor of a dataset: what it is and where it lies, without the data."""

from __future__ import annotations

import hashlib
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from jupyter_platform.core.errors import FieldError, InvalidDataError, shortened

NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"

Split = Literal["train", "validation", "test"]


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


class DatasetDescriptor(BaseModel):
    """A dataset as the repository keeps it.

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
    kind: Literal["npz", "csv"]
    file: str
    """``bundled:<file name>`` or ``sha256:<hex>``, the content-addressed file."""
    target: str | None = None
    """CSV only: name of the column to learn; the last column when absent."""
    task: Literal["classification", "regression"] | None = None
    """None: classification when the targets are whole numbers or text, else regression."""
    shape: tuple[int, ...] | None = None
    """Shape of one input sample; None: as stored."""
    scale: float = 1.0
    """Inputs are multiplied by this when they are read."""
    classes: tuple[str, ...] | None = None
    """Names of the classes in the order of their labels."""
    features: tuple[str, ...] | None = None
    shuffle_seed: int | None = None
    splits: dict[Split, tuple[int, int]] | None = None
    """Half-open index ranges; None: the first 80 % train, the rest validates and tests."""

    @field_validator("splits")
    @classmethod
    def _ordered(cls, splits: dict[Split, tuple[int, int]] | None) -> Any:
        for name, (start, stop) in (splits or {}).items():
            if not 0 <= start < stop:
                raise ValueError(f"split {name!r} is [{start}, {stop}); it must hold a sample")
        return splits

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON form, in hex; the file's own digest is part of it."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class DatasetFacts(BaseModel):
    """What only the data tells, as the inspector answers it."""

    size: int
    shape: list[int]
    """Shape of one input sample, without the batch axis."""
    task: Literal["classification", "regression"]
    outputs: int
    """Number of classes, or of regression targets."""
    classes: list[str] | None = None
    class_counts: list[int] | None = None
    """Samples per class, in the order of `classes`."""
    features: list[str] | None = None
    splits: dict[Split, tuple[int, int]]
    bytes: int
    """Size of the stored file."""


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
