"""Where the services of deployments listen on a host: unix sockets in a private folder."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from jupyter_platform.runtime.atomic import read_json

LINK = "service-sockets"
"""Link in the host's folder to the one of the sockets, whose path is short enough for them."""
PREFIX = "jp-services-"
LONGEST_TEMPORARY = 60
"""Characters of a temporary folder below which a socket's path stays within 107 bytes."""


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """Where a service listens on its host: on a socket, or on a port of the loopback interface."""

    socket: Path | None = None
    port: int | None = None
    secret: str = ""
    """What it demands of every request, where it listens on a port."""


def sockets_folder(host_folder: Path) -> Path | None:
    """Return the folder of a host's sockets, None where it was never made or is not ours."""
    link = host_folder / LINK
    try:
        folder = link.readlink()
        status = folder.lstat()
    except OSError:
        return None
    private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077
    return folder if private and status.st_uid == os.getuid() else None


def make_sockets_folder(host_folder: Path) -> Path:
    """Return the folder of a host's sockets; what outlives the host process keeps listening there.

    Parameters
    ----------
    host_folder : Path
        Folder of the host.
    """
    found = sockets_folder(host_folder)
    if found is not None:
        return found
    default = tempfile.gettempdir()
    parent = default if len(default) < LONGEST_TEMPORARY else "/tmp"
    made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    link = host_folder / LINK
    link.unlink(missing_ok=True)
    link.symlink_to(made)
    return made


def make_deployment_folder(root: Path, deployment: str) -> Path:
    """Return the folder of one deployment's sockets, empty: its services are about to start.

    Parameters
    ----------
    root : Path
        Folder of the sockets of this host.
    deployment : str
        Id of the deployment.
    """
    folder = root / deployment
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def remove_deployment_folder(root: Path, deployment: str) -> None:
    """Remove the sockets of a deployment; those that are gone already are fine.

    Parameters
    ----------
    root : Path
        Folder of the sockets of this host.
    deployment : str
        Id of the deployment.
    """
    shutil.rmtree(root / deployment, ignore_errors=True)


def service_address(root: Path, deployment: str, service: str) -> ServiceAddress | None:
    """Return where a service listens; None while it does not.

    Parameters
    ----------
    root : Path
        Folder of the host's sockets.
    deployment, service : str
        Id of the deployment, and name of the service.
    """
    socket = root / deployment / f"{service}.sock"
    if socket.is_socket():
        return ServiceAddress(socket=socket)
    try:
        told = read_json(socket.with_suffix(".json"))
        return ServiceAddress(port=int(told["port"]), secret=str(told["secret"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
