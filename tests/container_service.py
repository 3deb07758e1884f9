"""A container service of the tests' own: Debian's dockerd, and an image made of busybox alone."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from docker import DockerClient
from docker.errors import DockerException

from tests.waiting import until

IMAGE = "busybox:test"
APPLETS = ("sh", "cat", "dd", "df", "echo", "id", "mount", "sleep", "tail", "touch", "httpd")


@contextlib.contextmanager
def container_service(folder: Path) -> Iterator[str]:
    """Run dockerd in a folder of its own; root alone can.

    Yields
    ------
    str
        Its address.
    """
    socket = folder / "docker.sock"
    options = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
    command = ["dockerd", f"--host=unix://{socket}"]
    command += [f"--{name}={folder / path}" for name, path in options.items()]
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        address = f"unix://{socket}"

        def answers() -> bool:
            assert daemon.poll() is None, (folder / "log").read_text()[-2000:]
            with contextlib.suppress(DockerException, OSError):
                return bool(DockerClient(base_url=address).ping())
            return False

        until(answers)
        client = DockerClient(base_url=address)
        client.api.import_image_from_data(_busybox(), *IMAGE.split(":"))
        yield address
    finally:
        daemon.terminate()
        daemon.wait()


def _busybox() -> bytes:
    """Return a file system with a shell and a few programs."""
    path = shutil.which("busybox")
    assert path is not None, "install Debian's busybox-static"
    content = Path(path).read_bytes()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for folder in ("bin", "tmp", "work", "etc"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        entry = tarfile.TarInfo("bin/busybox")
        entry.size, entry.mode = len(content), 0o755
        archive.addfile(entry, io.BytesIO(content))
        for applet in APPLETS:
            entry = tarfile.TarInfo(f"bin/{applet}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(entry)
    return made.getvalue()
