"""The connection file: where the coordinator of this user is, and the token that opens it."""

from __future__ import annotations

import json
import os
import socket
import stat
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jupyter_platform.core.errors import CoordinatorError
from jupyter_platform.runtime.atomic import write_bytes_atomic
from jupyter_platform.runtime.identity import boot_id, is_same_process
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.processes import file_lock

PROTOCOL = 1
"""Version of the API; raised when an older client would misunderstand it."""
API_URL_VARIABLE = "JUPYTER_PLATFORM_API_URL"
API_TOKEN_VARIABLE = "JUPYTER_PLATFORM_API_TOKEN"


class Connection(BaseModel):
    """How a coordinator is reached, and which process it is."""

    model_config = ConfigDict(frozen=True)

    url: str
    """``http://127.0.0.1:<port>``, without a slash at the end."""
    token: str = Field(repr=False)
    pid: int
    start_time: float
    boot_id: str
    hostname: str
    user: str
    version: str
    protocol: int
    data_dir: str

    def is_alive(self) -> bool:
        """Return whether the process that wrote this still runs on this machine."""
        return is_same_process(self.pid, self.start_time, self.boot_id)


def write_connection(paths: Paths, connection: Connection) -> None:
    """Write the connection file, readable by its owner alone.

    Parameters
    ----------
    paths : Paths
        Folders of the platform.
    connection : Connection
        Address and token of the coordinator.
    """
    write_bytes_atomic(paths.connection_file, connection.model_dump_json(indent=2).encode())


def read_connection(paths: Paths) -> Connection | None:
    """Return the connection to a coordinator that runs on this machine.

    Returns
    -------
    Connection or None
        None when there is no file, or the process that wrote it is gone.

    Raises
    ------
    CoordinatorError
        If the file is corrupt, open to others, or of another user or machine.
    """
    path = paths.connection_file
    content = _read_private(path)
    if content is None:
        return None
    try:
        connection = Connection.model_validate_json(content)
    except ValidationError as error:
        raise CoordinatorError(
            f"The connection file {path} is corrupt ({_first_fault(content, error)}). "
            "Remove it; a coordinator that still runs is found and stopped by "
            "'jupyter platform down'."
        ) from error
    if connection.is_alive():
        return connection
    if _is_foreign(paths, connection):
        raise CoordinatorError(
            f"The connection file {path} belongs to the machine {connection.hostname!r} (user "
            f"{connection.user!r}), and this is {socket.gethostname()!r}: the folder is shared "
            f"between machines. Set {API_URL_VARIABLE} and {API_TOKEN_VARIABLE} to use that "
            "coordinator, or JUPYTER_DATA_DIR and JUPYTER_RUNTIME_DIR to folders of this machine "
            "to start another. If no coordinator runs there any more, remove the file."
        )
    return None


def _is_foreign(paths: Paths, connection: Connection) -> bool:
    """Return whether the writer may be alive where its pid cannot be looked up from here."""
    if connection.hostname == socket.gethostname():
        return False
    if connection.boot_id != boot_id():
        return True
    # A container of this machine: gone for good when nobody holds its supervisor's lock.
    with file_lock(paths.supervisor_lock) as free:
        return not free


def _read_private(path: Path) -> bytes | None:
    """Read a file that must be a plain file of ours that nobody else may read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CoordinatorError(
            f"The connection file {path} cannot be read: {error.strerror}. Remove it."
        ) from error
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise CoordinatorError(f"The connection file {path} is no plain file. Remove it.")
        if status.st_uid != os.getuid():
            raise CoordinatorError(
                f"The connection file {path} belongs to user id {status.st_uid}, not to you "
                f"({os.getuid()}): it is not trusted. Remove it, or set JUPYTER_RUNTIME_DIR."
            )
        if status.st_mode & 0o077:
            raise CoordinatorError(
                f"The connection file {path} can be read or written by other users (mode "
                f"{stat.S_IMODE(status.st_mode):04o}; 0600 is accepted), so its token may be "
                "known. Run 'jupyter platform down', remove the file, and start again."
            )
        return file.read(1_000_000)


def _first_fault(content: bytes, error: ValidationError) -> str:
    try:
        json.loads(content)
    except ValueError:
        return "it is not JSON"
    fault = error.errors()[0]
    return f"{'.'.join(str(part) for part in fault['loc']) or 'content'}: {fault['msg']}"
