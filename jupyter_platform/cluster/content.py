"""Content-addressed files that a host has, or can reach without copying."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Iterable
from pathlib import Path

from jupyter_platform.core.datasets import BUNDLED, SHA256, bundled_file
from jupyter_platform.core.errors import HostError, InvalidRequestError
from jupyter_platform.core.runs import JobRun, RunSpec
from jupyter_platform.runtime.blobs import BlobStore

KEPT_FOR_S = 600.0
"""Seconds from the last use in which a file stays: who asked for it may not have opened it yet."""
PARTIAL_FOR_S = 86_400.0
"""Seconds that a file may take to arrive."""
SENT = (BUNDLED, SHA256)
"""References whose files the platform brings to a host."""


class HostContent:
    """The files behind ``bundled:<name>`` and ``sha256:<hex>`` on one host.

    Parameters
    ----------
    own : Path
        Blob folder of the host; grown by `put`.
    shared : Path
        Blob folder of the coordinator. Where this machine can read it, nothing is copied.
    """

    def __init__(self, own: Path, shared: Path) -> None:
        self._own = BlobStore(own)
        self._shared = BlobStore(shared)
        self.size = 0
        """Bytes of the host's own files, as `tidy` last found them."""

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Return the missing digests (hexadecimal, with or without ``sha256:``)."""
        return [digest for digest in digests if self._find(_hex(digest)) is None]

    def put(self, digest: str, offset: int, data: bytes, *, last: bool) -> None:
        """Take a piece of a file; the whole is verified when the last one has come.

        Parameters
        ----------
        digest : str
            SHA-256 of the whole file.
        offset : int
            Bytes that came before.
        data : bytes
            The piece.
        last : bool
            Whether it is the last one.

        Raises
        ------
        PlatformError
            If the piece does not continue what came before, or the content does not fit.
        """
        plain = _hex(digest)
        if self._find(plain) is not None:
            return
        partial = self._own.open_partial(plain)
        partial.append(offset, data)
        if last:
            partial.finish()

    def resolve(self, references: Iterable[str], *, keep: bool = True) -> dict[str, str]:
        """Return the absolute path of each reference.

        Parameters
        ----------
        keep : bool
            Whether the files must stay when the coordinator forgets them, as a run needs it.

        Raises
        ------
        HostError
            If one of them is not on this host.
        """
        return {reference: str(self._resolve(reference, keep)) for reference in references}

    def _resolve(self, reference: str, keep: bool) -> Path:
        if reference.startswith(BUNDLED):
            path = bundled_file(reference.removeprefix(BUNDLED))
        elif reference.startswith(SHA256):
            digest = _hex(reference)
            path = (self._keep(digest) if keep else self._find(digest)) or Path()
        else:
            raise InvalidRequestError(
                f"File {reference!r} is not known; 'bundled:<name>' or 'sha256:<hex>' is accepted."
            )
        if path.is_relative_to(self._own.root):
            _note_use(path)
        if not path.is_file():
            raise HostError(f"File {reference} is not on this host; it has to be sent first.")
        return path

    def _find(self, digest: str) -> Path | None:
        for store in (self._own, self._shared):
            if store.has(digest):
                return store.path(digest)
        return None

    def _keep(self, digest: str) -> Path | None:
        """Return a file by a link of our own; across file systems the shared path itself serves."""
        found = self._find(digest)
        own = self._own.path(digest)
        if found is None or found == own:
            return found
        with contextlib.suppress(OSError):
            own.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.link(found, own)
            return own
        return own if own.is_file() else found

    def tidy(self, limit: int, in_use: Collection[str]) -> None:
        """Remove the files that were not used for longest, until the rest keeps to a limit.

        Parameters
        ----------
        limit : int
            Bytes of all files together.
        in_use : collection of str
            Paths to keep in any case, like recently used files.
        """
        found: list[tuple[float, int, Path]] = []
        for path in self._own.root.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                found.append((status.st_atime, status.st_size, path))
        self.size = sum(size for _, size, _ in found)
        lately = time.time() - KEPT_FOR_S
        for used, size, path in sorted(found):
            is_partial = path.parent.name.startswith(".")
            too_old = is_partial and used < time.time() - PARTIAL_FOR_S
            if self.size <= limit and not too_old:
                continue
            if used < lately and str(path) not in in_use and (too_old or not is_partial):
                path.unlink(missing_ok=True)
                self.size -= size


def references_of(spec: RunSpec) -> list[str]:
    """Return every file that a run needs, as it is referred to in its spec."""
    found = [] if spec.job is None else _references_of_job(spec.job)
    if spec.deployment is not None and spec.deployment.weights is not None:
        found.append(spec.deployment.weights)
    found.extend(spec.contents)
    if spec.resume is not None:
        found.extend(spec.resume.files.values())
    return list(dict.fromkeys(found))


def _references_of_job(job: JobRun) -> list[str]:
    found = [network.weights for network in job.networks if network.weights is not None]
    if job.dataset is not None:
        # What is referred to by path is read where it lies, by the process itself.
        found.extend(item for item in job.dataset.references if item.startswith(SENT))
    if job.code is not None:
        found.append(job.code)
    return found


def _note_use(path: Path) -> None:
    """Mark a file as used now; what reading alone does depends on how a disk is mounted."""
    with contextlib.suppress(OSError):
        os.utime(path, (time.time(), path.stat().st_mtime))


def _hex(digest: str) -> str:
    return digest.removeprefix(SHA256)
