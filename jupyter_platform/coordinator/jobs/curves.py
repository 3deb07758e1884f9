"""Curves of a job: the mirrored records of its attempts as one series, thinned to what is shown."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from jupyter_platform.core.errors import NotFoundError, unknown_name
from jupyter_platform.core.jobs import SeriesPoints
from jupyter_platform.runtime.record_repair import RECORD_DTYPE, RECORD_SIZE
from jupyter_platform.runtime.records import (
    SUFFIX,
    read_records,
    series_file_name,
    series_name,
)

MAX_BUCKETS = 20_000
_CHUNK = 1_000_000
"""Bytes of a ``.rec`` answer that are sent at once."""

Floats = NDArray[np.float64]
Records = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class AttemptCurves:
    """Where the records of one attempt are mirrored."""

    folder: Path
    """``metrics/`` of the mirror of rank 0."""
    resume_step: int
    """First step that the attempt trained."""
    ranks: int = 1

    def of_rank(self, rank: int) -> Path:
        """Return ``metrics/`` of the mirror of a rank."""
        return self.folder if rank == 0 else self.folder.parents[1] / str(rank) / self.folder.name


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a curve is asked for, and how finely."""

    buckets: int = 2000
    start: int | None = None
    """First step."""
    stop: int | None = None
    """Step behind the last."""


class JobCurves:
    """All series of one job.

    The curve of a job is attempt n cut at the resume step of what came after it: steps that were
    lost with a crash and trained again are there once. Those of rank 0 bear the name of their
    series, those of rank 1 and on ``<series>@<rank>``. Where a series of rank 0 has a name that
    could also be read so, it is ``<series>@0``.

    Parameters
    ----------
    attempts : sequence of AttemptCurves
        In the order in which they ran.
    """

    def __init__(self, attempts: Sequence[AttemptCurves]) -> None:
        self._attempts = list(attempts)
        self._read_files: dict[Path, Records] = {}
        self._ends = _ends([attempt.resume_step for attempt in attempts])

    def names(self) -> list[str]:
        """Return the names of all series, sorted."""
        return sorted(self._found)

    @cached_property
    def _found(self) -> dict[str, tuple[str, int]]:
        """Name of each series to what its rank calls it, and the rank."""
        pairs = {
            (series_name(path.name), rank)
            for attempt in self._attempts
            for rank in range(attempt.ranks)
            for path in attempt.of_rank(rank).glob(f"*{SUFFIX}")
        }
        bases = {series for series, _ in pairs}
        return {_named(series, rank, bases): (series, rank) for series, rank in pairs}

    def parts(
        self, series: str, start: int | None = None, stop: int | None = None
    ) -> list[Records]:
        """Return the records of a series, one memory map for each attempt that has some.

        Parameters
        ----------
        start, stop : int, optional
            Half-open window of steps.
        """
        found = []
        for path, end in self._files(series):
            records = self._read(path)
            steps = records["step"]
            last = min((limit for limit in (end, stop) if limit is not None), default=None)
            low = 0 if start is None else int(np.searchsorted(steps, start))
            high = len(steps) if last is None else int(np.searchsorted(steps, last))
            if low < high:
                found.append(records[low:high])
        return found

    def damaged(self, series: str) -> int:
        """Return how many points of a series are lost, as its files were damaged."""
        lost = 0
        for path, _ in self._files(series):
            if path.exists():
                lost += path.stat().st_size // RECORD_SIZE - len(self._read(path))
        return max(lost, 0)

    def _read(self, path: Path) -> Records:
        if path not in self._read_files:
            self._read_files[path] = read_records(path)
        return self._read_files[path]

    def _files(self, series: str) -> list[tuple[Path, int | None]]:
        """Return the file of a series for each attempt, with the step at which it is cut."""
        if series not in self._found:
            return []
        name, rank = self._found[series]
        file = series_file_name(name)
        return [
            (attempt.of_rank(rank) / file, end)
            for attempt, end in zip(self._attempts, self._ends, strict=True)
        ]

    def points(self, series: str, window: Window) -> dict[str, object]:
        """Return a thinned series, as the fields of `SeriesPoints`.

        Values that are not finite are NaN here: JSON text made of it has null in their place.

        Parameters
        ----------
        series : str
            Name of the series.
        window : Window
            Range of steps, and the number of buckets.
        """
        records = self.parts(series, window.start, window.stop)
        count = sum(len(part) for part in records)
        buckets = min(count, window.buckets)
        if not buckets:
            return SeriesPoints(step=[], time=[], mean=[], min=[], max=[], points=0).model_dump()
        # Bucket i holds the points from edges[i] up to edges[i + 1]; sizes differ by at most one.
        edges = np.arange(buckets + 1) * count // buckets
        values = _column(records, "value")
        mean, low, high, nonfinite = _thin(values, edges)
        return {
            "step": _pick(records, "step", edges[:-1]).tolist(),
            "time": _pick(records, "time", edges[1:] - 1).round(3).tolist(),
            "mean": mean.tolist(),
            "min": low.tolist(),
            "max": high.tolist(),
            "points": count,
            "nonfinite": nonfinite,
            "damaged": self.damaged(series),
            "rank": self._found[series][1],
        }

    def metrics_json(self, series: Sequence[str] | None, window: Window) -> bytes:
        """Return a `MetricsRecord` as JSON.

        A million numbers go through here often: the text is made from plain lists, without a
        model in between.

        Parameters
        ----------
        series : sequence of str or None
            Names of the series; None: all.
        window : Window
            Range of steps, and the number of buckets.

        Raises
        ------
        NotFoundError
            If a series that was asked for is not there.
        """
        names = self._checked(series)
        found = {name: self.points(name, window) for name in names}
        return to_json({"series": found}, inf_nan_mode="null")

    def record_bytes(self, series: str) -> Iterator[bytes]:
        """Return the records of the whole curve as bytes, in pieces.

        Raises
        ------
        NotFoundError
            If there is no such series.
        """
        self._checked([series])
        return _pieces(self.parts(series))

    def _checked(self, series: Sequence[str] | None) -> list[str]:
        """Return the names that are asked for; each item may be several, with commas between."""
        known = self.names()
        if not series:
            return known
        names: list[str] = []
        for item in series:
            names += [item] if item in self._found else item.split(",")
        for name in names:
            if name not in self._found:
                error = unknown_name("series", name, known)
                raise NotFoundError(error.message, errors=[error])
        return list(dict.fromkeys(names))


