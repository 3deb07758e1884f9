"""The datasets that jobs can use: bundled, or added by people."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterable
from pathlib import Path
from typing import IO, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from jupyter_platform.coordinator.repository.facts import Facts
from jupyter_platform.coordinator.repository.folder import DescriptionFolder
from jupyter_platform.core.catalogue import DatasetRecord
from jupyter_platform.core.datasets import (
    DatasetDescriptor,
    DatasetFacts,
    bundled_datasets,
    bundled_file,
    check_dataset_name,
)
from jupyter_platform.core.errors import (
    ConflictError,
    InvalidDataError,
    NotFoundError,
    RequestTooLargeError,
    StoreError,
    unknown_name,
)
from jupyter_platform.core.units import format_bytes
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.paths import Paths

MAX_DATASET_BYTES = 50 * 10**9
_SPARE_BYTES = 500_000_000
"""Room that an upload leaves on the disk."""
_INSPECT_WITHIN_S = 60.0
_MERGED_BYTES = 1_000_000
"""Bytes that are gathered before they are written."""


class DatasetUpload(BaseModel):
    """What comes with the file of a dataset, as query parameters."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["npz", "csv"] | None = Field(
        default=None, description="Kind of the file; told from its first bytes when absent."
    )
    target: str | None = Field(default=None, description="CSV: the column to learn.")
    task: Literal["classification", "regression"] | None = None
    title: str = ""
    summary: str = ""
    source: str = ""
    licence: str = ""
    shape: str | None = Field(
        default=None, pattern=r"^\d+(,\d+)*$", description="Shape of one sample: ``1,28,28``."
    )
    scale: float = Field(default=1.0, allow_inf_nan=False)
    shuffle_seed: int | None = Field(default=None, ge=0)
    replace: bool = Field(default=False, description="Replace one that somebody added.")

    @field_validator("scale")
    @classmethod
    def _scales(cls, scale: float) -> float:
        if scale == 0:
            raise ValueError("scale 0 would make every input zero")
        return scale

    def descriptor(self, name: str, kind: str, digest: str) -> DatasetDescriptor:
        """Return the descriptor of the uploaded file."""
        given = self.model_dump(exclude={"kind", "shape", "replace"})
        shape = None if self.shape is None else [int(part) for part in self.shape.split(",")]
        return DatasetDescriptor.model_validate(
            {**given, "name": name, "kind": kind, "file": f"sha256:{digest}", "shape": shape}
        )


