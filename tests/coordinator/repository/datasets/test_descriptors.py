"""Descriptors in the watched folder: read, read again, broken, and DIANNE's."""

from __future__ import annotations

import os

import pytest

from jupyter_platform.coordinator.repository.datasets.descriptor_folder import DescriptorFolder
from jupyter_platform.core.datasets import bundled_datasets
from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError, UnavailableError

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
def read(paths, reader, jp_asyncio_loop):
    folder = DescriptorFolder(paths.datasets, bundled_datasets(), reader)

    def read_all():
        jp_asyncio_loop.run_until_complete(folder.refresh())
        return folder.all()

    return read_all


def problem(read, name: str = "d") -> str:
    return read()[name].problem or ""


@pytest.mark.parametrize("name", ["mine.yaml", "mine.yml", "mine.json", "folder/mine.yaml"])
def test_a_descriptor_is_there_as_soon_as_its_file_is(write, read, name):
    assert "mine" not in read()
    write(name, '{"kind": "blobs", "parameters": {"samples": 20}, "classes": [1, "b", "c"]}')

    found = read()["mine"]

    assert found.problem is None
    assert found.descriptor.parameter("samples") == 20
    assert found.descriptor.classes == ("1", "b", "c")


def test_files_are_named_from_the_folder_of_the_descriptor(write, read, paths, tmp_path):
    write("data/x.csv", "a,b\n1,0\n")
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text("a,b\n1,0\n")
    write("data/one.yaml", "kind: csv\nfile: x.csv\n")
    write("two.yaml", f"kind: csv\ntrain: [data/x.csv, {elsewhere}]\n")

    found = read()

    assert found["one"].descriptor.file == f"path:{paths.datasets}/data/x.csv"
    assert found["two"].descriptor.train == (
        f"path:{paths.datasets}/data/x.csv",
        f"path:{elsewhere}",
    )


def test_the_name_inside_wins_over_that_of_the_file(write, read):
    write("a.yaml", "name: b\nkind: moons\n")

    assert "a" not in read()
    assert read()["b"].descriptor.name == "b"


def test_an_edited_descriptor_is_read_again_and_a_removed_one_gone(write, read):
    path = write("d.yaml", "kind: moons\ntitle: first\n")
    before = path.stat()
    assert read()["d"].descriptor.title == "first"

    write("d.yaml", "kind: moons\ntitle: other\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # clocks may be coarse
    assert read()["d"].descriptor.title == "other"

    write("d.yaml", "kind: moon\n")
    assert "kind = 'moon'" in problem(read)

    path.unlink()
    assert "d" not in read()


def test_other_data_under_the_same_name_make_another_digest(write, read, paths):
    write("d.yaml", "kind: csv\nfile: x.csv\n")
    path = write("x.csv", "a,b\n1,0\n")
    before = read()["d"].descriptor.digest

    assert read()["d"].descriptor.digest == before
    path.write_text("a,b\n1,0\n2,1\n")
    assert read()["d"].descriptor.digest != before


def test_an_image_that_is_added_to_a_folder_makes_another_digest(write, read, paths):
    write("d.yaml", "kind: images\nfile: pictures\n")
    write("pictures/train/cat/1.png", "x")
    before = read()["d"].descriptor.digest

    os.utime(paths.datasets / "pictures" / "train" / "cat", ns=(1, 1))

    assert read()["d"].descriptor.digest != before


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("d.yaml", "kind: csv\n\tfile: x\n", "line 2, column 1, is no YAML.*not tabs"),
        ("d.yaml", "kind: [csv\n", "is no YAML"),
        ("d.json", '{"kind": "csv",}', "line 1, column 1[56], is no JSON"),
        ("d.yaml", "- kind\n", "no object of keys"),
        ("d.yaml", "", "no object of keys"),
        ("d.yaml", "title: x\n", "'kind' is missing"),
        ("d.yaml", "kind: csv\n", "no data are named: give 'file'"),
        ("d.yaml", "kind: cvs\nfile: x.csv\n", "kind = 'cvs': input should be 'npz', 'csv'"),
        ("d.yaml", "kind: moons\nshpae: [1]\n", "key 'shpae' is unknown; did you mean 'shape'"),
        ("d.yaml", "kind: moons\nshape: [0]\n", "shape.0 = '0'"),
        ("d.yaml", "kind: moons\nclasses: [yes, no]\n", "classes: put names .* into quotes"),
        ("d.yaml", "kind: moons\nsplits: {train: [5, 5]}\n", r"\[5, 5\); it must hold a sample"),
        ("d.yaml", "kind: moons\nadapters: {hflip: 2}\n", "adapters: horizontal_flip = '2'"),
        ("d.yaml", "kind: moons\nadapters: {flip: 2}\n", "adapters: key 'flip' is unknown"),
        ("d.yaml", "kind: csv\nfile: gone.csv\n", r"names .*/gone.csv, which is not there"),
        ("d.json", {"kind": "moons", "name": "a/b"}, "cannot be the name of a dataset"),
        ("d.json", "[" * 100_000, "nested deeper than"),
        ("d.json", {"kind": "moons", "splits": {"train": "x"}}, r"range of samples is wanted"),
        ("d.json", {"kind": "csv", "file": ".", "inputs": []}, "inputs = '.*at least 1 item"),
        ("d.json", {"name": "d", "type": "FileDataset", "inputDims": {}}, "no list of dim"),
    ],
)
def test_a_broken_descriptor_says_what_is_wrong(write, read, name, content, words):
    write(name, content)

    found = next(item for item in read().values())

    assert found.problem is not None
    assert found.path.name == name
    with pytest.raises(InvalidDataError, match=words):
        raise InvalidDataError(found.problem)
    assert "\n" not in found.problem


