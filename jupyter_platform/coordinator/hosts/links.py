"""The way to host agents, as the rest of the coordinator sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Link(Protocol):
    """The way to one life of a host agent; `jupyter_platform.cluster.membership.HostLink`."""

    name: str
    address: str

    async def call(
        self,
        op: str,
        payload: dict[str, Any] | None = None,
        data: bytes | None = None,
        timeout_s: float = ...,
    ) -> tuple[dict[str, Any], Any]:
        """Ask the host agent for something.

        Parameters
        ----------
        op : str
            Name of the operation, without ``platform_``.
        payload : dict of str to object, optional
            What it takes, as JSON.
        data : bytes, optional
            Bytes that go beside it.
        timeout_s : float, optional
            Seconds to wait for the answer.
        """
        ...


class Members(Protocol):
    """Who belongs to the cluster; `jupyter_platform.cluster.membership.Cluster`."""

    def links(self) -> Any:
        """Return links by host name."""
        ...

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` whenever `links` has changed."""
        ...
