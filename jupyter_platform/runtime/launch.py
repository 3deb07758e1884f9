"""Finding the coordinator of this user, and starting it when there is none."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator

from jupyter_platform._version import __version__
from jupyter_platform.core.errors import CoordinatorError, VersionMismatchError
from jupyter_platform.core.settings import Settings
from jupyter_platform.runtime.atomic import write_bytes_atomic
from jupyter_platform.runtime.connection import PROTOCOL, Connection, read_connection
from jupyter_platform.runtime.paths import FOLDER, Paths
from jupyter_platform.runtime.processes import (
    COORDINATOR,
    SUPERVISOR,
    Supervised,
    file_lock,
    living,
    read_supervised,
    read_target,
    write_target,
)

Progress = Callable[[str, float], None]
"""Called with a sentence and the seconds since the start."""

HEALTH_TIMEOUT_S = 2.0
_PAUSE_S = 0.02
_SUPERVISOR_CHECK_S = 1.0
"""Pause between two looks at whether there still is a supervisor."""
_LONGEST_PAUSE_S = 0.2
_FAILED_STARTS = 2
"""Starts of the coordinator that must fail in a row before that is taken for an answer."""
_TAIL_LINES = 20
_LEAST_FREE = 1_000_000
"""Bytes free below which a coordinator cannot even write its log."""
LAST_WORDS = "CRITICAL jupyter_platform.coordinator: "
"""Stands in the coordinator's log before the sentence that says why it cannot run."""


def ensure_coordinator(
    paths: Paths,
    *,
    settings: Settings | None = None,
    timeout_s: float = 60.0,
    on_progress: Progress | None = None,
) -> Connection:
    """Return a coordinator that answers, starting the platform when there is none.

    Parameters
    ----------
    paths : Paths
        The platform's folders.
    settings : Settings, optional
        Used when the platform is started; one that runs keeps its own. None: those of the last
        start, or the defaults.
    timeout_s : float
        Seconds to wait for an answer.
    on_progress : callable, optional
        Told what is waited for.

    Raises
    ------
    CoordinatorError
        If it cannot be started; the message ends with what its log says. What was started for
        this call is stopped again.
    VersionMismatchError
        If one of another version runs.
    """
    start = _Start(paths, timeout_s, on_progress)
    connection = _answering(paths)
    if connection is None:
        try:
            paths.ensure()
        except OSError as error:
            raise CoordinatorError(
                f"The platform's folders cannot be made: {error}. Make room, or set "
                "JUPYTER_DATA_DIR and JUPYTER_RUNTIME_DIR to folders that you may write to."
            ) from error
        with start.locked():
            connection = _answering(paths) or start.run(settings)
    check_version(connection)
    return connection


def find_coordinator(
    paths: Paths, *, timeout_s: float = 10.0, on_progress: Progress | None = None
) -> Connection | None:
    """Return the coordinator that runs, or None; nothing is started.

    One that runs without its connection file is waited for: it writes the file again when somebody
    has removed it.

    Parameters
    ----------
    paths : Paths
        Folders of the platform.
    timeout_s : float
        Seconds to wait for the connection file of a running coordinator.
    on_progress : Progress, optional
        Called with a description of each step waited for.

    Raises
    ------
    CoordinatorError
        If the file does not come in time.
    """
    began = time.monotonic()
    while (connection := read_connection(paths)) is None:
        process = living(paths).get(COORDINATOR)
        if process is None:
            return None
        waited = time.monotonic() - began
        if waited > timeout_s:
            raise CoordinatorError(
                f"The coordinator (process {process.pid}) runs, but its connection file "
                f"{paths.connection_file} has not come within {timeout_s:g} s. Its log "
                f"{paths.log(COORDINATOR)} may say why; 'jupyter platform down' stops it."
            )
        if on_progress is not None:
            on_progress("Waiting for the coordinator's connection file", waited)
        time.sleep(_LONGEST_PAUSE_S)
    return connection