def test_a_file_that_is_no_text_is_broken(paths, read):
    (paths.datasets / "d.yaml").write_bytes(b"\xff\xfe\x00")

    assert "no UTF-8" in problem(read)


def test_other_files_in_a_folder_of_data_are_left_alone(write, read):
    write("faces/state.json", {"_data_files": []})
    write("faces/annotations.json", [1, 2])
    write("faces/.hidden.yaml", "kind: moons\n")
    write("faces/deep/d.yaml", "kind: moons\n")
    write("faces/huge.json", '{"name": "' + "x" * 1_000_001 + '"}')

    assert read() == {}


def test_two_files_of_one_name_are_told_apart(write, read, paths):
    write("d.yaml", "kind: moons\n")
    write("x/other.yaml", "name: d\nkind: blobs\n")
    write("digits.yaml", "kind: moons\n")

    found = read()

    assert found["d"].descriptor.kind == "moons"
    assert "is also that of d.yaml" in found[str(paths.datasets / "x" / "other.yaml")].problem
    assert "name of a dataset that ships" in found[str(paths.datasets / "digits.yaml")].problem


def test_a_dataset_may_be_another_one_seen_through_adapters(write, read):
    write("near.yaml", "dataset: digits\ntitle: Cut\nadapters: {cropWidth: 6, hflip: 0.5}\n")
    write("far.json", {"dataset": "near", "adapters": {"hflip": 0.25, "binarize": "0.5"}})

    found = read()["far"]

    assert found.base == "near"
    assert found.descriptor.file == "bundled:digits.npz"
    assert found.descriptor.title == "Cut"
    assert found.descriptor.adapters == {
        "crop_width": [6],
        "horizontal_flip": 0.25,
        "binarize": 0.5,
    }


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ({"d": "dataset: nothing\n"}, "adapts 'nothing', and there is no such dataset"),
        ({"d": "dataset: e\n", "e": "dataset: d\n"}, "adapts 'd', which adapts it in turn"),
        ({"d": "dataset: e\n", "e": "kind: x\n"}, "adapts 'e', which cannot be used itself"),
        ({"d": "dataset: digits\nshape: [64]\n"}, "key 'shape' is unknown"),
    ],
)
def test_what_adapts_nothing_is_broken(write, read, contents, words):
    for name, content in contents.items():
        write(f"{name}.yaml", content)

    assert words in problem(read)


