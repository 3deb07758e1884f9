"""What tells whether files at paths still hold what a job was submitted with."""

from __future__ import annotations

import os

import pytest

from jupyter_platform.runtime import data_pins
from jupyter_platform.runtime.data_pins import changed, pin_data


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "pictures" / "cat"
    inside.mkdir(parents=True)
    for number in range(3):
        (inside / f"{number}.png").write_bytes(bytes([number]) * 10)
    # Folders may lead into themselves.
    (inside / "loop").symlink_to(tmp_path / "pictures")
    return tmp_path / "pictures"


def test_what_is_the_same_is_no_change_whatever_its_times(folder):
    pin = pin_data([folder])
    os.utime(folder / "cat" / "0.png", (1, 1))

    assert (pin.files, pin.bytes) == (3, 30)
    assert changed([folder], pin) is None
    assert pin_data([folder], pin).content == pin.content


def test_a_file_deep_inside_of_the_same_size_and_time_is_a_change(folder):
    path = folder / "cat" / "1.png"
    before, pin = path.stat(), pin_data([folder])
    path.write_bytes(b"x" * 10)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert changed([folder], pin) == "they hold something else"
    path.write_bytes(b"y" * 10)
    assert changed([folder], pin) == f"{path} changed"


def test_much_is_told_by_names_sizes_and_times(folder, monkeypatch):
    monkeypatch.setattr(data_pins, "HASHED_BYTES", 29)
    pin = pin_data([folder])

    assert pin.content is None
    assert changed([folder], pin) is None
    (folder / "cat" / "2.png").unlink()
    assert changed([folder], pin) == "they were 3 of 30 bytes, and are 2 of 20 bytes"
