"""A job's curves as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from jupyter_platform.runtime.record_repair import RECORD_DTYPE

if TYPE_CHECKING:
    from jupyter_platform.client.curve_frame import CurveFrame


def read_points(data: bytes) -> npt.NDArray[np.void]:
    """Return the points of one series; a record that was cut off is left out."""
    return np.frombuffer(data, RECORD_DTYPE, count=len(data) // RECORD_DTYPE.itemsize)


def curves_frame(series: Mapping[str, npt.NDArray[np.void]]) -> CurveFrame:
    """Join series on their steps.

    Parameters
    ----------
    series : mapping of str to structured array
        Name to points of dtype `RECORD_DTYPE`.

    Returns
    -------
    CurveFrame
        ``step`` (int64, ascending, unique), ``time`` (Unix time of the first point of the step,
        s) and one float64 column per series, NaN where a series has no point at a step. Values
        are exactly those that were recorded. A series named ``step`` or ``time`` is the column
        ``series.step`` or ``series.time``.
    """
    from jupyter_platform.client.curve_frame import CurveFrame  # noqa: PLC0415 - imports pandas

    steps = np.unique(
        np.concatenate([np.empty(0, "<i8"), *(points["step"] for points in series.values())])
    )
    times = np.full(len(steps), np.inf)
    columns: dict[str, npt.NDArray[np.float64]] = {}
    for name, points in series.items():
        rows = np.searchsorted(steps, points["step"])
        values = np.full(len(steps), np.nan)
        values[rows] = points["value"]
        np.minimum.at(times, rows, points["time"])
        columns[f"series.{name}" if name in ("step", "time") else name] = values
    return CurveFrame({"step": steps, "time": times, **columns})