DIANNE = {
    "mnist": (
        {"name": "MNIST-mine"},
        {
            "kind": "idx",
            "train": ["train-images.idx3-ubyte", "train-labels.idx1-ubyte"],
            "test": ["t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"],
            "classes": list("0123456789"),
        },
    ),
    "cifar": (
        {"name": "CIFAR-10", "labels": ["a", "b"]},
        {
            "kind": "cifar10",
            "train": [f"data_batch_{number}.bin" for number in range(1, 6)],
            "test": ["test_batch.bin"],
            "classes": ["a", "b"],
        },
    ),
    "raw": (
        {
            "name": "r",
            "type": "FileDataset",
            "inputDims": ["2", "3"],
            "targetDims": [2],
            "noSamples": 7,
            "inputFiles": ["x1", "x2"],
            "targetFiles": ["y1", "y2"],
        },
        {
            "kind": "raw",
            "label_bytes": 0,
            "train": ["x1", "y1", "x2", "y2"],
            "shape": [2, 3],
            "size": 7,
            "classes": ["0", "1"],
        },
    ),
    "raw together": (
        {"name": "r", "type": "FileDataset", "inputDims": [2, 3], "files": ["x1"]},
        {"kind": "raw", "train": ["x1"], "shape": [2, 3]},
    ),
    "csv of classes": (
        {
            "name": "c",
            "type": "CSVDataset",
            "file": "x1",
            "inputDims": [3],
            "targetDims": [2],
            "inputOffset": "1",
            "targetOffset": 1,
            "separator": ";",
            "classification": "true",
        },
        {
            "kind": "csv",
            "file": "x1",
            "header": False,
            "separator": ";",
            "inputs": ["1", "2", "3"],
            "target": "5",
            "task": "classification",
            "shape": [3],
            "classes": ["0", "1"],
        },
    ),
    "csv of numbers": (
        {
            "name": "c",
            "type": "CSVDataset",
            "file": "x1",
            "inputDims": [2],
            "targetDims": [2],
        },
        {
            "kind": "csv",
            "file": "x1",
            "header": False,
            "inputs": ["0", "1"],
            "target": ["2", "3"],
            "task": "regression",
            "shape": [2],
        },
    ),
    "images": (
        {
            "name": "i",
            "type": "ImageClassificationDataset",
            "targetsFile": "targets.txt",
            "labelsFile": "labels.txt",
        },
        {"kind": "images", "file": "", "labels": "targets.txt", "classes": ["cat", "dog"]},
    ),
    "masks": (
        {"name": "i", "type": "ImageSegmentationDataset", "inputDims": "1,4,4"},
        {"kind": "masks", "file": "", "shape": [1, 4, 4]},
    ),
    "characters": (
        {"name": "t", "type": "CharSequenceDataset", "labels": "b,a"},
        {"kind": "characters", "file": "input.txt", "classes": ["b", "a"]},
    ),
}


@pytest.mark.parametrize("case", DIANNE)
def test_descriptors_of_dianne_work_as_they_stand(write, read, paths, case):
    given, expected = DIANNE[case]
    names = ["input.txt", "targets.txt", "x1", "x2", "y1", "y2", "test_batch.bin"]
    names += [f"data_batch_{number}.bin" for number in range(1, 6)]
    for half in ("train", "t10k"):
        names += [f"{half}-images.idx3-ubyte", f"{half}-labels.idx1-ubyte"]
    for name in names:
        write(f"d/{name}", "x")
    write("d/labels.txt", "cat\ndog\n")
    write("d/descriptor.json", given)

    found = read()[given["name"]]

    def place(name: str) -> str:
        return f"path:{paths.datasets / 'd' / name}".rstrip("/")

    wanted = dict(expected)
    for key in ("file", "labels"):
        if key in wanted:
            wanted[key] = place(wanted[key])
    for key in ("train", "test"):
        if key in wanted:
            wanted[key] = [place(name) for name in wanted[key]]
    assert found.problem is None
    told = found.descriptor.model_dump(mode="json", exclude_unset=True)
    assert {key: told.get(key) for key in wanted} == wanted


