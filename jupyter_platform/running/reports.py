"""What the code of a job reports, on its way into curves and progress."""

from __future__ import annotations

import json
import logging
import os
import threading
from pathlib import Path
from typing import Any

from jupyter_platform.runtime.event_log import EventLog
from jupyter_platform.runtime.recorder import Recorder
from jupyter_platform.runtime.records import series_file_name

FILE = "reports.jsonl"
READ_INTERVAL_S = 0.1
MOST_SERIES = 500
"""Curves of one job; a name that is made at each step would fill the disk with files."""
_PIECE = 4_000_000

logger = logging.getLogger(__name__)


class Reports:
    """Reads the lines of `jupyter_platform.report` into a recorder.

    Many processes of the job append to one file; this is the only one that writes records.

    Parameters
    ----------
    folder : Path
        The run folder.
    recorder : Recorder
        Where points and progress go.
    events : EventLog
        Where it tells what it leaves out.
    """

    def __init__(self, folder: Path, recorder: Recorder, events: EventLog) -> None:
        self.path = folder / FILE
        self._recorder = recorder
        self._events = events
        self._last: dict[str, int] = {}
        self._warned: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reports", daemon=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, 0o600)
        self._offset = 0
        self.told = False
        """Whether anything was reported."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Read what is left and end the thread."""
        self._ended.set()
        self._thread.join()
        self._read()
        os.close(self._descriptor)

    def _run(self) -> None:
        while not self._ended.wait(READ_INTERVAL_S):
            try:
                self._read()
            except OSError:
                logger.exception("Reports cannot be read.")

    def _read(self) -> None:
        while data := os.pread(self._descriptor, _PIECE, self._offset):
            whole = data.rfind(b"\n") + 1
            if not whole:
                return
            self._offset += whole
            for line in data[:whole].splitlines():
                self._take_line(line)

    def _take_line(self, line: bytes) -> None:
        try:
            time, step, total, values = json.loads(line)
            self._take(float(time), int(step), total, dict(values))
        except (ValueError, TypeError):
            # A process that was killed while it wrote leaves half a line.
            logger.warning("A report cannot be read: %r", line[:100])

    def _take(self, time: float, step: int, total: Any, values: dict[str, Any]) -> None:
        self.told = True
        if total is not None:
            self._recorder.total = int(total)
        self._recorder.step = max(self._recorder.step, step)
        for name, value in values.items():
            if self._may_take(name, step):
                self._last[name] = step
                self._recorder.series(name)((step, time, float(value)))

    def _may_take(self, name: str, step: int) -> bool:
        last = self._last.get(name)
        if last is None:
            if len(self._last) >= MOST_SERIES:
                self._warn(
                    "",
                    f"More than {MOST_SERIES} curves are reported: {name!r} and others "
                    "are left out.",
                )
                return False
            try:
                series_file_name(name)
            except ValueError as error:
                self._warn(name, f"A curve is left out: {error}.")
                return False
            return True
        if step < last:
            self._warn(
                name,
                f"Steps of {name} fall (from {last} to {step}): such points are left out; give "
                "each process or phase a curve of its own.",
            )
            return False
        return True

    def _warn(self, subject: str, text: str) -> None:
        if subject not in self._warned:
            self._warned.add(subject)
            self._events.message("warning", text)
            logger.warning(text)
