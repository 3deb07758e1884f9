"""Files of records that somebody cut or wrote into, while they were written or afterwards."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_platform.runtime.record_repair import RECORD_DTYPE, RECORD_SIZE, is_sound, recover
from jupyter_platform.runtime.records import RecordWriter, read_records


def records(count, first=1, *, start=1.79e9, pause=0.01, seed=0):
    found = np.empty(count, RECORD_DTYPE)
    found["step"] = first + np.arange(count)
    found["time"] = start + np.arange(first, first + count) * pause
    found["value"] = np.random.default_rng(seed).normal(size=count)
    return found


def assert_all_true(found, *truths):
    """Assert that each record found is one that was written, in order."""
    known = {truth.tobytes() for whole in truths for truth in whole}
    assert [item for item in found if item.tobytes() not in known] == []
    assert is_sound(found)


@pytest.mark.parametrize("value", [None, 0.0, 1.0, 1.8e9])
@pytest.mark.parametrize("left", range(100 * RECORD_SIZE, 101 * RECORD_SIZE))
def test_the_grid_is_found_again_wherever_a_file_was_cut_before_more_was_appended(
    tmp_path, left, value
):
    before, after = records(200), records(300, 201, seed=1)
    if value is not None:
        before["value"] = after["value"] = value
    path = tmp_path / "loss.rec"
    path.write_bytes(before.tobytes()[:left] + after.tobytes())

    found = read_records(path)

    assert_all_true(found, before, after)
    assert len(found) >= 100 - 1 + 300


@pytest.mark.parametrize(
    "strange", [b"x", b"\0" * 24, b"\xff" * 31, os.urandom(1000), b"\0" * 4096]
)
def test_what_somebody_wrote_in_between_is_left_out(strange):
    before, after = records(50), records(50, 51, seed=1)

    found = recover(before.tobytes() + strange + after.tobytes())

    assert_all_true(found, before, after)
    assert len(found) >= 99


def test_a_step_that_cannot_be_is_left_out_and_nothing_else():
    whole = records(100)
    for at, step in ((0, 10**14), (50, 10**14), (99, 3), (50, 0), (50, -1)):
        damaged = whole.copy()
        damaged["step"][at] = step

        found = recover(damaged.tobytes())

        assert len(found) >= 98
        assert_all_true(found, whole)


@given(st.data())
def test_no_point_is_made_up_whatever_is_cut_before_more_is_appended(data):
    truth, content, first, most = [], b"", 1, 0
    for _ in range(data.draw(st.integers(1, 5))):
        part = records(data.draw(st.integers(1, 40)), first, seed=first)
        truth.append(part)
        content = content[: len(content) - data.draw(st.integers(0, most))]
        content += part.tobytes()
        first += len(part)
        # A whole record stays between cuts: of two halves may come one that nobody can tell.
        most = min(part.nbytes - RECORD_SIZE, 100)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "loss.rec"
        path.write_bytes(content)
        assert_all_true(read_records(path), *truth)


def test_few_points_around_gaps_are_kept():
    one, two, three = records(1), records(1, 100), records(2, 200)

    found = recover(one.tobytes() + bytes(24) + two.tobytes() + bytes(48) + three.tobytes())

    assert found["step"].tolist() == [1, 100, 200, 201]


def test_a_million_damaged_points_are_read_in_a_moment(tmp_path):
    whole = records(1_000_000)
    path = tmp_path / "loss.rec"
    path.write_bytes(whole.tobytes()[: 500_000 * 24 + 11] + whole[600_000:].tobytes())

    found = read_records(path)

    assert len(found) == 899_999
    assert_all_true(found[499_990:500_010], whole[499_900:600_100])


@pytest.mark.parametrize("left", [0, 1, 24, 31, 47, 71])
def test_a_writer_whose_file_is_cut_goes_on_at_the_same_offsets(tmp_path, left):
    path, before, after = tmp_path / "loss.rec", records(3), records(5, 4, seed=1)
    with RecordWriter(path) as writer:
        writer.append(before["step"], before["time"], before["value"])
        os.truncate(path, left)

        writer.append(after["step"], after["time"], after["value"])

    assert path.read_bytes()[72:] == after.tobytes()
    assert read_records(path)["step"].tolist() == [*range(1, left // 24 + 1), *range(4, 9)]


@pytest.mark.parametrize("how", ["removed", "replaced", "grown"])
def test_a_writer_whose_file_is_removed_or_written_into_goes_on(tmp_path, how):
    path, before, after = tmp_path / "metrics" / "loss.rec", records(3), records(5, 4, seed=1)
    path.parent.mkdir()
    with RecordWriter(path) as writer:
        writer.append(before["step"], before["time"], before["value"])
        if how == "removed":
            path.unlink()
            path.parent.rmdir()
        elif how == "replaced":
            other = tmp_path / "other"
            other.write_bytes(b"something else")
            other.rename(path)
        else:
            with open(path, "ab") as file:
                file.write(b"something else")

        writer.append(after["step"], after["time"], after["value"])

    assert path.read_bytes()[72:] == after.tobytes()
    assert_all_true(read_records(path), before, after)


def test_a_file_that_was_found_sound_is_looked_at_again_when_it_was_written_to(tmp_path):
    path = tmp_path / "loss.rec"
    whole = records(100)
    path.write_bytes(whole.tobytes())
    os.utime(path, (1.79e9, 1.79e9))
    assert len(read_records(path)) == len(read_records(path)) == 100

    with open(path, "r+b") as file:
        file.seek(50 * RECORD_SIZE)
        file.write(b"\xff" * RECORD_SIZE)

    assert_all_true(read_records(path), whole)
    assert 90 < len(read_records(path)) < 100
