from __future__ import annotations

import os
import subprocess

import psutil
import pytest

from jupyter_platform.runtime.identity import boot_id, is_same_process, process_start_time


def test_start_time_tells_a_process_from_another_of_the_same_pid():
    start = process_start_time(os.getpid())

    assert start is not None
    assert is_same_process(os.getpid(), start, boot_id())
    assert not is_same_process(os.getpid(), start + 1, boot_id())
    assert not is_same_process(os.getpid(), start, "another boot")


def test_start_time_is_in_ticks_since_boot():
    seconds = process_start_time(os.getpid()) / os.sysconf("SC_CLK_TCK")

    since_epoch = psutil.Process().create_time() - psutil.boot_time()
    assert seconds == pytest.approx(since_epoch, abs=2)


def test_ended_process_has_no_start_time_even_before_it_is_reaped(wait_for):
    process = subprocess.Popen(["true"])

    wait_for(lambda: process_start_time(process.pid) is None)

    process.wait()
    assert process_start_time(process.pid) is None
    assert process_start_time(0) is None
    assert process_start_time(-1) is None


def test_command_with_blanks_and_parentheses_is_read_right(tmp_path):
    program = tmp_path / "a) R 1 (b"
    program.symlink_to("/bin/sleep")
    process = subprocess.Popen([program, "60"])
    try:
        start = process_start_time(process.pid)
        assert start is not None
        assert start >= process_start_time(os.getpid())
    finally:
        process.kill()
        process.wait()
