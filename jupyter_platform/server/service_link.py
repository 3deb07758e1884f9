"""Connections from the Jupyter server to services of deployments."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from pathlib import Path

from tornado.websocket import WebSocketClientConnection, WebSocketClosedError

from jupyter_platform.core.deployments import ServiceWay
from jupyter_platform.core.errors import HostError
from jupyter_platform.runtime.service_sockets import ServiceAddress
from jupyter_platform.runtime.streams import PIECE, Connection, ServiceClient, open_address
from jupyter_platform.server.coordinator_link import CoordinatorLink

WAY_S = 2.0
"""Seconds for which the coordinator's answer about a service is used again."""


class ServiceLink:
    """Finds services through the coordinator, and reaches them at their socket or through it.

    Parameters
    ----------
    link : CoordinatorLink
        The way to the coordinator.
    """

    def __init__(self, link: CoordinatorLink) -> None:
        self._link = link
        self._ways: dict[tuple[str, ...], tuple[float, ServiceWay]] = {}
        self._named: dict[str, tuple[ServiceWay, Mapping[str, str]]] = {}
        self.client = ServiceClient(self._open_named)

    async def way(self, deployment: str, service: str, user: Mapping[str, str]) -> ServiceWay:
        """Return how a service is reached; asking counts as its use.

        Parameters
        ----------
        deployment, service : str
            Id of the deployment, and name of the service.
        user : mapping
            Headers that say for whom it is asked.

        Raises
        ------
        PlatformError
            If it belongs to somebody else, does not run, or nothing answers.
        """
        key = (deployment, service, *user.values())
        known = self._ways.get(key)
        if known is not None and time.monotonic() - known[0] < WAY_S:
            return known[1]
        answer = await self._link.get(f"/api/deployments/{deployment}/ways/{service}", user)
        way = ServiceWay.model_validate(answer)
        now = time.monotonic()
        self._ways = {k: v for k, v in self._ways.items() if now - v[0] < WAY_S}
        self._ways[key] = (now, way)
        return way

    def name(self, way: ServiceWay, user: Mapping[str, str]) -> str:
        """Return the name by which `client` reaches a service in its present life."""
        name = f"{way.service}.{way.deployment}.{way.attempt}"
        self._named[name] = (way, user)
        return name

    async def open(self, way: ServiceWay, user: Mapping[str, str]) -> Connection:
        """Return a connection to a service.

        Raises
        ------
        HostError
            If it takes none.
        """
        endpoint = await self._link.endpoint()
        is_here = way.socket is not None or way.port is not None
        if endpoint.local and is_here:
            address = ServiceAddress(None if way.socket is None else Path(way.socket), way.port)
            try:
                return await open_address(address)
            except OSError as error:
                raise HostError(
                    f"Service {way.service} of deployment {way.deployment} takes no connection "
                    f"({error.strerror})."
                ) from error
        path = f"/api/deployments/{way.deployment}/tunnel/{way.service}"
        return tunnelled(await self._link.socket(path, user))

    async def close(self) -> None:
        """Close all connections that are kept."""
        await self.client.close()

    async def _open_named(self, name: str) -> Connection:
        return await self.open(*self._named[name])


class _TunnelTransport(asyncio.Transport):
    """The sending side of a websocket, as a stream writer takes it."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        super().__init__()
        self._socket = socket

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes as one message."""
        with contextlib.suppress(WebSocketClosedError):
            self._socket.write_message(bytes(data), binary=True)

    def is_closing(self) -> bool:
        """Return whether the websocket is gone."""
        return self._socket.protocol is None

    def can_write_eof(self) -> bool:
        """Return False: a websocket ends both ways at once."""
        return False

    def close(self) -> None:
        """Close the websocket."""
        self._socket.close()


def tunnelled(socket: WebSocketClientConnection) -> Connection:
    """Return the bytes of a websocket as a connection."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2 * PIECE)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport = _TunnelTransport(socket)
    protocol.connection_made(transport)
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)

    async def pump() -> None:
        try:
            while (message := await socket.read_message()) is not None:
                reader.feed_data(message if isinstance(message, bytes) else message.encode())
        finally:
            reader.feed_eof()
            protocol.connection_lost(None)

    task = loop.create_task(pump(), name="tunnel")
    _PUMPS.add(task)
    task.add_done_callback(_PUMPS.discard)
    return reader, writer


_PUMPS: set[asyncio.Task[None]] = set()
"""Tasks that run, so that none is collected meanwhile."""
