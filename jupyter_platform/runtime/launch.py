"""Finding the coordinator of this user, and starting it when there is none."""

from __future__ import annotations

from collections.abc import Callable

from jupyter_platform.core.settings import Settings
from jupyter_platform.runtime.connection import Connection
from jupyter_platform.runtime.paths import Paths

Progress = Callable[[str, float], None]
"""Called with a sentence and the seconds since the start."""


def ensure_coordinator(
    paths: Paths,
    *,
    settings: Settings | None = None,
    timeout_s: float = 60.0,
    on_progress: Progress | None = None,
) -> Connection:
    """Return a living coordinator, starting one when there is none."""
    raise NotImplementedError


def check_version(connection: Connection) -> None:
    """Raise VersionMismatchError when the coordinator speaks another protocol."""
    raise NotImplementedError


def start_supervisor(paths: Paths) -> None:
    """Start the supervisor as a daemon; one that runs already is left as it is."""
    raise NotImplementedError


def request_down(paths: Paths, timeout_s: float = 30.0) -> bool:
    """Stop supervisor, coordinator, scheduler and hosts; return whether anything ran."""
    raise NotImplementedError
