"""Byte-for-byte copies of the append-only files of one run folder.

The length of a copy is the offset to pull from next, so there is no other count that could
disagree with it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.runtime.records import SUFFIX, whole_records

EVENTS = "events.jsonl"
_NAME = re.compile(r"events\.jsonl|output\.log|metrics/(?!\.)[A-Za-z0-9._%-]{1,255}\.rec")


class Mirror:
    """``mirror/<job>/<attempt>/<rank>/``. One writer.

    Parameters
    ----------
    folder : Path
        Made when something is appended. Half a record or half a line that a crash has left at
        the end of a file is cut off now.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lengths = {name: self._mend(name) for name in self._present()}

    def offsets(self) -> dict[str, int]:
        """Return the length of every file, in bytes."""
        return dict(self._lengths)

    def path(self, name: str) -> Path:
        """Return where the copy of a file lies.

        Raises
        ------
        InvalidDataError
            If it is no name of an append-only file of a run folder.
        """
        if not _NAME.fullmatch(name):
            raise InvalidDataError(
                f"{name!r} is no append-only file of a run folder; events.jsonl, output.log and "
                "metrics/<series>.rec are."
            )
        return self.folder / name

    def append(self, chunks: Mapping[str, bytes]) -> None:
        """Append what was pulled from `offsets`; it survives a kill of this process.

        A file that is shorter than it was left begins anew: `offsets` has it pulled from 0.

        Raises
        ------
        InvalidDataError
            If a name is none of a run folder; nothing is written then.
        OSError
            If a chunk cannot be written; its file is then as long as before.
        """
        targets = [(name, self.path(name), data) for name, data in chunks.items()]
        for name, path, data in targets:
            self._append(name, path, data)

    def truncate(self, name: str, length: int) -> None:
        """Cut a file, so that what follows is pulled again; a shorter one is left as it is.

        Parameters
        ----------
        name : str
            Name of the file in the run folder.
        length : int
            Bytes to keep.
        """
        if length < self._lengths.get(name, 0):
            os.truncate(self.path(name), length)
            self._lengths[name] = length

    def _append(self, name: str, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        before = self._lengths.get(name, 0)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(descriptor).st_size < before:
                # Somebody removed or cut it: all of it is pulled again.
                os.ftruncate(descriptor, 0)
                self._lengths[name] = 0
                return
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except OSError:
            os.ftruncate(descriptor, before)
            raise
        finally:
            os.close(descriptor)
        self._lengths[name] = before + len(data)

    def _present(self) -> list[str]:
        files = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.*"))
        return sorted(name for name in files if _NAME.fullmatch(name))

    def _mend(self, name: str) -> int:
        path = self.folder / name
        size = path.stat().st_size
        length = size
        if name.endswith(SUFFIX):
            length = whole_records(size)
        elif name == EVENTS:
            length = _end_of_last_line(path, size)
        if length < size:
            os.truncate(path, length)
        return length


def _end_of_last_line(path: Path, size: int, step: int = 65536) -> int:
    with open(path, "rb") as file:
        stop = size
        while stop > 0:
            start = max(stop - step, 0)
            file.seek(start)
            found = file.read(stop - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            stop = start
    return 0
