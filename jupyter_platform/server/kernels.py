"""Kernels of dashboards: one stays warm from page to page, and none outlives what it was for.

Voila cannot keep kernels warm inside a Jupyter server, and its own request to end one when a page
closes carries no XSRF token and is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Coroutine
from logging import Logger
from typing import Any

KERNEL_NAME = "python3"
RESET = "get_ipython().reset(new_session=False)"
"""Forgets what the cells of a page have defined."""
WARM_UP = f"from jupyter_platform.figures.dashboard import warm_up; warm_up(); {RESET}"
"""Imports what dashboards are made of, and does what only the first plot has to wait for."""
WARM_UP_TIMEOUT_S = 60.0
WAIT_S = 10.0
"""Seconds that a page waits for the warm kernel while another page is rendered by it."""
ANSWER_S = 5.0
"""Seconds that the warm kernel may take to answer."""
CHECK_S = 2.0
"""Seconds between two looks at who is connected."""
OPENING_S = 120.0
"""Seconds that a page may take to connect to its kernel."""
GRACE_S = 10.0
"""Seconds that a kernel outlives the last connection of its page."""
SPARE_KEPT_S = 900.0
"""Seconds that the warm kernel waits for a dashboard to be opened."""
MOST_PAGES = 200
"""Pages that one kernel renders; then its memory is given back."""


class ReadyClient:
    """A client that stays connected while pages come and go.

    Parameters
    ----------
    client : AsyncKernelClient
        Whose kernel has answered.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        client.allow_stdin = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def start_channels(self) -> None:
        """Do nothing: they are open."""

    async def wait_for_ready(self, **_: Any) -> None:
        """Return at once: the kernel has answered."""

    def stop_channels(self) -> None:
        """Do nothing: the next page uses them."""


class ReadyKernel:
    """A kernel that has answered, with what Voila's executor asks of a kernel manager.

    Parameters
    ----------
    kernel_id : str
        Its id in the Jupyter server.
    manager : AsyncKernelManager
        Of this one kernel.
    client : AsyncKernelClient
        Connected to it.
    """

    def __init__(self, kernel_id: str, manager: Any, client: Any) -> None:
        self.id = kernel_id
        self.pages = 0
        """How many it has rendered."""
        self.is_warm = False
        self._manager = manager
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)

    def client(self) -> ReadyClient:
        """Return the client that is connected already."""
        return ReadyClient(self._client)

    async def run(self, code: str, timeout_s: float) -> None:
        """Execute code without a trace in the history.

        Raises
        ------
        RuntimeError
            If it fails.
        TimeoutError
            If it takes too long.
        """
        reply = await self._client.execute(code, store_history=False, reply=True, timeout=timeout_s)
        if reply["content"]["status"] != "ok":
            raise RuntimeError(reply["content"].get("evalue", "its execution was aborted"))

    def disconnect(self) -> None:
        """Close the client's channels."""
        self._client.stop_channels()


