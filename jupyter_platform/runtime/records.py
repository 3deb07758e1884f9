"""Metric series as files of fixed-size records.

A file is a run of `RECORD_DTYPE` records and nothing else, so its length says how many there are,
and a torn last record is known by the remainder.
"""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

RECORD_DTYPE = np.dtype([("step", "<i8"), ("time", "<f8"), ("value", "<f8")])
"""Step, Unix time in seconds, value: 24 bytes."""
RECORD_SIZE = RECORD_DTYPE.itemsize
SUFFIX = ".rec"
_PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"


def series_file_name(series: str) -> str:
    """Return the file name of a series; all but ``[A-Za-z0-9._-]`` is percent-encoded.

    Raises
    ------
    ValueError
        If the name is empty or its file name would be longer than file systems take.
    """
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

    Parameters
    ----------
    path : Path
        The ``.rec`` file; a torn last record of an earlier writer is cut off.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o600)
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
        written = 0
        try:
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += written

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
    """Return the whole records of a series.

    Returns
    -------
    ndarray, dtype RECORD_DTYPE, shape (n,)
        A read-only memory map, or an empty array when the file is missing or empty.
    """
    try:
        with open(path, "rb") as file:
            count = os.fstat(file.fileno()).st_size // RECORD_SIZE
            if count:
                return np.memmap(file, dtype=RECORD_DTYPE, mode="r", shape=(count,))
    except FileNotFoundError:
        pass
    return np.empty(0, RECORD_DTYPE)
