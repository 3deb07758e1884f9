"""Networks that people bring, and take with them."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import zipfile
from collections.abc import AsyncIterable, Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from jupyter_platform.coordinator.reading.reader import Reader
from jupyter_platform.coordinator.repository.networks.conversion import Converter
from jupyter_platform.coordinator.repository.networks.description_check import check_description
from jupyter_platform.coordinator.repository.networks.readme import readme
from jupyter_platform.coordinator.repository.networks.repository import NetworkRepository
from jupyter_platform.coordinator.repository.networks.tag_names import check_tag
from jupyter_platform.coordinator.repository.networks.tags import TagRepository
from jupyter_platform.coordinator.transfers.receiving import receive_file
from jupyter_platform.coordinator.transfers.zipping import file_pieces, stream_zip
from jupyter_platform.core.catalogue import (
    NetworkImport,
    NetworkRecord,
    TagOrigin,
    TagRecord,
    named_tags,
)
from jupyter_platform.core.errors import (
    ConflictError,
    InvalidDataError,
    NotFoundError,
    unknown_name,
)
from jupyter_platform.core.exchange import (
    ACCEPTED_FILES,
    ExportRequest,
    ImportAnswer,
    ImportKind,
    ImportRequest,
    WeightsFile,
)
from jupyter_platform.core.networks import (
    NAME_PATTERN,
    NetworkDescription,
)
from jupyter_platform.runtime.paths import Paths

MAX_BYTES = 50 * 10**9
_SMALL_BYTES = 2_000_000
"""Bytes of JSON that are read without a process of their own."""
SHAPE_PATTERN = r"^\d+(,\d+)*$"


class NetworkUpload(BaseModel):
    """Query parameters of a request to import a network."""

    model_config = ConfigDict(extra="forbid")

    kind: ImportKind | None = Field(
        default=None, description="Kind of the file; told from its content when absent."
    )
    file_name: str = Field(default="", max_length=300, description="Name of the file.")
    name: str | None = Field(
        default=None, pattern=NAME_PATTERN, description="Name in the repository."
    )
    network: str | None = Field(
        default=None, description="The network that bare weights belong to."
    )
    tag: str | None = Field(default=None, description="For weights that come without one.")
    input_shape: str | None = Field(
        default=None, pattern=SHAPE_PATTERN, description="Shape of one sample: ``1,28,28``."
    )
    outputs: int | None = Field(default=None, ge=1, description="Number of outputs.")
    output: str | None = Field(
        default=None, max_length=100, description="Which of several outputs is kept."
    )
    replace: bool = Field(
        default=False, description="Replace an added network or tags of the same name."
    )
    code: bool = Field(
        default=False, description="Python source in the file may be run: you trust it."
    )


class NetworkExchange:
    """Imports and exports."""

    def __init__(
        self, paths: Paths, networks: NetworkRepository, tags: TagRepository, reader: Reader
    ) -> None:
        self._incoming = paths.blobs
        self._networks = networks
        self._tags = tags
        self._reader = reader
        self._converter = Converter()

    async def bring(
        self, body: AsyncIterable[bytes], upload: NetworkUpload, size: int | None = None
    ) -> NetworkImport:
        """Take a file over; nothing stays of one that cannot be used.

        Parameters
        ----------
        body : async iterable of bytes
            An archive, DIANNE's ``modules.txt`` alone or zipped with weights, a description as
            JSON, an ONNX file, weights as safetensors, or a Python file with one class of
            `torch.nn.Module`, which is run where `code` says that it may be.
        size : int, optional
            Bytes that the sender announced.

        Raises
        ------
        InvalidDataError
            If it cannot be used; what is wrong with it is named.
        ConflictError
            If there is such a network or tag, and it may not be replaced.
        NotFoundError
            If there is no network of the name that weights are for.
        """
        if upload.tag is not None:
            check_tag(upload.tag)
        await self._networks.refresh()
        network = None if upload.network is None else self._networks.get(upload.network)
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=self._incoming) as folder:
            file, made = Path(folder) / "file", Path(folder) / "made"
            made.mkdir()
            _, length = await receive_file(body, file, announced=size, most=MAX_BYTES)
            if length == 0:
                raise InvalidDataError(f"The file is empty; accepted: {ACCEPTED_FILES}.")
            request = _request(file, made, upload, network)
            answer = await self._reader.ask(
                "import",
                upload.file_name or "The file",
                request=request.model_dump(mode="json"),
            )
            if answer is None:
                answer = await self._converter.convert(request)
            return await self._keep(ImportAnswer.model_validate(answer), upload)

    async def archive(
        self, name: str, tags: Sequence[str] | None = None
    ) -> tuple[NetworkRecord, Iterator[bytes]]:
        """Return a network and weights as a zip file, in pieces.

        Parameters
        ----------
        tags : sequence of str, optional
            Which; all when absent.

        Raises
        ------
        NotFoundError
            If there is no such network or tag.
        """
        record = await self._networks.record(name)
        known = {item.tag: item for item in record.tags}
        every = named_tags(record.tags)
        for tag in tags or ():
            if tag not in known:
                error = unknown_name("tag", tag, known)
                raise NotFoundError(error.message, errors=[error])
        chosen = every if tags is None else [item for item in record.tags if item.tag in tags]
        chosen = [item for item in chosen if item.network_digest == record.description.digest]
        members = self._members(record, chosen)
        return record, stream_zip(members, zipfile.ZIP_STORED)

    async def onnx(
        self, name: str, tag: str | None = None, input_shape: Sequence[int] | None = None
    ) -> tuple[Path, str]:
        """Write a network and weights as an ONNX file.

        Parameters
        ----------
        tag : str, optional
            ``<tag>[/<variant>]``; the newest tag and its best weights when absent.
        input_shape : sequence of int, optional
            Shape of one sample, where neither network nor weights say.

        Returns
        -------
        file : Path
            In a folder of its own, which the caller removes.
        name : str
            What it should be called.

        Raises
        ------
        NotFoundError
            If there is no such network or tag.
        ConflictError
            If the weights belong to an earlier description of the network.
        InvalidDataError
            If a layer has no ONNX form; it is named.
        """
        await self._networks.refresh()
        description = self._networks.get(name)
        found = await self._tags.resolve(name, tag)
        check_description(description, found.record, "name another tag")
        folder = Path(tempfile.mkdtemp(prefix=".outgoing-", dir=self._incoming))
        target = folder / "network.onnx"
        request = ExportRequest(
            description=description,
            weights=str(self._tags.path(found.variant)),
            target=str(target),
            input_shape=None if input_shape is None else tuple(input_shape),
        )
        try:
            await self._converter.convert(request)
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, folder)
            raise
        return target, f"{name}-{found.record.tag}-{found.variant.variant}.onnx"

    def _members(
        self, record: NetworkRecord, tags: Sequence[TagRecord]
    ) -> Iterator[tuple[str, Iterable[bytes]]]:
        description = record.description.model_dump_json(indent=2, exclude_unset=True)
        yield "network.json", [description.encode()]
        yield "README.md", [readme(record, tags).encode()]
        for tag in tags:
            folder = f"weights/{tag.tag}"
            yield f"{folder}/tag.json", [tag.model_dump_json(indent=2).encode()]
            for variant in tag.variants:
                content = file_pieces(self._tags.path(variant))
                yield f"{folder}/{variant.variant}.safetensors", content

    async def _keep(self, answer: ImportAnswer, upload: NetworkUpload) -> NetworkImport:
        description = answer.description
        name = description.name
        known = self._networks.find(name)
        is_new = known is None or known.digest != description.digest
        if known is not None and is_new and not upload.replace:
            raise ConflictError(
                f"There is another network {name!r} already; choose another name, or set replace."
            )
        await self._refuse_known_tags(name, answer.weights, upload)
        if is_new or (upload.replace and answer.kind != "safetensors"):
            await self._networks.put(name, description, code=upload.code, replace=upload.replace)
        for item in answer.weights:
            await self._store(name, description, item, upload)
        return NetworkImport(
            kind=answer.kind,
            network=await self._networks.record(name),
            tags=list(dict.fromkeys(item.tag for item in answer.weights)),
            warnings=answer.warnings,
        )

    async def _refuse_known_tags(
        self, name: str, weights: Sequence[WeightsFile], upload: NetworkUpload
    ) -> None:
        there = {item.tag: item for item in await self._tags.records(name)}
        for tag in sorted(there.keys() & {item.tag for item in weights}):
            if there[tag].is_own:
                raise ConflictError(
                    f"{tag} is the id of a job that made weights of network {name!r}, which never "
                    "change; choose another tag, or another name for the network."
                )
            if not upload.replace:
                raise ConflictError(
                    f"Network {name!r} has weights under the tag {tag!r} already; choose another "
                    "name or tag, or set replace."
                )
            await self._tags.delete(name, tag)

    async def _store(
        self, name: str, description: NetworkDescription, item: WeightsFile, upload: NetworkUpload
    ) -> None:
        source = upload.file_name or "an upload"
        by_job = f", job {item.job}" if item.job else ""
        origin = item.origin.model_copy(update={"source": f"{source}{by_job}"})
        await self._tags.store(
            network=name,
            network_digest=description.digest,
            tag=item.tag,
            variant=item.variant,
            file=Path(item.file),
            step=item.step,
            scores=item.scores,
            job=None,
            dataset=item.dataset,
            input_shape=item.input_shape,
            outputs=item.outputs,
            origin=TagOrigin.model_validate(origin),
        )


def _request(
    file: Path, made: Path, upload: NetworkUpload, network: NetworkDescription | None
) -> ImportRequest:
    if upload.kind == "safetensors" and network is None:
        raise InvalidDataError("Weights alone belong to a network; name it (network).")
    shape = upload.input_shape
    return ImportRequest(
        file=str(file),
        folder=str(made),
        file_name=upload.file_name,
        kind=upload.kind,
        name=upload.name,
        tag=upload.tag,
        input_shape=None if shape is None else parse_shape(shape),
        outputs=upload.outputs,
        output=upload.output,
        network=network,
        code=upload.code,
    )


def parse_shape(text: str) -> tuple[int, ...]:
    """Return the sizes of a shape that matches `SHAPE_PATTERN`."""
    return tuple(int(part) for part in text.split(","))
