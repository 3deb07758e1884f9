"""The way to the services of deployments: the door of their host, or the socket itself."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpcore
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jupyter_platform.cluster.door import client_context, enter
from jupyter_platform.coordinator.deployments.lookup import find_deployment
from jupyter_platform.coordinator.deployments.records import path_of
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import AttemptRow, DeploymentRow
from jupyter_platform.core.errors import ConflictError, HostError, NotFoundError
from jupyter_platform.core.recipes import SECRET_HEADER
from jupyter_platform.core.states import JobState
from jupyter_platform.runtime.identity import boot_id
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.service_sockets import (
    ServiceAddress,
    service_address,
    sockets_folder,
)
from jupyter_platform.runtime.streams import FAULTS, Connection, ServiceClient, open_address

ANSWER_S = 2.0
"""Seconds in which a service that is alive answers a GET."""
_OPEN_S = 5.0
_SECRET_S = 2.0
"""Seconds that the secret of a service elsewhere is believed: it is another after a restart."""
_REACHABLE = (JobState.RUNNING, JobState.STOPPING)


@dataclass(frozen=True, slots=True)
class Way:
    """How a service of a deployment is reached."""

    deployment: str
    service: str
    host: str
    prefix: str
    """Of its addresses, as it knows them: begins and ends with a slash."""
    attempt: int
    is_trusted: bool

    @property
    def name(self) -> str:
        """Name of the service as a host name has it; another for each of its lives."""
        return f"{self.service}.{self.deployment}.{self.attempt}"


class Doors:
    """Opens connections to services.

    Parameters
    ----------
    store, paths, hosts
        Of the coordinator.
    """

    def __init__(self, store: Store, paths: Paths, hosts: HostRegistry) -> None:
        self._store = store
        self._paths = paths
        self._hosts = hosts
        self._context: ssl.SSLContext | None = None
        self._ways: dict[str, Way] = {}
        self._secrets: dict[str, tuple[float, str]] = {}
        """Service to when its door told its secret, on the monotonic clock, and that secret."""
        self._client = ServiceClient(self._open_named)
        self.used: dict[str, float] = {}
        """Deployment to when it was last used, on the monotonic clock."""

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def way(self, principal: Principal, deployment: str, service: str) -> Way:
        """Return the way to a service, which counts as its use.

        Raises
        ------
        NotFoundError
            If there is no such deployment, or it has no such service.
        ForbiddenError
            If it belongs to another user.
        ConflictError
            If it does not run.
        """
        way = await self._store.read(
            lambda session: _way(session, find_deployment(session, principal, deployment), service)
        )
        self.used[way.deployment] = time.monotonic()
        return way

    def address(self, way: Way) -> ServiceAddress | None:
        """Return where a service listens on this machine; None where it does not."""
        description = self._hosts.description(way.host)
        if description is None or description.boot_id != boot_id():
            return None
        root = sockets_folder(self._paths.host(way.host))
        return None if root is None else service_address(root, way.deployment, way.service)

    async def open(self, way: Way) -> tuple[Connection, str]:
        """Return a connection to a service, and the secret that it demands.

        Raises
        ------
        HostError
            If it does not listen, or its host does not answer.
        """
        address = self.address(way)
        try:
            if address is not None:
                async with asyncio.timeout(_OPEN_S):
                    return await open_address(address), address.secret
        except (OSError, TimeoutError) as error:
            raise HostError(
                f"Service {way.service} of deployment {way.deployment} takes no connection."
            ) from error
        description = self._hosts.description(way.host)
        if description is None or description.door is None or self._hosts.is_lost(way.host):
            raise HostError(f"Host {way.host} does not answer.")
        if self._context is None:
            self._context = await asyncio.to_thread(client_context, self._paths.tls)
        return await enter(
            description.ip, description.door, self._context, way.deployment, way.service
        )

    async def send(
        self,
        way: Way,
        method: str,
        target: bytes,
        headers: list[tuple[bytes, bytes]],
        body: AsyncIterator[bytes] | bytes | None = None,
        *,
        timeout_s: float | None = None,
    ) -> httpcore.Response:
        """Send a request to a service; its answer is still to be read, and to be closed.

        Parameters
        ----------
        way : Way
            The service.
        method : str
            Of the request.
        target : bytes
            Path and query.
        headers : list of pairs
            Without those that say where it comes from.
        body : bytes or async iterator of bytes, optional
            Streamed.
        timeout_s : float, optional
            Seconds to wait for each piece of the answer.

        Raises
        ------
        HostError
            If it does not answer, or answers what is no HTTP.
        """
        self._ways[way.name] = way
        if secret := await self.secret(way):
            headers = [*headers, (SECRET_HEADER.encode(), secret.encode())]
        try:
            return await self._client.send(
                way.name, method, target, headers, body, timeout_s=timeout_s
            )
        except FAULTS as error:
            raise HostError(
                f"Service {way.service} of deployment {way.deployment} does not answer in HTTP "
                f"({type(error).__name__}{f': {error}' if str(error) else ''})."
            ) from error

    async def is_alive(self, way: Way) -> bool:
        """Return whether a service answers a GET of its root within 2 s."""
        headers = [(b"Host", b"localhost"), (b"Accept", b"*/*"), (b"Connection", b"close")]
        try:
            async with asyncio.timeout(ANSWER_S):
                response = await self.send(way, "GET", way.prefix.encode(), headers)
                await response.aclose()
        except (HostError, TimeoutError, *FAULTS):
            return False
        return response.status not in (502, 503, 504)

    async def secret(self, way: Way) -> str:
        """Return what a service demands; of one elsewhere, as its door has said lately."""
        address = self.address(way)
        if address is not None:
            return address.secret
        now = time.monotonic()
        known = self._secrets.get(way.name)
        if known is None or now - known[0] > _SECRET_S:
            (_, writer), secret = await self.open(way)
            writer.close()
            known = self._secrets[way.name] = (now, secret)
        return known[1]

    async def _open_named(self, name: str) -> Connection:
        connection, _ = await self.open(self._ways[name])
        return connection


def way_of(row: DeploymentRow, service: str, attempt: int) -> Way:
    """Return the way to a service of a deployment that runs."""
    # What an image serves knows nothing of the addresses that browsers see.
    prefix = "/" if row.runtime == "container" else row.base_url + path_of(row.id, service)
    return Way(row.id, service, row.host or "", prefix, attempt, row.is_trusted)


def newest_attempt(session: Session, deployment: str) -> int:
    """Return the number of the newest attempt of a deployment."""
    newest = select(func.max(AttemptRow.number)).where(AttemptRow.workload == deployment)
    return session.scalar(newest) or 0


def _way(session: Session, row: DeploymentRow, service: str) -> Way:
    if service not in row.services:
        known = ", ".join(row.services)
        raise NotFoundError(f"Deployment {row.id} has no service {service!r}; it has: {known}.")
    if JobState(row.state) not in _REACHABLE or row.host is None:
        raise ConflictError(
            f"Deployment {row.name!r} ({row.id}) is {row.state}; it answers nothing."
        )
    return way_of(row, service, newest_attempt(session, row.id))