def _named(series: str, rank: int, bases: Collection[str]) -> str:
    """Return the name of a rank's series; `bases` are the names of all series."""
    if rank:
        return f"{series}@{rank}"
    base, _, number = series.rpartition("@")
    return f"{series}@0" if base in bases and number.isdecimal() else series


def _ends(resume_steps: Sequence[int]) -> list[int | None]:
    """Return the step at which each attempt is cut: where the earliest later one began."""
    ends: list[int | None] = []
    earliest: int | None = None
    for step in reversed(resume_steps):
        ends.append(earliest)
        earliest = step if earliest is None else min(earliest, step)
    return ends[::-1]


def _column(records: Sequence[Records], name: str) -> Floats:
    # Contiguous: the three reductions after it then cost less than this copy.
    column: Floats = np.concatenate([part[name] for part in records])
    return column


def _pick(records: Sequence[Records], name: str, where: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a column at some positions of the joined parts, without joining them."""
    offsets = np.cumsum([0] + [len(part) for part in records])
    result = np.empty(len(where), RECORD_DTYPE[name])
    for number, part in enumerate(records):
        inside = (where >= offsets[number]) & (where < offsets[number + 1])
        result[inside] = part[name][where[inside] - offsets[number]]
    return result


def _thin(values: Floats, edges: NDArray[np.int64]) -> tuple[Floats, Floats, Floats, int]:
    """Return mean, minimum and maximum of the finite values of each bucket, and how many are not.

    Parameters
    ----------
    values : ndarray, float64, shape (n,)
    edges : ndarray, int64, shape (buckets + 1,)
        Strictly increasing, from 0 to n.
    """
    starts, sizes = edges[:-1], np.diff(edges)
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.add.reduceat(values, starts)
        if np.isfinite(sums).all():
            low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
            return np.clip(sums / sizes, low, high), low, high, 0
        return _thin_with_gaps(values, starts)


def _thin_with_gaps(
    values: Floats, starts: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats, int]:
    finite = np.isfinite(values)
    counts = np.add.reduceat(finite.astype(np.int64), starts)
    low = np.minimum.reduceat(np.where(finite, values, math.inf), starts)
    high = np.maximum.reduceat(np.where(finite, values, -math.inf), starts)
    # Shared out before they are added, so that values near the largest double do not overflow.
    shares = np.repeat(np.maximum(counts, 1), np.diff(np.append(starts, len(values))))
    mean = np.add.reduceat(np.where(finite, values, 0.0) / shares, starts)
    empty = counts == 0
    low[empty] = high[empty] = mean[empty] = math.nan
    return np.clip(mean, low, high), low, high, int(len(values) - counts.sum())


def _pieces(records: Sequence[Records]) -> Iterator[bytes]:
    rows = _CHUNK // RECORD_DTYPE.itemsize
    for part in records:
        for start in range(0, len(part), rows):
            yield part[start : start + rows].tobytes()
