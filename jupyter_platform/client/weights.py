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
from jupyter_platform.core.catalogue import JobWeights
from jupyter_platform.core.errors import NotFoundError, UnavailableError
from jupyter_platform.core.jobs import JobRecord
from jupyter_platform.runtime.blobs import BlobStore

DOWNLOADS = "downloads"
"""Folder in the data folder with weights of coordinators elsewhere, by digest."""


class WeightsReader:
    """The weights of one network that belong to one job, whatever its tag points at meanwhile.

    Parameters
    ----------
    transport : Transport
        The coordinator that keeps them.
    job : JobRecord
        A LEARN, whose weights are those that it made; or a job that took some, which are pinned.
    network : str
        One of the job's networks.
    """

    def __init__(self, transport: Transport, job: JobRecord, network: str) -> None:
        self._transport = transport
        self._job = job
        self._network = network

    def file(self, variant: str | None, path: Path | None) -> Path:
        """Return the path of the safetensors file.

        Parameters
        ----------
        variant : str or None
            Variant of the weights; None: ``"best"`` if kept, else ``"last"``, else the only one.
        path : Path or None
            Folder or file to copy to; None: no copy.

        Returns
        -------
        Path
            Path of the safetensors file; a file of the platform where no copy was made, not to be
            changed.

        Raises
        ------
        NotFoundError
            If the job keeps no such weights.
        """
        found = self._choose(variant)
        source = self._own_file(found) or self._download(found)
        if path is None:
            return source
        name = f"{found.job or self._job.id}-{found.variant}.safetensors"
        target = path / name if path.is_dir() else path
        shutil.copyfile(source, target)
        return target

    def module(self, variant: str | None) -> Any:
        """Return the network as a torch module in evaluation mode."""
        found = self._choose(variant)
        source = self._own_file(found) or self._download(found)
        return build_network(found.description.model_dump(mode="json"), source)

    def _choose(self, variant: str | None) -> JobWeights:
        answer = self._transport.get(f"/api/jobs/{self._job.id}/weights")
        records = [JobWeights.model_validate(item) for item in answer]
        kept = {item.variant: item for item in records if item.network == self._network}
        if not kept:
            raise NotFoundError(
                f"Job {self._job.name!r} ({self._job.id}) has no weights of network "
                f"{self._network!r}; it is {self._job.state}."
            )
        if variant is None:
            # A job that took weights has one set, by any name.
            variant = next((name for name in ("best", "last") if name in kept), next(iter(kept)))
        if variant not in kept:
            raise NotFoundError(
                f"Job {self._job.name!r} ({self._job.id}) keeps no weights {variant!r} of network "
                f"{self._network!r}; it keeps: {', '.join(kept)}."
            )
        return kept[variant]

    def _own_file(self, found: JobWeights) -> Path | None:
        """Return the file that lies beside the coordinator, if it is the very same."""
        if not self._transport.endpoint.local or found.job is None:
            return None
        paths = self._transport.paths
        path = paths.weights / self._network / found.job / f"{found.variant}.safetensors"
        blob = BlobStore(paths.blobs).path(found.digest)
        return path if path.is_file() and blob.is_file() and path.samefile(blob) else None

    def _download(self, found: JobWeights) -> Path:
        folder = self._transport.paths.data / DOWNLOADS
        target = folder / f"{found.digest}.safetensors"
        if target.is_file():
            return target
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        parts = (self._job.id, "weights", self._network, found.variant)
        path = "/api/jobs/" + "/".join(quote(part, safe="") for part in parts)
        digest = hashlib.sha256()
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            try:
                for piece in self._transport.stream(path):
                    digest.update(piece)
                    file.write(piece)
                if digest.hexdigest() != found.digest:
                    raise UnavailableError(
                        f"The weights {found.variant} of {self._network} arrived damaged; try "
                        "again."
                    )
            except BaseException:
                os.unlink(file.name)
                raise
        os.replace(file.name, target)
        return target
