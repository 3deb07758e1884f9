"""The Dask scheduler as a process of its own: who is there, and nothing else.

``python -m jupyter_platform.cluster.scheduler``
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from distributed import Scheduler, SchedulerPlugin, Security

from jupyter_platform.cluster.configuration import (
    MEMBERS_OP,
    UNUSED_HANDLERS,
    WORKER_TTL_S,
    configure_dask,
)
from jupyter_platform.cluster.tls import ensure_certificates
from jupyter_platform.core.errors import PlatformError
from jupyter_platform.runtime.atomic import write_json_atomic
from jupyter_platform.runtime.identity import boot_id
from jupyter_platform.runtime.paths import Paths

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
MAX_WAIT_S = 60.0


class MembershipScheduler(Scheduler):
    """A Dask scheduler that opens no HTTP port and tells who its members are.

    Parameters
    ----------
    security : Security
        From `jupyter_platform.cluster.tls.ensure_certificates`.
    folder : Path
        A private folder for Dask's scratch files.
    host : str
        Address to listen on.
    """

    def __init__(self, *, security: Security, folder: Path, host: str = LOOPBACK) -> None:
        super().__init__(
            host=host,
            port=0,
            protocol="tls",
            security=security,
            dashboard=False,
            worker_ttl=WORKER_TTL_S,
            blocked_handlers=UNUSED_HANDLERS["scheduler"],
            local_directory=str(folder),
        )
        self.handlers[MEMBERS_OP] = self.members
        self._changed = asyncio.Event()
        self.add_plugin(_MembershipPlugin(self.note_change))

    def start_http_server(self, *args: Any, **kwargs: Any) -> None:
        """Open no port: everything goes through the TLS listener.

        Parameters
        ----------
        *args
            As of Dask; unused.
        **kwargs
            As of Dask; unused.
        """

    async def members(self, known: str = "", wait_s: float = 0.0) -> dict[str, Any]:
        """Return the members, once they differ from those that the caller knows.

        Parameters
        ----------
        known : str
            ``version`` of the last answer, or empty.
        wait_s : float
            Seconds to wait at most for a difference.

        Returns
        -------
        dict
            ``members``, host name to address, and ``version``, which stands for them.
        """
        changed = self._changed
        if self._version() == known:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), min(wait_s, MAX_WAIT_S))
        return {"members": self._members(), "version": self._version()}

    def note_change(self) -> None:
        """Wake the callers that wait for a change of the members."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _members(self) -> dict[str, str]:
        return {str(worker.name): worker.address for worker in self.workers.values()}

    def _version(self) -> str:
        return json.dumps(self._members(), sort_keys=True)


class _MembershipPlugin(SchedulerPlugin):
    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed

    def add_worker(self, scheduler: Scheduler, worker: str) -> None:
        self._changed()

    def remove_worker(self, scheduler: Scheduler, worker: str, **kwargs: Any) -> None:
        self._changed()


async def serve(paths: Paths, host: str = LOOPBACK) -> None:
    """Run the scheduler until SIGTERM or SIGINT, its address in ``scheduler.json`` meanwhile.

    Parameters
    ----------
    paths : Paths
        The platform's folders.
    host : str, optional
        IP address to listen at.
    """
    configure_dask()
    paths.ensure()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    security = ensure_certificates(paths.tls)
    scheduler = await MembershipScheduler(
        security=security, folder=paths.runtime / "dask", host=host
    )
    record = {"address": scheduler.address, "pid": os.getpid(), "boot_id": boot_id()}
    write_json_atomic(paths.scheduler_file, record)
    logger.info("Scheduler listens at %s", scheduler.address)
    try:
        await stop.wait()
    finally:
        _withdraw(paths.scheduler_file, record)
        await scheduler.close(timeout=2, reason="stopped")


def _withdraw(file: Path, record: dict[str, Any]) -> None:
    """Remove ``scheduler.json``, unless another scheduler has already written its own."""
    try:
        if json.loads(file.read_text(encoding="utf-8")) == record:
            file.unlink()
    except (OSError, ValueError):
        logger.warning("%s was already gone", file)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the process; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m jupyter_platform.cluster.scheduler",
        description="Run the scheduler of the cluster.",
    )
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("distributed").setLevel(logging.WARNING)
    try:
        asyncio.run(serve(Paths.default(), options.host))
    except PlatformError as error:
        logger.error("%s", error.message)  # noqa: TRY400 - a sentence for people, not a defect
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
