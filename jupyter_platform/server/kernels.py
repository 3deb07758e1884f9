"""Kernels of dashboards: one is kept warm, and those whose page has gone are ended.

Voila cannot keep kernels warm inside a Jupyter server, and its own request to end one when a page
closes carries no XSRF token and is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from logging import Logger
from typing import Any

KERNEL_NAME = "python3"
WARM_UP = "import jupyter_platform.figures.dashboard"
WARM_UP_TIMEOUT_S = 60
CHECK_S = 2.0
"""Seconds between two looks at who is connected."""
OPENING_S = 120.0
"""Seconds that a page may take to connect to its kernel."""
GRACE_S = 10.0
"""Seconds that a kernel outlives the last connection of its page."""
SPARE_KEPT_S = 900.0
"""Seconds that a spare kernel waits for a dashboard to be opened."""


class DashboardKernels:
    """The kernel manager that dashboards get.

    Parameters
    ----------
    manager : AsyncMappingKernelManager
        The Jupyter server's own; its types say less than it does.
    log : Logger
        Told when a spare kernel cannot be had.
    opening_s, grace_s, spare_kept_s : float
        Seconds, as the constants of this module.
    """

    def __init__(
        self,
        manager: Any,
        log: Logger,
        *,
        opening_s: float = OPENING_S,
        grace_s: float = GRACE_S,
        spare_kept_s: float = SPARE_KEPT_S,
    ) -> None:
        self._manager = manager
        self._log = log
        self._opening_s = opening_s
        self._grace_s = grace_s
        self._spare_kept_s = spare_kept_s
        self._spare: str | None = None
        self._lent: dict[str, float] = {}
        """Kernel to the time, on the monotonic clock, at which it is given up."""
        self._last_lent = 0.0
        self._filling: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def spare(self) -> str | None:
        """Id of the kernel that stands ready."""
        return self._spare

    @property
    def lent(self) -> frozenset[str]:
        """Ids of the kernels that pages have."""
        return frozenset(self._lent)

    async def start_kernel(self, *, path: str = "", **options: Any) -> str:
        """Return the id of a kernel for one page: the spare one, or a new one."""
        kernel = await self._take_spare()
        if kernel is None:
            kernel = await self._manager.start_kernel(path=path, **options)
        self._last_lent = time.monotonic()
        self._lent[kernel] = self._last_lent + self._opening_s
        if self._filling is None or self._filling.done():
            self._filling = asyncio.create_task(self._fill())
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        return kernel

    def get_kernel(self, kernel_id: str) -> Any:
        """Return the manager of one kernel."""
        return self._manager.get_kernel(kernel_id)

    async def end(self, kernel: str) -> None:
        """End the kernel of a page that needs it no more."""
        self._lent.pop(kernel, None)
        if kernel in self._manager:
            await self._manager.shutdown_kernel(kernel, now=True)

    async def close(self) -> None:
        """Stop looking; the Jupyter server ends the kernels."""
        tasks = [task for task in (self._filling, self._watching) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _take_spare(self) -> str | None:
        kernel, self._spare = self._spare, None
        if kernel is None or kernel not in self._manager:
            return None
        return kernel if await self._manager.get_kernel(kernel).is_alive() else None

    async def _fill(self) -> None:
        if self._spare is not None and self._spare in self._manager:
            return
        kernel = await self._manager.start_kernel(kernel_name=KERNEL_NAME)
        try:
            client = self._manager.get_kernel(kernel).client()
            client.start_channels()
            try:
                await client.wait_for_ready(timeout=WARM_UP_TIMEOUT_S)
                await client.execute(WARM_UP, reply=True, timeout=WARM_UP_TIMEOUT_S)
            finally:
                client.stop_channels()
        except (RuntimeError, TimeoutError) as error:
            self._log.warning("No kernel could be kept warm for dashboards: %s", error)
            await self.end(kernel)
            return
        self._spare = kernel

    async def _watch(self) -> None:
        while self._lent or self._spare is not None or self._is_filling:
            await asyncio.sleep(min(CHECK_S, self._grace_s))
            now = time.monotonic()
            for kernel in self._overdue(now):
                await self.end(kernel)
            if self._spare is not None and now > self._last_lent + self._spare_kept_s:
                spare, self._spare = self._spare, None
                await self.end(spare)

    @property
    def _is_filling(self) -> bool:
        return self._filling is not None and not self._filling.done()

    def _overdue(self, now: float) -> list[str]:
        for kernel in self._lent:
            if kernel in self._manager and self._manager.kernel_model(kernel)["connections"]:
                self._lent[kernel] = now + self._grace_s
        return [kernel for kernel, until in self._lent.items() if now > until]


class PageKernel:
    """The kernel of one page, with what Voila asks of a kernel manager.

    Parameters
    ----------
    kernels : DashboardKernels
        Where it comes from.
    """

    def __init__(self, kernels: DashboardKernels) -> None:
        self._kernels = kernels
        self._kernel: str | None = None

    async def start_kernel(self, **options: Any) -> str:
        """Return the id of a kernel."""
        self._kernel = await self._kernels.start_kernel(**options)
        return self._kernel

    def get_kernel(self, kernel_id: str) -> Any:
        """Return the manager of a kernel."""
        return self._kernels.get_kernel(kernel_id)

    @contextlib.asynccontextmanager
    async def kept(self, keep: bool) -> AsyncIterator[None]:
        """End the kernel afterwards, unless the page is to keep it for as long as it is open."""
        try:
            yield
        finally:
            if self._kernel is not None and not keep:
                await self._kernels.end(self._kernel)
