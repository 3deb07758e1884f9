"""The server: one process that answers once its models are ready, until SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.loops.auto import auto_loop_factory

from jupyter_platform.core.errors import UnavailableError
from jupyter_platform.serving.api.application import create_app
from jupyter_platform.serving.metrics import Metrics
from jupyter_platform.serving.models import ForeignModel, Model
from jupyter_platform.serving.output import Captured
from jupyter_platform.serving.service import Service
from jupyter_platform.serving.settings import ServiceSettings

_GRACE_S = 2
"""Seconds that open requests get when the service stops."""


@dataclass(frozen=True)
class Address:
    """Where a service listens: a unix socket, or host and port."""

    path: Path | None = None
    host: str = "127.0.0.1"
    port: int = 5000

    def bind(self) -> socket.socket:
        """Return a socket that is bound, and takes no connection yet.

        Raises
        ------
        UnavailableError
            If that is not possible.
        """
        try:
            return self._unix() if self.path is not None else self._tcp()
        except OSError as error:
            place = self.path or f"{self.host}:{self.port}"
            raise UnavailableError(f"Cannot listen at {place}: {error.strerror}.") from error

    def _unix(self) -> socket.socket:
        path = str(self.path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
        os.chmod(path, 0o600)
        return listener

    def _tcp(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        # asyncio turns Nagle's algorithm off only where the protocol is named.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        return listener


def run(settings: ServiceSettings, address: Address) -> bool:
    """Serve until SIGTERM or SIGINT.

    Parameters
    ----------
    settings : ServiceSettings
        What is served, and how.
    address : Address
        Where the service listens.

    Returns
    -------
    bool
        Whether its models could be made ready; it ends at once where they cannot.

    Raises
    ------
    UnavailableError
        If it cannot listen.
    """
    with contextlib.closing(address.bind()) as listener:
        try:
            # uvloop where it is installed: it spends half the time on small requests.
            with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
                return runner.run(_serve(settings, listener))
        finally:
            if address.path is not None:
                address.path.unlink(missing_ok=True)


async def _serve(settings: ServiceSettings, listener: socket.socket) -> bool:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    captured = Captured() if settings.debug_endpoint else None
    if captured is not None:
        captured.listen()
    metrics = Metrics()
    service = Service(settings, _models(settings, metrics, captured))
    stopping = asyncio.create_task(stop.wait())
    starting = asyncio.create_task(service.start())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done() and not service.failed:
            # What was made until now stays: collections need not go through it again and again.
            gc.collect()
            gc.freeze()
            await _answer(create_app(service, metrics, captured), listener, stopping)
    finally:
        starting.cancel()
        stopping.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await service.close()
        if captured is not None:
            captured.close()
    return not service.failed


async def _answer(app: ASGIApp, listener: socket.socket, stopping: asyncio.Task[Any]) -> None:
    """Take connections: from now on, so that whoever can connect finds the models ready."""
    listener.listen(1024)
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=_GRACE_S,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving


def _models(settings: ServiceSettings, metrics: Metrics, captured: Captured | None) -> list[Model]:
    if settings.network is not None:
        # It imports torch, which an environment of a module's own need not have.
        from jupyter_platform.serving.networks.model import NetworkModel  # noqa: PLC0415

        return [NetworkModel(settings.network, settings, metrics)]
    output = None if captured is None else captured.writing
    return [ForeignModel(module, settings, output) for module in settings.modules]


class _Server(uvicorn.Server):
    """Leaves signals to us: the processes of the module end with the service."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
