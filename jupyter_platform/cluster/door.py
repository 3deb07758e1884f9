"""The door of a host: the one entrance through which services of deployments are reached.

A TLS server that asks for a certificate of the cluster's own authority. The first line says which
service is wanted; from the answer on, bytes are handed on in both directions as they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import ssl
from pathlib import Path

from jupyter_platform.cluster.tls import NAMES
from jupyter_platform.core.errors import HostError
from jupyter_platform.runtime.service_sockets import service_address
from jupyter_platform.runtime.streams import Connection, bridge, open_address

logger = logging.getLogger(__name__)

GREETING_S = 10.0
"""Seconds in which a caller must say where it wants to go."""
CONNECT_S = 5.0
_LINE = 500
_NAME = re.compile(r"[0-9a-f]{12}/(api|ide|monitor|ui|custom)")


def server_context(tls: Path) -> ssl.SSLContext:
    """Return the TLS of a door, which only who holds the cluster's certificate passes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _take_credentials(context, tls)
    return context


def client_context(tls: Path) -> ssl.SSLContext:
    """Return the TLS of who goes to a door."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The certificate names no host; nothing but the cluster's key can have it.
    context.check_hostname = False
    _take_credentials(context, tls)
    return context


def _take_credentials(context: ssl.SSLContext, tls: Path) -> None:
    authority, certificate, key = (str(tls / name) for name in NAMES)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(authority)
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED


class Door:
    """Hands connections on to the services of a host.

    Parameters
    ----------
    sockets : Path
        Folder of the host's sockets.
    tls : Path
        Folder of the cluster's certificates.
    """

    def __init__(self, sockets: Path, tls: Path) -> None:
        self._sockets = sockets
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._callers: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int | None:
        """Port that it listens on; None while it does not."""
        if self._server is None or not self._server.sockets:
            return None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def open(self, address: str) -> None:
        """Listen at an address, on any free port."""
        context = await asyncio.to_thread(server_context, self._tls)
        self._server = await asyncio.start_server(self._take, address, 0, ssl=context)

    async def close(self) -> None:
        """Listen no more, and let go of those who came in."""
        if self._server is not None:
            self._server.close()
        callers = list(self._callers)
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = asyncio.current_task()
        assert caller is not None, "a connection is served by a task"
        self._callers.add(caller)
        try:
            await self._serve(reader, writer)
        except (OSError, ssl.SSLError, TimeoutError, ValueError) as error:
            logger.info("A caller at the door was not served: %r", error)
        finally:
            self._callers.discard(caller)
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(GREETING_S):
            line = (await reader.readline())[:_LINE].decode("ascii", "replace").strip()
        try:
            service, secret = await self._connect(line)
        except HostError as error:
            writer.write(json.dumps(error.to_dict()).encode() + b"\n")
            await writer.drain()
            return
        writer.write(json.dumps({"secret": secret}).encode() + b"\n")
        await writer.drain()
        await bridge((reader, writer), service)

    async def _connect(self, wanted: str) -> tuple[Connection, str]:
        if _NAME.fullmatch(wanted) is None:
            raise HostError("The door was asked for what is no service of a deployment.")
        deployment, service = wanted.split("/")
        address = service_address(self._sockets, deployment, service)
        if address is None:
            raise HostError(f"Service {service} of deployment {deployment} does not listen.")
        try:
            async with asyncio.timeout(CONNECT_S):
                return await open_address(address), address.secret
        except (OSError, TimeoutError) as error:
            raise HostError(
                f"Service {service} of deployment {deployment} takes no connection: {error!r}."
            ) from error


async def enter(
    address: str, port: int, context: ssl.SSLContext, deployment: str, service: str
) -> tuple[Connection, str]:
    """Return a connection to a service through the door of its host, and the service's secret.

    Parameters
    ----------
    address, port
        Of the door.
    context : ssl.SSLContext
        Of `client_context`.
    deployment, service : str
        Id of the deployment, and name of the service.

    Raises
    ------
    HostError
        If the door does not open, or the service does not listen.
    """
    try:
        async with asyncio.timeout(GREETING_S):
            reader, writer = await asyncio.open_connection(address, port, ssl=context)
            writer.write(f"{deployment}/{service}\n".encode())
            await writer.drain()
            line = await reader.readline()
    except (OSError, ssl.SSLError, TimeoutError) as error:
        raise HostError(f"The door of the host at {address} does not open: {error!r}.") from error
    try:
        answer = json.loads(line)
        if "secret" in answer:
            return (reader, writer), str(answer["secret"])
        message = str(answer["message"])
    except (ValueError, KeyError, TypeError):
        message = f"The door of the host at {address} broke off."
    writer.close()
    raise HostError(message)
