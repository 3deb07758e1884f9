from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_platform.runtime.records import (
    RECORD_DTYPE,
    RecordWriter,
    read_records,
    series_file_name,
    series_name,
)


def test_record_is_24_bytes_little_endian(tmp_path):
    with RecordWriter(tmp_path / "a.rec") as writer:
        writer.append([1], [2.0], [3.0])

    data = (tmp_path / "a.rec").read_bytes()

    assert RECORD_DTYPE.itemsize == 24
    assert data == (1).to_bytes(8, "little") + np.array([2.0, 3.0], "<f8").tobytes()


def test_what_is_written_is_read(tmp_path):
    with RecordWriter(tmp_path / "a.rec") as writer:
        writer.append([1, 2], [1.7e9, 1.7e9], [5.0, float("nan")])
        writer.append(np.arange(3, 6), np.full(3, 1.7e9), np.array([np.inf, -1, 0]))
        writer.sync()

    found = read_records(tmp_path / "a.rec")

    assert found["step"].tolist() == [1, 2, 3, 4, 5]
    assert np.array_equal(found["value"], [5.0, np.nan, np.inf, -1, 0], equal_nan=True)


def test_torn_record_is_not_read_and_is_cut_by_the_next_writer(tmp_path):
    path = tmp_path / "a.rec"
    with RecordWriter(path) as writer:
        writer.append([1, 2], [1.7e9, 1.7e9], [0, 0])
    path.write_bytes(path.read_bytes()[:-1])
    assert read_records(path)["step"].tolist() == [1]

    with RecordWriter(path) as writer:
        writer.append([2], [1.7e9], [0])

    assert read_records(path)["step"].tolist() == [1, 2]


def test_missing_and_empty_files_are_empty_series(tmp_path):
    (tmp_path / "empty.rec").touch()

    assert read_records(tmp_path / "none.rec").shape == (0,)
    assert read_records(tmp_path / "empty.rec").shape == (0,)


def test_map_is_read_only(tmp_path):
    with RecordWriter(tmp_path / "a.rec") as writer:
        writer.append([1], [1.7e9], [0])

    with pytest.raises(ValueError, match="read-only"):
        read_records(tmp_path / "a.rec")["step"] = 5


def test_unequal_columns_are_refused_before_anything_is_written(tmp_path):
    with RecordWriter(tmp_path / "a.rec") as writer, pytest.raises(ValueError, match="broadcast"):
        writer.append([1, 2], [0.0, 0.0], [1.0, 2.0, 3.0])

    assert (tmp_path / "a.rec").stat().st_size == 0


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=12))
def test_series_names_survive_the_file_system(series):
    file = series_file_name(series)

    assert series_name(file) == series
    assert "/" not in file
    assert not file.startswith(".")
    assert file.isascii()


def test_plain_names_stay_and_bad_ones_are_refused():
    assert series_file_name("validation_loss") == "validation_loss.rec"
    assert series_file_name("top 5/acc") == "top%205%2Facc.rec"
    for name in ("", "ü" * 100):
        with pytest.raises(ValueError, match="empty or too long"):
            series_file_name(name)
    for name in ("a\nb", "a\0", "\ud800"):
        with pytest.raises(ValueError, match="control character"):
            series_file_name(name)
