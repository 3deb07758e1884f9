"""A host: one Dask worker with our agent in it, offering a slice of this machine.

``python -m jupyter_platform.cluster.host --name NAME``
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distributed import Security, Worker
from distributed.comm.addressing import get_address_host
from distributed.comm.core import connect
from distributed.utils import get_ip

from jupyter_platform.cluster.agent import HostAgent
from jupyter_platform.cluster.configuration import (
    FIRST_PATIENCE_S,
    MOST_PATIENCE_S,
    UNUSED_HANDLERS,
    configure_dask,
)
from jupyter_platform.cluster.content import HostContent
from jupyter_platform.cluster.door import Door
from jupyter_platform.cluster.inspection import Inspector, Inspectors
from jupyter_platform.cluster.line_protocol import make_socket_folder, remove_socket_folder
from jupyter_platform.cluster.runs import HostRuns
from jupyter_platform.cluster.service_places import ServicePlaces
from jupyter_platform.cluster.starting import RunStarter
from jupyter_platform.cluster.tls import ensure_certificates
from jupyter_platform.cluster.warm import WarmProcess
from jupyter_platform.core.errors import HostError, InvalidRequestError, PlatformError
from jupyter_platform.core.settings import Settings
from jupyter_platform.runtime.atomic import read_json, write_json_atomic
from jupyter_platform.runtime.paths import Paths, make_private
from jupyter_platform.runtime.runtimes import installed_runtimes
from jupyter_platform.runtime.slices import Slice, claim_slice
from jupyter_platform.runtime.telemetry import Telemetry

logger = logging.getLogger(__name__)

RETRY_S = 0.1
JOIN_TIMEOUT_S = 30
"""Seconds to join a scheduler that answered; then the process ends and is started again."""
SOCKETS = "sockets"
"""Link in the host's folder to the one of its unix sockets."""
CLOSE_TIMEOUT_S = 2.0
DATA_READERS = 3
"""Datasets that are looked at at a time."""


class HostWorker(Worker):
    """A Dask worker that opens no HTTP port, runs no tasks and carries a `HostAgent`."""

    def __init__(
        self, scheduler: str, *, name: str, security: Security, folder: Path, agent: HostAgent
    ) -> None:
        super().__init__(
            scheduler,
            name=name,
            nthreads=1,
            # The address towards the scheduler, and no other, is listened on.
            host=_address_towards(scheduler),
            protocol="tls",
            security=security,
            memory_limit=0,
            local_directory=str(folder),
            death_timeout=JOIN_TIMEOUT_S,
            plugins=(agent,),
            blocked_handlers=UNUSED_HANDLERS["worker"],
        )

    def start_http_server(self, *args: Any, **kwargs: Any) -> None:
        """Open no port: everything goes through the TLS listener.

        Parameters
        ----------
        *args
            As of Dask; unused.
        **kwargs
            As of Dask; unused.
        """


def _address_towards(scheduler: str) -> str:
    local_address: Any = get_ip
    return str(local_address(get_address_host(scheduler)))


async def serve(paths: Paths, name: str, command: Sequence[str] | None = None) -> bool:
    """Run a host until SIGTERM, SIGINT, or the loss of its scheduler.

    Parameters
    ----------
    paths : Paths
        Folders of the platform.
    name : str
        Name of the host.
    command : sequence of str, optional
        What shims start instead of the training process; the run folder is appended.

    Returns
    -------
    bool
        Whether it was asked to stop; False when it lost its scheduler.

    Raises
    ------
    HostError
        If the slice it should offer is taken, or the name is.
    """
    configure_dask()
    paths.ensure()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    folder = _host_folder(paths, name)
    lock = _claim_name(folder, name)
    try:
        settings = _read_settings(paths.settings_file)
        offer = claim(settings)
        security = ensure_certificates(paths.tls)
        sockets = make_socket_folder(folder / SOCKETS)
        warm = WarmProcess(sockets / "warm.sock", paths.log(f"warm-{name}"))
        log = paths.log(f"inspector-{name}")
        readers = [Inspector(warm, sockets, log, name=f"data{n}") for n in range(DATA_READERS)]
        inspectors = Inspectors(Inspector(warm, sockets, log), readers)
        places = await asyncio.to_thread(ServicePlaces, folder)
        door = Door(places.sockets, paths.tls)
        agent = _make_agent(paths, name, settings, offer, warm, inspectors, places, door, command)
        scheduler = await _until(stop, _find_scheduler(paths.scheduler_file, security))
        if scheduler is None:
            return True
        await door.open(_address_towards(scheduler))
        worker = await HostWorker(
            scheduler, name=name, security=security, folder=folder / "dask", agent=agent
        )
        logger.info("Host %s joined %s and listens at %s", name, scheduler, worker.address)
        paths.host_problem(name).unlink(missing_ok=True)
        if settings.cluster.warm_start and command is None:
            warm.start()
        return await _watch(worker, agent, stop)
    finally:
        remove_socket_folder(folder / SOCKETS)
        os.close(lock)


