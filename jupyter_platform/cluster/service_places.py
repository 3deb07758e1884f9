"""What a host gives each deployment: a folder for its sockets, one to work in, and its network."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from jupyter_platform.core.errors import HostError
from jupyter_platform.core.predictions import SERVED_DESCRIPTION, SERVED_WEIGHTS
from jupyter_platform.core.runs import RunSpec
from jupyter_platform.core.units import format_bytes
from jupyter_platform.runtime.atomic import write_bytes_atomic
from jupyter_platform.runtime.service_sockets import (
    make_deployment_folder,
    make_sockets_folder,
    remove_deployment_folder,
)

FOLDER = "deployments"
NETWORK, WORK = "network", "work"
_MB = 1_000_000


class ServicePlaces:
    """The folders of the deployments of a host.

    Parameters
    ----------
    host_folder : Path
        Folder of the host.
    """

    def __init__(self, host_folder: Path) -> None:
        self.sockets = make_sockets_folder(host_folder)
        self._root = host_folder / FOLDER
        self._root.mkdir(mode=0o700, exist_ok=True)

    def prepare(self, spec: RunSpec) -> RunSpec:
        """Make the folders of a deployment, and return its specification with them.

        Raises
        ------
        HostError
            If there is less room on the disk than it asks for, or the folders cannot be made.
        """
        asked = spec.deployment
        assert asked is not None, "the run is no deployment"
        disk = int(asked.configuration.get("storage", {}).get("disk", 0)) * _MB
        free = shutil.disk_usage(self._root).free
        if free < disk:
            raise HostError(
                f"The disk of this host has {format_bytes(free)} free; the deployment asks for "
                f"{format_bytes(disk)}."
            )
        folder = self._root / asked.id
        work = folder / WORK
        try:
            work.mkdir(mode=0o700, parents=True, exist_ok=True)
            network = None if asked.weights is None else _make_network(spec, folder / NETWORK)
            sockets = make_deployment_folder(self.sockets, asked.id)
        except OSError as error:
            raise HostError(f"The folders of the deployment cannot be made: {error}.") from error
        placed = {
            "sockets": str(sockets),
            "work": str(work),
            "network": None if network is None else str(network),
        }
        return spec.model_copy(update={"deployment": asked.model_copy(update=placed)})

    def remove(self, deployment: str) -> None:
        """Remove the folders of a deployment; of a job there are none."""
        remove_deployment_folder(self.sockets, deployment)
        shutil.rmtree(self._root / deployment, ignore_errors=True)


def _make_network(spec: RunSpec, folder: Path) -> Path:
    """Lay down description and weights of a network as its API reads them."""
    asked = spec.deployment
    assert asked is not None, "the run is no deployment"
    assert asked.served is not None, "no network is deployed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    content = asked.served.model_dump_json().encode()
    write_bytes_atomic(folder / SERVED_DESCRIPTION, content, fsync=False)
    weights = Path(spec.files[str(asked.weights)])
    try:
        os.link(weights, folder / SERVED_WEIGHTS)
    except OSError:
        shutil.copyfile(weights, folder / SERVED_WEIGHTS)
    return folder
