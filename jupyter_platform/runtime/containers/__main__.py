"""``python -m jupyter_platform.runtime.containers``: keep the container of the run folder.

The folder is the working one; what is wanted stands in its ``container-request.json``. The ports
of this machine that lead into the container are written into ``ports.json``, and why it ended,
where it did not end well, into ``container-end.json``.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from jupyter_platform.core.errors import PlatformError
from jupyter_platform.runtime.atomic import read_json, write_json_atomic
from jupyter_platform.runtime.containers.keeper import Keeper
from jupyter_platform.runtime.containers.opening import SOCKET_VARIABLE, open_containers
from jupyter_platform.runtime.containers.requests import (
    END,
    PORTS,
    REQUEST,
    ContainerRequest,
    request_from,
)


def main() -> int:
    """Run the container to its end.

    Returns
    -------
    int
        Exit code: the container's, and 1 where there was none.
    """
    folder = Path.cwd()
    told = read_json(folder / REQUEST)
    try:
        return _keep(folder, str(told["run"]), request_from(told["container"]), told["disk"])
    except PlatformError as error:
        write_json_atomic(folder / END, {"reason": error.message}, fsync=False)
        return 1


def _keep(folder: Path, run: str, request: ContainerRequest, disk: int | None) -> int:
    containers = open_containers(os.environ.get(SOCKET_VARIABLE))
    keeper = Keeper(containers, folder, run, request, disk)
    # In a thread: the service is asked, which the main thread does at that moment too.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=keeper.stop).start())
    try:
        keeper.start(lambda text, share: None)
        found = {port: containers.address(folder, port) for port in request.ports}
        ports = {str(port): address[1] for port, address in found.items() if address is not None}
        write_json_atomic(folder / PORTS, ports, fsync=False)
        end = keeper.until_ended()
    finally:
        keeper.remove()
    reason = keeper.reason(end)
    if reason is not None:
        write_json_atomic(folder / END, {"reason": reason}, fsync=False)
    return end.code


if __name__ == "__main__":
    sys.exit(main())