def claim(settings: Settings) -> Slice:
    """Claim what the settings let each host of this machine offer.

    Several local hosts share the machine, so they overcommit and say so.
    """
    cluster = settings.cluster
    return claim_slice(
        cpus=cluster.cpus,
        memory=cluster.memory,
        gpus=cluster.gpus,
        overcommit=cluster.overcommit or cluster.hosts > 1,
    )


async def _watch(worker: HostWorker, agent: HostAgent, stop: asyncio.Event) -> bool:
    """Wait for the end of the worker or for `stop`; leave nothing of ours behind."""
    asked = asyncio.create_task(stop.wait())
    ending = asyncio.create_task(agent.ended.wait())
    await asyncio.wait({asked, ending}, return_when=asyncio.FIRST_COMPLETED)
    requested = asked.done()
    asked.cancel()
    ending.cancel()
    if requested:
        logger.info("Host %s stops", worker.name)
    else:
        logger.warning("Host %s lost its scheduler", worker.name)
    await agent.teardown(worker)
    # Dask may wait for a scheduler that is gone; the process ends now anyway.
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(worker.close(timeout=CLOSE_TIMEOUT_S), CLOSE_TIMEOUT_S)
    return requested


async def _until(stop: asyncio.Event, search: Any) -> Any:
    """Return the result of `search`; None when `stop` comes first."""
    searching = asyncio.ensure_future(search)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({searching, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not searching.done():
        searching.cancel()
        return None
    return searching.result()


async def _find_scheduler(file: Path, security: Security) -> str:
    """Return the address of a scheduler that answers, however long that takes.

    The file is read each time: the one there may be of a scheduler that is gone.
    """
    credentials: Any = security
    reach: Any = connect
    arguments = credentials.get_connection_args("worker")
    patience_s = FIRST_PATIENCE_S
    while True:
        try:
            address = str(read_json(file)["address"])
            comm = await reach(address, timeout=patience_s, **arguments)
        except (OSError, ValueError, TypeError, KeyError):
            await asyncio.sleep(RETRY_S)
            patience_s = min(2 * patience_s, MOST_PATIENCE_S)
        else:
            await comm.close()
            return address


def _make_agent(
    paths: Paths,
    name: str,
    settings: Settings,
    offer: Slice,
    warm: WarmProcess,
    inspectors: Inspectors,
    places: ServicePlaces,
    door: Door,
    command: Sequence[str] | None,
) -> HostAgent:
    runtimes = installed_runtimes(settings.containers.address)
    runs = HostRuns(paths.host_runs(name), settings.jobs.log_limit, runtimes)
    content = HostContent(paths.host_blobs(name), paths.blobs)
    return HostAgent(
        name=name,
        identity=_identity(paths.host(name) / "host.json"),
        offer=offer,
        runs=runs,
        content=content,
        starter=RunStarter(runs, content, warm, command, places),
        warm=warm,
        inspectors=inspectors,
        places=places,
        door=door,
        site=settings.cluster.site,
        telemetry=Telemetry(paths.host(name)),
        file_cache=settings.cluster.file_cache,
    )


def _host_folder(paths: Paths, name: str) -> Path:
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise InvalidRequestError(f"Host name {name!r} cannot be the name of a folder.")
    folder = paths.host(name)
    for path in (folder, paths.host_runs(name), paths.host_blobs(name), folder / "dask"):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_private(path)
    return folder


def _claim_name(folder: Path, name: str) -> int:
    """Lock the host's folder for as long as the process lives."""
    descriptor = os.open(folder / "host.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise HostError(f"Host {name} already runs: another process holds {folder}.") from error
    return descriptor


def _identity(file: Path) -> str:
    """Return the id of the host, made once."""
    try:
        return str(read_json(file)["id"])
    except (ValueError, TypeError, KeyError):
        identity = uuid.uuid4().hex
        write_json_atomic(file, {"id": identity})
        return identity


def _read_settings(file: Path) -> Settings:
    try:
        text = file.read_text(encoding="utf-8")
        return Settings.model_validate(json.loads(text))
    except FileNotFoundError:
        return Settings()
    except ValueError as error:
        raise HostError(f"The settings in {file} cannot be used: {error}.") from error


def main(arguments: Sequence[str] | None = None, command: Sequence[str] | None = None) -> int:
    """Run the process; return its exit code: 0 when it was asked to stop.

    Parameters
    ----------
    arguments : sequence of str, optional
        Of the command line; by default those of this process.
    command : sequence of str, optional
        What is started in place of the process of each run, in tests.
    """
    parser = argparse.ArgumentParser(
        prog="python -m jupyter_platform.cluster.host",
        description="Offer a slice of this machine to the cluster.",
    )
    parser.add_argument("--name", required=True, help="name of the host")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("distributed").setLevel(logging.WARNING)
    paths = Paths.default()
    try:
        requested = asyncio.run(serve(paths, options.name, command))
    except PlatformError as error:
        logger.error("%s", error.message)  # noqa: TRY400 - a sentence for people, not a defect
        with contextlib.suppress(OSError):
            write_json_atomic(paths.host_problem(options.name), {"message": error.message})
        return 1
    return 0 if requested else 1


if __name__ == "__main__":
    sys.exit(main())
