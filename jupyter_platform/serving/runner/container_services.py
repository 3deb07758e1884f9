"""The services of a container: one process keeps it, and each service is a port inside."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from pathlib import Path

from jupyter_platform.core.errors import HostError
from jupyter_platform.core.recipes import ServiceName
from jupyter_platform.runtime.atomic import read_json, write_json_atomic
from jupyter_platform.runtime.containers.requests import (
    END,
    PORTS,
    RECORD,
    REQUEST,
    WORK,
    ContainerRequest,
    request_to,
)
from jupyter_platform.runtime.virtual_environments import MadeEnvironment
from jupyter_platform.serving.runner import variables
from jupyter_platform.serving.runner.context import Context
from jupyter_platform.serving.runner.services import Service

CONFIGURATION = "/etc/jupyter-platform/configuration.json"
"""Where a container finds its configuration."""
_KEEPER = ("-P", "-m", "jupyter_platform.runtime.containers")


class ContainerService(Service):
    """One service of a deployment that runs in a container.

    The chosen service starts the container; the others are ports of it.
    """

    def __init__(self, name: ServiceName, context: Context, environment: MadeEnvironment) -> None:
        super().__init__(name, context, environment)
        # What an image serves knows nothing of the addresses that browsers see.
        self.root = "/"

    def start(self) -> None:
        """Start the process that keeps the container, for the service that was chosen.

        Raises
        ------
        HostError
            If it cannot be started.
        """
        self.remove_files()
        self.alive = self.answered = False
        if self.name != self._context.run.service:
            return
        folder = self._context.folder
        if (folder / RECORD).exists():
            raise HostError("The container of this attempt was made already.")
        wanted = {
            "run": self._context.run_id,
            "container": request_to(self._request()),
            "disk": self._context.disk,
        }
        write_json_atomic(folder / REQUEST, wanted, fsync=False)
        self.process = subprocess.Popen(
            [sys.executable, *_KEEPER],
            stdin=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,
        )

    def answers(self) -> bool:
        """Return whether it gives any answer of HTTP to a request for its first page."""
        return self._known_port() is not None and super().answers()

    def why_ended(self, code: int) -> str:
        """Say why the container ended."""
        try:
            return str(read_json(self._context.folder / END)["reason"]).rstrip(".")
        except (OSError, ValueError, KeyError, TypeError):
            return super().why_ended(code)

    def _request(self) -> ContainerRequest:
        run = self._context.run
        around = {variables.BASE_URL: self.base_url, variables.CONFIGURATION: CONFIGURATION}
        mounts = {self._context.configuration_file: CONFIGURATION}
        if run.folder:
            mounts[Path(run.folder)] = "/etc/jupyter-platform/item"
            around[variables.ITEM_FOLDER] = "/etc/jupyter-platform/item"
        names = (self.name, *(name for name in run.base_urls if name != self.name))
        ports = [run.recipe.services[name].port for name in names if name in run.recipe.services]
        return ContainerRequest(
            image=run.recipe.image or "",
            work=self._context.work,
            command=self.recipe.command,
            environment={**around, "HOME": WORK},
            mounts=mounts,
            ports=[port for port in ports if port is not None],
            cpus=self._context.cpus,
            memory=self._context.memory or 1_000_000_000,
            gpus=[str(index) for index in self._context.gpus],
            user=f"{os.getuid()}:{os.getgid()}" if run.recipe.user == "owner" else None,
            read_only=run.recipe.read_only,
        )

    def _known_port(self) -> int | None:
        """Return the port of this machine that leads to the service, as soon as there is one."""
        if self._port is None:
            try:
                ports = read_json(self._context.folder / PORTS)
                self._port = int(ports[str(self.recipe.port)])
            except (OSError, ValueError, KeyError, TypeError):
                return None
            write_json_atomic(self.door_file, {"port": self._port, "secret": ""}, fsync=False)
        return self._port

    def _connection(self) -> http.client.HTTPConnection:
        if self._port is None:
            raise ConnectionRefusedError("the container has no port yet")
        return super()._connection()
