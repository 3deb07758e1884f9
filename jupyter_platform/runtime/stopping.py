"""The end of what a job has started: asked for, out of time, or over."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from types import FrameType

from jupyter_platform.runtime.shim import descendants

GRACE_S = 20.0
"""Seconds from SIGTERM to SIGKILL, fewer than `jobs.stop_grace_s` has by default."""
_PAUSE_S = 0.05


class StopRequest:
    """Whether SIGTERM has come; a descriptor becomes readable with it."""

    def __init__(self) -> None:
        self.requested = False
        self.descriptor, self._told = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def listen(self) -> None:
        """Hear SIGTERM from now on."""
        signal.signal(signal.SIGTERM, self._asked)

    def _asked(self, _signal: int, _frame: FrameType | None) -> None:
        self.requested = True
        with contextlib.suppress(BlockingIOError):
            os.write(self._told, b"1")


def wait_for(child: subprocess.Popen[bytes], stop: StopRequest, max_time: float | None) -> bool:
    """Wait until a process has ended, a stop is asked for, or the time is over.

    Parameters
    ----------
    child : Popen
        The process.
    stop : StopRequest
        Says whether a stop is asked for.
    max_time : float or None
        Seconds; None: without a limit.

    Returns
    -------
    bool
        Whether it has ended by itself.
    """
    deadline = None if max_time is None else time.monotonic() + max_time
    ended = os.pidfd_open(child.pid)
    try:
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(stop.descriptor, select.POLLIN)
        while True:
            left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            ready = dict(poll.poll(None if left is None else 1000 * left))
            if ended in ready:
                child.wait()
                return True
            if stop.requested or left == 0.0:
                return False
    finally:
        os.close(ended)


def end_tree(child: subprocess.Popen[bytes], grace_s: float = GRACE_S) -> bool:
    """End a process with all that it has started: SIGTERM to each, and SIGKILL after a while.

    Parameters
    ----------
    child : Popen
        Leads a process group of its own.
    grace_s : float
        Seconds between the two.

    Returns
    -------
    bool
        Whether all of them ended by themselves.
    """
    return end_trees([child], grace_s)


def end_trees(children: Sequence[subprocess.Popen[bytes]], grace_s: float = GRACE_S) -> bool:
    """End several processes at once, each with all that it has started; see `end_tree`.

    Parameters
    ----------
    children : sequence of Popen
        Each leads a process group of its own.
    grace_s : float
        Seconds between SIGTERM and SIGKILL.

    Returns
    -------
    bool
        Whether all of them ended by themselves.
    """
    leaders = {child.pid for child in children}
    tree = _with_descendants(leaders)
    for pid in tree:
        _send(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline:
        ended = [child.poll() is not None for child in children]
        if all(ended) and not any(map(_is_alive, tree - leaders)):
            return True
        time.sleep(_PAUSE_S)
    for pid in tree | _with_descendants(leaders):
        _send(pid, signal.SIGKILL)
    for child in children:
        child.wait()
    return False


def end_descendants(grace_s: float) -> None:
    """Kill what is left below this process, which `shim.adopt_orphans` made their parent.

    Parameters
    ----------
    grace_s : float
        Seconds in which they must be gone.
    """
    deadline = time.monotonic() + grace_s
    while (left := descendants(os.getpid())) and time.monotonic() < deadline:
        for pid in left:
            _send(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(_PAUSE_S)


def _with_descendants(leaders: set[int]) -> set[int]:
    return leaders.union(*(descendants(pid) for pid in leaders))


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False
