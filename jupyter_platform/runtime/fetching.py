"""Fetching one public file over HTTP: resumable, verified."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import IO

from jupyter_platform.core.errors import StoreError, UnavailableError
from jupyter_platform.runtime.blobs import digest_file
from jupyter_platform.runtime.web_client import (
    PROXY_FAULTS,
    httpx,
    is_this_machine,
    proxy_problem,
)

TRIES = 4
"""Tries in a row that bring nothing before an address is given up."""
BACK_OFF_S = 0.5
"""Pause before the second try; it doubles."""
SILENCE_S = 30.0
"""Seconds without a byte after which a connection is given up."""
PIECE = 1_000_000
"""Bytes that are written at once."""

OnBytes = Callable[[int], None]
"""Called with the bytes of the file that are here."""


class _TryAgainError(Exception):
    """Not the whole file has come; what is here may be built upon."""


class _OtherAddressError(Exception):
    """An address does not have the file."""


class _DamagedError(_OtherAddressError):
    """The downloaded file is not the expected one."""


async def fetch(
    addresses: Sequence[str], size: int, sha256: str, part: Path, on_bytes: OnBytes
) -> None:
    """Fetch a file; what is here already is not asked for again.

    Parameters
    ----------
    addresses : sequence of str
        Where it may be had; each is asked in turn.
    size, sha256
        What the file must be.
    part : Path
        Where it is gathered, and lies in the end. It stays when something goes wrong on the way,
        for the next try.
    on_bytes : callable
        Is told how far it has come.

    Raises
    ------
    UnavailableError
        If no address has it; each is named with what was wrong.
    StoreError
        If it cannot be written.
    """
    reasons: list[str] = []
    for address in addresses:
        try:
            async with _new_client(address) as client:
                await _fetch_whole(client, address, size, sha256, part, on_bytes)
        except _OtherAddressError as error:
            reasons.append(f"{address} {error}")
        else:
            return
    raise UnavailableError(f"It cannot be downloaded: {'; '.join(reasons)}.")


def _new_client(address: str) -> httpx.AsyncClient:
    """Return a client for one address; mirrors on this machine are asked without a proxy."""
    try:
        return httpx.AsyncClient(
            follow_redirects=True,
            timeout=httpx.Timeout(SILENCE_S),
            trust_env=not is_this_machine(address),
        )
    except PROXY_FAULTS as error:
        problem = proxy_problem(address, error).rstrip(".")
        raise _OtherAddressError(f"cannot be asked: {problem}") from error


async def _fetch_whole(
    client: httpx.AsyncClient,
    address: str,
    size: int,
    sha256: str,
    part: Path,
    on_bytes: OnBytes,
) -> None:
    """Fetch from one address and verify; from the beginning where an earlier part was bad."""
    has_part = _length(part) > 0
    await _fetch_from(client, address, size, part, on_bytes)
    try:
        await asyncio.to_thread(_verify, part, sha256)
    except _DamagedError:
        if not has_part:
            raise
        await _fetch_from(client, address, size, part, on_bytes)
        await asyncio.to_thread(_verify, part, sha256)


async def _fetch_from(
    client: httpx.AsyncClient, address: str, size: int, part: Path, on_bytes: OnBytes
) -> None:
    """Fetch from one address, going on where a connection broke."""
    tries = 0
    while (before := _length(part)) < size:
        try:
            await _try(client, address, size, part, on_bytes)
        except (httpx.HTTPError, _TryAgainError) as error:
            tries = 0 if _length(part) > before else tries + 1
            if tries >= TRIES or isinstance(error, httpx.UnsupportedProtocol):
                raise _OtherAddressError(_reason(error)) from error
            await asyncio.sleep(BACK_OFF_S * 2 ** max(tries - 1, 0))
        except httpx.InvalidURL as error:
            raise _OtherAddressError(f"is no address: {error}") from error
    on_bytes(size)


async def _try(
    client: httpx.AsyncClient, address: str, size: int, part: Path, on_bytes: OnBytes
) -> None:
    have = _length(part)
    # Bytes are wanted as they are stored: some servers would unpack, others pack.
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    async with client.stream("GET", address, headers=headers) as response:
        start = _start(response, have, size)
        on_bytes(start)
        with await asyncio.to_thread(_opened, part, start) as file:
            async for piece in _pieces(response):
                have = start + len(piece)
                if have > size:
                    raise _OtherAddressError(f"sends more than {size:,} bytes")
                await asyncio.to_thread(_append, file, piece)
                start = have
                on_bytes(have)
    if start < size:
        raise _TryAgainError(f"ended after {start:,} of {size:,} bytes")


def _start(response: httpx.Response, have: int, size: int) -> int:
    """Return at which byte the answer begins."""
    status = response.status_code
    if status == httpx.codes.PARTIAL_CONTENT:
        match = re.match(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != have or match[2] not in (str(size), "*"):
            raise _OtherAddressError(f"has another file (wanted are {size:,} bytes)")
        return have
    if status == httpx.codes.OK:
        length = response.headers.get("Content-Length")
        if length is not None and int(length) != size:
            raise _OtherAddressError(f"has {int(length):,} bytes, {size:,} are wanted")
        return 0
    text = f"answered {status} {response.reason_phrase}".rstrip()
    if status >= 500 or status in (httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS):
        raise _TryAgainError(text)
    raise _OtherAddressError(text)


async def _pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield what comes, gathered; what came before a connection broke is not lost."""
    pending = bytearray()
    try:
        async for chunk in response.aiter_raw():
            pending += chunk
            if len(pending) >= PIECE:
                yield bytes(pending)
                pending.clear()
    except httpx.HTTPError:
        if pending:
            yield bytes(pending)
        raise
    if pending:
        yield bytes(pending)


def _verify(part: Path, sha256: str) -> None:
    found = digest_file(part)
    if found != sha256:
        part.unlink()
        raise _DamagedError(f"has a file of SHA-256 {found}, {sha256} is wanted")


def _length(part: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return part.stat().st_size
    return 0


def _opened(part: Path, start: int) -> IO[bytes]:
    try:
        file = part.open("r+b" if start else "wb")
        file.seek(start)
        file.truncate()
    except OSError as error:
        raise _unwritable(error) from error
    return file


def _append(file: IO[bytes], data: bytes) -> None:
    try:
        file.write(data)
        file.flush()
    except OSError as error:
        raise _unwritable(error) from error


def _unwritable(error: OSError) -> StoreError:
    return StoreError(f"The file cannot be stored: {os.strerror(error.errno or 0)}.")


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.ConnectTimeout | httpx.ReadTimeout | httpx.WriteTimeout):
        return f"did not answer within {SILENCE_S:g} s"
    if isinstance(error, httpx.ConnectError):
        return f"cannot be reached ({error})"
    text = str(error) or type(error).__name__
    return text if isinstance(error, _TryAgainError) else f"broke off ({text})"
