"""Files that people add to the repository."""

from __future__ import annotations

from collections.abc import AsyncIterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from jupyter_platform.coordinator.receiving import receive_file
from jupyter_platform.core.datasets import SHA256, DatasetDescriptor, check_scale
from jupyter_platform.core.errors import InvalidDataError

MAX_DATASET_BYTES = 50 * 10**9

FileKind = Literal["npz", "csv", "parquet", "characters"]


class DatasetUpload(BaseModel):
    """What comes with the file of a dataset, as query parameters."""

    model_config = ConfigDict(extra="forbid")

    kind: FileKind | None = Field(
        default=None, description="Kind of the file; told from its first bytes when absent."
    )
    target: str | None = Field(default=None, description="Tables: the column to learn.")
    task: Literal["classification", "regression"] | None = None
    title: str = ""
    summary: str = ""
    source: str = ""
    licence: str = ""
    shape: str | None = Field(
        default=None, pattern=r"^\d+(,\d+)*$", description="Shape of one sample: ``1,28,28``."
    )
    scale: float | None = Field(default=None, allow_inf_nan=False)
    shuffle_seed: int | None = Field(default=None, ge=0)
    shuffle: bool = Field(
        default=True, description="Whether parts are drawn; false: the last samples test."
    )
    replace: bool = Field(default=False, description="Replace one that somebody added.")
    rename: bool = Field(
        default=False,
        description="Take another name where this is that of other data: `sales-2`.",
    )

    @field_validator("scale")
    @classmethod
    def _scales(cls, scale: float | None) -> float | None:
        if scale is not None:
            check_scale(scale)
        return scale

    def descriptor(self, name: str, kind: str, digest: str) -> DatasetDescriptor:
        """Return the descriptor of the uploaded file.

        Raises
        ------
        InvalidDataError
            If something is given that says nothing of its kind.
        """
        given = self.model_dump(exclude={"kind", "shape", "replace", "rename"})
        shape = None if self.shape is None else [int(part) for part in self.shape.split(",")]
        file = f"{SHA256}{digest}"
        try:
            return DatasetDescriptor.model_validate(
                {**given, "name": name, "kind": kind, "file": file, "shape": shape}
            )
        except ValidationError as error:
            reason = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            raise InvalidDataError(f"Dataset {name!r}: {reason}.") from error


async def receive(
    body: AsyncIterable[bytes], file: Path, announced: int | None, dataset: str
) -> str:
    """Write what somebody sends to a file and return its digest.

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


def kind_of(file: Path) -> FileKind:
    """Tell the kind of a file from its first bytes."""
    with open(file, "rb") as source:
        start = source.read(4)
    if start == b"PAR1":
        return "parquet"
    return "npz" if start[:2] == b"PK" else "csv"
