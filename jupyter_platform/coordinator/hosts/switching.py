"""Stopping and starting single hosts, by the back end that has them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from jupyter_platform.cluster.backends import Backend
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.coordinator.notices.notifications import Notifications
from jupyter_platform.core.errors import ConflictError, FieldError, HostError, PlatformError
from jupyter_platform.core.hosts import HostRecord

Answer = TypeVar("Answer")

ANSWER_WITHIN_S = 60.0
"""Seconds that a back end may take for one answer."""


class HostSwitching:
    """Ends and starts hosts at the wish of the owner of the platform.

    Parameters
    ----------
    hosts : HostRegistry
        Tells what runs on a host.
    backends : sequence of Backend
        Who starts and ends hosts.
    notifications : Notifications
        Where it is told.
    """

    def __init__(
        self, hosts: HostRegistry, backends: Sequence[Backend], notifications: Notifications
    ) -> None:
        self._hosts = hosts
        self._backends = backends
        self._notifications = notifications

    async def stop(self, principal: Principal, name: str) -> HostRecord:
        """End a host; it is not started again before `start` asks for it.

        Parameters
        ----------
        principal : Principal
            Who asks.
        name : str
            Name of the host.

        Raises
        ------
        ForbiddenError
            If somebody else than the owner of the platform asks.
        NotFoundError
            If there is no such host.
        ConflictError
            If something runs there, or nobody here has started it.
        HostError
            If its back end cannot stop it.
        """
        principal.require_administrator("stop a host")
        backend = await self._backend(name)
        self._refuse_busy(name)
        await self._hosts.set_stopped(name, True)
        try:
            # Something may have been placed there by a plan that was made before.
            self._refuse_busy(name)
            await _answered(backend, asyncio.to_thread(backend.stop, name))
        except PlatformError:
            await self._hosts.set_stopped(name, False)
            raise
        await self._notifications.add("info", f"Host {name} was stopped.", host=name)
        return self._hosts.record(name)

    async def start(self, principal: Principal, name: str) -> HostRecord:
        """Start a host that was stopped; one that runs is left as it is.

        Parameters
        ----------
        principal : Principal
            Who asks.
        name : str
            Name of the host.

        Raises
        ------
        ForbiddenError
            If somebody else than the owner of the platform asks.
        NotFoundError
            If there is no such host.
        ConflictError
            If nobody here has started it before.
        HostError
            If its back end cannot start it.
        """
        principal.require_administrator("start a host")
        backend = await self._backend(name)
        await _answered(backend, asyncio.to_thread(backend.start, name))
        await self._hosts.set_stopped(name, False)
        return self._hosts.record(name)

    def _refuse_busy(self, name: str) -> None:
        jobs = self._hosts.record(name).jobs
        if jobs:
            shown = ", ".join(jobs[:3]) + (", …" if len(jobs) > 3 else "")
            message = f"On host {name} something runs ({shown}); stop that first, or wait for it."
            raise _refusal(name, message, "a host on which nothing runs")

    async def _backend(self, name: str) -> Backend:
        self._hosts.checked(name)
        for backend in self._backends:
            if name in await _answered(backend, asyncio.to_thread(backend.hosts)):
                return backend
        raise _refusal(
            name,
            f"Host {name} was not started by this platform; end or start it where it runs.",
            "a host that this platform starts",
        )


async def _answered(backend: Backend, answer: Coroutine[Any, Any, Answer]) -> Answer:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await answer
    except TimeoutError as error:
        raise HostError(
            f"Back end {backend.name} did not answer within {ANSWER_WITHIN_S:g} s."
        ) from error


def _refusal(name: str, message: str, accepted: str) -> ConflictError:
    field = FieldError(field="host", value=name, message=message, accepted=accepted)
    return ConflictError(message, errors=[field])
