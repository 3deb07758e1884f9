"""Everything about a job as one zip file, made while it is sent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic_core import to_json

from jupyter_platform.coordinator.jobs.curves import JobCurves
from jupyter_platform.coordinator.transfers.zipping import file_pieces, stream_zip
from jupyter_platform.core.jobs import JobRecord
from jupyter_platform.runtime.records import SUFFIX, series_file_name

_ROWS = 20_000
"""Points that become CSV text at once."""


def stream_archive(job: JobRecord, curves: JobCurves, logs: Sequence[Path]) -> Iterator[bytes]:
    """Return the pieces of a zip file.

    It holds ``job.json``, ``result.json`` where there is a result, ``<series>.csv`` with the
    columns step, time (Unix, s) and value, and ``output.log`` with the logs of all attempts.

    Parameters
    ----------
    job : JobRecord
        With its result.
    logs : sequence of Path
        In the order of the attempts; files that are missing are left out.
    """
    return stream_zip(_members(job, curves, logs))


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


def _csv(curves: JobCurves, series: str) -> Iterator[bytes]:
    yield b"step,time,value\r\n"
    for part in curves.parts(series):
        for start in range(0, len(part), _ROWS):
            text = io.StringIO()
            csv.writer(text).writerows(part[start : start + _ROWS].tolist())
            yield text.getvalue().encode()


def _text(logs: Sequence[Path]) -> Iterator[bytes]:
    for path in logs:
        for data in file_pieces(path):
            # The front of a log that outgrew its cap is a hole, which reads as zeros.
            yield data.replace(b"\0", b"")
