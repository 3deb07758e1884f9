"""Weights that a job stored, as a file and as a torch module."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_platform.client.loading import build_network
from jupyter_platform.client.transport import Transport
from jupyter_platform.core.catalogue import NetworkRecord, TagRecord, TagVariant
from jupyter_platform.core.errors import NotFoundError, UnavailableError
from jupyter_platform.core.jobs import JobRecord

DOWNLOADS = "downloads"
"""Folder in the data folder with weights of coordinators elsewhere, by digest."""


class WeightsReader:
    """The weights of one network under the tag of one job.

    Parameters
    ----------
    transport : Transport
        The coordinator that keeps them.
    job : JobRecord
        A job with a tag: ``<tag>``, or ``<tag>/<variant>``.
    network : str
        One of the job's networks.
    """

    def __init__(self, transport: Transport, job: JobRecord, network: str) -> None:
        self._transport = transport
        self._job = job
        self._network = network
        self._tag, _, self._variant = (job.tag or "").partition("/")

    def file(self, variant: str | None, path: Path | None) -> Path:
        """Return the safetensors file, copied to `path` when that is given."""
        found = self._choose(self._record()[1], variant)
        source = self._own_file(found) or self._download(found)
        if path is None:
            return source
        target = path / f"{self._tag}-{found.variant}.safetensors" if path.is_dir() else path
        shutil.copyfile(source, target)
        return target

    def module(self, variant: str | None) -> Any:
        """Return the network as a torch module in evaluation mode."""
        record, tag = self._record()
        found = self._choose(tag, variant)
        source = self._own_file(found) or self._download(found)
        description = record.description.model_dump(mode="json")
        return build_network(description, source)

    def _record(self) -> tuple[NetworkRecord, TagRecord]:
        path = f"/api/networks/{quote(self._network, safe='')}"
        record = NetworkRecord.model_validate(self._transport.get(path))
        for tag in record.tags:
            if tag.tag == self._tag:
                return record, tag
        raise NotFoundError(
            f"Network {self._network!r} has no weights under the tag {self._tag!r} yet; job "
            f"{self._job.name!r} ({self._job.id}) is {self._job.state}."
        )

    def _choose(self, tag: TagRecord, variant: str | None) -> TagVariant:
        kept = {item.variant: item for item in tag.variants}
        for name in (variant,) if variant else (self._variant, "best", "last"):
            if name in kept:
                return kept[name]
        raise NotFoundError(
            f"Tag {self._tag!r} of network {self._network!r} keeps no weights "
            f"{variant or 'best or last'!r}; it keeps: {', '.join(kept) or 'none'}."
        )

    def _own_file(self, found: TagVariant) -> Path | None:
        if not self._transport.endpoint.local:
            return None
        folder = self._transport.paths.weights / self._network / self._tag
        path = folder / f"{found.variant}.safetensors"
        return path if path.is_file() and path.stat().st_size == found.bytes else None

    def _download(self, found: TagVariant) -> Path:
        folder = self._transport.paths.data / DOWNLOADS
        target = folder / f"{found.digest}.safetensors"
        if target.is_file():
            return target
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        parts = (self._network, "weights", self._tag, found.variant)
        path = "/api/networks/" + "/".join(quote(part, safe="") for part in parts)
        digest = hashlib.sha256()
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            try:
                for piece in self._transport.stream(path):
                    digest.update(piece)
                    file.write(piece)
                if digest.hexdigest() != found.digest:
                    raise UnavailableError(
                        f"The weights {self._tag}/{found.variant} of {self._network} arrived "
                        "damaged; try again."
                    )
            except BaseException:
                os.unlink(file.name)
                raise
        os.replace(file.name, target)
        return target
