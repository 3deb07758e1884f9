"""Questions to the inspector of any host."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.hosts.transfer import send_missing
from jupyter_platform.core.errors import NotFoundError, UnavailableError
from jupyter_platform.runtime.blobs import BlobStore

Inspect = Callable[[dict[str, Any], float], Coroutine[Any, Any, dict[str, Any]]]
"""Hands a request to the inspector of any host that is up: request, seconds to wait → answer.

Raises UnavailableError without a host or in time, other platform errors as the inspector's answer.
"""

SENT_FILE = re.compile(r"sha256:[0-9a-f]{64}")
"""How a request refers to a file that the platform brings to a host."""
_HOST_FIRST_S = 2.0
"""Seconds more than a host has for an answer, so that it tells why there is none."""


class Inspection:
    """Asks the least busy host that is up, and the next where one does not answer.

    Parameters
    ----------
    blobs : BlobStore
        Holds the files that requests refer to; a host that lacks one is sent it first.
    """

    def __init__(self, hosts: HostRegistry, blobs: BlobStore) -> None:
        self._hosts = hosts
        self._blobs = blobs

    async def ask(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """Hand a request to the inspector of a host.

        Parameters
        ----------
        request : dict
            Request to the inspector.
        timeout_s : float
            Seconds to wait for the answer.

        Raises
        ------
        UnavailableError
            If no host is up, or none answers in time.
        PlatformError
            What the inspector answered instead.
        """
        return (await self.ask_host(request, timeout_s))[1]

    async def ask_host(
        self, request: dict[str, Any], timeout_s: float, host: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Return the name of the host that answered, and its answer.

        Parameters
        ----------
        request : dict
            Request to the inspector.
        timeout_s : float
            Seconds to wait for the answer.
        host : str, optional
            The only host to ask.

        Raises
        ------
        NotFoundError
            If there is no host of that name.
        UnavailableError
            If no host is up, or none answers in time.
        PlatformError
            What the inspector answered instead.
        """
        names = self._hosts.names()
        if host is not None and host not in names:
            raise NotFoundError(f"There is no host {host!r}; there are {', '.join(names)}.")
        asked = names if host is None else [host]
        links = [link for name in asked if (link := self._hosts.link(name))]
        if not links:
            which = (
                "No host is up that could look at it."
                if host is None
                else f"Host {host} is not up."
            )
            raise UnavailableError(which)
        busy = {link.name: self._hosts.cpus_busy(link.name) for link in links}
        files = sorted(text for text in _texts(request) if SENT_FILE.fullmatch(text))
        problem: UnavailableError | None = None
        deadline = time.monotonic() + timeout_s
        for link in sorted(links, key=lambda link: (busy[link.name], link.name)):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            payload = {"request": request, "timeout_s": left}
            try:
                await send_missing(link, self._blobs, files)
                # The host is the first to give up: it knows why there is no answer.
                answer, _ = await link.call("inspect", payload, timeout_s=left + _HOST_FIRST_S)
            except UnavailableError as error:
                problem = error
            else:
                return link.name, answer
        raise problem or UnavailableError(f"No host answered within {timeout_s:g} s.")


def _texts(value: Any) -> Iterator[str]:
    """Give all texts inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
