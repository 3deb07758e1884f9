from __future__ import annotations

import os

import pytest

from jupyter_platform.runtime.atomic import (
    read_bytes,
    read_json,
    write_bytes_atomic,
    write_json_atomic,
)


def test_content_is_replaced_and_private(tmp_path):
    write_bytes_atomic(tmp_path / "a", b"old")
    write_bytes_atomic(tmp_path / "a", b"new", fsync=False)
    write_json_atomic(tmp_path / "b", {"x": [1, None]}, mode=0o644)

    assert read_bytes(tmp_path / "a") == b"new"
    assert read_json(tmp_path / "b") == {"x": [1, None]}
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_missing_file_is_none_and_no_json_is_an_error(tmp_path):
    (tmp_path / "bad").write_text("{")

    assert read_bytes(tmp_path / "none") is None
    assert read_json(tmp_path / "bad" / "below") is None
    with pytest.raises(ValueError, match="Expecting"):
        read_json(tmp_path / "bad")


def test_failure_keeps_the_old_content_and_leaves_nothing_beside(tmp_path, monkeypatch):
    write_bytes_atomic(tmp_path / "a", b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_bytes_atomic(tmp_path / "a", b"new")

    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"
