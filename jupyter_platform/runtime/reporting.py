"""Curves and progress of a script that runs as a job: ``from jupyter_platform import report``.

Standard library only, and any Python from 3.8 on: where an environment lacks the platform, a copy
of this file is its whole package ``jupyter_platform``.
"""

from __future__ import annotations

import atexit
import json
import operator
import os
import sys
import threading
import time
from typing import Any, List, Optional, Tuple  # noqa: UP035 - Python 3.8 has no list[int]

__all__ = ["report"]

VARIABLE = "JUPYTER_PLATFORM_REPORTS"
"""Environment variable with the file that reports go to; unset outside of a job."""
FLUSH_INTERVAL_S = 0.2
LONGEST_NAME = 200
_MOST_STEPS = 2**53

_Point = Tuple[float, int, Optional[int], "dict[str, float]"]  # noqa: UP006, UP045 - as above


def report(step: int, *, total: int | None = None, **values: Any) -> None:
    """Report progress, and points of curves, to the job that runs this code.

    Outside of a job it does nothing. It may be called at each step: it keeps the numbers, and a
    thread writes them at most five times a second. Sub-processes and forks report to the same job.

    Parameters
    ----------
    step : int
        Number of the step, 0 or more; steps of one curve never fall.
    total : int, optional
        Steps that there will be, which makes the progress a share.
    **values
        Name of a curve to its value at this step: a number, or an array or tensor of one element.
        One that is not finite is shown as a gap, with a warning.

    Raises
    ------
    TypeError
        If a step or a value is no number.
    ValueError
        If a step is below 0, or the name of a curve cannot be shown.

    Examples
    --------
    >>> for step in range(100):
    ...     report(step, total=100, loss=1 / (step + 1))
    """
    number = _whole("step", step)
    most = None if total is None else _whole("total", total)
    points = {name: _number(name, value) for name, value in values.items()}
    sender = _sender_of_this_process()
    if sender is not None:
        sender.take((time.time(), number, most, points))


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError(f"report: {name} = {value!r} is no whole number")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"report: {name} = {_shown(value)} is no whole number") from None
    if not 0 <= number < _MOST_STEPS:
        raise ValueError(f"report: {name} = {number} is not accepted; it must be 0 or more")
    return number


def _number(name: str, value: Any) -> float:
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(
            f"report: {_shown(name)} cannot be the name of a curve; it must be 1 to "
            f"{LONGEST_NAME} characters that can be shown"
        )
    if isinstance(value, float):
        return value
    if isinstance(value, (bool, str, bytes, bytearray)):
        raise TypeError(f"report: {name} = {_shown(value)} is no number")
    try:
        # A tensor of torch that has a gradient warns otherwise.
        return float(value.detach() if hasattr(value, "detach") else value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise TypeError(
            f"report: {name} = {_shown(value)} is no number, nor an array of one element"
        ) from None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"


class _Sender:
    """Collects the reports of one process and appends them to the file, whole lines at a time."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._points: List[_Point] = []  # noqa: UP006 - Python 3.8
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def take(self, point: _Point) -> None:
        # One append is atomic; the lock is for writing alone.
        self._points.append(point)
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._run, name="report", daemon=True)
        self._thread.start()
        atexit.register(self.flush)
        util = sys.modules.get("multiprocessing.util")
        if util is not None:
            # Its processes end without what `atexit` holds.
            util.Finalize(None, self.flush, exitpriority=0)

    def _run(self) -> None:
        while True:
            time.sleep(FLUSH_INTERVAL_S)
            self.flush()

    def flush(self) -> None:
        """Write what has come together; what cannot be written now is tried again."""
        with self._lock:
            count = len(self._points)
            if not count:
                return
            lines = "".join(json.dumps(point) + "\n" for point in self._points[:count])
            try:
                # Never made here: without its file the job is gone.
                descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
            except FileNotFoundError:
                del self._points[:count]
                return
            except OSError:
                return
            try:
                os.write(descriptor, lines.encode())
            except OSError:
                return
            finally:
                os.close(descriptor)
            del self._points[:count]


_sender: _Sender | None = None


def _sender_of_this_process() -> _Sender | None:
    global _sender
    if _sender is None:
        path = os.environ.get(VARIABLE)
        if path:
            _sender = _Sender(path)
    return _sender


def _forget_parent() -> None:
    """Begin anew in a fork: points, lock and thread are the parent's."""
    global _sender
    _sender = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parent)
