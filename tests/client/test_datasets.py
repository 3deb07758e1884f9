"""Datasets, seen from a client of a real platform."""

from __future__ import annotations

import hashlib
import json
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from jupyter_platform.core.errors import (
    ConflictError,
    InvalidRequestError,
    OptionError,
    UnavailableError,
)
from tests.waiting import DEADLINE_S, until


@pytest.fixture
def folder(shared_paths):
    """The watched folder of the shared platform; what a test puts there is removed."""
    before = set(shared_paths.datasets.iterdir())
    yield shared_paths.datasets
    for path in set(shared_paths.datasets.iterdir()) - before:
        path.unlink()


def test_a_descriptor_is_there_without_asking_and_learned_from(platform, folder):
    (folder / "dropped.yaml").write_text("kind: blobs\nparameters: {samples: 60}\n")
    until(lambda: "dropped" in [item.name for item in platform.datasets()], "its listing")

    job = platform.submit("LEARN", "mlp", "dropped", max_iterations=5, batch_size=8)

    assert job.wait(timeout=DEADLINE_S) == "finished"
    assert platform.dataset("dropped").facts.size == 60


def test_a_preview_is_made_by_a_host(platform):
    found = platform.preview_dataset("digits", "test", 5, hflip=0.5, frame=(1, 12, 12))

    assert len(found.samples) == 5
    assert found.facts.shape == [1, 12, 12]
    assert all(item.image.startswith("data:image/png;base64,") for item in found.samples)
    with pytest.raises(OptionError, match="needs images") as caught:
        platform.preview_dataset("iris", horizontal_flip=1)
    assert caught.value.errors[0].field == "horizontal_flip"


def test_adapters_of_a_descriptor_are_what_jobs_get(platform, folder):
    (folder / "wide.yaml").write_text("dataset: digits\nadapters: {frame: '1,8,16'}\n")

    with pytest.raises(InvalidRequestError, match="1×8×16"):
        platform.submit("LEARN", "lenet-digits", "wide")
    job = platform.submit("LEARN", "lenet-digits", "wide", max_iterations=3, frame="1,8,8")

    assert job.wait(timeout=DEADLINE_S) == "finished"
    assert platform.preview_dataset("wide", count=1).facts.shape == [1, 8, 16]


def idx(array: np.ndarray) -> bytes:
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return head + array.tobytes()


@pytest.fixture
def public(folder):
    """A dataset whose files come from the loopback address; gives the event that lets them."""
    generator = np.random.default_rng()  # files that are known are not fetched again
    files = {
        "/images": idx(generator.integers(0, 256, (40, 8, 8), dtype="u1")),
        "/labels": idx((np.arange(40) % 2).astype("u1")),
    }
    gate = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            gate.wait(60)
            self.send_response(200)
            self.send_header("Content-Length", str(len(files[self.path])))
            self.end_headers()
            self.wfile.write(files[self.path])

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    sources = [
        {
            "urls": [f"http://127.0.0.1:{server.server_address[1]}{path}"],
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        for path, data in files.items()
    ]
    descriptor = {"kind": "idx", "train": ["get:images", "get:labels"], "download": sources}
    (folder / "public.json").write_text(json.dumps(descriptor))
    yield gate
    gate.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_public_dataset_is_downloaded_and_learned_from(platform, public):
    with pytest.raises(InvalidRequestError, match="datasets get public"):
        platform.submit("LEARN", "mlp", "public")
    seen: list[str] = []
    started = platform.get_dataset("public", wait=False)
    public.set()

    record = platform.get_dataset("public", on_progress=lambda item: seen.append(item.state))
    job = platform.submit("LEARN", "mlp", "public", max_iterations=3)

    assert started.state == "downloading"
    assert (record.state, record.facts.shape) == ("ready", [1, 8, 8])
    assert seen[-1] == "ready"
    assert job.wait(timeout=DEADLINE_S) == "finished"


def test_a_download_can_be_stopped(platform, public):
    platform.get_dataset("public", wait=False)

    record = platform.cancel_download("public")

    assert (record.state, record.download) == ("not downloaded", None)


def test_a_download_that_fails_raises_what_is_wrong(platform, folder, unused_port):
    source = {"urls": [f"http://127.0.0.1:{unused_port}/x"], "bytes": 5, "sha256": "0" * 64}
    descriptor = {"kind": "csv", "file": "get:x", "download": [source]}
    (folder / "gone.json").write_text(json.dumps(descriptor))

    with pytest.raises(UnavailableError, match="Dataset 'gone': It cannot be downloaded"):
        platform.get_dataset("gone")
    with pytest.raises(ConflictError, match="not one that is downloaded"):
        platform.get_dataset("iris")


def test_a_text_can_be_added_whose_characters_follow_each_other(platform, tmp_path):
    path = tmp_path / "poem.txt"
    path.write_text("a rose is a rose is a rose\n" * 3)

    record = platform.add_dataset("poem", path)
    try:
        assert record.facts.sequential
        assert record.facts.size == 3 * 27 - 1
        assert platform.preview_dataset("poem", count=1).samples[0].text.startswith("a rose is")
    finally:
        platform.remove_dataset("poem")
