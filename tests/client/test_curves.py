"""Curves become a table without losing a point."""

from __future__ import annotations

import numpy as np

from jupyter_platform.client.curves import curves_frame, read_points
from jupyter_platform.runtime.records import RECORD_DTYPE


def points(*rows):
    return np.array(list(rows), RECORD_DTYPE)


def test_series_are_joined_on_their_steps():
    frame = curves_frame(
        {
            "loss": points((1, 10.0, 0.5), (2, 11.0, 0.25), (3, 12.0, 0.125)),
            "validation_loss": points((2, 11.5, 0.75), (4, 13.0, 0.625)),
        }
    )

    assert list(frame.columns) == ["step", "time", "loss", "validation_loss"]
    assert frame["step"].tolist() == [1, 2, 3, 4]
    assert frame["time"].tolist() == [10.0, 11.0, 12.0, 13.0]
    assert frame["loss"].tolist()[:3] == [0.5, 0.25, 0.125]
    assert frame["validation_loss"].isna().tolist() == [True, False, True, False]
    assert frame["step"].dtype == np.int64


def test_no_series_gives_an_empty_table_with_its_columns():
    frame = curves_frame({})

    assert list(frame.columns) == ["step", "time"]
    assert len(frame) == 0


def test_infinite_values_stay():
    frame = curves_frame({"loss": points((1, 0.0, np.inf), (2, 0.0, 1e300))})

    assert frame["loss"].tolist() == [np.inf, 1e300]


def test_a_record_that_was_cut_off_is_left_out():
    data = points((1, 0.0, 0.5), (2, 0.0, 0.25)).tobytes()

    assert read_points(data[:-1])["step"].tolist() == [1]
