"""Files that people add to the repository."""

from __future__ import annotations

from collections.abc import AsyncIterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from jupyter_platform.coordinator.transfers.receiving import receive_file
from jupyter_platform.core.datasets import DatasetDescriptor, check_scale
from jupyter_platform.core.errors import FieldError, InvalidDataError, nearest
from jupyter_platform.core.tables import TableOptions

MAX_DATASET_BYTES = 50 * 10**9

Kind = Literal["npz", "csv", "parquet", "characters", "images", "masks", "huggingface"]


class DatasetReading(BaseModel):
    """How what people bring is read, as query parameters."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind | None = Field(
        default=None, description="What it is; told from its first bytes when absent."
    )
    target: str | None = Field(default=None, description="Tables: the column to learn.")
    table: str | None = Field(
        default=None,
        max_length=100_000,
        description="Tables: a JSON object of further options, such as `separator` and `missing`.",
    )
    task: Literal["classification", "regression"] | None = None
    shape: str | None = Field(
        default=None, pattern=r"^\d+(,\d+)*$", description="Shape of one sample: ``1,28,28``."
    )
    scale: float | None = Field(default=None, allow_inf_nan=False)
    shuffle_seed: int | None = Field(default=None, ge=0)
    skip_broken: bool = Field(
        default=False,
        description="Pictures: leave those out that cannot be read; else they are refused.",
    )
    shuffle: bool = Field(
        default=True, description="Whether parts are drawn; false: the last samples test."
    )

    @field_validator("scale")
    @classmethod
    def _scales(cls, scale: float | None) -> float | None:
        if scale is not None:
            check_scale(scale)
        return scale

    def descriptor(self, name: str, kind: str, content: str) -> DatasetDescriptor:
        """Return the descriptor of uploaded data.

        Parameters
        ----------
        content : str
            Reference to the file or folder.

        Raises
        ------
        InvalidDataError
            If something is given that says nothing of its kind, naming all of it.
        """
        given = self.model_dump(
            include={*DatasetDescriptor.model_fields} & {*type(self).model_fields},
            exclude_defaults=True,
        )
        shape = None if self.shape is None else [int(part) for part in self.shape.split(",")]
        try:
            options = TableOptions.model_validate_json(self.table or "{}")
            return DatasetDescriptor.model_validate(
                {
                    **given,
                    **options.model_dump(exclude_unset=True),
                    "name": name,
                    "kind": kind,
                    "file": content,
                    "shape": shape,
                }
            )
        except ValidationError as error:
            faults = [_fault(item) for item in error.errors(include_url=False)]
            text = " ".join(fault.message for fault in faults)
            raise InvalidDataError(f"Dataset {name!r}: {text}", errors=faults) from error


class DatasetUpload(DatasetReading):
    """Query parameters of a request to add a dataset."""

    title: str = ""
    summary: str = ""
    source: str = ""
    licence: str = ""
    replace: bool = Field(default=False, description="Replace an added dataset of the same name.")
    rename: bool = Field(
        default=False,
        description="Take another name where this is that of other data: `sales-2`.",
    )
    content: str | None = Field(
        default=None,
        pattern=r"^(sha256:[0-9a-f]{64}|path:/.*)$",
        description="What was looked at before, in place of a body.",
    )


class LookRequest(DatasetReading):
    """What is looked at, and how it is read, as query parameters."""

    file_name: str = Field(default="", max_length=1000, description="What the file is called.")
    content: str | None = Field(
        default=None,
        pattern=r"^(sha256:[0-9a-f]{64}|path:/.*)$",
        description="What was looked at before, in place of a body.",
    )
    path: str | None = Field(
        default=None,
        max_length=4096,
        description="A file or folder of the platform's machine, in place of a body.",
    )


def _fault(item: Any) -> FieldError:
    """Say what is wrong with one field."""
    name = str(item["loc"][0]) if item["loc"] else "table"
    if item["type"] == "extra_forbidden":
        near = nearest(name, TableOptions.model_fields)
        hint = f" Did you mean {near!r}?" if near else ""
        known = ", ".join(TableOptions.model_fields)
        return FieldError(
            field=name, message=f"Unknown option {name!r}.{hint} Known: {known}.", nearest=near
        )
    text = str(item["msg"]).removeprefix("Value error, ").rstrip(".")
    where = f"{name}: " if item["loc"] else ""
    return FieldError(field=name, message=f"{where}{text}.")


async def receive(
    body: AsyncIterable[bytes], file: Path, announced: int | None, dataset: str
) -> str:
    """Write an upload to a file and return its digest.

    Parameters
    ----------
    body : async iterable of bytes
        The file.
    file : Path
        Where it goes.
    announced : int or None
        Bytes that the sender announced.
    dataset : str
        Name, for errors.

    Raises
    ------
    RequestTooLargeError
        If it does not fit.
    InvalidDataError
        If it is empty.
    StoreError
        If it cannot be written.
    """
    digest, length = await receive_file(body, file, announced=announced, most=MAX_DATASET_BYTES)
    if not length:
        raise InvalidDataError(f"Dataset {dataset!r}: the file is empty.")
    return digest


def kind_of(file: Path) -> Kind:
    """Tell the kind of a file from its first bytes."""
    with open(file, "rb") as source:
        start = source.read(4)
    if start == b"PAR1":
        return "parquet"
    return "npz" if start[:2] == b"PK" else "csv"


def is_same(one: DatasetDescriptor | None, other: DatasetDescriptor) -> bool:
    """Return whether two descriptors give the same samples, whatever is said of them.

    Parameters
    ----------
    one : DatasetDescriptor or None
        A descriptor; None: there is none.
    other : DatasetDescriptor
        Another one.
    """
    if one is None:
        return False
    texts = dict.fromkeys(("title", "summary", "source", "licence", "stamp"), "")
    return one.model_copy(update=texts).digest == other.model_copy(update=texts).digest