class DashboardKernels:
    """Lends kernels to the pages of dashboards.

    A page that needs its kernel only while it is rendered gives it back, and the next page gets
    the same one, with imports and caches warm and the names of the page before forgotten. A page
    with widgets keeps its kernel for as long as it is open. At most one kernel waits idle.

    Parameters
    ----------
    manager : AsyncMappingKernelManager
        The Jupyter server's own; its types say less than it does.
    log : Logger
        Told when no kernel can be kept warm.
    opening_s, grace_s, spare_kept_s : float
        Seconds, as the constants of this module.
    most_pages : int
        As the constant of this module.
    """

    def __init__(
        self,
        manager: Any,
        log: Logger,
        *,
        opening_s: float = OPENING_S,
        grace_s: float = GRACE_S,
        spare_kept_s: float = SPARE_KEPT_S,
        most_pages: int = MOST_PAGES,
    ) -> None:
        self._manager = manager
        self._log = log
        self._opening_s = opening_s
        self._grace_s = grace_s
        self._spare_kept_s = spare_kept_s
        self._most_pages = most_pages
        self._connected: set[ReadyKernel] = set()
        self._spare: ReadyKernel | None = None
        self._coming = 0
        """How many kernels are rendering or starting and will be spare afterwards."""
        self._came = asyncio.Event()
        self._lent: dict[str, float] = {}
        """Kernel of an open page to the time, on the monotonic clock, at which it is given up."""
        self._last_used = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None

    @property
    def spare(self) -> str | None:
        """Id of the kernel that stands ready."""
        return None if self._spare is None else self._spare.id

    @property
    def lent(self) -> frozenset[str]:
        """Ids of the kernels that open pages keep."""
        return frozenset(self._lent)

    def prepare(self) -> None:
        """Let a kernel become warm, unless one is or will be: a dashboard is about to be opened."""
        self._last_used = time.monotonic()
        if self._spare is None and not self._coming:
            self._coming += 1
            self._begin(self._fill())

    @contextlib.asynccontextmanager
    async def lend(self, *, keep: bool) -> AsyncIterator[ReadyKernel]:
        """Lend a kernel to a page while it is rendered.

        Parameters
        ----------
        keep : bool
            Whether the page keeps it for as long as it is open.
        """
        kernel = await self._take()
        self._last_used = time.monotonic()
        self._coming += not keep
        try:
            if kernel is None:
                kernel = await self._start()
            if keep:
                self._lent[kernel.id] = time.monotonic() + self._opening_s
            yield kernel
        except BaseException:
            self._coming -= not keep
            if kernel is not None:
                await self._end(kernel)
            raise
        if keep:
            self._disconnect(kernel)
            self.prepare()
            self._watch()
        else:
            # Behind the page's back, which is complete only when this has returned.
            self._begin(self._give_back(kernel))

    async def close(self) -> None:
        """Stop looking; the Jupyter server ends the kernels."""
        tasks = [*self._tasks, *([] if self._watching is None else [self._watching])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for kernel in list(self._connected):
            self._disconnect(kernel)

    async def _take(self) -> ReadyKernel | None:
        """Return the warm kernel, or None when there is none and none is about to be."""
        deadline = time.monotonic() + WAIT_S
        while self._spare is None and self._coming and time.monotonic() < deadline:
            self._came.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._came.wait(), deadline - time.monotonic())
        kernel, self._spare = self._spare, None
        if kernel is None:
            return None
        if kernel.id in self._manager and await kernel.is_alive():
            try:
                # One that was just killed is alive until its process has been waited for.
                await kernel.run("", ANSWER_S)
            except (RuntimeError, TimeoutError) as error:
                self._log.warning("The warm kernel of dashboards does not answer: %s", error)
            else:
                return kernel
        await self._end(kernel)
        return None

    async def _start(self) -> ReadyKernel:
        kernel_id = await self._manager.start_kernel(kernel_name=KERNEL_NAME, path="")
        try:
            manager = self._manager.get_kernel(kernel_id)
            client = manager.client()
            client.start_channels(stdin=False, hb=False)
            kernel = ReadyKernel(kernel_id, manager, client)
            self._connected.add(kernel)
        except BaseException:
            await self._manager.shutdown_kernel(kernel_id, now=True)
            raise
        try:
            await client.wait_for_ready(timeout=WARM_UP_TIMEOUT_S)
        except BaseException:
            await self._end(kernel)
            raise
        return kernel

    async def _fill(self) -> None:
        """Start a kernel, which is counted as coming, and make it the spare one."""
        try:
            kernel = await self._start()
        except (RuntimeError, TimeoutError) as error:
            self._coming -= 1
            self._log.warning("No kernel could be kept warm for dashboards: %s", error)
            return
        await self._make_spare(kernel)

    async def _give_back(self, kernel: ReadyKernel) -> None:
        kernel.pages += 1
        if kernel.pages < self._most_pages:
            await self._make_spare(kernel)
            return
        self._coming -= 1
        await self._end(kernel)
        self.prepare()

    async def _make_spare(self, kernel: ReadyKernel) -> None:
        """Keep a kernel for the next page, unless it fails or there is one already."""
        try:
            await kernel.run(RESET if kernel.is_warm else WARM_UP, WARM_UP_TIMEOUT_S)
            kernel.is_warm = True
        except (RuntimeError, TimeoutError) as error:
            self._log.warning("No kernel could be kept warm for dashboards: %s", error)
            await self._end(kernel)
        else:
            if self._spare is None:
                self._spare = kernel
                self._watch()
            else:
                await self._end(kernel)
        finally:
            self._coming -= 1
            self._came.set()

    async def _end(self, kernel: ReadyKernel) -> None:
        self._lent.pop(kernel.id, None)
        self._disconnect(kernel)
        await self._shut_down(kernel.id)

    def _disconnect(self, kernel: ReadyKernel) -> None:
        if kernel in self._connected:
            self._connected.remove(kernel)
            kernel.disconnect()

    async def _shut_down(self, kernel_id: str) -> None:
        if kernel_id in self._manager:
            await self._manager.shutdown_kernel(kernel_id, now=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _watch(self) -> None:
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while self._lent or self._spare is not None or self._coming:
            await asyncio.sleep(min(CHECK_S, self._grace_s))
            now = time.monotonic()
            for kernel_id in self._overdue(now):
                self._lent.pop(kernel_id, None)
                await self._shut_down(kernel_id)
            if self._spare is not None and now > self._last_used + self._spare_kept_s:
                spare, self._spare = self._spare, None
                await self._end(spare)

    def _overdue(self, now: float) -> list[str]:
        for kernel_id in self._lent:
            if kernel_id in self._manager and self._manager.kernel_model(kernel_id)["connections"]:
                self._lent[kernel_id] = now + self._grace_s
        return [kernel_id for kernel_id, until in self._lent.items() if now > until]
