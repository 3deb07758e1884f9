"""Reading metric records from a file that was cut or overwritten.

A record has no mark of its own, so a file whose records no longer begin at multiples of their
size would be read as numbers that nobody recorded. What tells is that a record holds a step, which
never falls within a file, and a Unix time: bytes that are read off the grid hardly ever look so,
and several in a row never do.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

RECORD_DTYPE = np.dtype([("step", "<i8"), ("time", "<f8"), ("value", "<f8")])
"""Step, Unix time in seconds, value: 24 bytes."""
RECORD_SIZE = RECORD_DTYPE.itemsize
_MOST_STEPS = 2**53
_FIRST_TIME_S, _LAST_TIME_S = 1e8, 1e11
"""The years 1973 and 5138."""
_RUN = 4
"""Records that must make sense in a row for a place to be taken for the grid."""
_MOST_BREAKS = 2000
"""Breaks behind which nothing is looked for any more: such a file holds something else."""
_LONGEST_PAUSE_S = 3e7
"""Seconds, about a year, between two records that follow each other."""

Records = NDArray[np.void]


def is_sound(records: Records) -> bool:
    """Return whether steps never fall and all times are plausible; shape (n,)."""
    if not len(records):
        return True
    steps, times = records["step"], records["time"]
    return bool(
        steps[0] >= 0
        and steps[-1] < _MOST_STEPS
        and (steps[1:] >= steps[:-1]).all()
        and times.min() >= _FIRST_TIME_S
        and times.max() <= _LAST_TIME_S
    )


def recover(data: bytes) -> Records:
    """Return the records that can be told for certain in damaged bytes.

    Parameters
    ----------
    data : bytes
        A file of records, parts of which are missing or were written over.

    Returns
    -------
    ndarray, dtype RECORD_DTYPE, shape (n,)
        In order, with steps that never fall. What lies around a break is left out.
    """
    grids = [_Grid(data, offset) for offset in range(RECORD_SIZE)]
    current, at = grids[0], 0
    pieces: list[Records] = []
    taken = 0
    while len(pieces) < _MOST_BREAKS:
        last_time = float(pieces[-1]["time"][-1]) if pieces else None
        places = [
            (place[0], grid.offset, place[1])
            for grid in grids
            if (place := grid.next_run(at, last_time, trusted=grid is current)) is not None
        ]
        if not places:
            break
        start, offset, stop = min(places)
        current = grids[offset]
        if pieces and start != taken and any(data[taken : taken + RECORD_SIZE]):
            # No gap that a writer left: the record before may be torn, its value not its own.
            pieces[-1] = pieces[-1][:-1]
        pieces.append(current.records[(start - offset) // RECORD_SIZE : stop])
        pieces = [piece for piece in pieces if len(piece)]
        taken = offset + stop * RECORD_SIZE
        # The break is behind the last record, or within it.
        at = taken - RECORD_SIZE + 1
    found = np.concatenate(pieces) if pieces else np.empty(0, RECORD_DTYPE)
    return found[_longest_rise(found["step"])]


class _Grid:
    """The bytes read as records that begin at multiples of their size plus an offset."""

    def __init__(self, data: bytes, offset: int) -> None:
        self.offset = offset
        count = max(len(data) - offset, 0) // RECORD_SIZE
        self.records = np.frombuffer(data, RECORD_DTYPE, count=count, offset=offset if count else 0)
        steps, times = self.records["step"], self.records["time"]
        with np.errstate(invalid="ignore", over="ignore"):
            sound = (steps >= 0) & (steps < _MOST_STEPS)
            sound &= (times >= _FIRST_TIME_S) & (times <= _LAST_TIME_S)
            goes_on = sound[1:] & sound[:-1] & (steps[1:] >= steps[:-1])
            goes_on &= np.abs(np.diff(times)) < _LONGEST_PAUSE_S
        breaks = np.flatnonzero(~goes_on) + 1
        begins = np.concatenate([[0], breaks]).astype(np.int64)[: count or 0]
        ends = np.append(breaks, count).astype(np.int64)[: len(begins)]
        self._begins, self._ends = begins[sound[begins]], ends[sound[begins]]
        convincing = (self._ends - self._begins >= _RUN) | (self._ends == count)
        self._convincing = convincing

    def next_run(
        self, at: int, last_time: float | None, *, trusted: bool
    ) -> tuple[int, int] | None:
        """Return the byte at which a run of records begins, at or behind one, and its end.

        Parameters
        ----------
        last_time : float or None
            Time of the last record that was found, s.
        trusted : bool
            Whether this is the grid of the records before: then a single record will do.
        """
        first = max(-(-(at - self.offset) // RECORD_SIZE), 0)
        begins, ends = self._begins, self._ends
        if not trusted:
            begins, ends = begins[self._convincing], ends[self._convincing]
        for run in range(int(np.searchsorted(ends, first, "right")), len(ends)):
            begin, end = max(int(begins[run]), first), int(ends[run])
            time = float(self.records["time"][begin])
            if last_time is None or abs(time - last_time) < _LONGEST_PAUSE_S:
                return self.offset + begin * RECORD_SIZE, end
        return None


def _longest_rise(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the indices of the longest series of steps that never falls; shape (k,)."""
    if (steps[1:] >= steps[:-1]).all():
        return np.arange(len(steps))
    tails: list[int] = []
    """Smallest last step of a rise of each length."""
    ends: list[int] = []
    before = np.full(len(steps), -1, np.int64)
    for index, step in enumerate(steps.tolist()):
        length = bisect_right(tails, step)
        before[index] = ends[length - 1] if length else -1
        tails[length : length + 1] = [step]
        ends[length : length + 1] = [index]
    found = np.empty(len(ends), np.int64)
    index = ends[-1]
    for place in range(len(ends) - 1, -1, -1):
        found[place] = index
        index = int(before[index])
    return found
