"""Metric series and progress of a run, written by a thread so that the loop never waits.

The loop appends ``(step, time, value)`` to a list: one append is atomic and takes no lock. Every
`FLUSH_INTERVAL_S` a thread turns what has come together into records.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.core.runs import RunProgress
from jupyter_platform.runtime.atomic import write_bytes_atomic
from jupyter_platform.runtime.event_log import EventLog
from jupyter_platform.runtime.records import RecordWriter, series_file_name

FLUSH_INTERVAL_S = 0.2
PROGRESS_INTERVAL_S = 0.25
SMOOTHING_S = 2.0
"""Time constant of the reported rate."""

Point = tuple[int, float, Any]
"""Step, Unix time in seconds, value: what the recorder's `as_numbers` takes."""

AsNumbers = Callable[[Sequence[Any]], NDArray[np.float64]]

logger = logging.getLogger(__name__)


def as_floats(values: Sequence[Any]) -> NDArray[np.float64]:
    """Return numbers as an array, shape (n,)."""
    return np.array([float(item) for item in values], dtype=np.float64)


class _Series:
    def __init__(self, path: Path, as_numbers: AsNumbers) -> None:
        self.points: list[Point] = []
        self._as_numbers = as_numbers
        self._writer = RecordWriter(path)

    def drain(self) -> tuple[Sequence[int], NDArray[np.float64]] | None:
        """Write what is there; return the steps and the values written."""
        count = len(self.points)
        if not count:
            return None
        steps, times, values = zip(*self.points[:count], strict=True)
        numbers = self._as_numbers(values)
        self._writer.append(steps, times, numbers)
        # Only now: what could not be written is tried again.
        del self.points[:count]
        return steps, numbers

    def sync(self) -> None:
        self._writer.sync()

    def close(self) -> None:
        self._writer.close()


class Recorder:
    """Writes ``metrics/*.rec`` and ``progress.json`` of one run.

    Parameters
    ----------
    folder : Path
        The run folder.
    events : EventLog
        Where it warns when it cannot write, or when a value is not finite.
    watch : callable
        Called by its thread before each flush.
    as_numbers : callable
        Turns the values of recorded points into an array, shape (n,).
    """

    def __init__(
        self,
        folder: Path,
        events: EventLog,
        watch: Callable[[], None] = lambda: None,
        as_numbers: AsNumbers = as_floats,
    ) -> None:
        self._watch = watch
        self._as_numbers = as_numbers
        self.step = 0
        """Steps (or samples) done, for series that are not recorded at each step."""
        self.total: int | None = None
        self.unit = "it"
        self.phase = ""
        self._folder = folder
        self._events = events
        self._series: dict[str, _Series] = {}
        self._latest: dict[str, float | None] = {}
        self._pace = _Pace()
        self._progress_at = 0.0
        self._warned: set[str] = set()
        self._guarded: dict[str, Callable[[str, int, float], None]] = {}
        self._draining = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        (folder / "metrics").mkdir(mode=0o700, exist_ok=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def series(self, name: str) -> Callable[[Point], None]:
        """Return the function that records a point of a series.

        It is a list's own ``append``: call it from one thread.
        """
        if name not in self._series:
            path = self._folder / "metrics" / series_file_name(name)
            with self._draining:
                self._series[name] = _Series(path, self._as_numbers)
        return self._series[name].points.append

    def guard(self, names: Iterable[str], on_nonfinite: Callable[[str, int, float], None]) -> None:
        """Report points of series that are not finite to a function, instead of warning of them.

        They are told within `FLUSH_INTERVAL_S`, in another thread.

        Parameters
        ----------
        names : iterable of str
            Series to watch.
        on_nonfinite : callable
            Called with series, step and value of a point that is not finite.
        """
        self._guarded |= dict.fromkeys(names, on_nonfinite)

    def record(self, name: str, step: int, value: float) -> None:
        """Record one point; for series with few points.

        Parameters
        ----------
        name : str
            Name of the series.
        step : int
            Step of the point.
        value : float
            Value of the point.
        """
        self.series(name)((step, time.time(), value))

    def latest(self, name: str) -> float | None:
        """Return the last value of a series that was written, None when it was not finite."""
        return self._latest.get(name)

    def sync(self) -> None:
        """Write everything recorded so far, so that it survives a power cut.

        Raises
        ------
        OSError
            If it cannot be written; it is kept and tried again.
        """
        with self._draining:
            self._drain()
            for series in self._series.values():
                series.sync()

    def close(self) -> None:
        """End the thread and write what is left, the last progress too.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._draining:
            self._drain()
            self._write_progress()
            for series in self._series.values():
                series.close()

    def _run(self) -> None:
        while not self._ended.wait(FLUSH_INTERVAL_S):
            self._watch()
            try:
                with self._draining:
                    self._drain()
                    if time.monotonic() - self._progress_at >= PROGRESS_INTERVAL_S:
                        self._write_progress()
            except OSError as error:
                self._warn("disk", f"Metrics cannot be written and wait in memory: {error}.")

    def _drain(self) -> None:
        for name, series in self._series.items():
            written = series.drain()
            if written is None:
                continue
            steps, values = written
            self.step = max(self.step, steps[-1])
            last = float(values[-1])
            self._latest[name] = last if math.isfinite(last) else None
            bad = ~np.isfinite(values)
            if bad.any():
                self._tell_nonfinite(name, steps[int(bad.argmax())], float(values[bad][0]))

    def _tell_nonfinite(self, name: str, step: int, value: float) -> None:
        tell = self._guarded.get(name)
        if tell is None:
            self._warn(name, f"{name} is not finite (step {step}).")
        else:
            tell(name, step, value)

    def _write_progress(self) -> None:
        self._progress_at = time.monotonic()
        progress = RunProgress(
            step=self.step,
            total=self.total,
            rate=self._pace.update(self.step, self._progress_at),
            values=self._latest,
            unit=self.unit,
            phase=self.phase,
        )
        path = self._folder / "progress.json"
        write_bytes_atomic(path, progress.model_dump_json().encode(), fsync=False)

    def _warn(self, subject: str, text: str) -> None:
        if subject not in self._warned:
            self._warned.add(subject)
            self._events.message("warning", text)
            logger.warning(text)


class _Pace:
    """Steps per second, smoothed over `SMOOTHING_S`."""

    def __init__(self) -> None:
        self._last: tuple[int, float] | None = None
        self._rate: float | None = None

    def update(self, step: int, now: float) -> float | None:
        last, self._last = self._last, (step, now)
        if last is None or now <= last[1]:
            return self._rate
        if step < last[0] or (self._rate is None and step == last[0]):
            return self._rate
        elapsed = now - last[1]
        current = (step - last[0]) / elapsed
        weight = 1.0 if self._rate is None else 1 - math.exp(-elapsed / SMOOTHING_S)
        self._rate = current if self._rate is None else self._rate + weight * (current - self._rate)
        return self._rate
