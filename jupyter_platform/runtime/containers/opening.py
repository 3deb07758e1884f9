"""Finding the container service of a machine."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_platform.core.errors import UnavailableError

if TYPE_CHECKING:
    from jupyter_platform.runtime.containers.service import Containers

SOCKET_VARIABLE = "JUPYTER_PLATFORM_CONTAINERS"
"""Variable of a run's environment with the address of the container service."""


def open_containers(address: str | None = None) -> Containers:
    """Connect to the container service of this machine.

    Parameters
    ----------
    address : str, optional
        ``unix:///path`` of its socket; the first of `known_addresses` that is there where None.

    Raises
    ------
    UnavailableError
        If there is none, it does not answer, or the Python package that speaks to it is missing.
    """
    if importlib.util.find_spec("docker") is None:
        raise UnavailableError(
            f"Containers need the package docker: {sys.executable} -m pip install "
            "'jupyter-platform[containers]'."
        )
    if address is None:
        there = [item for item in known_addresses() if Path(item.removeprefix("unix://")).exists()]
        if not there:
            raise UnavailableError(
                "This machine has no container service: there is no socket at "
                f"{', '.join(item.removeprefix('unix://') for item in known_addresses())}. Install "
                "Docker or Podman, or set containers.address."
            )
        address = there[0]
    from jupyter_platform.runtime.containers.service import (  # noqa: PLC0415 - an extra's package
        Containers,
    )

    return Containers(address)


def known_addresses() -> list[str]:
    """Return the addresses at which container services are looked for, in their order."""
    given = os.environ.get("DOCKER_HOST", "")
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    sockets = ("/var/run/docker.sock", f"{runtime}/docker.sock", f"{runtime}/podman/podman.sock")
    own = [given] if given.startswith("unix://") else []
    return [*own, *(f"unix://{path}" for path in sockets)]
