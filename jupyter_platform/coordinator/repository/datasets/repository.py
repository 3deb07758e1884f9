"""The datasets that jobs can use: bundled, added by people, or described in the watched folder."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from jupyter_platform.coordinator.reading.descriptors import DescriptorFile
from jupyter_platform.coordinator.reading.reader import Reader
from jupyter_platform.coordinator.repository.datasets.descriptor_folder import DescriptorFolder
from jupyter_platform.coordinator.repository.datasets.known import (
    KnownDataset,
    inspection_of,
    still_read,
)
from jupyter_platform.coordinator.repository.datasets.look import Looks
from jupyter_platform.coordinator.repository.datasets.pins import Pins
from jupyter_platform.coordinator.repository.datasets.uploads import (
    DatasetUpload,
    is_same,
    kind_of,
    receive,
)
from jupyter_platform.coordinator.repository.downloads.downloads import Downloads
from jupyter_platform.coordinator.repository.facts import Facts, NotYetError
from jupyter_platform.core.catalogue import DatasetRecord
from jupyter_platform.core.datasets import (
    BUNDLED,
    PATH,
    SHA256,
    DatasetDescriptor,
    DatasetFacts,
    DatasetPreview,
    Part,
    bundled_datasets,
    bundled_file,
    check_dataset_name,
)
from jupyter_platform.core.errors import (
    ConflictError,
    FieldError,
    InvalidDataError,
    InvalidRequestError,
    NotFoundError,
    refused_other,
    unknown_name,
)
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.core.options.resolve import resolve_model
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.names import free_name
from jupyter_platform.runtime.paths import Paths

State = Literal["ready", "not downloaded", "downloading", "broken"]
_READY: State = "ready"

_INSPECT_WITHIN_S = 600.0
"""Seconds after which nobody looks at data any longer: gigabytes take minutes to read."""
_TAKE_WITHIN_S = 540.0
"""The same for a file that is added: who sends it waits 600 s for an answer."""
MOST_SHOWN = 256
"""Samples of one preview."""


class DatasetRepository:
    """Descriptors by name; the data lie beside, by digest, or where a descriptor says.

    Parameters
    ----------
    paths : Paths
        Where the watched folder is.
    blobs : BlobStore
        Content-addressed files.
    facts : Facts
        What only a torch process can tell.
    reader : Reader
        Reads what people drop into the folder.
    downloads : Downloads, optional
        Fetches public datasets.
    """

    def __init__(
        self,
        paths: Paths,
        blobs: BlobStore,
        facts: Facts,
        reader: Reader,
        downloads: Downloads | None = None,
    ) -> None:
        self._bundled = bundled_datasets()
        self._folder = DescriptorFolder(paths.datasets, self._bundled, reader)
        self._incoming = paths.blobs
        self._blobs = blobs
        self._facts = facts
        self.downloads = downloads or Downloads(paths.downloads, blobs)
        self._busy: set[str] = set()
        self.looks = Looks(blobs, facts)
        self.pins = Pins(facts)
        self._filling: asyncio.Task[None] | None = None

    async def refresh(self) -> None:
        """Look what people have changed in the folder; all else here answers as of then."""
        await self._folder.refresh()

    def names(self) -> list[str]:
        """Return the names of all datasets that could be used, sorted."""
        return sorted(item.name for item in self._all().values() if item.problem is None)

    def find(self, name: str) -> DatasetDescriptor | None:
        """Return a descriptor, or None when there is none by that name that can be read."""
        known = self._find(name)
        return None if known is None else known.descriptor

    def get(self, name: str) -> DatasetDescriptor:
        """Return a descriptor.

        Raises
        ------
        NotFoundError
            If there is none by that name; the nearest is named.
        InvalidDataError
            If it is broken.
        """
        known = self._known(name)
        if known.descriptor is None or known.problem is not None:
            raise InvalidDataError(known.problem or "")
        return known.descriptor

    def usable(self, name: str) -> DatasetDescriptor | None:
        """Return the descriptor of a dataset that a job may use; None when there is none.

        Raises
        ------
        InvalidRequestError
            If it is broken, or not downloaded; the error says what to do.
        """
        known = self._find(name)
        if known is None:
            return None
        problem, accepted = known.problem, None
        if known.descriptor is not None and not known.descriptor.is_complete:
            accepted = f"jupyter platform datasets get {known.descriptor.name}"
            problem = f"Dataset {name!r} is not downloaded yet; `{accepted}` does that."
            if self.downloads.is_coming(known.descriptor):
                problem = f"Dataset {name!r} is being downloaded; submit again when it is there."
        if problem is not None or known.descriptor is None:
            field = FieldError(
                field="dataset", value=name, message=problem or "", accepted=accepted
            )
            raise InvalidRequestError(problem or "", errors=[field])
        return known.descriptor

    async def facts(self, descriptor: DatasetDescriptor) -> dict[str, Any]:
        """Return the facts of a dataset in JSON form, waiting some seconds for them.

        Raises
        ------
        UnavailableError
            If they are not known yet.
        PlatformError
            If the data cannot be used.
        """
        request = inspection_of(descriptor)
        try:
            return await self._facts.soon("dataset", descriptor.digest, request, _INSPECT_WITHIN_S)
        except NotYetError as error:
            raise still_read(descriptor) from error

    def file(self, descriptor: DatasetDescriptor) -> Path:
        """Return the path of the (first) file of a dataset on this machine."""
        reference = descriptor.references[0]
        if reference.startswith(BUNDLED):
            return bundled_file(reference.removeprefix(BUNDLED))
        if reference.startswith(PATH):
            return Path(reference.removeprefix(PATH))
        return self._blobs.path(reference.removeprefix(SHA256))

    async def record(self, name: str) -> DatasetRecord:
        """Return a dataset with its facts, waiting some seconds for them.

        Raises
        ------
        NotFoundError
            If there is none by that name.
        """
        await self.refresh()
        known = self._known(name)
        answer = None
        if known.asked is not None:
            answer = await self._ask_facts(known.asked)
        return self._record(known, answer)

    async def records(self) -> list[DatasetRecord]:
        """Return all datasets by name, with the facts that are known at once.

        Facts that are not are asked for meanwhile.
        """
        await self.refresh()
        everything = [item for _, item in sorted(self._all().items())]
        digests = {item.name: item.asked.digest for item in everything if item.asked is not None}
        known = await self._facts.cached("dataset", list(digests.values()))
        self._fill(name for name, digest in digests.items() if digest not in known)
        return [self._record(item, known.get(digests.get(item.name, ""))) for item in everything]

    async def preview(
        self,
        name: str,
        part: Part | None,
        count: int,
        options: Mapping[str, Any],
        sample: int | None = None,
    ) -> DatasetPreview:
        """Return some samples of a dataset, seen through adapters.

        Parameters
        ----------
        part : str, optional
            Where they are taken from; all samples when absent.
        count : int
            How many, spread evenly.
        options : mapping
            Adapter options, in our spelling or DIANNE's.
        sample : int, optional
            The one sample that is shown, `count` times, each time changed anew.

        Raises
        ------
        InvalidRequestError
            If it cannot be used, or the options do not go with it.
        NotFoundError
            If there is none by that name.
        UnavailableError
            If no host looks at it in time.
        """
        await self.refresh()
        descriptor = self.usable(name) or self._known(name).descriptor
        assert descriptor is not None, "usable() refuses what has none"
        resolved, _ = resolve_model(AdapterOptions, dict(options), descriptor.adapters)
        request = {
            **inspection_of(descriptor),
            "part": part,
            "count": count,
            "sample": sample,
            "options": resolved.model_dump(mode="json"),
        }
        try:
            answer = await self._facts.question("preview", request, _INSPECT_WITHIN_S)
        except NotYetError as error:
            raise still_read(descriptor) from error
        return DatasetPreview.model_validate(answer)

    async def start_download(self, name: str) -> DatasetRecord:
        """Begin to fetch the files of a dataset; nothing happens where they are here or coming.

        Raises
        ------
        NotFoundError, ConflictError
            If there is none by that name, or there is nothing to download.
        RequestTooLargeError
            If there is no room for it.
        """
        await self.refresh()
        self.downloads.start(self._downloadable(name))
        return self._record(self._known(name), None)

    async def cancel_download(self, name: str) -> DatasetRecord:
        """Stop fetching a dataset; what is here stays for the next time."""
        await self.refresh()
        await self.downloads.cancel(self._downloadable(name))
        return self._record(self._known(name), None)

    async def put(
        self,
        name: str,
        body: AsyncIterable[bytes],
        upload: DatasetUpload,
        size: int | None = None,
    ) -> DatasetRecord:
        """Add a dataset; nothing stays of one that cannot be used.

        Where it is there under this name with the same content, nothing happens.

        Parameters
        ----------
        name : str
            Name in the repository.
        body : async iterable of bytes
            The file.
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
        check_dataset_name(name)
        await self.refresh()
        if not upload.rename:
            self._may_put(name)
        if upload.content is not None:
            seen = await asyncio.to_thread(self.looks.kind, upload.content)
            described = upload.descriptor(name, upload.kind or seen, upload.content)
            described, _ = await self.looks.recognised(upload, described)
            return await self._put(name, upload, described)
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=self._incoming) as folder:
            file = Path(folder) / "data"
            digest = await receive(body, file, size, name)
            kind = upload.kind or kind_of(file)
            descriptor = upload.descriptor(name, kind, f"{SHA256}{digest}")
            return await self._put(name, upload, descriptor, file)

    async def _put(
        self,
        name: str,
        upload: DatasetUpload,
        descriptor: DatasetDescriptor,
        file: Path | None = None,
    ) -> DatasetRecord:
        """Add a dataset, from a file that has come or from what is here."""
        await self.refresh()
        known = self._all().get(name)
        if known is not None and is_same(known.descriptor, descriptor):
            return await self.record(name)
        if upload.rename:
            name = free_name(name, {*self._all(), *self._busy})
            descriptor = descriptor.model_copy(update={"name": name})
        elif known is not None and not upload.replace:
            raise refused_other("dataset", name)
        self._may_put(name)
        self._busy.add(name)
        try:
            if file is None:
                return await self._take(name, descriptor)
            return await self._take_file(name, descriptor, file)
        finally:
            self._busy.discard(name)

    async def delete(self, name: str) -> None:
        """Remove a dataset that somebody added, or the files of a downloaded one.

        Jobs that use it keep its files; what a descriptor names by path stays where it is.

        Raises
        ------
        NotFoundError, ConflictError
            If there is none by that name, or it is bundled.
        """
        await self.refresh()
        known = self._known(name)
        if known.file is not None:
            await self._folder.delete(known.file)
        elif known.descriptor is not None and known.descriptor.download:
            await self.downloads.remove(self._bundled[name], self._needed(known.descriptor))
        else:
            raise ConflictError(f"Dataset {name!r} is bundled and cannot be deleted.")

    async def close(self) -> None:
        """End what runs here."""
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)
        await self._folder.close()
        await self.downloads.close()

    def _all(self) -> dict[str, KnownDataset]:
        added = self._folder.all()
        found = {name: self._added(name, item) for name, item in added.items()}
        return found | {name: self._of_package(name) for name in self._bundled}

    def _find(self, name: str) -> KnownDataset | None:
        """Return what is known of one dataset, without a look at the files of all others."""
        if name in self._bundled:
            return self._of_package(name)
        item = self._folder.all().get(name)
        return None if item is None else self._added(name, item)

    def _added(self, name: str, item: DescriptorFile) -> KnownDataset:
        descriptor = item.descriptor and self.downloads.resolved(item.descriptor)
        return KnownDataset(name, descriptor, "added", item)

    def _of_package(self, name: str) -> KnownDataset:
        return KnownDataset(name, self.downloads.resolved(self._bundled[name]), "bundled")

    def _known(self, name: str) -> KnownDataset:
        everything = self._all()
        if name not in everything:
            error = unknown_name("dataset", name, everything)
            raise NotFoundError(error.message, errors=[error])
        return everything[name]

    def _downloadable(self, name: str) -> DatasetDescriptor:
        """Return the descriptor whose files are fetched: of an adapted dataset that beneath."""
        known = self._known(name)
        if known.descriptor is None or not known.descriptor.download:
            raise ConflictError(f"Dataset {name!r} is not one that is downloaded.")
        return known.descriptor

    def _needed(self, descriptor: DatasetDescriptor) -> frozenset[str]:
        """Return the references of all datasets with other sources than this one."""
        others = [
            item.descriptor.references
            for item in self._all().values()
            if item.descriptor is not None and item.descriptor.download != descriptor.download
        ]
        return frozenset(reference for references in others for reference in references)

    def _may_put(self, name: str) -> None:
        if name in self._bundled:
            raise ConflictError(f"Dataset {name!r} is bundled and cannot be replaced.")
        if name in self._busy:
            raise ConflictError(f"Dataset {name!r} is being added by somebody else just now.")
        known = self._all().get(name)
        if known is not None and known.file is not None and not self._folder.is_own(known.file):
            raise ConflictError(
                f"Dataset {name!r} is described in {known.file.path}; change or remove that file."
            )

    async def _take_file(
        self, name: str, descriptor: DatasetDescriptor, file: Path
    ) -> DatasetRecord:
        digest = str(descriptor.file).removeprefix(SHA256)
        had = self._blobs.has(digest)
        await asyncio.to_thread(self._blobs.put_file, file, link=True)
        try:
            return await self._take(name, descriptor)
        except BaseException:
            if not had:
                self._blobs.path(digest).unlink(missing_ok=True)
            raise

    async def _take(self, name: str, descriptor: DatasetDescriptor) -> DatasetRecord:
        answer = await self._facts.ask(
            "dataset", descriptor.digest, inspection_of(descriptor), _TAKE_WITHIN_S
        )
        await self._folder.put(name, descriptor)
        self.looks.take(str(descriptor.file))
        found = (item.descriptor for item in self._all().values())
        self.looks.forget_old({text for one in found if one for text in one.references})
        return self._record(self._known(name), answer)

    def _fill(self, names: Iterable[str]) -> None:
        missing = list(names)
        if missing and (self._filling is None or self._filling.done()):
            self._filling = asyncio.create_task(self._ask_for(missing))

    async def _ask_for(self, names: list[str]) -> None:
        everything = self._all()
        for name in names:
            asked = everything[name].asked if name in everything else None
            if asked is not None and self._facts.refusal("dataset", asked.digest) is None:
                await self._ask_facts(asked)

    async def _ask_facts(self, descriptor: DatasetDescriptor) -> dict[str, Any] | None:
        request = inspection_of(descriptor)
        return await self._facts.answer("dataset", descriptor.digest, request, _INSPECT_WITHIN_S)

    def _record(self, known: KnownDataset, answer: dict[str, Any] | None) -> DatasetRecord:
        descriptor = known.descriptor
        problem, state = known.problem, _READY
        download = None if descriptor is None else self.downloads.record(descriptor)
        if answer is None and known.asked is not None:
            problem = self._facts.refusal("dataset", known.asked.digest)
        if problem is not None:
            state = "broken"
        elif descriptor is not None and not descriptor.is_complete:
            coming = download is not None and download.running
            state = "downloading" if coming else "not downloaded"
        asked = None if answer is not None else known.asked
        reading = asked is not None and self._facts.is_asking("dataset", asked.digest)
        # As jobs see them, where the description has adapters of its own.
        seen = None if answer is None else answer.get("seen") or answer
        return DatasetRecord(
            name=known.name,
            descriptor=descriptor,
            origin=known.origin,
            state=state,
            reading=reading,
            problem=problem,
            base=None if known.file is None else known.file.base,
            location=self._location(known),
            download=download,
            facts=None if seen is None else DatasetFacts.model_validate(seen),
        )

    def _location(self, known: KnownDataset) -> str | None:
        if known.file is not None and (known.descriptor is None or known.descriptor.stamp):
            return str(known.file.path)
        if known.descriptor is None or not known.descriptor.references:
            return None
        return str(self.file(known.descriptor)) if known.descriptor.is_complete else None
