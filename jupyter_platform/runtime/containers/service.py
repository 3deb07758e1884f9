"""Containers of a Docker-compatible service: made for a run folder, and found again by it."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docker import DockerClient
from docker.errors import APIError, DockerException, ImageNotFound
from docker.models.containers import Container
from docker.types import DeviceRequest, Ulimit
from requests.exceptions import RequestException

from jupyter_platform.core.errors import HostError, UnavailableError
from jupyter_platform.runtime.atomic import write_bytes_atomic
from jupyter_platform.runtime.containers.requests import (
    RECORD,
    WORK,
    ContainerExit,
    ContainerRequest,
)

FOLDER_LABEL, RUN_LABEL = "jupyter-platform.folder", "jupyter-platform.run"
"""Labels of each container: the run folder, ``<workload>/<attempt>/<rank>``."""
ANSWER_TIMEOUT_S = 20
"""Seconds that the container service may take for one answer."""
_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "NET_BIND_SERVICE")
PIDS = 4096
"""Processes and threads in one container, at most."""


class Containers:
    """The containers that belong to run folders of this machine.

    Parameters
    ----------
    address : str
        ``unix:///path`` of the service's socket.

    Raises
    ------
    UnavailableError
        If it does not answer.
    """

    def __init__(self, address: str) -> None:
        with _faults_of(f"reach the container service at {address}"):
            self._client = DockerClient(base_url=address, timeout=ANSWER_TIMEOUT_S)
            self._client.ping()

    def check(self) -> None:
        """Ask whether the container service answers.

        Raises
        ------
        UnavailableError
            If it does not.
        """
        with _faults_of("reach the container service"):
            self._client.ping()

    def has_image(self, image: str) -> bool:
        """Return whether an image is on this machine."""
        with _faults_of("look for the image"):
            try:
                self._client.images.get(image)
            except ImageNotFound:
                return False
        return True

    def fetch(self, image: str) -> Iterator[float]:
        """Fetch an image from its registry.

        Yields
        ------
        float
            Share of its bytes that are here, between 0 and 1; it may fall while layers are found.

        Raises
        ------
        HostError
            If there is no such image, or its registry is not reached.
        """
        done: dict[str, tuple[int, int]] = {}
        with _faults_of(f"fetch the image {image}"):
            for line in self._client.api.pull(image, stream=True, decode=True):
                if "error" in line:
                    raise HostError(f"The image {image} cannot be fetched: {line['error']}.")
                detail = line.get("progressDetail") or {}
                if line.get("status") == "Downloading" and detail.get("total"):
                    done[line["id"]] = (detail["current"], detail["total"])
                elif line.get("status") in ("Download complete", "Pull complete"):
                    total = done.get(line["id"], (0, 0))[1]
                    done[line["id"]] = (total, total)
                total = sum(size for _, size in done.values())
                yield sum(part for part, _ in done.values()) / total if total else 0.0

    def start(self, folder: Path, run: str, request: ContainerRequest) -> None:
        """Make and start the container of a run folder; one that is there already is left.

        Parameters
        ----------
        folder : Path
            The run folder.
        run : str
            ``<workload>/<attempt>/<rank>``.
        request : ContainerRequest
            What it is made of.

        Raises
        ------
        HostError
            If it cannot be started; the message says why.
        """
        name = _name(folder)
        # Before there is one, so that one is always looked for where there may be.
        write_bytes_atomic(folder / RECORD, json.dumps({"name": name}).encode())
        with _faults_of(f"start the container of {request.image}"):
            container = self._find(folder) or self._client.containers.create(
                **_arguments(name, folder, run, request)
            )
            if container.status == "created":
                container.start()

    def is_running(self, folder: Path) -> bool:
        """Return whether the container of a run folder runs."""
        if not (folder / RECORD).exists():
            return False
        with _faults_of("look for a container"):
            container = self._find(folder)
        return container is not None and container.status in ("running", "paused", "restarting")

    def address(self, folder: Path, port: int) -> tuple[str, int] | None:
        """Return host and port of this machine that lead to a port of the container.

        Parameters
        ----------
        folder : Path
            Run folder that the container was started for.
        port : int
            Port inside of the container.

        Returns
        -------
        tuple of str and int, or None
            None where it does not run.
        """
        with _faults_of("look for a container"):
            container = self._find(folder)
        bound = None if container is None else container.ports.get(f"{port}/tcp")
        return (bound[0]["HostIp"], int(bound[0]["HostPort"])) if bound else None

    def output(self, folder: Path) -> Iterator[bytes]:
        """Return what the container prints, from its start until it ends."""
        container = self._existing(folder)
        with _faults_of("read the output of a container"):
            yield from container.logs(stream=True, follow=True)

    def wait(self, folder: Path) -> ContainerExit:
        """Wait until the container has ended, and return how."""
        container = self._existing(folder)
        with _faults_of("wait for a container"):
            container.wait(timeout=None)
            container.reload()
        state = container.attrs["State"]
        return ContainerExit(int(state["ExitCode"]), bool(state["OOMKilled"]))

    def written(self, folder: Path) -> int:
        """Return the bytes that the container has written outside its mounts."""
        container = self._existing(folder)
        with _faults_of("measure a container"):
            found = self._client.api.containers(all=True, size=True, filters={"id": container.id})
        return int(found[0].get("SizeRw", 0)) if found else 0

    def signal(self, folder: Path, name: str) -> bool:
        """Send a signal to the first process of the container.

        Parameters
        ----------
        folder : Path
            The run folder.
        name : str
            ``SIGTERM`` or ``SIGKILL``, which ends all processes of the container.

        Returns
        -------
        bool
            Whether it ran.
        """
        if not self.is_running(folder):
            return False
        with _faults_of("signal a container"):
            container = self._find(folder)
            if container is None:
                return False
            container.kill(signal=name)
        return True

    def remove(self, folder: Path) -> None:
        """Remove the container of a run folder with all that it wrote; twice is fine."""
        if not (folder / RECORD).exists():
            return
        with _faults_of("remove a container"):
            container = self._find(folder)
            if container is not None:
                container.remove(v=True, force=True)
        (folder / RECORD).unlink(missing_ok=True)

    def _find(self, folder: Path) -> Container | None:
        found = self._client.containers.list(
            all=True, filters={"label": f"{FOLDER_LABEL}={folder.resolve()}"}, ignore_removed=True
        )
        return found[0] if found else None

    def _existing(self, folder: Path) -> Container:
        with _faults_of("look for a container"):
            container = self._find(folder)
        if container is None:
            raise HostError(f"The container of {folder} is gone.")
        return container


def _name(folder: Path) -> str:
    """Return a container's name, which nobody else's has."""
    return f"jupyter-platform-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]}"


def _arguments(name: str, folder: Path, run: str, request: ContainerRequest) -> dict[str, Any]:
    shared = request.memory // 2 if request.shared_memory is None else request.shared_memory
    volumes = {str(request.work): {"bind": WORK, "mode": "rw"}}
    volumes |= {str(path): {"bind": to, "mode": "ro"} for path, to in request.mounts.items()}
    gpus = [DeviceRequest(device_ids=list(request.gpus), capabilities=[["gpu"]])]
    return {
        "name": name,
        "image": request.image,
        "command": None if request.command is None else list(request.command),
        "environment": dict(request.environment),
        "labels": {FOLDER_LABEL: str(folder.resolve()), RUN_LABEL: run},
        "volumes": volumes,
        "working_dir": WORK if request.command is not None else None,
        "ports": {f"{port}/tcp": ("127.0.0.1", None) for port in request.ports},
        "nano_cpus": int(request.cpus * 1e9),
        "mem_limit": request.memory,
        "memswap_limit": request.memory,
        "shm_size": shared,
        "device_requests": gpus if request.gpus else None,
        "user": request.user,
        "read_only": request.read_only,
        "tmpfs": {"/tmp": ""} if request.read_only else None,
        "cap_drop": ["ALL"],
        # An image that starts as root cannot become its own user without.
        "cap_add": [] if request.user else list(_CAPABILITIES),
        "security_opt": ["no-new-privileges"],
        "pids_limit": PIDS,
        "ulimits": [Ulimit(name="core", soft=0, hard=0)],
        # Its first process reaps what others leave, and hears SIGTERM where the command would not.
        "init": True,
    }


@contextlib.contextmanager
def _faults_of(act: str) -> Iterator[None]:
    """Tell the faults of the container service in a sentence.

    Raises
    ------
    UnavailableError
        If it does not answer.
    HostError
        If it refuses.
    """
    try:
        yield
    except APIError as error:
        said = str(error.explanation or error).strip().rstrip(".")
        raise HostError(f"The container service did not {act}: {said}.") from error
    except (DockerException, RequestException) as error:
        raise UnavailableError(f"Could not {act}: {error}.") from error
