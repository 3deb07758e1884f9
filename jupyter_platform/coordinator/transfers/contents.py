"""Files that jobs are submitted with: scripts, notebooks, and values of cells."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterable
from pathlib import Path

from jupyter_platform.coordinator.transfers.receiving import receive_file
from jupyter_platform.core.jobs import ContentRecord
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.paths import Paths

MAX_BYTES = 50 * 10**9


class Contents:
    """Keeps files by their digest."""

    def __init__(self, paths: Paths, blobs: BlobStore) -> None:
        self._folder = paths.blobs
        self._blobs = blobs

    async def put(self, body: AsyncIterable[bytes], size: int | None) -> ContentRecord:
        """Keep a file and return its reference.

        Parameters
        ----------
        body : async iterable of bytes
            What is sent.
        size : int, optional
            Bytes that the sender says there will be.

        Raises
        ------
        RequestTooLargeError
            If it does not fit.
        StoreError
            If it cannot be written.
        """
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=self._folder) as folder:
            file = Path(folder) / "content"
            _, length = await receive_file(body, file, announced=size, most=MAX_BYTES)
            digest = await asyncio.to_thread(self._blobs.put_file, file, link=True)
        return ContentRecord(content=f"sha256:{digest}", bytes=length)
