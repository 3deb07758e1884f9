"""Metric series as files of fixed-size records.

A file is a run of `RECORD_DTYPE` records and nothing else, so its length says how many there are,
and a torn last record is known by the remainder. Records of zeros are gaps: what somebody cut
while it was written.
"""

from __future__ import annotations

import os
import time
import unicodedata
import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from jupyter_platform.runtime.record_repair import RECORD_DTYPE, RECORD_SIZE, is_sound, recover

SUFFIX = ".rec"
_PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
_LOOKED_BACK = 64
"""Records before a torn end that are looked at again."""
_NO_TEXT = ("Cc", "Cs")
"""Unicode categories of what stands in no name: control characters, halves of surrogate pairs."""
_MOST_KNOWN = 1024
_SETTLED_NS = 1_000_000_000
_sound: dict[tuple[int, int], tuple[int, int]] = {}
"""Device and inode of files that were found sound, to their size and time of change.

To look at a million records takes as long as to draw them, and ended jobs are looked at again.
"""


def series_file_name(series: str) -> str:
    """Return the file name of a series; all but ``[A-Za-z0-9._-]`` is percent-encoded.

    Raises
    ------
    ValueError
        If the name is empty, is no text that can be shown, or its file name would be longer than
        file systems take.
    """
    if any(unicodedata.category(character) in _NO_TEXT for character in series):
        raise ValueError(
            f"series name {series!r} holds a control character or half of a surrogate pair"
        )
    encoded = "".join(
        character if character in _PLAIN else _percent(character) for character in series
    )
    # A leading dot would hide the file, and ".." must never be a name.
    if encoded.startswith("."):
        encoded = "%2E" + encoded[1:]
    if not 0 < len(encoded) <= 255 - len(SUFFIX):
        raise ValueError(f"series name {series!r} is empty or too long for a file name")
    return encoded + SUFFIX


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def series_name(file: str) -> str:
    """Return the series that a file name stands for."""
    return urllib.parse.unquote(file.removesuffix(SUFFIX), errors="surrogatepass")


class RecordWriter:
    """Appends records to one series.

    Every record is written at its own place, whatever somebody does to the file meanwhile: where
    it was cut or removed, zeros fill the gap, so that offsets in it keep their meaning.

    Parameters
    ----------
    path : Path
        The ``.rec`` file; a torn last record of an earlier writer is cut off.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = self._open()
        self._size = whole_records(os.fstat(self._descriptor).st_size)
        os.ftruncate(self._descriptor, self._size)

    def append(
        self,
        steps: Sequence[int] | NDArray[np.int64],
        times: Sequence[float] | NDArray[np.float64],
        values: Sequence[float] | NDArray[np.float64],
    ) -> None:
        """Append many records with one write.

        Parameters
        ----------
        steps, times, values : sequences of equal length
            Step numbers, Unix times in seconds, values.

        Raises
        ------
        OSError
            If they cannot all be written; then none of them is in the file.
        """
        records = np.empty(len(steps), RECORD_DTYPE)
        records["step"] = steps
        records["time"] = times
        records["value"] = values
        data = memoryview(records.tobytes())
        self._mend()
        written = 0
        try:
            while written < len(data):
                at = self._size + written
                written += os.pwrite(self._descriptor, data[written:], at)
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += written

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _mend(self) -> None:
        """Give the file the length back that it was left with."""
        status = os.fstat(self._descriptor)
        if not status.st_nlink:
            # Removed, or replaced by another: what is written to it would be gone.
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            removed, self._descriptor = self._descriptor, self._open()
            os.close(removed)
            status = os.fstat(self._descriptor)
        if status.st_size < self._size:
            # Half a record first: filled up with zeros it would be one with another value.
            os.ftruncate(self._descriptor, whole_records(status.st_size))
        if status.st_size != self._size:
            os.ftruncate(self._descriptor, self._size)

    def sync(self) -> None:
        """Make everything appended so far survive a power cut."""
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> RecordWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def whole_records(size: int) -> int:
    """Return a size in bytes, cut down to whole records."""
    return size - size % RECORD_SIZE


def read_records(path: Path) -> NDArray[np.void]:
    """Return the whole records of a series; of a damaged file those that are beyond doubt.

    Returns
    -------
    ndarray, dtype RECORD_DTYPE, shape (n,)
        A read-only memory map, or an empty array when the file is missing or empty. Steps never
        fall.
    """
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            size = status.st_size
            count = size // RECORD_SIZE
            if count:
                records = np.memmap(file, dtype=RECORD_DTYPE, mode="r", shape=(count,))
                if not _known_as_sound(status):
                    if not is_sound(records):
                        return recover(path.read_bytes())
                    _know_as_sound(status)
                return records if size == records.nbytes else _with_sound_end(path, records)
    except FileNotFoundError:
        pass
    return np.empty(0, RECORD_DTYPE)


def _known_as_sound(status: os.stat_result) -> bool:
    """Return whether a file was found sound, and has not been written to since."""
    return _sound.get((status.st_dev, status.st_ino)) == (status.st_size, status.st_mtime_ns)


def _know_as_sound(status: os.stat_result) -> None:
    # What is written in the same moment would not show in the time of the file.
    if time.time_ns() - status.st_mtime_ns > _SETTLED_NS:
        while len(_sound) >= _MOST_KNOWN:
            _sound.pop(next(iter(_sound)), None)
        _sound[status.st_dev, status.st_ino] = (status.st_size, status.st_mtime_ns)


def _with_sound_end(path: Path, records: NDArray[np.void]) -> NDArray[np.void]:
    """Return records without the last ones where the rest behind them tells that they are torn."""
    start = max(len(records) - _LOOKED_BACK, 0)
    end = recover(path.read_bytes()[start * RECORD_SIZE :])
    if np.array_equal(end.view(np.uint8), np.asarray(records[start:]).view(np.uint8)):
        return records
    return np.concatenate([records[:start], end])
