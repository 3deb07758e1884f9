"""The process that keeps coordinator, scheduler and hosts of this machine running.

``python -m jupyter_platform.runtime.supervisor`` leaves a daemon behind. There is one per runtime
folder. It takes over the children of one that was killed, restarts a child that ends, and stops
all of them when ``target.json`` says ``down``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import select
import signal
import socket
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jupyter_platform.runtime import shim
from jupyter_platform.runtime.atomic import read_json
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.processes import (
    COORDINATOR,
    HOST_PREFIX,
    SCHEDULER,
    SUPERVISOR,
    Supervised,
    file_lock,
    read_supervised,
    read_target,
    supervised_names,
    supervised_now,
    write_supervised,
)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
"""Seconds from a start to the next: the first, doubling, and the longest."""
SETTLED_AFTER_S = 30.0
"""Life after which the next pause is the first one again."""
QUICK_END_S = 10.0
"""Life below which an end counts as a failed start."""
QUICK_ENDS_TO_REPORT = 5
STOP_GRACE_S = 10.0
"""Seconds from SIGTERM to SIGKILL."""
POLL_S = 0.5
LOCK_WAIT_S = 3.0
LOG_LIMIT = 10_000_000
"""Bytes of a log beyond which it is put aside when its process starts."""
_THREAD_SETTINGS = re.compile(r"(OMP|GOMP|KMP|MKL|OPENBLAS|NUMEXPR|VECLIB|BLIS)_")

logger = logging.getLogger("jupyter_platform.supervisor")


@dataclass(frozen=True)
class ChildSpec:
    """A process to keep running."""

    name: str
    command: Sequence[str]
    stop_order: int = 0
    """Those of the lowest number are stopped first."""


class Child:
    """One process that is kept running, whether we or a supervisor before us started it."""

    def __init__(self, paths: Paths, spec: ChildSpec) -> None:
        self.spec = spec
        self._paths = paths
        self._watch: int | None = None
        self._own = False
        self._pause_s = FIRST_PAUSE_S
        self._started_at = 0.0
        self._quick_ends = 0
        self._last_end: str | None = None
        self.due_at = 0.0
        """When it is to be started again, in monotonic seconds."""
        self._kill_at: float | None = None
        self.record: Supervised | None = None
        """The process while it lives."""

    @property
    def descriptor(self) -> int | None:
        """Becomes readable when the process ends; None where the system has no such thing."""
        return self._watch

    def adopt(self) -> bool:
        """Take over the process that is noted down, if it lives."""
        record = read_supervised(self._paths, self.spec.name)
        if record is None or not record.is_alive():
            return False
        self._follow(record)
        logger.info("%s runs already as process %d", self.spec.name, record.pid)
        return True

    def start(self) -> None:
        """Start the process; it is noted down before it begins."""
        log = self._paths.log(self.spec.name)
        _put_aside(log)
        command, env = list(self.spec.command), child_environment()
        pid = shim.fork_gated(str(log), "/", lambda: shim.execute(command, env))
        record = supervised_now(pid, self._quick_ends, self._last_end)
        # Were we killed before this is written, the process would end without having begun.
        write_supervised(self._paths, self.spec.name, record)
        shim.release(pid)
        self._own = True
        self._follow(record)
        logger.info("started %s as process %d", self.spec.name, pid)

    def check(self, now: float) -> None:
        """Notice an end, and start again when it is time."""
        if self.record is None:
            if now >= self.due_at:
                self.start()
            return
        self._kill_at = None
        status = self._ended()
        if status is None:
            return
        self._note_end(status, now)

    def is_wanted(self) -> bool:
        """Return whether it is to run, as far as it is for itself."""
        return read_target(self._paths, self.spec.name) == "up"

    def wind_down(self, now: float) -> None:
        """End the process without waiting for it; it is killed when that takes too long."""
        if self.is_gone():
            self._kill_at, self.due_at = None, now
        elif self._kill_at is None:
            self._kill_at = now + STOP_GRACE_S
            self.send(signal.SIGTERM)
        elif now >= self._kill_at:
            self.send(signal.SIGKILL)

    def send(self, number: int) -> None:
        """Send a signal to the process, if it lives."""
        if self.record is not None and self.record.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.record.pid, number)

    def is_gone(self) -> bool:
        """Return whether the process has ended; used while everything is being stopped."""
        if self.record is not None and self._ended() is not None:
            self._unfollow()
        return self.record is None

    def _follow(self, record: Supervised) -> None:
        self.record = record
        self._started_at = time.monotonic()
        with contextlib.suppress(OSError, AttributeError):
            self._watch = os.pidfd_open(record.pid)

    def _unfollow(self) -> None:
        self.record = None
        self._own = False
        if self._watch is not None:
            os.close(self._watch)
            self._watch = None

    def _ended(self) -> str | None:
        """Return in words how the process ended, or None while it lives."""
        record = self.record
        if record is None:
            return "it is not running"
        if self._own:
            pid, status = os.waitpid(record.pid, os.WNOHANG)
            return _end_in_words(os.waitstatus_to_exitcode(status)) if pid else None
        return None if record.is_alive() else "it ended, started by an earlier supervisor"

    def _note_end(self, status: str, now: float) -> None:
        record = self.record
        assert record is not None
        lived = now - self._started_at
        quick = self._quick_ends + 1 if lived < QUICK_END_S else 0
        self._quick_ends, self._last_end = quick, status
        self._pause_s = FIRST_PAUSE_S if lived >= SETTLED_AFTER_S else self._pause_s
        # From its start on: what lived for as long as the pause is not kept waiting for it again.
        self.due_at = max(now + FIRST_PAUSE_S, self._started_at + self._pause_s)
        wait_s = self.due_at - now
        logger.warning("%s: %s; next start in %.1f s", self.spec.name, status, wait_s)
        if quick and quick % QUICK_ENDS_TO_REPORT == 0:
            logger.error(
                "%s ended %d times in a row within %.0f s of its start; its log: %s",
                self.spec.name,
                quick,
                QUICK_END_S,
                self._paths.log(self.spec.name),
            )
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._unfollow()
        ended = Supervised(record.pid, record.start_time, record.boot_id, quick, status)
        write_supervised(self._paths, self.spec.name, ended)


class Supervisor:
    """Keeps children running until the target is ``down``.

    Parameters
    ----------
    paths : Paths
        Where processes are noted down and logs lie.
    specs : iterable of ChildSpec
        What is to run, in the order of starting.
    """

    def __init__(self, paths: Paths, specs: Iterable[ChildSpec]) -> None:
        self._paths = paths
        self._children = [Child(paths, spec) for spec in specs]
        self._terminated = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)

    def run(self) -> None:
        """Return when everything is stopped."""
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._terminate)
        # Without a handler its arrival would not wake the poll below.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        write_supervised(self._paths, SUPERVISOR, supervised_now(os.getpid()))
        self._stop_strangers()
        for child in self._children:
            child.adopt()
        while not self._terminated and read_target(self._paths) == "up" and self._is_noted():
            for child in self._children:
                self._check(child)
            self._wait(self._seconds_to_next())
        self._stop(self._children)
        if self._is_noted():
            self._remove_files()

    def _is_noted(self) -> bool:
        """Return whether others find this process; not so in folders that were made anew."""
        noted = read_supervised(self._paths, SUPERVISOR)
        return noted is not None and noted.pid == os.getpid()

    def _check(self, child: Child) -> None:
        now = time.monotonic()
        try:
            child.check(now) if child.is_wanted() else child.wind_down(now)
        except OSError as error:
            # A full disk or process table may be better in a while.
            child.due_at = time.monotonic() + LONGEST_PAUSE_S
            logger.warning("%s cannot be started: %s", child.spec.name, error)

    def _terminate(self, *_: object) -> None:
        self._terminated = True

    def _seconds_to_next(self) -> float:
        now = time.monotonic()
        missing = [child for child in self._children if child.record is None]
        due = (child.due_at - now for child in missing if child.is_wanted())
        return max(min(due, default=POLL_S), 0.0)

    def _wait(self, seconds: float) -> None:
        """Wait for an end of a child, a signal or the next look at the target."""
        poll = select.poll()
        poll.register(self._wake_read, select.POLLIN)
        for child in self._children:
            if child.descriptor is not None:
                poll.register(child.descriptor, select.POLLIN)
        for descriptor, _ in poll.poll(1000 * min(seconds, POLL_S)):
            if descriptor == self._wake_read:
                os.read(self._wake_read, 4096)

    def _stop_strangers(self) -> None:
        """Stop what an earlier supervisor with other settings has left."""
        ours = {SUPERVISOR, *(child.spec.name for child in self._children)}
        strangers = []
        for name in supervised_names(self._paths):
            child = Child(self._paths, ChildSpec(name, ()))
            if name not in ours and child.adopt():
                strangers.append(child)
        self._stop(strangers)

    def _stop(self, children: list[Child]) -> None:
        for order in sorted({child.spec.stop_order for child in children}):
            group = [child for child in children if child.spec.stop_order == order]
            for child in group:
                child.send(signal.SIGTERM)
            deadline = time.monotonic() + STOP_GRACE_S
            killed = False
            while not all(child.is_gone() for child in group):
                if not killed and time.monotonic() >= deadline:
                    killed = True
                    for child in group:
                        child.send(signal.SIGKILL)
                if time.monotonic() >= deadline + STOP_GRACE_S:
                    logger.error("some of the last group cannot even be killed")
                    break
                self._wait(0.1)
            logger.info("stopped %s", ", ".join(child.spec.name for child in group))

    def _remove_files(self) -> None:
        targets = [self._paths.process_target(child.spec.name) for child in self._children]
        for path in (self._paths.connection_file, self._paths.scheduler_file, *targets):
            path.unlink(missing_ok=True)
        for name in supervised_names(self._paths):
            self._paths.supervised(name).unlink(missing_ok=True)


def child_environment() -> dict[str, str]:
    """Return our environment without thread settings; each job gets its own from its lease."""
    kept = {name: value for name, value in os.environ.items() if not _THREAD_SETTINGS.match(name)}
    return kept | {"PYTHONUNBUFFERED": "1"}


def local_host_names(count: int) -> list[str]:
    """Return the names of the hosts of this machine: its own, or with a number behind."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()).lstrip(".-")[:48] or "localhost"
    return [name] if count == 1 else [f"{name}-{number}" for number in range(1, count + 1)]


