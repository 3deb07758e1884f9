"""JSON lines over unix sockets: how the agent talks to its warm process and its inspector."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

LINE_LIMIT = 64_000_000
"""Bytes of the longest line that is read."""
LONGEST_TEMPORARY = 60
"""Characters of a temporary folder below which a socket's path stays within the kernel's 100."""
PREFIX = "jp-sockets-"
SPOKEN_FAULTS = (OSError, ValueError, TypeError, EOFError)
"""Errors of a peer that is gone, slow or does not speak JSON lines."""

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def make_socket_folder(note: Path) -> Path:
    """Make a private folder for unix sockets, with a path that is short enough for them.

    Parameters
    ----------
    note : Path
        A symbolic link to the folder; what an earlier life left behind it is removed first.
    """
    remove_socket_folder(note)
    default = tempfile.gettempdir()
    folder = default if len(default) < LONGEST_TEMPORARY else "/tmp"
    made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
    note.symlink_to(made)
    return made


def remove_socket_folder(note: Path) -> None:
    """Remove the folder that `make_socket_folder` made, and its note."""
    if note.is_symlink():
        folder = note.readlink()
        if folder.name.startswith(PREFIX):
            shutil.rmtree(folder, ignore_errors=True)
        note.unlink()


async def connect(socket: Path) -> Connection:
    """Connect to a unix socket."""
    return await asyncio.open_unix_connection(str(socket), limit=LINE_LIMIT)


async def ask(connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """Send one object and read one.

    Parameters
    ----------
    connection : Connection
        An open connection.
    request : dict of str to object
        A JSON object.

    Raises
    ------
    EOFError, OSError, TypeError, ValueError
        `SPOKEN_FAULTS`.
    """
    reader, writer = connection
    writer.write(json.dumps(request).encode() + b"\n")
    await writer.drain()
    line = await reader.readline()
    if not line.endswith(b"\n"):
        raise EOFError("the connection was closed")
    answer = json.loads(line)
    if not isinstance(answer, dict):
        raise TypeError(f"the answer {answer!r} is no object")
    return answer


async def exchange(socket: Path, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    """Connect, `ask` once within `timeout_s` seconds, and disconnect.

    Parameters
    ----------
    socket : Path
        Path of a unix socket.
    request : dict of str to object
        A JSON object.
    timeout_s : float
        Seconds.
    """
    async with asyncio.timeout(timeout_s):
        connection = await connect(socket)
        try:
            return await ask(connection, request)
        finally:
            connection[1].close()