def check_version(connection: Connection) -> None:
    """Make sure that we and the coordinator understand each other.

    Raises
    ------
    VersionMismatchError
        Naming both versions and the cure.
    """
    if connection.protocol != PROTOCOL:
        raise VersionMismatchError(
            f"The coordinator that runs is version {connection.version} (protocol "
            f"{connection.protocol}), this is version {__version__} (protocol {PROTOCOL}). Restart "
            "it: 'jupyter platform down', then 'jupyter platform up'; running jobs go on meanwhile."
        )


def start_supervisor(paths: Paths) -> None:
    """Start the supervisor as a daemon; one that runs already is left as it is.

    Raises
    ------
    CoordinatorError
        If it cannot be started.
    """
    command = [sys.executable, "-m", "jupyter_platform.runtime.supervisor"]
    done = subprocess.run(
        command,
        cwd="/",
        env=_environment(paths),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        said = done.stdout.decode("utf-8", "replace").strip()
        raise CoordinatorError(f"The supervisor cannot be started: {said}")


def request_down(paths: Paths, timeout_s: float = 60.0) -> bool:
    """Stop supervisor, coordinator, scheduler and hosts; jobs that run go on.

    Parameters
    ----------
    paths : Paths
        Folders of the platform.
    timeout_s : float
        Seconds to wait for all processes to end.

    Returns
    -------
    bool
        Whether anything was running.

    Raises
    ------
    CoordinatorError
        If something still runs after `timeout_s` seconds.
    """
    if paths.runtime.is_dir():
        write_target(paths, "down", until_asked=True)
    if not living(paths):
        return False
    deadline = time.monotonic() + timeout_s
    look_at = 0.0
    while left := living(paths):
        if SUPERVISOR not in left and time.monotonic() >= look_at:
            # It takes over what an earlier one has left, and stops it in order.
            start_supervisor(paths)
            look_at = time.monotonic() + _SUPERVISOR_CHECK_S
        if time.monotonic() > deadline:
            names = ", ".join(f"{name} (process {item.pid})" for name, item in left.items())
            raise CoordinatorError(f"After {timeout_s:g} s still running: {names}.")
        time.sleep(_LONGEST_PAUSE_S / 4)
    return True


def is_healthy(url: str, timeout_s: float = HEALTH_TIMEOUT_S) -> bool:
    """Return whether a coordinator answers at a URL.

    Parameters
    ----------
    url : str
        Base URL of the coordinator.
    timeout_s : float
        Seconds to wait for an answer.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        return False
    client = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)
    try:
        client.request("GET", f"{parts.path.rstrip('/')}/api/health")
        return client.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()


def _answering(paths: Paths) -> Connection | None:
    connection = read_connection(paths)
    return connection if connection is not None and is_healthy(connection.url) else None


def _environment(paths: Paths) -> dict[str, str]:
    """Return an environment in which `Paths.default` gives these paths."""
    if not paths.data.name == paths.runtime.name == FOLDER:
        raise CoordinatorError(
            f"The folders {paths.data} and {paths.runtime} must both be named {FOLDER!r}."
        )
    return os.environ | {
        "JUPYTER_DATA_DIR": str(paths.data.parent),
        "JUPYTER_RUNTIME_DIR": str(paths.runtime.parent),
    }


class _Start:
    """One try at starting the platform."""

    def __init__(self, paths: Paths, timeout_s: float, on_progress: Progress | None) -> None:
        self._paths = paths
        self._timeout_s = timeout_s
        self._on_progress = on_progress
        self._began = time.monotonic()
        self._log_offset = 0
        self._before: Supervised | None = None
        self._known_failures = 0

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock for starting the platform; other processes wait for the start."""
        while True:
            with file_lock(self._paths.start_lock) as alone:
                if alone:
                    yield
                    return
            self._tell("Waiting for another process that is starting the platform")
            self._pause("another process holds the start lock")

    def run(self, settings: Settings | None) -> Connection:
        """Start what is missing and wait for the coordinator's answer."""
        self._wait_for_old_one()
        running = SUPERVISOR in living(self._paths)
        self._before = read_supervised(self._paths, COORDINATOR)
        self._known_failures = self._before.quick_ends if running and self._before else 0
        self._log_offset = self._log_size()
        try:
            if not running:
                self._tell("Starting the coordinator")
                self._write_settings(settings)
                write_target(self._paths, "up")
                start_supervisor(self._paths)
            return self._wait_for_answer()
        except BaseException:
            if not running:
                self._give_up()
            raise

    def _wait_for_old_one(self) -> None:
        """Wait for a supervisor that is on its way down; it would not turn round."""
        while read_target(self._paths) == "down" and SUPERVISOR in living(self._paths):
            self._tell("Waiting for the platform to stop before it is started again")
            self._pause("the platform that is being stopped is still running")

    def _wait_for_answer(self) -> Connection:
        look_at = time.monotonic() + _SUPERVISOR_CHECK_S
        while True:
            connection = _answering(self._paths)
            if connection is not None:
                return connection
            if time.monotonic() >= look_at:
                if SUPERVISOR not in living(self._paths):
                    start_supervisor(self._paths)
                look_at = time.monotonic() + _SUPERVISOR_CHECK_S
            if len(self._last_words()) >= _FAILED_STARTS:
                raise self._error("The coordinator cannot be started.")
            end = self._failed_end()
            if end is not None:
                raise self._error(f"The coordinator cannot be started: it {end}.")
            self._tell("Waiting for the coordinator's first answer")
            self._pause("the coordinator does not answer")

    def _write_settings(self, settings: Settings | None) -> None:
        if settings is None:
            try:
                Settings.model_validate_json(self._paths.settings_file.read_bytes())
                return
            except (OSError, ValueError):
                settings = Settings()
        content = settings.model_dump_json(indent=2).encode()
        write_bytes_atomic(self._paths.settings_file, content)

    def _failed_end(self) -> str | None:
        """Return how the coordinator ended when it has failed to start often enough."""
        process = read_supervised(self._paths, COORDINATOR)
        if process is None or process == self._before:
            return None
        failures = process.quick_ends - self._known_failures
        return process.last_end if failures >= _FAILED_STARTS else None

    def _give_up(self) -> None:
        with contextlib.suppress(CoordinatorError):
            request_down(self._paths, timeout_s=30.0)

    def _tell(self, sentence: str) -> None:
        if self._on_progress is not None:
            self._on_progress(sentence, time.monotonic() - self._began)

    def _pause(self, reason: str) -> None:
        elapsed = time.monotonic() - self._began
        if elapsed > self._timeout_s:
            raise self._error(f"After {self._timeout_s:g} s {reason}.")
        time.sleep(min(_LONGEST_PAUSE_S, max(_PAUSE_S, elapsed / 20)))

    def _log_size(self) -> int:
        try:
            return self._paths.log(COORDINATOR).stat().st_size
        except FileNotFoundError:
            return 0

    def _log_lines(self) -> list[str]:
        """Return the coordinator's log since the start."""
        try:
            with open(self._paths.log(COORDINATOR), "rb") as file:
                file.seek(self._log_offset if self._log_size() >= self._log_offset else 0)
                return file.read().decode("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return []

    def _last_words(self) -> list[str]:
        return [line.partition(LAST_WORDS)[2] for line in self._log_lines() if LAST_WORDS in line]

    def _error(self, sentence: str) -> CoordinatorError:
        log, lines, said = self._paths.log(COORDINATOR), self._log_lines(), self._last_words()
        if said:
            return CoordinatorError(f"The coordinator cannot be started: {said[-1]}")
        if shutil.disk_usage(self._paths.data).free < _LEAST_FREE:
            return CoordinatorError(
                f"{sentence} The disk of {self._paths.data} is full: make room, then try again."
            )
        if not lines:
            return CoordinatorError(f"{sentence} Nothing is in its log {log}.")
        tail = "\n".join(lines[-_TAIL_LINES:])
        return CoordinatorError(f"{sentence} Its log {log} says:\n{tail}")
