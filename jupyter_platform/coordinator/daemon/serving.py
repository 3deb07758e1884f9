"""The daemon: one instance, one port, a connection file for as long as it answers."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import getpass
import logging
import os
import secrets
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from jupyter_platform._version import __version__
from jupyter_platform.coordinator.api import create_app
from jupyter_platform.coordinator.daemon.application import Application
from jupyter_platform.coordinator.identity.tokens import Identity
from jupyter_platform.core.errors import CoordinatorError
from jupyter_platform.core.settings import Settings
from jupyter_platform.runtime.connection import PROTOCOL, Connection, write_connection
from jupyter_platform.runtime.identity import boot_id, process_start_time
from jupyter_platform.runtime.launch import is_healthy
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.processes import (
    COORDINATOR,
    file_lock,
    read_supervised,
    supervised_now,
    write_supervised,
)

ADDRESS = "127.0.0.1"
_LOOK_S = 1.0
"""Seconds between two looks at the connection file."""
_GRACE_S = 5
"""Seconds that open requests get when the coordinator stops."""

log = logging.getLogger(__name__)


def run(paths: Paths) -> None:
    """Be the coordinator of these folders until SIGTERM.

    Raises
    ------
    CoordinatorError
        If there is one already, the port is in use, or the settings cannot be read.
    StoreError
        If the store cannot be used.
    """
    with file_lock(paths.data / "coordinator.lock") as alone:
        if not alone:
            raise CoordinatorError(
                f"Another coordinator works on {paths.data}; there can be only one. "
                "Set JUPYTER_DATA_DIR to start a second platform."
            )
        settings = _read_settings(paths)
        _note_down(paths)
        asyncio.run(_serve(paths, settings))


async def _serve(paths: Paths, settings: Settings) -> None:
    previous = _previous(paths)
    token = previous.token if previous else secrets.token_urlsafe(32)
    with contextlib.closing(_bind(settings.coordinator.port, previous)) as listener:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        application = Application(paths, settings)
        await application.start()
        try:
            app = create_app(application.services, identity=Identity(application.owner, token))
            await _answer(paths, application, app, listener, token, stop)
        finally:
            await application.close()


async def _answer(
    paths: Paths,
    application: Application,
    app: FastAPI,
    listener: socket.socket,
    token: str,
    stop: asyncio.Event,
) -> None:
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            ws="websockets-sansio",
            # Over loopback it would only cost: time for each client, and 300 kB of memory.
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    connection = _describe(paths, listener, token)
    try:
        await _wait_for_answer(serving, connection.url)
        write_connection(paths, connection)
        # What was made until now stays: collections need not go through it again and again.
        gc.freeze()
        gc.enable()
        log.info("The coordinator answers at %s", connection.url)
        stopping = asyncio.create_task(stop.wait())
        keeping = asyncio.create_task(_keep_connection(paths, connection))
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (stopping, keeping):
            task.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    finally:
        _forget(paths, connection)
        application.services.hub.close()
        server.should_exit = True
        await serving


async def _keep_connection(paths: Paths, connection: Connection) -> None:
    """Write the connection file again after it was removed or emptied."""
    while True:
        await asyncio.sleep(_LOOK_S)
        with contextlib.suppress(OSError):
            if await asyncio.to_thread(_is_lost, paths):
                log.warning("The connection file is gone; writing it again.")
                await asyncio.to_thread(write_connection, paths, connection)


def _is_lost(paths: Paths) -> bool:
    """Return whether the connection file is gone or no JSON, in folders that are still ours."""
    if not paths.supervised(COORDINATOR).exists():
        return False
    try:
        Connection.model_validate_json(paths.connection_file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return True
    return False


class _Server(uvicorn.Server):
    """Leaves signals to us: the parts behind the server have to be stopped in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _wait_for_answer(serving: asyncio.Task[None], url: str) -> None:
    while not await asyncio.to_thread(is_healthy, url):
        if serving.done():
            serving.result()
            raise CoordinatorError(f"The server at {url} ended before it answered.")
        await asyncio.sleep(0.02)


def _bind(port: int, previous: Connection | None) -> socket.socket:
    """Return a socket at a port: the one set, or where that is 0 the one of a life before."""
    if port:
        return _listen(port)
    if previous is not None:
        with contextlib.suppress(CoordinatorError):
            return _listen(int(previous.url.rpartition(":")[2]))
    return _listen(0)


def _listen(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it on, every
    # small answer waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
    except OSError as error:
        listener.close()
        raise CoordinatorError(
            f"Port {port} of {ADDRESS} (setting coordinator.port) cannot be used: "
            f"{error.strerror}. Choose another port, or 0 for any free one."
        ) from error
    return listener


def _describe(paths: Paths, listener: socket.socket, token: str) -> Connection:
    return Connection(
        url=f"http://{ADDRESS}:{listener.getsockname()[1]}",
        token=token,
        pid=os.getpid(),
        start_time=process_start_time(os.getpid()) or 0.0,
        boot_id=boot_id(),
        hostname=socket.gethostname(),
        user=getpass.getuser(),
        version=__version__,
        protocol=PROTOCOL,
        data_dir=str(paths.data),
    )


def _previous(paths: Paths) -> Connection | None:
    """Return the content of the connection file left by a killed coordinator.

    Its port and token are used again, so that browsers and kernels come back by themselves.
    """
    path = paths.connection_file
    try:
        if not _is_private(path):
            return None
        found = Connection.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    same = found.data_dir == str(paths.data) and found.hostname == socket.gethostname()
    return found if same and len(found.token) >= 32 and found.url.startswith("http://") else None


def _is_private(path: Path) -> bool:
    status = path.lstat()
    return (
        stat.S_ISREG(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
    )


def _forget(paths: Paths, connection: Connection) -> None:
    with contextlib.suppress(OSError, ValidationError):
        written = Connection.model_validate_json(paths.connection_file.read_bytes())
        if written.pid == connection.pid:
            paths.connection_file.unlink()


def _read_settings(paths: Paths) -> Settings:
    try:
        return Settings.model_validate_json(paths.settings_file.read_bytes())
    except FileNotFoundError:
        return Settings()
    except ValidationError as error:
        raise CoordinatorError(
            f"The settings in {paths.settings_file} cannot be used: {error}"
        ) from error


def _note_down(paths: Paths) -> None:
    """Register this process with the supervisor, also when it was started by hand."""
    known = read_supervised(paths, COORDINATOR)
    if known is None or not known.is_alive():
        write_supervised(paths, COORDINATOR, supervised_now(os.getpid()))
