"""Keeping the hosts of a back end running, whatever the back end does."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from jupyter_platform.cluster.backends import Backend, ManagedHost
from jupyter_platform.core.errors import HostError, NotFoundError, PlatformError
from jupyter_platform.core.units import format_count

log = logging.getLogger(__name__)

CALL_TIMEOUT_S = 60.0
"""Seconds that a back end may take for one answer."""
COME_TIMEOUT_S = 300.0
"""Seconds in which a host that is being started must run."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 60.0
"""Pause before a failed host is started again: the first, doubling, and the longest."""
FAILURES_TO_TELL = 3
"""Failures in a row after which people are told."""
SETTLED_S = 30.0
"""Seconds that a host runs before its failures are forgotten."""


@dataclass
class _Trouble:
    """What is remembered of a host, or of the whole back end, that fails."""

    failures: int = 0
    due_at: float = 0.0
    told: bool = False
    since: float | None = None
    """Since when it is in its present state."""
    state: str = ""

    def enter(self, state: str, now: float) -> float:
        """Note a state down; return the seconds that it has lasted."""
        if state != self.state or self.since is None:
            self.state, self.since = state, now
        return now - self.since

    def fail(self, now: float) -> float:
        """Count a failure; return the pause until the next try, in seconds."""
        pause_s = min(FIRST_PAUSE_S * 2.0**self.failures, LONGEST_PAUSE_S)
        self.failures += 1
        self.due_at = now + pause_s
        return pause_s


class HostUpkeep:
    """Starts again what its back end says has failed, and tells people what keeps failing.

    A start that does not come to anything is stopped before the next one, so that no host runs
    that nobody knows of.

    Parameters
    ----------
    backend : Backend
        Whose hosts are looked after.
    notify : coroutine function
        `Notifications.add`.
    """

    def __init__(self, backend: Backend, notify: Callable[..., Awaitable[object]]) -> None:
        self._backend = backend
        self._notify = notify
        self._own = _Trouble()
        self._hosts: dict[str, _Trouble] = {}
        self._call: asyncio.Future[Any] | None = None

    async def look(self) -> None:
        """Look once at all hosts that are wanted."""
        now = time.monotonic()
        if now < self._own.due_at:
            return
        try:
            found = await self._ask("hosts")
        except PlatformError as error:
            await self._fail(self._own, f"Back end {self._backend.name}", error.message)
            return
        self._own = _Trouble()
        for host in [host for host in self._hosts if host not in found]:
            found[host] = ManagedHost("failed", f"Back end {self._backend.name} forgot it.")
        for host, managed in found.items():
            if managed.is_wanted:
                await self._see_to(host, managed)
            else:
                self._hosts.pop(host, None)

    async def _see_to(self, host: str, managed: ManagedHost) -> None:
        now, trouble = time.monotonic(), self._hosts.setdefault(host, _Trouble())
        lasted_s = trouble.enter(managed.state, now)
        if managed.state == "running":
            if lasted_s >= SETTLED_S:
                trouble.failures, trouble.told = 0, False
            return
        overdue = managed.state == "starting" and lasted_s >= COME_TIMEOUT_S
        if now < trouble.due_at or not (overdue or managed.state == "failed"):
            return
        reason = managed.reason or f"It did not come within {COME_TIMEOUT_S:g} s."
        try:
            if overdue:
                await self._ask("stop", host)
            await self._ask("start", host)
            trouble.since = None
        except NotFoundError:
            log.info("Host %s is none of back end %s any more.", host, self._backend.name)
            self._hosts.pop(host)
            return
        except PlatformError as error:
            reason = error.message
        await self._fail(trouble, f"Host {host}", reason, host=host)

    async def _fail(
        self, trouble: _Trouble, what: str, reason: str, host: str | None = None
    ) -> None:
        pause_s = trouble.fail(time.monotonic())
        log.warning("%s: %s Next look in %g s.", what, reason, pause_s)
        if trouble.failures >= FAILURES_TO_TELL and not trouble.told:
            trouble.told = True
            times = format_count(trouble.failures, "time")
            sentence = f"{what} failed {times} in a row and is tried again. {reason}"
            await self._notify("warning", sentence, host=host)

    async def _ask(self, method: str, *arguments: str) -> Any:
        """Call the back end in a thread, for a bounded time.

        Raises
        ------
        PlatformError
            What it raised; `HostError` for what is no error of the family, or no answer in time.
        """
        name = self._backend.name
        if self._call is not None and not self._call.done():
            # Its thread cannot be ended, and must not be joined by another at each look.
            raise HostError(f"Back end {name} still has not answered.")
        self._call = asyncio.ensure_future(
            asyncio.to_thread(getattr(self._backend, method), *arguments)
        )
        await asyncio.wait({self._call}, timeout=CALL_TIMEOUT_S)
        if not self._call.done():
            raise HostError(
                f"Back end {name} did not answer {method!r} within {CALL_TIMEOUT_S:g} s."
            )
        try:
            return self._call.result()
        except PlatformError:
            raise
        except Exception as error:
            log.exception("back end %s failed in %r", name, method)
            raise HostError(f"Back end {name} failed in {method!r}: {error!r}.") from error
