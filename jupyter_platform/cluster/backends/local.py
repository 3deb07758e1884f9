"""Hosts of this machine: children of the supervisor."""

from __future__ import annotations

from typing import ClassVar

from jupyter_platform.cluster.backends.base import Backend, ManagedHost
from jupyter_platform.core.errors import HostError, NotFoundError, unknown_name
from jupyter_platform.runtime.atomic import read_json
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.processes import (
    HOST_PREFIX,
    Target,
    read_supervised,
    read_target,
    write_target,
)
from jupyter_platform.runtime.supervisor import configured_hosts


class LocalBackend(Backend):
    """Says in target files which hosts are wanted; the supervisor starts and ends them.

    It starts a host that ended after a pause that grows from 0.2 to 10 s.

    Parameters
    ----------
    paths : Paths
        The platform's folders.
    """

    name: ClassVar[str] = "local"
    work_survives: ClassVar[bool] = True
    """Shims and their processes are no children of the worker."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def start(self, host: str) -> None:
        """Write down that a host is wanted."""
        self._want(host, "up")

    def stop(self, host: str) -> None:
        """Write down that a host is not wanted."""
        self._want(host, "down")

    def hosts(self) -> dict[str, ManagedHost]:
        """Return the hosts that the settings of this platform ask for."""
        return {host: self._look(host) for host in configured_hosts(self._paths)}

    def _want(self, host: str, target: Target) -> None:
        known = configured_hosts(self._paths)
        if host not in known:
            error = unknown_name("host", host, known)
            raise NotFoundError(error.message, errors=[error])
        try:
            write_target(self._paths, target, process=HOST_PREFIX + host)
        except OSError as error:
            raise HostError(
                f"That host {host} is to be {target} cannot be written down: {error}."
            ) from error

    def _look(self, host: str) -> ManagedHost:
        process = HOST_PREFIX + host
        record = read_supervised(self._paths, process)
        alive = record is not None and record.is_alive()
        if read_target(self._paths, process) == "down":
            return ManagedHost("stopping" if alive else "stopped")
        if alive:
            return ManagedHost("running")
        if record is None or record.last_end is None:
            return ManagedHost("starting")
        return ManagedHost("failed", self._reason(host, record.last_end))

    def _reason(self, host: str, last_end: str) -> str:
        try:
            return str(read_json(self._paths.host_problem(host))["message"])
        except (OSError, ValueError, KeyError, TypeError):
            log = self._paths.log(HOST_PREFIX + host)
            return f"Its process {last_end}; its log: {log}"
