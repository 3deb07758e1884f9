"""The processes of a deployment's services, and whether they answer."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import socket
import subprocess
from pathlib import Path

from jupyter_platform.core.errors import HostError
from jupyter_platform.core.recipes import ServiceName
from jupyter_platform.runtime.atomic import write_json_atomic
from jupyter_platform.runtime.virtual_environments import MadeEnvironment
from jupyter_platform.serving.runner import variables
from jupyter_platform.serving.runner.context import Context
from jupyter_platform.serving.runner.preparing import filled, how_it_ended, variables_of

LONGEST_SOCKET = 107
"""Bytes of the path of a unix socket."""
PROGRAMS = "bin"
"""Folder of the run folder with the commands that terminals of the deployment find."""
ANSWER_S = 2.0
"""Seconds within which a service that lives answers."""
API = ("python", "-m", "jupyter_platform.serving", "api")


class Service:
    """One service of a deployment.

    Parameters
    ----------
    name : str
        Which one.
    context : Context
        The deployment.
    environment : MadeEnvironment
        What it runs in.
    """

    def __init__(self, name: ServiceName, context: Context, environment: MadeEnvironment) -> None:
        self.name = name
        self.recipe = context.run.recipe.service(name)
        self.process: subprocess.Popen[bytes] | None = None
        self.alive = False
        """Whether it answered when it was asked last."""
        self.answered = False
        """Whether it has ever answered."""
        self._context = context
        self._environment = environment
        self.base_url = context.run.base_urls[name]
        self.socket = Path(context.run.sockets) / f"{name}.sock"
        self.root = self.base_url
        """The path of its first page, as it is asked for on this machine."""
        self._port: int | None = None
        self._secret = ""

    @property
    def door_file(self) -> Path:
        """What the door must know of a service that listens on a port: port and secret."""
        return self.socket.with_suffix(".json")

    def start(self) -> None:
        """Start its process.

        Raises
        ------
        HostError
            If it cannot be started.
        """
        place = str(self.socket)
        if len(os.fsencode(place)) > LONGEST_SOCKET:
            raise HostError(
                f"The socket {place} has a path of more than {LONGEST_SOCKET} bytes, the most that "
                "the system allows; set JUPYTER_RUNTIME_DIR to a shorter folder."
            )
        self.remove_files()
        self.alive = self.answered = False
        around = variables_of(self._context, self._environment)
        around[variables.BASE_URL] = self.base_url
        if self.name == "ide":
            programs = self._context.folder / PROGRAMS
            around["PATH"] = f"{programs}{os.pathsep}{around['PATH']}"
        around.update(self._place())
        command = self._command()
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                cwd=self._context.work,
                env=around,
                start_new_session=True,
            )
        except OSError as error:
            raise HostError(
                f"Service {self.name} cannot be started: {command[0]!r}: {error.strerror}."
            ) from error

    def _place(self) -> dict[str, str]:
        """Return the variables that say where it listens."""
        if self.recipe.listens == "socket":
            return {variables.SOCKET: str(self.socket)}
        self._port, self._secret = free_port(), secrets.token_urlsafe(32)
        write_json_atomic(self.door_file, {"port": self._port, "secret": self._secret}, fsync=False)
        return {variables.PORT: str(self._port), variables.SECRET: self._secret}

    def _command(self) -> list[str]:
        if self.recipe.command is not None:
            here = {
                "socket": str(self.socket),
                "port": str(self._port or ""),
                "base_url": self.base_url,
            }
            words = filled(self.recipe.command, self._context, here)
        else:
            words = [*API, *self._served()]
        if words[0] == "python":
            words[0] = str(self._environment.interpreter)
        return words

    def _served(self) -> list[str]:
        network = self._context.run.network
        if network is not None:
            return ["--network", network]
        module = self.recipe.module or ""
        inside = self._context.item_folder / module
        return ["--module", str(inside) if module.endswith(".py") else module]

    def answers(self) -> bool:
        """Return whether it gives any answer of HTTP to a request for its first page."""
        connection = self._connection()
        try:
            # As the door does it; any status will do, a wish for a password too.
            headers = {"Host": "localhost", "X-Jupyter-Platform-Secret": self._secret}
            connection.request("GET", self.root, headers=headers)
            return 100 <= connection.getresponse().status < 600
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            connection.close()

    def listens(self) -> bool:
        """Return whether anything takes connections at its place."""
        try:
            connection = self._connection()
            with contextlib.closing(connection):
                connection.connect()
        except OSError:
            return False
        return True

    def why_ended(self, code: int) -> str:
        """Say how its process ended: its exit code, or the signal."""
        return how_it_ended(code)

    @property
    def place(self) -> str:
        """Where it should listen, for people."""
        return str(self.socket) if self._port is None else f"port {self._port} of this host"

    def _connection(self) -> http.client.HTTPConnection:
        if self._port is not None:
            return http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_S)
        return _SocketConnection(self.socket)

    def remove_files(self) -> None:
        """Remove its socket, and what the door knows of it."""
        for path in (self.socket, self.door_file):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_S)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def started_services(context: Context) -> list[ServiceName]:
    """Return the services that start by themselves, the chosen one first.

    A development environment starts where it was chosen alone, and the API beside it comes up when
    it is asked for, with `deep-start`.
    """
    run = context.run
    waiting = {run.service, "ide", *(("api",) if context.is_developed else ())}
    beside = [name for name in run.base_urls if name in run.recipe.services]
    return [run.service, *(name for name in beside if name not in waiting)]
