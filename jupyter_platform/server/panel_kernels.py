"""The hidden kernel of the panels: ended when no page has looked at a panel for long.

It outlives pages so that a reload finds it again; all that panels show is kept elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from logging import Logger
from typing import Any

SESSION_PATH = "jupyter-platform/panels"
"""By which pages find the session; the front end has the same."""
CHECK_S = 60.0
"""Seconds between two looks at who is connected."""


class PanelKernels:
    """Ends sessions of the panels to which nobody is connected.

    Parameters
    ----------
    sessions : SessionManager
        The Jupyter server's own; its types say less than it does.
    log : Logger
        Told what was ended, and when that failed.
    kept_s : float
        Seconds that a kernel outlives its last connection; 0 keeps it for ever.
    check_s : float
        Seconds between two looks.
    """

    def __init__(
        self, sessions: Any, log: Logger, *, kept_s: float, check_s: float = CHECK_S
    ) -> None:
        self._sessions = sessions
        self.log = log
        self._kept_s = kept_s
        self._check_s = check_s
        self._alone_since: dict[str, float] = {}
        """Session to the time, on the monotonic clock, since which nobody is connected."""
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look, unless kernels are kept for ever; needs a running event loop."""
        if self._kept_s > 0 and self._watching is None:
            self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop looking; the Jupyter server ends the kernels."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._check_s)
            try:
                await self._look(time.monotonic())
            except Exception:
                # Sessions belong to the server: after an error there, the next look may succeed.
                self.log.exception("The kernels of panels could not be looked at.")

    async def _look(self, now: float) -> None:
        alone: dict[str, float] = {}
        for session in await self._sessions.list_sessions():
            if session["path"] == SESSION_PATH and not session["kernel"]["connections"]:
                alone[session["id"]] = self._alone_since.get(session["id"], now)
        self._alone_since = alone
        for session_id, since in alone.items():
            if now - since >= self._kept_s:
                self.log.info("Nobody has looked at a panel for long: its kernel is ended.")
                await self._sessions.delete_session(session_id)
