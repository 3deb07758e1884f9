"""Everything about a job as one zip file, made while it is sent."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pydantic_core import to_json

from jupyter_platform.coordinator.curves import JobCurves
from jupyter_platform.core.jobs import JobRecord
from jupyter_platform.runtime.records import SUFFIX, series_file_name

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_ROWS = 20_000
"""Points that become CSV text at once."""
_BYTES = 1_000_000


class _Outlet(io.RawIOBase):
    """Collects what the zip writer writes until it is sent; cannot seek, like a socket."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        view = memoryview(data)
        self._pending += view
        return view.nbytes

    def take(self) -> bytes:
        data = bytes(self._pending)
        self._pending.clear()
        return data


def stream_archive(job: JobRecord, curves: JobCurves, logs: Sequence[Path]) -> Iterator[bytes]:
    """Yield the pieces of a zip file.

    It holds ``job.json``, ``result.json`` where there is a result, ``<series>.csv`` with the
    columns step, time (Unix, s) and value, and ``output.log`` with the logs of all attempts.

    Parameters
    ----------
    job : JobRecord
        With its result.
    logs : sequence of Path
        In the order of the attempts; files that are missing are left out.
    """
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, pieces in _members(job, curves, logs):
            with archive.open(name, "w", force_zip64=True) as member:
                yield from _fill(member, pieces, outlet)
    yield outlet.take()


def _members(
    job: JobRecord, curves: JobCurves, logs: Sequence[Path]
) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield "job.json", [job.model_dump_json(indent=2, exclude={"result"}).encode()]
    if job.result is not None:
        yield "result.json", [to_json(job.result, indent=2, inf_nan_mode="null")]
    for series in curves.names():
        name = series_file_name(series).removesuffix(SUFFIX) + ".csv"
        yield name, _csv(curves, series)
    yield "output.log", _text(logs)


def _fill(member: IO[bytes], pieces: Iterable[bytes], outlet: _Outlet) -> Iterator[bytes]:
    for piece in pieces:
        member.write(piece)
        if data := outlet.take():
            yield data


def _csv(curves: JobCurves, series: str) -> Iterator[bytes]:
    yield b"step,time,value\r\n"
    for part in curves.parts(series):
        for start in range(0, len(part), _ROWS):
            text = io.StringIO()
            csv.writer(text).writerows(part[start : start + _ROWS].tolist())
            yield text.getvalue().encode()


def _text(logs: Sequence[Path]) -> Iterator[bytes]:
    for path in logs:
        if not path.exists():
            continue
        with open(path, "rb") as file:
            while data := file.read(_BYTES):
                # The front of a log that outgrew its cap is a hole, which reads as zeros.
                yield data.replace(b"\0", b"")
