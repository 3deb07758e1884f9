"""idx, CIFAR, STL-10, SVHN and raw bytes: against arrays that were written by hand."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
import torch
from scipy.io import savemat

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data import Dataset, load

RANDOM = np.random.default_rng(0)
DIGITS = tuple("0123456789")


def idx(array: np.ndarray) -> bytes:
    codes = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
    code = codes[array.dtype.str[1:]]
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.fixture
def write(tmp_path):
    """Return what writes files and gives references to them."""

    def write_files(**contents: bytes) -> list[str]:
        found = []
        for name, content in contents.items():
            path = tmp_path / name
            path.write_bytes(content)
            found.append(f"path:{path}")
        return found

    return write_files


def opened(kind: str, train, test=(), **facts) -> Dataset:
    descriptor = DatasetDescriptor(name="d", kind=kind, train=train, test=test, **facts)
    return load(descriptor, {})


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_pairs_are_train_and_test_images_of_one_channel(write, pack):
    x = RANDOM.integers(0, 256, (7, 4, 5), dtype="u1")
    y = np.array([0, 1, 2, 0, 1, 2, 9], dtype="u1")
    train = write(a=pack(idx(x[:5])), b=pack(idx(y[:5])))
    test = write(c=pack(idx(x[5:])), d=pack(idx(y[5:])))

    data = opened("idx", train, test, classes=DIGITS)
    inputs, targets = data.gather(torch.arange(7))

    assert data.facts.shape == [1, 4, 5]
    assert data.parts["test"].tolist() == [5, 6]
    assert {*data.parts["train"].tolist(), *data.parts["validation"].tolist()} == {*range(5)}
    assert np.array_equal(inputs[:, 0], x.astype("f4") * np.float32(1 / 255))
    assert targets.tolist() == y.tolist()
    assert data.in_memory


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "f4", "f8"])
def test_idx_holds_other_types_too(write, dtype):
    x = (np.arange(12).reshape(6, 2) - 5).astype(dtype)
    data = opened("idx", write(a=idx(x), b=idx(np.arange(6, dtype="u1"))), scale=1)

    assert data.facts.shape == [2]
    assert np.array_equal(data.inputs, x)


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (
            idx(np.zeros((4, 2, 2), "u1"))[:-1],
            idx(np.zeros(4, "u1")),
            "a is cut short: it has 31 bytes.*32",
        ),
        (idx(np.zeros((4, 2, 2), "u1"))[:9], idx(np.zeros(4, "u1")), "cut short"),
        (idx(np.zeros((4, 2, 2), "u1")) + b"x", idx(np.zeros(4, "u1")), "1 bytes more"),
        (b"\x1f\x8b\x08\x00broken", idx(np.zeros(4, "u1")), "a cannot be unpacked"),
        (b"no idx file", idx(np.zeros(4, "u1")), "a is no idx file: it begins with 6e 6f 20 69"),
        (idx(np.zeros(4, "u1")), idx(np.zeros((4, 2, 2), "u1")), "b holds samples and a labels"),
        (b"", idx(np.zeros(4, "u1")), "a is no idx file"),
        (idx(np.zeros((4, 2, 2), "u1")), idx(np.zeros(5, "u1")), "a holds 4 samples and b 5"),
    ],
)
def test_a_broken_idx_file_is_refused_by_name(write, a, b, words):
    with pytest.raises(InvalidDataError, match=words):
        opened("idx", write(a=a, b=b))


def test_idx_files_come_in_pairs(write):
    files = write(a=idx(np.zeros((4, 2, 2), "u1")))

    with pytest.raises(InvalidDataError, match="train names 1 files; they come in pairs"):
        opened("idx", files)


def test_labels_beyond_the_named_classes_are_refused(write):
    files = write(a=idx(np.zeros((2, 2, 2), "u1")), b=idx(np.array([3, 10], "u1")))

    with pytest.raises(InvalidDataError, match="sample 1 is 10; of 10 named classes.* 0 to 9"):
        opened("idx", files, classes=DIGITS[:9] + ("x",))


@pytest.mark.parametrize(("kind", "label_bytes"), [("cifar10", 1), ("cifar100", 2)])
def test_cifar_takes_the_last_label_byte_and_planes_of_colours(write, kind, label_bytes):
    x = RANDOM.integers(0, 256, (6, 3, 32, 32), dtype="u1")
    labels = RANDOM.integers(0, 10, (6, label_bytes), dtype="u1")
    records = np.concatenate([labels, x.reshape(6, -1)], axis=1)
    train = write(one=records[:2].tobytes(), two=records[2:5].tobytes())

    data = opened(kind, train, write(test=records[5:].tobytes()), classes=DIGITS)
    rows = torch.tensor([5, 0, 3, 2])
    inputs, targets = data.gather(rows)

    assert data.parts["test"].tolist() == [5]
    assert data.facts.bytes == records.nbytes
    assert np.array_equal(inputs, x[rows].astype("f4") * np.float32(1 / 255))
    assert targets.tolist() == labels[rows, -1].tolist()
    assert np.array_equal(data.inputs[rows], inputs)


def test_a_cifar_file_that_is_cut_short_is_refused(write):
    with pytest.raises(InvalidDataError, match="a has 6,000 bytes.*records of 3,073 bytes"):
        opened("cifar10", write(a=bytes(6000)))
    with pytest.raises(InvalidDataError, match="a has 0 bytes"):
        opened("cifar10", write(a=b""))


def test_raw_records_have_the_shape_that_is_told(write):
    x = RANDOM.integers(0, 256, (4, 2, 3), dtype="u1")
    y = np.array([1, 0, 1, 1], dtype="u1")
    together = np.concatenate([y[:, None], x.reshape(4, -1)], axis=1).tobytes()

    one = opened("raw", write(a=together), shape=(2, 3))
    two = opened("raw", write(b=x.tobytes(), c=y.tobytes()), shape=(2, 3), label_bytes=0)

    for data in (one, two):
        assert np.array_equal(data.inputs, x.astype("f4") * np.float32(1 / 255))
        assert data.targets.tolist() == [1, 0, 1, 1]
    with pytest.raises(InvalidDataError, match="give 'shape'"):
        opened("raw", write(a=together))
    with pytest.raises(InvalidDataError, match="b holds 4 samples and d 3 labels"):
        opened("raw", write(b=x.tobytes(), d=y[:3].tobytes()), shape=(2, 3), label_bytes=0)


def test_stl10_is_stored_by_columns_and_counts_from_one(write):
    x = RANDOM.integers(0, 256, (3, 3, 96, 96), dtype="u1")
    y = np.array([1, 10, 4], dtype="u1")
    by_columns = x.transpose(0, 1, 3, 2).tobytes()

    data = opened("stl10", write(x=by_columns, y=y.tobytes()), classes=DIGITS)

    assert np.array_equal(data.gather(torch.arange(3))[0], x.astype("f4") * np.float32(1 / 255))
    assert data.targets.tolist() == [0, 9, 3]
    with pytest.raises(InvalidDataError, match="holds the label 0; they count from 1"):
        opened("stl10", write(x=by_columns, y=bytes(3)))
    with pytest.raises(InvalidDataError, match="x holds 3 images and z 2 labels"):
        opened("stl10", write(x=by_columns, z=y[:2].tobytes()))


def test_svhn_puts_samples_last_and_calls_zero_ten(tmp_path):
    x = RANDOM.integers(0, 256, (4, 4, 3, 5), dtype="u1")
    savemat(tmp_path / "a.mat", {"X": x, "y": np.array([[10], [1], [9], [2], [10]], "u1")})

    data = opened("svhn", [f"path:{tmp_path / 'a.mat'}"], classes=DIGITS)

    assert data.facts.shape == [3, 4, 4]
    assert np.array_equal(data.inputs, x.transpose(3, 2, 0, 1).astype("f4") * np.float32(1 / 255))
    assert data.targets.tolist() == [0, 1, 9, 2, 0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"X": np.zeros((2, 2, 3, 4)), "y": np.zeros(3)}, r"shape \(2, 2, 3, 4\) for 3 labels"),
        ({"X": np.zeros((2, 2, 3, 4))}, "holds no variable 'y'"),
        (None, "no MATLAB file"),
    ],
)
def test_another_matlab_file_is_refused(tmp_path, content, words):
    path = tmp_path / "a.mat"
    path.write_bytes(b"not at all" * 50)
    if content is not None:
        savemat(path, content)

    with pytest.raises(InvalidDataError, match=words):
        opened("svhn", [f"path:{path}"])


def test_large_files_are_mapped_and_never_written(write, tmp_path):
    records = np.zeros((4, 3073), dtype="u1")
    data = opened("cifar10", write(a=records.tobytes()))

    data.stored_inputs.whole().fill_(7)

    assert (tmp_path / "a").read_bytes() == records.tobytes()


def test_a_compressed_file_that_unpacks_to_more_than_it_promises_is_refused(write):
    bomb = gzip.compress(idx(np.zeros((3, 2, 2), dtype="u1")) + bytes(50_000_000))
    train = write(a=bomb, b=idx(np.zeros(3, dtype="u1")))

    with pytest.raises(InvalidDataError, match="more than its first ones promise"):
        opened("idx", train)


def test_a_compressed_file_that_promises_more_than_the_memory_is_refused(write):
    head = bytes([0, 0, 8, 3]) + b"".join(size.to_bytes(4, "big") for size in (2**31, 2**15, 1))
    train = write(a=gzip.compress(head + bytes(100)), b=idx(np.zeros(3, dtype="u1")))

    with pytest.raises(InvalidDataError, match="this host has room for"):
        opened("idx", train)