@pytest.mark.parametrize(
    ("adapter", "keys", "expected"),
    [
        ("RangeAdapter", {"range": ["10", "20"]}, {"sample_range": [10, 20]}),
        ("RandomFlipAdapter", {"vlip": "0.5"}, {"vertical_flip": 0.5}),
        ("RandomRotationAdapter", {"rotationTheta": "1"}, {"rotation": [-1, 1]}),
        (
            "be.iminds.iot.dianne.dataset.adapters.RandomCropAdapter",
            {"cropWidth": "4", "cropHeight": "5"},
            {"crop_width": [4], "crop_height": [5]},
        ),
        ("FrameAdapter", {"frame": [1, 4, 4]}, {"frame": [1, 4, 4]}),
        (
            "AutoencoderAdapter",
            {"encoder_noise": "0.1"},
            {"autoencode": True, "encoder_noise": 0.1},
        ),
        ("LabelAdapter", {"labels": ["1", "2"], "other": "true"}, {"labels": ["1", "2"]}),
        ("MaskToClassAdapter", {"threshold": 3}, {"mask_to_class": True, "mask_threshold": 3}),
        ("BinarizeAdapter", {}, {"binarize": 0.5}),
    ],
)
def test_adapters_of_dianne_work_as_they_stand(write, read, adapter, keys, expected):
    write("a.json", {"name": "adapted", "adapter": adapter, "dataset": "digits", **keys})

    found = read()["adapted"]

    assert found.problem is None
    assert found.base == "digits"
    assert expected.items() <= found.descriptor.adapters.items()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"type": "CVSDataset"}, "type 'CVSDataset' is not known. Did you mean 'CSVDataset'"),
        ({"type": "MemoryExperiencePool"}, "pools are made by ACT jobs"),
        ({"type": "CSVDataset"}, "needs 'file' and 'inputDims'"),
        ({"type": "FileDataset", "inputDims": [2]}, "needs 'files', or 'inputFiles'"),
        ({"type": "FileDataset", "files": ["x"], "depth": 2}, "key 'depth' is not one of type"),
        (
            {"type": "FileDataset", "inputFiles": ["x", "y"], "targetFiles": ["z"]},
            "inputFiles names 2 files and targetFiles 1",
        ),
        ({"type": "ImageClassificationDataset"}, "needs 'targetsFile'"),
        ({"type": "CharSequenceDataset", "labelsFile": "no.txt"}, "no.txt cannot be read"),
        ({"adapter": "FlipAdapter", "dataset": "digits"}, "adapter 'FlipAdapter' is not known"),
        ({"adapter": "FrameAdapter"}, "an adapter needs 'dataset'"),
        (
            {"adapter": "FrameAdapter", "dataset": "digits", "range": 3},
            "key 'range' is not one of adapter 'FrameAdapter'",
        ),
    ],
)
def test_descriptors_of_dianne_that_cannot_be_say_why(write, read, content, words):
    write("d.json", {"name": "d", **content})

    assert words in problem(read)


async def test_a_broken_descriptor_is_listed_with_its_reason(datasets, write):
    path = write("d.yaml", "kind: csv\n\tfile: x\n")

    (record,) = [item for item in await datasets.records() if item.name == "d"]

    assert (record.state, record.origin, record.descriptor) == ("broken", "added", None)
    assert "not tabs" in record.problem
    assert record.location == str(path)
    assert "d" not in datasets.names()
    with pytest.raises(InvalidRequestError, match=r"d.yaml cannot be used"):
        datasets.usable("d")
    with pytest.raises(InvalidDataError, match=r"d.yaml cannot be used"):
        datasets.get("d")


async def test_data_that_cannot_be_read_are_broken_until_they_change(datasets, write, inspector):
    write("d.yaml", "kind: csv\nfile: x.csv\n")
    path = write("x.csv", "a,b\n1,0\n")
    inspector.answers["dataset"] = InvalidDataError("Dataset 'd': column 'a' holds text.")

    broken = await datasets.record("d")
    assert (broken.state, broken.problem) == ("broken", "Dataset 'd': column 'a' holds text.")

    path.write_text("a,b\n1,0\n2,1\n")
    inspector.answers["dataset"] = FACTS
    mended = await datasets.record("d")
    assert (mended.state, mended.problem, mended.facts.size) == ("ready", None, 2)


async def test_facts_of_new_descriptors_are_asked_for_by_listing_them(
    datasets, write, inspector, until
):
    write("d.yaml", "kind: moons\n")
    inspector.answers["dataset"] = FACTS

    await datasets.records()
    await until(lambda: not datasets._filling or datasets._filling.done())

    (record,) = [item for item in await datasets.records() if item.name == "d"]
    assert record.facts.size == 2
    await datasets.close()


async def test_no_host_makes_no_dataset_broken(datasets, write, inspector):
    write("d.yaml", "kind: moons\n")
    inspector.answers["dataset"] = UnavailableError("No host is up.")

    record = await datasets.record("d")

    assert (record.state, record.problem, record.facts) == ("ready", None, None)


async def test_a_removed_descriptor_leaves_its_data(datasets, write):
    path = write("data/x.csv", "a,b\n1,0\n")
    write("data/d.yaml", "kind: csv\nfile: x.csv\n")

    await datasets.delete("d")

    assert datasets.find("d") is None
    assert path.exists()
