"""Bytes between two connections, and HTTP over a connection that somebody else opens."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import httpcore

from jupyter_platform.runtime.service_sockets import ServiceAddress

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
PIECE = 2**16
"""Bytes that are handed on at a time."""
FAULTS = (
    OSError,
    ssl.SSLError,
    TimeoutError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
)
"""Errors of a service that is gone, slow, or speaks no HTTP."""
_KEPT_S = 20.0


async def open_address(address: ServiceAddress) -> Connection:
    """Connect to a service on this machine."""
    if address.socket is not None:
        return await asyncio.open_unix_connection(str(address.socket))
    return await asyncio.open_connection("127.0.0.1", address.port)


async def bridge(one: Connection, other: Connection) -> None:
    """Hand bytes on in both directions until both have ended, and close `other`.

    Parameters
    ----------
    one : Connection
        A connection.
    other : Connection
        Another one.
    """
    (reader, writer), (far_reader, far_writer) = one, other
    ways = [
        asyncio.create_task(_hand_on(reader, far_writer)),
        asyncio.create_task(_hand_on(far_reader, writer)),
    ]
    try:
        await asyncio.gather(*ways)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        far_writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await far_writer.wait_closed()


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(PIECE):
        writer.write(piece)
        await writer.drain()
    if writer.can_write_eof():
        with contextlib.suppress(OSError):
            writer.write_eof()
    else:
        # TLS has no half-closed connections: the end of one way is that of both.
        writer.close()


class _Stream(httpcore.AsyncNetworkStream):
    """A connection, as httpcore takes it."""

    def __init__(self, connection: Connection) -> None:
        self._reader, self._writer = connection

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore calls it
    ) -> bytes:
        """Return bytes as they come; none at the end."""
        try:
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore calls it
    ) -> None:
        """Send bytes."""
        try:
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        """Close the connection."""
        self._writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await self._writer.wait_closed()

    def get_extra_info(self, info: str) -> Any:
        """Return whether an idle connection has been closed by the other side."""
        return self._reader.at_eof() if info == "is_readable" else None


class _Network(httpcore.AsyncNetworkBackend):
    """Opens connections by the host name of a URL, which is that of a service."""

    def __init__(self, open_connection: Callable[[str], Awaitable[Connection]]) -> None:
        self._open = open_connection

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore calls it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Open a connection to a service."""
        return _Stream(await self._open(host))

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class ServiceClient:
    """HTTP to services whose connections are opened by a function.

    Parameters
    ----------
    open_connection : coroutine function
        Opens a connection by the name of a service.
    """

    def __init__(self, open_connection: Callable[[str], Awaitable[Connection]]) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            network_backend=_Network(open_connection),
            max_connections=200,
            max_keepalive_connections=40,
            keepalive_expiry=_KEPT_S,
            retries=0,
        )

    async def send(
        self,
        name: str,
        method: str,
        target: bytes,
        headers: list[tuple[bytes, bytes]],
        body: AsyncIterator[bytes] | bytes | None = None,
        *,
        timeout_s: float | None = None,
    ) -> httpcore.Response:
        """Send a request; its answer is still to be read, and to be closed.

        Parameters
        ----------
        name : str
            Of the service, in lower-case letters that a host name may have.
        method : str
            Of the request.
        target : bytes
            Path and query, as they are sent.
        headers : list of pairs
            As they are sent, ``Host`` among them.
        body : bytes or async iterator of bytes, optional
            Streamed.
        timeout_s : float, optional
            Seconds to wait for each piece of the answer; None waits for ever.

        Raises
        ------
        httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError
            `FAULTS`, and those of `open_connection`.
        """
        url = httpcore.URL(scheme=b"http", host=name.encode(), port=None, target=target)
        limits = {"read": timeout_s, "write": timeout_s, "connect": timeout_s, "pool": timeout_s}
        request = httpcore.Request(
            method.encode(), url, headers=headers, content=body, extensions={"timeout": limits}
        )
        return await self._pool.handle_async_request(request)

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()
