"""Looking at files and folders before they are added: how they would be read."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import tempfile
import time
from collections.abc import AsyncIterable, Collection
from pathlib import Path

from jupyter_platform.coordinator.repository.datasets.uploads import (
    DatasetReading,
    Kind,
    LookRequest,
    kind_of,
    receive,
)
from jupyter_platform.coordinator.repository.facts import Facts
from jupyter_platform.core.catalogue import DatasetLook
from jupyter_platform.core.datasets import PATH, SHA256, DatasetDescriptor
from jupyter_platform.core.errors import (
    ConflictError,
    InvalidDataError,
    NotFoundError,
    refusal,
)
from jupyter_platform.core.picture_folders import PictureFolder
from jupyter_platform.runtime.blobs import BlobStore, digest_file
from jupyter_platform.runtime.names import name_from

_WITHIN_S = 540.0
_KEPT_S = 3600.0
"""Seconds for which a file that was looked at waits to be added."""
_UNNAMED = "data"
_FULL = "begins with / or ~ on the platform's machine"
_PICTURES = ("images", "masks")
_TOLD = "dataset_infos.json"
"""What older clones of the hub tell of their data."""
_OF_PICTURES = frozenset({"metadata.csv", "metadata.jsonl"})
"""Tables that lie beside pictures."""
_ARCHIVES = frozenset({"state.json", "dataset_dict.json", "dataset_info.json"})


class Looks:
    """Keeps what people look at, for a while, so that it need not be sent again to be added.

    Parameters
    ----------
    blobs : BlobStore
        Where files are kept.
    facts : Facts
        Asks an inspector: nothing that people bring is read here.
    """

    def __init__(self, blobs: BlobStore, facts: Facts) -> None:
        self._blobs, self._facts = blobs, facts
        self._waiting: dict[str, float] = {}
        """Digest of each file that is here for being looked at alone, and since when."""

    async def bring(self, body: AsyncIterable[bytes], size: int | None, name: str) -> str:
        """Store an uploaded file and return its reference.

        Parameters
        ----------
        body : async iterator of bytes
            Pieces of the file.
        size : int or None
            Bytes that were announced; None where none were.
        name : str
            Name of the file.

        Raises
        ------
        PlatformError
            If it is empty, too large, or cannot be written.
        """
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=self._blobs.root) as folder:
            file = Path(folder) / "data"
            digest = await receive(body, file, size, name)
            return await self._keep(file, digest, link=True)

    async def find(self, path: str) -> str:
        """Return the reference of a file or folder of this machine; files are copied.

        Raises
        ------
        OptionError
            If it is neither, or cannot be read.
        """
        try:
            place, mode = await asyncio.to_thread(_place, path)
        except OSError as error:
            reason = f"{path} cannot be read: {error.strerror}."
            raise refusal(
                "path", path, reason, "a file or folder of the platform's machine"
            ) from error
        except (ValueError, RuntimeError) as error:
            raise refusal("path", path, f"{path!r} is no path: one {_FULL}.", _FULL) from error
        if stat.S_ISDIR(mode):
            return f"{PATH}{place}"
        if not stat.S_ISREG(mode):
            message = f"{path} is neither a file nor a folder."
            raise refusal("path", path, message, "a file or folder")
        return await self._keep(place, await asyncio.to_thread(_digest, place), link=False)

    async def content(
        self, asked: LookRequest, body: AsyncIterable[bytes], size: int | None
    ) -> str:
        """Return the reference of the data to inspect: inspected before, a path, or an upload.

        Parameters
        ----------
        asked : LookRequest
            What was asked.
        body : async iterator of bytes
            Pieces of an upload.
        size : int or None
            Bytes that were announced; None where none were.

        Raises
        ------
        PlatformError
            As of `find` and `bring`.
        """
        if asked.content is not None:
            return asked.content
        if asked.path is not None:
            return await self.find(asked.path)
        return await self.bring(body, size, asked.file_name or _UNNAMED)

    async def look(self, content: str, asked: LookRequest) -> DatasetLook:
        """Return how something would be read.

        Parameters
        ----------
        content : str
            What `content` returned.
        asked : LookRequest
            What it is called, and what is known of it already.

        Raises
        ------
        NotFoundError
            If it is here no longer.
        PlatformError
            If no host looks at it, or the reading contradicts itself.
        """
        file_name = asked.file_name or asked.path or content.removeprefix(PATH)
        name = _name_of(file_name)
        kind: str | None = asked.kind
        if kind is None:
            kind = await asyncio.to_thread(self.kind, content, file_name)
        descriptor, folder = asked.descriptor(name, kind, content), None
        self._touch(content)
        # What is wrong with a folder is told by reading it, with all else that is.
        with contextlib.suppress(InvalidDataError):
            descriptor, folder = await self.recognised(asked, descriptor)
        request = {"descriptor": descriptor.model_dump(mode="json")}
        answer = await self._facts.patiently("look", request, _WITHIN_S)
        told = {"content": content, "name": name, "kind": descriptor.kind, "folder": folder}
        return DatasetLook.model_validate({**answer, **told})

    async def recognised(
        self, asked: DatasetReading, descriptor: DatasetDescriptor
    ) -> tuple[DatasetDescriptor, PictureFolder | None]:
        """Complete a description by what its folder of pictures shows.

        Parameters
        ----------
        asked : DatasetReading
            The user's options, which override what is recognised.

        Returns
        -------
        descriptor : DatasetDescriptor
            With the kind and, where pictures differ in size, the shape that were recognised.
        folder : PictureFolder or None
            What was recognised; None where it is no folder of pictures.

        Raises
        ------
        InvalidDataError
            If the folder is not laid out as one of pictures.
        PlatformError
            If no host looks at it.
        """
        content = str(descriptor.file)
        if not content.startswith(PATH) or descriptor.kind not in _PICTURES:
            return descriptor, None
        request = {"descriptor": descriptor.model_dump(mode="json")}
        answer = await self._facts.patiently("folder", request, _WITHIN_S)
        folder = PictureFolder.model_validate(answer)
        shape = asked.shape
        if shape is None and folder.shape is not None:
            shape = ",".join(str(size) for size in folder.shape)
        known = asked.model_copy(update={"shape": shape})
        kind = asked.kind or folder.kind
        return known.descriptor(descriptor.name, kind, content), folder

    def kind(self, content: str, file_name: str = "") -> Kind:
        """Recognise the format of data from its name and first bytes.

        Parameters
        ----------
        content : str
            Reference of the data.
        file_name : str, optional
            What the file is called.

        Raises
        ------
        NotFoundError
            If it is not here.
        """
        if content.startswith(PATH):
            return _folder_kind(Path(content.removeprefix(PATH)))
        digest = content.removeprefix(SHA256)
        if not self._blobs.has(digest):
            raise NotFoundError("The file is here no longer; send it again.")
        if file_name.lower().endswith(".txt") and kind_of(self._blobs.path(digest)) == "csv":
            return "characters"
        return kind_of(self._blobs.path(digest))

    def take(self, content: str) -> None:
        """Take note that a file belongs to a dataset from now on."""
        self._waiting.pop(content.removeprefix(SHA256), None)

    def forget_old(self, used: Collection[str]) -> None:
        """Remove inspected files, except those that a dataset refers to."""
        now = time.monotonic()
        for digest, since in list(self._waiting.items()):
            if now - since > _KEPT_S:
                del self._waiting[digest]
                if f"{SHA256}{digest}" not in used:
                    self._blobs.path(digest).unlink(missing_ok=True)

    def _touch(self, content: str) -> None:
        digest = content.removeprefix(SHA256)
        if digest in self._waiting:
            self._waiting[digest] = time.monotonic()

    async def _keep(self, file: Path, digest: str, *, link: bool) -> str:
        known = self._blobs.has(digest)
        try:
            found = await asyncio.to_thread(self._blobs.put_file, file, link=link)
        except OSError as error:
            raise ConflictError(f"{file.name} cannot be read: {error.strerror}.") from error
        if not known:
            self._waiting[found] = time.monotonic()
        return f"{SHA256}{found}"


def _place(path: str) -> tuple[Path, int]:
    """Return where a path leads, and what is there.

    Raises
    ------
    ValueError, RuntimeError
        If it does not say from where on, or names a home folder that there is not.
    """
    place = Path(path).expanduser()
    if not place.is_absolute():
        raise ValueError(path)
    place = Path(os.path.abspath(place))
    return place, place.stat().st_mode


def _digest(file: Path) -> str:
    try:
        return digest_file(file)
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}."
        raise refusal("path", str(file), message, "a file that may be read") from error


def _folder_kind(folder: Path) -> Kind:
    """Tell a folder of Hugging Face from one of pictures, masks among them, by the names in it."""
    if not folder.is_dir():
        raise NotFoundError(f"There is no folder {folder}.")
    names = {entry.name for entry in os.scandir(folder)}
    if names & _ARCHIVES or any(name.endswith((".parquet", ".arrow")) for name in names):
        return "huggingface"
    if any(folder.glob("*/*.parquet")):
        return "huggingface"
    tables = {name for name in names if name.endswith((".csv", ".jsonl"))}
    if _TOLD in names and tables - _OF_PICTURES:
        return "huggingface"
    return "images"


def _name_of(file_name: str) -> str:
    """Return a name for what a file is called."""
    return name_from(Path(file_name).stem or Path(file_name).name, _UNNAMED)
