"""Who belongs to the cluster, and calls to them: the coordinator's side of Dask."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from distributed import Security
from distributed.core import ConnectionPool

from jupyter_platform.cluster.configuration import (
    CONNECT_TIMEOUT_S,
    FIRST_PATIENCE_S,
    MEMBERS_OP,
    MOST_PATIENCE_S,
    configure_dask,
)
from jupyter_platform.core.errors import HostError, PlatformError, from_dict

logger = logging.getLogger(__name__)

POLL_S = 10.0
"""Seconds that the scheduler may keep a question about its members open."""
RETRY_S = 0.2
"""Seconds between two attempts to reach the scheduler."""
CALL_TIMEOUT_S = 10.0

OnChange = Callable[[], None]


class HostLink:
    """The way to one life of one host agent.

    A host agent that restarts comes back at another address, as another link under the same
    name; calls on the old link then raise `HostError`.
    """

    def __init__(self, name: str, address: str, pool: ConnectionPool) -> None:
        self.name = name
        self.address = address
        self.left = False
        """Whether the scheduler has dropped this life of the host."""
        self._pool = pool

    def __repr__(self) -> str:
        return f"HostLink({self.name!r}, {self.address!r})"

    async def call(
        self,
        op: str,
        payload: dict[str, Any] | None = None,
        data: bytes | None = None,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> tuple[dict[str, Any], Any]:
        """Ask the host agent for something.

        Parameters
        ----------
        op : str
            Name of the operation without its prefix: ``"describe"``, ``"start"``, ``"pull"``, …
        payload : dict, optional
            What becomes JSON.
        data : bytes, optional
            What travels beside the JSON as it is.
        timeout_s : float
            Seconds to wait, for connecting and for the answer together.

        Returns
        -------
        answer : dict
            The decoded JSON of the answer.
        data : bytes or dict or None
            The bytes that came beside it.

        Raises
        ------
        HostError
            If the host does not answer in time, is gone, or failed for no stated reason.
        PlatformError
            The error that the agent answered with.
        """
        if self.left:
            raise HostError(f"Host {self.name} has left the cluster; {op!r} was not asked.")
        message = {"payload": json.dumps(payload or {}), "data": data}
        try:
            async with asyncio.timeout(timeout_s):
                reply = await getattr(self._pool(self.address), f"platform_{op}")(**message)
        except TimeoutError as error:
            raise HostError(
                f"Host {self.name} did not answer {op!r} within {timeout_s:g} s."
            ) from error
        except (OSError, RuntimeError) as error:
            raise HostError(f"Host {self.name} cannot be reached for {op!r}: {error}.") from error
        return _unpack(self.name, op, reply)


def _unpack(name: str, op: str, reply: Any) -> tuple[dict[str, Any], Any]:
    if not isinstance(reply, dict) or not ("ok" in reply or "error" in reply):
        raise HostError(f"Host {name} does not know the operation {op!r}.")
    if "error" in reply:
        raise from_dict(json.loads(reply["error"]))
    return json.loads(reply["ok"]), reply.get("data")


class Cluster:
    """Follows the scheduler, wherever it comes back, and knows its hosts.

    Parameters
    ----------
    scheduler_file : Path
        ``scheduler.json``; read again at each attempt, because a new scheduler has a new address.
    security : Security
        From `jupyter_platform.cluster.tls.ensure_certificates`.
    """

    def __init__(self, scheduler_file: Path, security: Security) -> None:
        configure_dask()
        credentials: Any = security
        self._scheduler_file = scheduler_file
        self._pool = ConnectionPool(
            limit=1024,
            # Without pickle among them, nothing that arrives here can run code.
            serializers=["msgpack"],
            deserializers=["msgpack"],
            connection_args=credentials.get_connection_args("client"),
            timeout=CONNECT_TIMEOUT_S,
        )
        self._links: dict[str, HostLink] = {}
        self._callbacks: list[OnChange] = []
        self._task: asyncio.Task[None] | None = None
        self._scheduler: str | None = None

    async def start(self) -> None:
        """Begin to follow the scheduler; returns at once, reachable or not."""
        await self._pool.start()
        self._task = asyncio.create_task(self._follow(), name="cluster membership")

    async def close(self) -> None:
        """End all connections; the hosts and what runs on them are not touched."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._pool.close()

    @property
    def scheduler_address(self) -> str | None:
        """Address of the scheduler that answers, None while none does."""
        return self._scheduler

    def links(self) -> dict[str, HostLink]:
        """Return the hosts by name, as the scheduler last knew them.

        While no scheduler answers the last known hosts stay: losing the scheduler says nothing
        about them, and their silence is seen by who calls them.
        """
        return dict(self._links)

    def on_change(self, callback: OnChange) -> Callable[[], None]:
        """Call `callback` in the event loop whenever `links` has changed.

        Returns
        -------
        callable
            Ends the subscription.
        """
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    async def _follow(self) -> None:
        patience_s = FIRST_PATIENCE_S
        while True:
            try:
                address = _read_address(self._scheduler_file)
                if address is not None:
                    await self._connect(address, patience_s)
                    patience_s = FIRST_PATIENCE_S
                    await self._follow_scheduler(address)
            except (OSError, TimeoutError, RuntimeError, PlatformError) as error:
                if self._scheduler is not None:
                    logger.warning("The scheduler at %s is gone: %s", self._scheduler, error)
            except Exception:
                # Membership must outlive any answer it gets.
                logger.exception("Following the scheduler failed; trying again")
            if self._scheduler is not None:
                self._pool.remove(self._scheduler)
            self._scheduler = None
            patience_s = min(2 * patience_s, MOST_PATIENCE_S)
            await asyncio.sleep(RETRY_S)

    async def _connect(self, address: str, patience_s: float) -> None:
        """Open a connection for the pool; raises OSError when there is none in time."""
        self._pool.reuse(address, await self._pool.connect(address, timeout=patience_s))

    async def _follow_scheduler(self, address: str) -> None:
        known = ""
        while True:
            async with asyncio.timeout(CONNECT_TIMEOUT_S + 2 * POLL_S):
                ask = getattr(self._pool(address), MEMBERS_OP)
                reply = await ask(known=known, wait_s=POLL_S)
            if not isinstance(reply, dict):
                raise HostError(f"What answers at {address} is not a scheduler of this platform.")
            if self._scheduler is None:
                logger.info("Connected to the scheduler at %s", address)
            self._scheduler = address
            known = reply["version"]
            self._update(reply["members"])

    def _update(self, members: dict[str, str]) -> None:
        before = {name: link.address for name, link in self._links.items()}
        if members == before:
            return
        for name, link in self._links.items():
            if members.get(name) != link.address:
                link.left = True
                self._pool.remove(link.address, reason=f"Host {name} has left.")
        self._links = {
            name: self._links[name]
            if before.get(name) == address
            else HostLink(name, address, self._pool)
            for name, address in members.items()
        }
        for callback in list(self._callbacks):
            try:
                callback()
            except Exception:
                # One listener must not silence the others.
                logger.exception("A listener to changes of the cluster failed")


def _read_address(scheduler_file: Path) -> str | None:
    """Return the address in ``scheduler.json``, None while there is none."""
    try:
        return str(json.loads(scheduler_file.read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