def configured_hosts(paths: Paths) -> list[str]:
    """Return the names of the hosts that the settings of this platform ask for."""
    try:
        settings = read_json(paths.settings_file) or {}
        hosts = int(settings.get("cluster", {}).get("hosts", 1))
    except (ValueError, TypeError, AttributeError):
        logger.warning("%s cannot be read; one host is taken for granted", paths.settings_file)
        hosts = 1
    return local_host_names(hosts)


def platform_children(paths: Paths) -> list[ChildSpec]:
    """Return the processes that the settings of this platform ask for."""
    python = (sys.executable, "-m")
    return [
        ChildSpec(COORDINATOR, (*python, "jupyter_platform.coordinator"), stop_order=2),
        ChildSpec(SCHEDULER, (*python, "jupyter_platform.cluster.scheduler"), stop_order=1),
        *(
            ChildSpec(
                HOST_PREFIX + name, (*python, "jupyter_platform.cluster.host", "--name", name)
            )
            for name in configured_hosts(paths)
        ),
    ]


def run_supervisor(paths: Paths, specs: Iterable[ChildSpec] | None = None) -> None:
    """Supervise in this process until the target is ``down``; return at once if another does.

    Parameters
    ----------
    paths : Paths
        Folders of the platform.
    specs : iterable of ChildSpec, optional
        Processes to keep running; None: those that the platform's settings ask for.
    """
    paths.ensure()
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        with file_lock(paths.supervisor_lock) as alone:
            if alone:
                Supervisor(paths, platform_children(paths) if specs is None else specs).run()
                return
        # One that is just leaving holds the lock a moment longer than its record.
        noted = read_supervised(paths, SUPERVISOR)
        if time.monotonic() > deadline or (noted is not None and noted.is_alive()):
            return
        time.sleep(POLL_S / 10)


def become_daemon(log: str) -> bool:
    """Fork a process that belongs to nobody; return True in it and False in the caller."""
    _put_aside(log)
    if os.fork():
        return False
    os.setsid()
    os.umask(0o077)
    os.chdir("/")
    shim.redirect_output(log)
    return True


def _put_aside(log: str | os.PathLike[str]) -> None:
    with contextlib.suppress(FileNotFoundError):
        if os.stat(log).st_size > LOG_LIMIT:
            os.replace(log, f"{os.fspath(log)}.1")


def _end_in_words(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"ended with code {code}"


def main() -> None:
    """Leave a supervisor behind."""
    paths = Paths.default().ensure()
    if become_daemon(str(paths.log(SUPERVISOR))):
        logging.basicConfig(
            level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
        )
        run_supervisor(paths)


if __name__ == "__main__":
    main()
