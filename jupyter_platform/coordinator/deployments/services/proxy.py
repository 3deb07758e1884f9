"""Requests and connections that are handed on to the services of deployments."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import httpcore

from jupyter_platform.coordinator.deployments.services.doors import Doors
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.core.deployments import ServiceWay
from jupyter_platform.core.errors import HostError
from jupyter_platform.runtime.streams import FAULTS, Connection

_REQUEST_HEADERS = frozenset(
    {"accept", "accept-encoding", "content-encoding", "content-length", "content-type", "range"}
)
_RESPONSE_HEADERS = frozenset(
    {"content-disposition", "content-encoding", "content-length", "content-range", "content-type"}
)
"""What means something to a client that is no browser: no cookie, no token goes either way."""

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answers."""

    status: int
    headers: dict[str, str]
    body: AsyncIterator[bytes]


class ServiceProxy:
    """Hands requests on to services."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def way(self, principal: Principal, deployment: str, service: str) -> ServiceWay:
        """Return what a gateway must know to reach a service; errors as of `Doors.way`."""
        way = await self._doors.way(principal, deployment, service)
        address = self._doors.address(way)
        return ServiceWay(
            deployment=way.deployment,
            service=way.service,
            attempt=way.attempt,
            prefix=way.prefix,
            is_trusted=way.is_trusted,
            socket=None if address is None or address.socket is None else str(address.socket),
            port=None if address is None else address.port,
            secret=await self._doors.secret(way),
        )

    async def connect(self, principal: Principal, deployment: str, service: str) -> Connection:
        """Return a raw connection to a service; errors as of `Doors.way` and `Doors.open`."""
        connection, _ = await self._doors.open(
            await self._doors.way(principal, deployment, service)
        )
        return connection

    async def send(
        self,
        principal: Principal,
        deployment: str,
        service: str,
        method: str,
        target: bytes,
        headers: Headers,
        body: AsyncIterator[bytes],
    ) -> Answer:
        """Send a request to a service.

        Parameters
        ----------
        target : bytes
            Path below the root of the service, with its query.
        headers : iterable of pairs
            Of the client's request, in lower case.

        Raises
        ------
        HostError
            If it does not answer.
        """
        way = await self._doors.way(principal, deployment, service)
        sent = [(name, value) for name, value in headers if name.decode() in _REQUEST_HEADERS]
        names = {name for name, _ in sent}
        has_body = b"content-length" in names or any(
            name == b"transfer-encoding" for name, _ in headers
        )
        if has_body and b"content-length" not in names:
            sent.append((b"transfer-encoding", b"chunked"))
        response = await self._doors.send(
            way,
            method,
            way.prefix.encode() + target,
            [(b"host", b"localhost"), *sent],
            body if has_body else None,
        )
        kept = {
            name.decode().lower(): value.decode("latin-1")
            for name, value in response.headers
            if name.decode().lower() in _RESPONSE_HEADERS
        }
        return Answer(response.status, kept, _pieces(response))


async def _pieces(response: httpcore.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in response.aiter_stream():
            yield piece
    except FAULTS as error:
        raise HostError("The service broke off its answer.") from error
    finally:
        await response.aclose()