class DatasetRepository:
    """Descriptors by name; the data lies beside, by digest."""

    def __init__(self, paths: Paths, blobs: BlobStore, facts: Facts) -> None:
        self._added = DescriptionFolder(paths.datasets, DatasetDescriptor)
        self._bundled = bundled_datasets()
        self._incoming = paths.blobs
        self._blobs = blobs
        self._facts = facts
        self._busy: set[str] = set()

    def names(self) -> list[str]:
        """Return the names of all datasets, sorted."""
        return sorted(self._all())

    def find(self, name: str) -> DatasetDescriptor | None:
        """Return a descriptor, or None when there is none by that name."""
        return self._all().get(name)

    def get(self, name: str) -> DatasetDescriptor:
        """Return a descriptor.

        Raises
        ------
        NotFoundError
            If there is none by that name; the nearest is named.
        """
        everything = self._all()
        if name not in everything:
            error = unknown_name("dataset", name, everything)
            raise NotFoundError(error.message, errors=[error])
        return everything[name]

    def file(self, descriptor: DatasetDescriptor) -> Path:
        """Return the path of the data on this machine."""
        kind, _, reference = descriptor.references[0].partition(":")
        return bundled_file(reference) if kind == "bundled" else self._blobs.path(reference)

    async def record(self, name: str) -> DatasetRecord:
        """Return a dataset with its facts, waiting some seconds for them.

        Raises
        ------
        NotFoundError
            If there is none by that name.
        """
        descriptor = self.get(name)
        request = _request(descriptor)
        answer = await self._facts.answer("dataset", descriptor.digest, request)
        return self._record(descriptor, answer)

    async def records(self) -> list[DatasetRecord]:
        """Return all datasets by name, with the facts that are known at once."""
        everything = sorted(self._all().items())
        known = await self._facts.cached("dataset", [item.digest for _, item in everything])
        return [self._record(item, known.get(item.digest)) for _, item in everything]

    async def put(
        self,
        name: str,
        body: AsyncIterable[bytes],
        upload: DatasetUpload,
        size: int | None = None,
    ) -> DatasetRecord:
        """Add a dataset; nothing stays of one that cannot be used.

        Parameters
        ----------
        name : str
            Name in the repository.
        body : async iterable of bytes
            The ``.npz`` or CSV file.
        size : int, optional
            Bytes that the sender announced.

        Raises
        ------
        ConflictError
            If there is one of that name and it may not be replaced.
        InvalidDataError
            If the name or the file cannot be used.
        RequestTooLargeError
            If the file does not fit.
        UnavailableError
            If no host is up to look at it.
        """
        self._may_put(name, upload.replace)
        self._busy.add(name)
        try:
            with tempfile.TemporaryDirectory(prefix=".incoming-", dir=self._incoming) as folder:
                file = Path(folder) / "data"
                digest, length = await self._receive(body, file, size)
                if length == 0:
                    raise InvalidDataError(f"Dataset {name!r}: the file is empty.")
                return await self._take(name, upload, file, digest)
        finally:
            self._busy.discard(name)

    async def delete(self, name: str) -> None:
        """Remove a dataset that somebody added; jobs that use it keep its file.

        Raises
        ------
        NotFoundError, ConflictError
            If there is none by that name, or it is bundled.
        """
        self.get(name)
        if name in self._bundled:
            raise ConflictError(f"Dataset {name!r} is bundled and cannot be deleted.")
        await asyncio.to_thread(self._added.delete, name)

    def _all(self) -> dict[str, DatasetDescriptor]:
        return self._added.all() | self._bundled

    def _may_put(self, name: str, replace: bool) -> None:
        check_dataset_name(name)
        if name in self._bundled:
            raise ConflictError(f"Dataset {name!r} is bundled and cannot be replaced.")
        if name in self._busy:
            raise ConflictError(f"Dataset {name!r} is being added by somebody else just now.")
        if not replace and self.find(name) is not None:
            raise ConflictError(
                f"There is a dataset {name!r} already; choose another name or set replace."
            )

    async def _receive(
        self, body: AsyncIterable[bytes], file: Path, size: int | None
    ) -> tuple[str, int]:
        free = shutil.disk_usage(self._incoming).free
        room = min(MAX_DATASET_BYTES, free - _SPARE_BYTES)
        _check_room(size or 0, room)
        digest, length = hashlib.sha256(), 0
        with await asyncio.to_thread(file.open, "wb") as target:
            pending = bytearray()
            async for chunk in body:
                pending += chunk
                length += len(chunk)
                _check_room(length, room)
                if len(pending) >= _MERGED_BYTES:
                    await asyncio.to_thread(_append, target, digest, bytes(pending))
                    pending.clear()
            await asyncio.to_thread(_append, target, digest, bytes(pending))
        return digest.hexdigest(), length

    async def _take(
        self, name: str, upload: DatasetUpload, file: Path, digest: str
    ) -> DatasetRecord:
        kind = upload.kind or _kind_of(file)
        descriptor = upload.descriptor(name, kind, digest)
        known = self._blobs.has(digest)
        await asyncio.to_thread(self._blobs.put_file, file, link=True)
        try:
            answer = await self._facts.ask(
                "dataset", descriptor.digest, _request(descriptor), _INSPECT_WITHIN_S
            )
            await asyncio.to_thread(self._added.put, name, descriptor)
        except BaseException:
            if not known:
                self._blobs.path(digest).unlink(missing_ok=True)
            raise
        return self._record(descriptor, answer)

    def _record(
        self, descriptor: DatasetDescriptor, answer: dict[str, Any] | None
    ) -> DatasetRecord:
        return DatasetRecord(
            descriptor=descriptor,
            origin="bundled" if descriptor.name in self._bundled else "added",
            facts=None if answer is None else DatasetFacts.model_validate(answer),
        )


def _request(descriptor: DatasetDescriptor) -> dict[str, Any]:
    # The host agent adds where the file lies that the descriptor refers to.
    return {"descriptor": descriptor.model_dump(mode="json")}


def _append(target: IO[bytes], digest: Any, data: bytes) -> None:
    digest.update(data)
    try:
        target.write(data)
        target.flush()
    except OSError as error:
        raise StoreError(f"The file cannot be stored: {os.strerror(error.errno or 0)}.") from error


def _check_room(size: int, room: int) -> None:
    if size > room:
        raise RequestTooLargeError(
            f"The file of {format_bytes(size)} or more does not fit; there is room for "
            f"{format_bytes(max(room, 0))}."
        )


def _kind_of(file: Path) -> str:
    with open(file, "rb") as source:
        return "npz" if source.read(2) == b"PK" else "csv"
