"""The tiny process that starts a rank's process and outlives everything else."""

from __future__ import annotations

from collections.abc import Callable


def supervise(run_folder: str, start: Callable[[], int]) -> int:
    """Start a process, write process.json, wait for it, write exit.json; return the exit code.

    Runs in the process that becomes the shim (the caller has forked it); `start` forks the torch
    process and returns its pid: use `lambda: fork(run_folder, body)`.
    """
    raise NotImplementedError


def fork(run_folder: str, body: Callable[[], object]) -> int:
    """Fork a process in a session of its own, with output.log as stdout and stderr.

    The child runs `body` after process.json is written, then leaves with exit code 0 (SystemExit
    and exceptions as Python does). Returns the pid, in the parent only.
    """
    raise NotImplementedError
