from __future__ import annotations

import pytest

from jupyter_platform.runtime.logs import cap_log, log_start


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "output.log"
    path.write_bytes(b"x" * 100_000)
    cap_log(path, 50_000)
    if log_start(path) == 0:
        pytest.skip("this file system cannot punch holes")
    return path


def test_front_is_given_back_and_offsets_stay_valid(log):
    start = log_start(log)

    assert 100_000 - 50_000 - 4096 <= start <= 50_000
    assert log.stat().st_size == 100_000
    assert log.stat().st_blocks * 512 < 100_000
    assert log.read_bytes() == b"\0" * start + b"x" * (100_000 - start)


def test_writer_goes_on_while_the_log_is_capped(log):
    with open(log, "ab") as writer:
        writer.write(b"y" * 60_000)
        writer.flush()
        start = cap_log(log, 50_000)
        writer.write(b"end")

    assert 160_000 - 50_000 - 4096 <= start <= 110_000
    assert log.read_bytes()[start:] == b"y" * (160_000 - start) + b"end"


def test_short_and_missing_logs_are_left_alone(tmp_path):
    (tmp_path / "short").write_bytes(b"abc")

    assert cap_log(tmp_path / "short", 1000) == 0
    assert (tmp_path / "short").read_bytes() == b"abc"
    assert cap_log(tmp_path / "none", 10) == log_start(tmp_path / "none") == 0
