"""Sending a host the files that it lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from jupyter_platform.coordinator.hosts.links import Link
from jupyter_platform.core.errors import HostError
from jupyter_platform.runtime.blobs import BlobStore

PIECE = 4_000_000
"""Bytes of one message."""
SEND_TIMEOUT_S = 30.0
SHA256 = "sha256:"


async def send_missing(link: Link, blobs: BlobStore, references: Iterable[str]) -> None:
    """Send those of some content-addressed files that a host does not have.

    Parameters
    ----------
    references : iterable of str
        ``sha256:<hex>``; others, which ship with the package, are passed over.

    Raises
    ------
    HostError
        If the host does not take them, or a file is not here.
    """
    digests = [item.removeprefix(SHA256) for item in references if item.startswith(SHA256)]
    if not digests:
        return
    answer, _ = await link.call("has", {"digests": digests}, timeout_s=SEND_TIMEOUT_S)
    for digest in answer["missing"]:
        digest = str(digest).removeprefix(SHA256)
        if not blobs.has(digest):
            raise HostError(f"File {SHA256}{digest} is gone from the coordinator.")
        await _send(link, digest, blobs.path(digest))


async def _send(link: Link, digest: str, path: Path) -> None:
    size, offset = (await asyncio.to_thread(path.stat)).st_size, 0
    while True:
        data = await asyncio.to_thread(_read, path, offset)
        last = offset + len(data) >= size
        payload = {"digest": digest, "offset": offset, "last": last}
        await link.call("put", payload, data, timeout_s=SEND_TIMEOUT_S)
        offset += len(data)
        if last:
            return


def _read(path: Path, offset: int) -> bytes:
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(PIECE)
