from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys

import pytest

from jupyter_platform.core.errors import ConflictError, InvalidDataError, InvalidRequestError
from jupyter_platform.runtime.blobs import BlobStore, digest_file

DATA = b"weights " * 1000
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def store(tmp_path):
    return BlobStore(tmp_path / "blobs")


def test_bytes_and_files_lie_under_their_digest(store, tmp_path):
    (tmp_path / "file").write_bytes(DATA)

    assert not store.has(DIGEST)
    assert store.put_bytes(DATA) == store.put_file(tmp_path / "file") == DIGEST
    assert store.has(DIGEST)
    assert store.path(DIGEST) == tmp_path / "blobs" / DIGEST[:2] / DIGEST
    assert digest_file(store.path(DIGEST)) == DIGEST
    assert list((tmp_path / "blobs" / ".arriving").iterdir()) == []


def test_link_shares_the_bytes_and_copy_does_not(store, tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")

    linked = store.put_file(tmp_path / "a", link=True)
    copied = store.put_file(tmp_path / "b")

    assert store.path(linked).samefile(tmp_path / "a")
    assert not store.path(copied).samefile(tmp_path / "b")


def test_link_of_a_symbolic_link_stores_the_content(store, tmp_path):
    (tmp_path / "a").write_bytes(DATA)
    (tmp_path / "link").symlink_to("a")

    assert store.put_file(tmp_path / "link", link=True) == DIGEST
    assert not store.path(DIGEST).is_symlink()


def test_pieces_become_a_blob_only_when_they_are_complete(store):
    partial = store.open_partial(DIGEST)
    partial.append(0, DATA[:3000])
    assert not store.has(DIGEST)
    again = store.open_partial(DIGEST)
    assert again.size == 3000
    with pytest.raises(ConflictError, match="3000"):
        again.append(3001, DATA[3001:])

    again.append(2000, DATA[2000:])

    assert again.finish().read_bytes() == DATA
    assert store.has(DIGEST)
    assert store.open_partial(DIGEST).size == len(DATA)


def test_two_senders_of_one_file_do_not_disturb_each_other(store):
    one, two = store.open_partial(DIGEST), store.open_partial(DIGEST)
    one.append(0, DATA[:5000])
    two.append(0, DATA[:100])
    one.append(5000, DATA[5000:])
    one.finish()

    two.append(100, DATA[100:])

    assert two.finish().read_bytes() == DATA


def test_wrong_content_is_thrown_away(store):
    partial = store.open_partial(DIGEST)
    partial.append(0, b"something else")

    with pytest.raises(InvalidDataError, match=DIGEST):
        partial.finish()

    assert not store.has(DIGEST)
    assert store.open_partial(DIGEST).size == 0
    with pytest.raises(InvalidDataError, match="nothing"):
        store.open_partial(DIGEST).finish()


def test_empty_file_is_a_blob_too(store):
    empty = hashlib.sha256(b"").hexdigest()
    partial = store.open_partial(empty)
    partial.append(0, b"")

    assert partial.finish().read_bytes() == b""


@pytest.mark.parametrize("digest", ["", "../" + "a" * 61, "A" * 64, "sha256:" + "a" * 64])
def test_what_is_no_digest_is_refused(store, digest):
    with pytest.raises(InvalidRequestError, match="64 lower-case hex digits"):
        store.has(digest)


def test_kill_while_storing_leaves_no_half_blob(tmp_path, wait_for):
    script = (
        "import sys, pathlib\n"
        "from jupyter_platform.runtime.blobs import BlobStore\n"
        "BlobStore(pathlib.Path(sys.argv[1])).put_file(pathlib.Path(sys.argv[2]))"
    )
    os.mkfifo(tmp_path / "slow")
    root = tmp_path / "blobs"
    process = subprocess.Popen([sys.executable, "-c", script, root, tmp_path / "slow"])
    with open(tmp_path / "slow", "wb") as writer:
        writer.write(b"x" * 3_000_000)
        wait_for(lambda: any(item.stat().st_size for item in root.glob(".arriving/*")))
        process.send_signal(signal.SIGKILL)
        process.wait()

    stored = list(root.glob("[!.]*/*"))
    assert stored == []
    assert BlobStore(root).put_bytes(DATA) == DIGEST
