from __future__ import annotations

import pickle

import numpy as np
import pytest

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data.formats.npz import read_npz

X = np.arange(24, dtype="f4").reshape(6, 4)
Y = np.array([0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_come_back_equal(tmp_path, save, order):
    save(tmp_path / "d.npz", x=np.asarray(X, order=order), y=Y)

    stored = read_npz(tmp_path / "d.npz", "d")

    assert np.array_equal(stored.inputs, X)
    assert np.array_equal(stored.targets, Y)


def test_uncompressed_arrays_are_mapped_and_the_file_is_never_written(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, x=X, y=Y)
    before = path.read_bytes()

    stored = read_npz(path, "d")
    assert isinstance(stored.inputs, np.memmap)
    stored.inputs[:] = -1

    assert path.read_bytes() == before


def test_train_and_test_arrays_are_one_sequence(tmp_path):
    np.savez(tmp_path / "d.npz", x_train=X[:4], y_train=Y[:4], x_test=X[4:], y_test=Y[4:])

    stored = read_npz(tmp_path / "d.npz", "d")

    assert np.array_equal(np.concatenate(stored.inputs), X)
    assert all(isinstance(part, np.memmap) for part in stored.inputs)
    assert stored.parts == {"train": (0, 4), "test": (4, 6)}


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": X, "y": Y[:5]}, "x has 6 samples and y has 5"),
        ({"x": X[:0], "y": Y[:0]}, "at least one"),
        ({"x": X, "z": Y}, "holds x, z; it must hold x and y"),
        ({"x": X.astype(object), "y": Y}, "'x' holds Python objects"),
        ({"x": X, "y": Y.astype(object)}, "'y' holds Python objects"),
        ({"x": X.astype(str), "y": Y}, "x has type <U"),
        ({"x": X.astype(complex), "y": Y}, "x has type complex"),
        (
            {"x_train": X, "y_train": Y, "x_test": X[:, :2], "y_test": Y},
            r"x_train have shape \(4,\) and those of x_test \(2,\)",
        ),
    ],
)
def test_arrays_that_do_not_fit_are_refused_with_the_reason(tmp_path, arrays, words):
    np.savez(tmp_path / "d.npz", **arrays)

    with pytest.raises(InvalidDataError, match=words):
        read_npz(tmp_path / "d.npz", "d")


def test_a_pickle_is_refused_and_not_opened(tmp_path):
    opened = tmp_path / "opened"
    path = tmp_path / "d.npz"

    class Trap:
        def __reduce__(self):
            return (open, (str(opened), "w"))

    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InvalidDataError, match="is a pickle, which is never opened"):
        read_npz(path, "d")
    np.savez(path, x=X, y=np.array([Trap()] * 6, dtype=object))
    with pytest.raises(InvalidDataError, match="holds Python objects"):
        read_npz(path, "d")

    assert not opened.exists()


@pytest.mark.parametrize("keep", [0, 10, 200, -30])
def test_a_broken_archive_is_refused(tmp_path, keep):
    path = tmp_path / "d.npz"
    np.savez(path, x=X, y=Y)
    path.write_bytes(path.read_bytes()[:keep])

    with pytest.raises(InvalidDataError, match=r"no \.npz archive"):
        read_npz(path, "d")
