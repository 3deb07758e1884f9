"""Receiving files sent as the body of a request."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterable
from pathlib import Path
from typing import IO, Any

from jupyter_platform.core.errors import RequestTooLargeError, StoreError
from jupyter_platform.core.units import format_bytes

SPARE_BYTES = 500_000_000
"""Room that an upload leaves on the disk."""
_MERGED_BYTES = 1_000_000
"""Bytes that are gathered before they are written."""


async def receive_file(
    body: AsyncIterable[bytes], file: Path, *, announced: int | None, most: int
) -> tuple[str, int]:
    """Write a body to a file.

    Parameters
    ----------
    body : async iterable of bytes
        What is sent.
    file : Path
        Is made.
    announced : int, optional
        Bytes that the sender says there will be.
    most : int
        Bytes that are accepted; fewer where the disk has less room.

    Returns
    -------
    digest : str
        SHA-256, in hex.
    length : int
        Bytes.

    Raises
    ------
    RequestTooLargeError
        If it does not fit.
    StoreError
        If the file cannot be written.
    """
    room = min(most, shutil.disk_usage(file.parent).free - SPARE_BYTES)
    _check_room(announced or 0, room)
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
