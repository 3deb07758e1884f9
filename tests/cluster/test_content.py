"""What a host keeps of the files that jobs were started with."""

from __future__ import annotations

import os
import time

import pytest

from jupyter_platform.cluster.content import KEPT_FOR_S, PARTIAL_FOR_S, HostContent
from jupyter_platform.cluster.runs import HostRuns
from jupyter_platform.core.errors import HostError
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.runtimes import installed_runtimes

SIZE = 1000


@pytest.fixture
def content(tmp_path):
    return HostContent(tmp_path / "own", tmp_path / "elsewhere")


@pytest.fixture
def files(tmp_path, content):
    """Return the digests of five files of 1,000 bytes, the one unused for longest first."""
    store = BlobStore(tmp_path / "own")
    digests = [store.put_bytes(bytes([number]) * SIZE) for number in range(5)]
    for number, digest in enumerate(digests):
        used(store.path(digest), KEPT_FOR_S + 100 - number)
    return digests


def used(path, seconds_ago):
    moment = time.time() - seconds_ago
    os.utime(path, (moment, moment))


def left(content, files):
    missing = content.missing(files)
    return [number for number, digest in enumerate(files) if digest not in missing]


def test_the_files_that_were_not_used_for_longest_go_first(content, files):
    content.tidy(3 * SIZE, ())

    assert left(content, files) == [2, 3, 4]
    assert content.size == 3 * SIZE
    content.tidy(3 * SIZE, ())
    assert left(content, files) == [2, 3, 4]


def test_what_a_run_uses_or_was_asked_for_a_moment_ago_stays(content, files, tmp_path):
    store = BlobStore(tmp_path / "own")
    content.resolve([f"sha256:{files[1]}"])

    content.tidy(0, {str(store.path(files[3]))})

    assert left(content, files) == [1, 3]
    assert content.size == 2 * SIZE


def test_a_file_that_was_removed_is_taken_from_the_shared_folder_or_sent_again(tmp_path, files):
    shared = BlobStore(tmp_path / "shared")
    content = HostContent(tmp_path / "own", shared.root)
    again = shared.put_bytes(bytes([0]) * SIZE)
    content.tidy(0, ())

    assert left(content, files) == [0]
    (path,) = content.resolve([f"sha256:{again}"]).values()
    assert path.startswith(str(tmp_path / "own"))
    with pytest.raises(HostError, match="has to be sent first"):
        content.resolve([f"sha256:{files[1]}"])


def test_what_is_still_arriving_stays_for_a_day(content, tmp_path):
    store = BlobStore(tmp_path / "own")
    digests = ["a" * 64, "b" * 64]
    for digest, seconds in zip(digests, (PARTIAL_FOR_S - 60, PARTIAL_FOR_S + 60), strict=True):
        content.put(digest, 0, b"the beginning", last=False)
        used(store.arriving(digest), seconds)

    content.tidy(0, ())

    assert [store.arriving(digest).exists() for digest in digests] == [True, False]


def test_files_of_runs_that_have_not_ended_are_in_use(tmp_path, monkeypatch):
    class Folder:
        def __init__(self, alive, path):
            self._alive, self._path, self.path = alive, path, tmp_path / str(path)

        def is_alive(self):
            return self._alive

        def spec(self):
            facts = {"files": {"d": self._path}, "runtime": "process"}
            return None if self._path is None else type("Spec", (), facts)

    folders = {1: Folder(True, "/a"), 2: Folder(False, "/b"), 3: Folder(True, None)}
    monkeypatch.setattr("jupyter_platform.cluster.runs.run_folders", lambda root: folders)

    assert HostRuns(tmp_path, 1000, installed_runtimes()).files_in_use() == {"/a"}
