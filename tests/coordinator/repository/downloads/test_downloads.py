"""Public datasets, from a server on the loopback address."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
import threading

import pytest

from jupyter_platform.coordinator.repository import DatasetRepository, Downloads
from jupyter_platform.coordinator.repository.downloads import downloads
from jupyter_platform.core.datasets import bundled_datasets
from jupyter_platform.core.errors import (
    ConflictError,
    InvalidRequestError,
    RequestTooLargeError,
    UnavailableError,
)
from jupyter_platform.runtime import fetching

from .file_server import FileServer

RANDOM = random.Random(0)
LABELS, IMAGES = RANDOM.randbytes(3000), RANDOM.randbytes(2_500_000)
FACTS = {
    "size": 2,
    "shape": [2],
    "task": "classification",
    "outputs": 2,
    "parts": {
        "train": {"start": 0, "stop": 1, "size": 1},
        "test": {"start": 1, "stop": 2, "size": 1},
    },
    "bytes": 4,
}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(fetching, "BACK_OFF_S", 0.001)
    server = FileServer()
    yield server
    server.close()


@pytest.fixture
def told():
    return []


@pytest.fixture
def make(paths, blobs, facts, reader, told):
    """Return what makes a repository, as a coordinator does when it starts."""

    def make_repository(*mirrors: str) -> DatasetRepository:
        async def tell(level: str, message: str) -> None:
            told.append((level, message))

        return DatasetRepository(
            paths, blobs, facts, reader, Downloads(paths.downloads, blobs, mirrors, tell)
        )

    return make_repository


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def source(server: FileServer, name: str, data: bytes, **more: object) -> dict[str, object]:
    server.files[f"/{name}"] = data
    url = f"{server.url}/{name}"
    return {"urls": [url], "bytes": len(data), "sha256": sha256(data), **more}


@pytest.fixture
def described(server, paths):
    """Return what writes a descriptor of public files."""

    def write(*sources: dict[str, object], files: list[str] | None = None) -> None:
        names = files or ["images", "labels"]
        descriptor = {
            "kind": "idx",
            "train": [f"get:{name}" for name in names],
            "download": list(sources),
        }
        (paths.datasets / "d.json").write_text(json.dumps(descriptor))

    return write


@pytest.fixture
def plain(server, described):
    described(source(server, "images", IMAGES), source(server, "labels", LABELS))


async def finished(datasets, until, name: str = "d"):
    await until(lambda: not datasets.downloads.running)
    return await datasets.record(name)


def content(datasets, name: str = "d") -> list[bytes]:
    descriptor = datasets.get(name)
    digests = [item.removeprefix("sha256:") for item in descriptor.train]
    return [datasets._blobs.path(digest).read_bytes() for digest in digests]


async def test_a_dataset_is_listed_before_it_is_here_and_refused_with_the_command(make, plain):
    datasets = make()

    (record,) = [item for item in await datasets.records() if item.name == "d"]

    assert (record.state, record.facts, record.problem) == ("not downloaded", None, None)
    with pytest.raises(InvalidRequestError, match="`jupyter platform datasets get d`") as caught:
        datasets.usable("d")
    assert caught.value.errors[0].field == "dataset"


async def test_it_comes_is_verified_and_can_be_used(make, plain, inspector, until, told, paths):
    datasets = make()
    inspector.answers["dataset"] = FACTS

    first = await datasets.start_download("d")
    record = await finished(datasets, until)

    assert first.state == "downloading"
    assert first.download.total == len(IMAGES) + len(LABELS)
    assert (record.state, record.download, record.facts.size) == ("ready", None, 2)
    assert content(datasets) == [IMAGES, LABELS]
    assert datasets.usable("d").train == (f"sha256:{sha256(IMAGES)}", f"sha256:{sha256(LABELS)}")
    assert told == [("success", "Dataset d is downloaded.")]
    assert not list(paths.downloads.glob("*.part"))


async def test_it_is_remembered_by_the_next_coordinator_and_not_fetched_again(
    make, plain, until, server
):
    datasets = make()
    await datasets.start_download("d")
    await finished(datasets, until)
    asked = len(server.asked)

    again = make()
    record = await again.start_download("d")

    assert record.state == "ready"
    assert content(again) == [IMAGES, LABELS]
    assert len(server.asked) == asked


async def test_a_connection_that_is_cut_goes_on_where_it_ended(make, plain, until, server):
    server.cut_after = [1_100_000, 700_000]
    datasets = make()

    await datasets.start_download("d")
    await finished(datasets, until)

    assert content(datasets) == [IMAGES, LABELS]
    ranges = [wanted for path, wanted in server.asked if path == "/images"]
    assert ranges == [None, "bytes=1100000-", "bytes=1800000-"]


async def test_a_download_that_was_stopped_goes_on_where_it_ended(make, plain, until, server):
    server.gate = threading.Event()
    datasets = make()
    await datasets.start_download("d")
    half = len(IMAGES) // 2
    await until(lambda: datasets.downloads.record(datasets.find("d")).bytes >= 1_000_000)
    with pytest.raises(InvalidRequestError, match="is being downloaded; submit again"):
        datasets.usable("d")

    record = await datasets.cancel_download("d")
    assert record.state == "not downloaded"
    server.gate.set()
    again = make()  # what is here outlives the coordinator
    await again.start_download("d")
    await finished(again, until)

    assert content(again) == [IMAGES, LABELS]
    (wanted,) = [item for path, item in server.asked[1:] if path == "/images"]
    assert 1_000_000 <= int(wanted.removeprefix("bytes=").removesuffix("-")) <= half


async def test_progress_is_told_while_it_comes(make, plain, until, server):
    server.gate = threading.Event()
    datasets = make()
    await datasets.start_download("d")
    await until(lambda: datasets.downloads.record(datasets.find("d")).bytes >= 1_000_000)

    record = await datasets.record("d")

    assert record.state == "downloading"
    assert 1_000_000 <= record.download.bytes < record.download.total
    assert record.download.running
    server.gate.set()
    assert (await finished(datasets, until)).state == "ready"


async def test_a_server_without_ranges_sends_it_all_again(make, plain, until, server):
    server.cut_after, server.no_ranges = [1_500_000], True
    datasets = make()

    await datasets.start_download("d")
    await finished(datasets, until)

    assert content(datasets) == [IMAGES, LABELS]


async def test_a_wrong_hash_is_refused_and_nothing_stays(
    make, described, until, server, told, paths
):
    wrong = source(server, "images", IMAGES)
    server.files["/images"] = bytes(len(IMAGES))
    described(wrong, source(server, "labels", LABELS))
    datasets = make()

    await datasets.start_download("d")
    record = await finished(datasets, until)

    assert record.state == "not downloaded"
    assert sha256(IMAGES) in record.download.problem
    assert sha256(bytes(len(IMAGES))) in record.download.problem
    assert f"{server.url}/images" in record.download.problem
    assert told == [("danger", f"Dataset d was not downloaded: {record.download.problem}")]
    assert not list(paths.downloads.iterdir())


async def test_a_damaged_part_is_fetched_again_from_the_beginning(
    make, plain, until, server, paths
):
    (paths.downloads / f"{sha256(IMAGES)}.part").write_bytes(bytes(1000))
    datasets = make()

    await datasets.start_download("d")
    await finished(datasets, until)

    assert content(datasets) == [IMAGES, LABELS]
    assert [wanted for path, wanted in server.asked if path == "/images"] == ["bytes=1000-", None]


async def test_the_next_address_is_asked_when_one_does_not_have_it(make, described, until, server):
    images = source(server, "images", IMAGES)
    other = {
        **images,
        "urls": [f"{server.url}/gone/images", f"{server.url}/labels", *images["urls"]],
    }
    described(other, source(server, "labels", LABELS))
    datasets = make()

    await datasets.start_download("d")
    await finished(datasets, until)

    assert content(datasets) == [IMAGES, LABELS]


async def test_mirrors_are_asked_instead_of_the_public_addresses(make, described, until, server):
    images = source(server, "images", IMAGES, folder="d")
    server.files["/mirror/d/images"] = server.files.pop("/images")
    described({**images, "urls": ["http://192.0.2.1/images"]}, files=["images"])
    datasets = make(f"{server.url}/nothing/", f"{server.url}/mirror/")

    await datasets.start_download("d")
    await finished(datasets, until)

    assert content(datasets) == [IMAGES]
    assert [path for path, _ in server.asked] == ["/nothing/d/images", "/mirror/d/images"]


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_server_that_is_busy_is_asked_again(make, plain, until, server, status):
    server.statuses = [status, status]
    datasets = make()

    await datasets.start_download("d")

    assert (await finished(datasets, until)).state == "ready"


async def test_what_cannot_be_reached_is_said_with_every_address(
    make, described, until, server, unused_port
):
    images = source(server, "images", IMAGES)
    nobody = f"http://127.0.0.1:{unused_port}/images"
    described({**images, "urls": [nobody, f"{server.url}/gone"]}, files=["images"])
    datasets = make()

    await datasets.start_download("d")
    problem = (await finished(datasets, until)).download.problem

    assert f"{nobody} cannot be reached" in problem
    assert f"{server.url}/gone answered 404 Not Found" in problem


async def test_packed_files_are_unpacked(make, described, until, server):
    packed = gzip.compress(IMAGES)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, data in {"a/labels": LABELS, "a/readme": b"x", "../../other": b"y"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    described(
        source(server, "images.gz", packed, unpack="gzip"),
        source(server, "all.tar.gz", archive.getvalue(), unpack="tar"),
    )
    datasets = make()

    await datasets.start_download("d")
    await finished(datasets, until)

    assert content(datasets) == [IMAGES, LABELS]


@pytest.mark.parametrize("unpack", ["gzip", "tar"])
async def test_what_cannot_be_unpacked_is_said(make, described, until, server, unpack):
    described(source(server, "images.gz", IMAGES, unpack=unpack), files=["images"])
    datasets = make()

    await datasets.start_download("d")

    record = await finished(datasets, until)
    assert "images.gz cannot be unpacked" in record.download.problem


async def test_an_archive_without_the_files_is_refused(make, described, until, server):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w"):
        pass
    described(source(server, "all.tar", archive.getvalue(), unpack="tar"))
    datasets = make()

    await datasets.start_download("d")

    record = await finished(datasets, until)
    assert "all.tar holds none of the files" in record.download.problem


async def test_what_does_not_fit_on_the_disk_is_refused_at_once(make, plain, monkeypatch):
    monkeypatch.setattr(downloads, "_SPARE_BYTES", 10**18)

    with pytest.raises(RequestTooLargeError, match=r"needs 2.5 MB, and there is room for 0 B"):
        await make().start_download("d")


async def test_removing_it_takes_its_files_and_leaves_the_dataset(make, plain, until, paths):
    datasets = make()
    await datasets.start_download("d")
    await finished(datasets, until)
    # Only what ships stays listed; of a descriptor of one's own the file itself is removed.
    await datasets.downloads.remove(datasets.find("d"), frozenset())

    record = await datasets.record("d")

    assert record.state == "not downloaded"
    assert not list(paths.blobs.rglob("[0-9a-f]" * 64))
    assert not list(paths.downloads.iterdir())


async def test_files_that_another_dataset_needs_stay(make, plain, until):
    datasets = make()
    await datasets.start_download("d")
    await finished(datasets, until)
    kept = frozenset([f"sha256:{sha256(IMAGES)}"])

    await datasets.downloads.remove(datasets.find("d"), kept)

    assert datasets._blobs.has(sha256(IMAGES))
    assert not datasets._blobs.has(sha256(LABELS))


async def test_a_dataset_with_nothing_to_download_is_refused(make):
    with pytest.raises(ConflictError, match="'digits' is not one that is downloaded"):
        await make().start_download("digits")


async def test_a_dataset_seen_through_adapters_comes_with_what_it_adapts(make, plain, until, paths):
    (paths.datasets / "near.yaml").write_text("dataset: d\nadapters: {hflip: 0.5}\n")
    datasets = make()

    await datasets.start_download("near")
    await finished(datasets, until, "near")

    assert content(datasets, "d") == content(datasets, "near") == [IMAGES, LABELS]


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "cifar10", "cifar100", "svhn", "stl10"])
async def test_the_public_datasets_are_complete_but_for_their_files(name, datasets):
    descriptor = bundled_datasets()[name]
    wanted = {item.removeprefix("get:") for item in descriptor.references}
    unpacked = {item.name.removesuffix(".gz") for item in descriptor.download}

    assert all(item.startswith("get:") for item in descriptor.references)
    assert wanted <= unpacked or [item.unpack for item in descriptor.download] == ["tar"]
    assert descriptor.splits["train"][0] == 0
    assert descriptor.splits["train"][1] == descriptor.splits["validation"][0]
    assert descriptor.splits["validation"][1] == descriptor.splits["test"][0]
    assert (await datasets.record(name)).state == "not downloaded"


def test_the_test_samples_of_mnist_are_those_of_dianne():
    assert bundled_datasets()["mnist"].splits["test"] == (60_000, 70_000)
    assert bundled_datasets()["cifar10"].splits["test"] == (50_000, 60_000)
    assert bundled_datasets()["svhn"].splits["test"] == (73_257, 99_289)
    assert bundled_datasets()["stl10"].splits["test"] == (5_000, 13_000)


async def test_a_proxy_that_cannot_be_used_is_told_and_keeps_no_mirror_here_away(
    server, tmp_path, monkeypatch
):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    server.files["/a"] = LABELS
    digest = hashlib.sha256(LABELS).hexdigest()
    elsewhere = "http://mirror.example.org/a"

    with pytest.raises(UnavailableError, match=r"proxy.*NO_PROXY.*httpx\[socks\]"):
        await fetching.fetch([elsewhere], 3000, digest, tmp_path / "part", lambda _: None)
    here = f"{server.url}/a"
    await fetching.fetch([elsewhere, here], 3000, digest, tmp_path / "part", lambda _: None)

    assert (tmp_path / "part").read_bytes() == LABELS
