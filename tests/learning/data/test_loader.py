from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import datasets

from jupyter_platform.core.datasets import DatasetDescriptor, bundled_datasets
from jupyter_platform.core.errors import InvalidDataError, NotFoundError
from jupyter_platform.learning.data import load

X = np.arange(40, dtype="f4").reshape(10, 4)


@pytest.fixture
def stored(tmp_path):
    """Return what stores arrays and gives the descriptor and the files."""

    def store(x, y, **facts):
        path = tmp_path / "d.npz"
        np.savez(path, x=x, y=y)
        descriptor = DatasetDescriptor(name="d", kind="npz", file="sha256:ab", **facts)
        return descriptor, {"sha256:ab": str(path)}

    return store


@pytest.mark.parametrize("name", ["breast_cancer", "diabetes", "digits", "iris", "wine"])
def test_bundled_datasets_are_those_of_scikit_learn(name):
    found = load(bundled_datasets()[name], {})
    reference = getattr(datasets, f"load_{name}")()
    order = np.random.default_rng(0).permutation(len(reference.data))

    inputs = found.inputs.flatten(1).numpy() / found.facts.scale
    assert found.inputs.dtype == torch.float32
    assert np.allclose(inputs, reference.data[order], rtol=1e-6)
    assert np.array_equal(found.targets.flatten().numpy(), reference.target[order])
    if found.facts.task == "classification":
        assert found.facts.class_counts == np.bincount(reference.target).tolist()
        assert found.facts.classes == [str(item) for item in reference.target_names]


def test_text_targets_become_classes_in_alphabetical_order(stored):
    data = load(*stored(X[:4], np.array(["b", "a", "c", "a"])))

    assert data.facts.classes == ["a", "b", "c"]
    assert data.targets.tolist() == [1, 0, 2, 0]
    assert data.facts.class_counts == [2, 1, 1]


def test_whole_labels_are_mapped_to_0_to_n(stored):
    data = load(*stored(X[:4], np.array([7, 3, 7, 11])))

    assert data.targets.tolist() == [1, 0, 1, 2]
    assert data.facts.classes == ["3", "7", "11"]


def test_named_classes_keep_the_order_of_their_labels(stored):
    data = load(*stored(X[:3], np.array([2, 0, 2]), classes=("r", "g", "b")))
    assert data.targets.tolist() == [2, 0, 2]
    assert data.facts.class_counts == [1, 0, 2]

    text = load(*stored(X[:3], np.array(["b", "r", "b"]), classes=("r", "g", "b")))
    assert text.targets.tolist() == [2, 0, 2]


def test_fractions_are_a_regression_and_two_columns_two_targets(stored):
    one = load(*stored(X, np.linspace(0, 1, 10)))
    two = load(*stored(X, np.ones((10, 2))))

    assert (one.facts.task, one.targets.shape, one.facts.outputs) == ("regression", (10, 1), 1)
    assert (two.facts.task, two.facts.outputs) == ("regression", 2)


def test_shuffle_seed_numbers_the_samples_anew(stored):
    data = load(*stored(X, np.arange(10) % 2, shuffle_seed=5))
    order = np.random.default_rng(5).permutation(10)

    assert data.rows((2, 6), "train_set").tolist() == order[2:6].tolist()
    assert data.rows((9, 0, 4), "train_set").tolist() == order[[9, 0, 4]].tolist()


def test_shape_and_scale_are_applied_once(stored):
    descriptor, files = stored(X, np.arange(10) % 2, shape=(1, 2, 2), scale=0.5)

    for _ in range(2):
        data = load(descriptor, files)
        assert torch.equal(data.inputs, torch.from_numpy(X).reshape(10, 1, 2, 2) * 0.5)


@pytest.mark.parametrize(
    ("x", "y", "facts", "words"),
    [
        (X, np.array([0.5] * 9 + [np.nan]), {}, "target of sample 9 is nan"),
        (np.where(X == 13, np.inf, X), np.arange(10), {}, r"input \[1\] of sample 3 is inf"),
        (X, np.arange(10), {"shape": (3, 3)}, r"4 values .*do not fill shape \(3, 3\)"),
        (X, np.arange(10), {"features": ("a",)}, "names 1 features; a sample has 4"),
        (X, np.arange(10), {"splits": {"train": (0, 11)}}, r"\[0, 11\), but there are 10"),
        (X, np.arange(10), {"classes": ("a", "b")}, "sample 2 is 2; of 2 named.* 0 to 9"),
        (X, np.array(["a"] * 10), {"classes": ("b", "c")}, "the class 'a'.*b, c"),
        (X, np.array(["a"] * 10), {"task": "regression"}, "for regression.*text"),
        (X, np.linspace(0, 1, 10), {"task": "classification"}, "fractions"),
        (X, np.ones((10, 3)), {"task": "classification"}, "one class for each sample"),
    ],
)
def test_data_that_does_not_fit_is_refused_with_the_reason(stored, x, y, facts, words):
    with pytest.raises(InvalidDataError, match=words):
        load(*stored(x, y, **facts))


@pytest.mark.parametrize("index_set", [(0, 11), (1, 2, 10), (10, 12)])
def test_a_set_beyond_the_data_is_refused_naming_set_and_size(stored, index_set):
    data = load(*stored(X, np.arange(10)))

    with pytest.raises(InvalidDataError, match=r"validation_set = .*has 10 samples") as caught:
        data.rows(index_set, "validation_set")

    assert caught.value.errors[0].field == "validation_set"
    assert caught.value.errors[0].accepted == "0,10"


def test_a_file_that_is_not_here_is_named():
    descriptor = DatasetDescriptor(name="d", kind="npz", file="sha256:ab")

    with pytest.raises(NotFoundError, match="'d'.*sha256:ab is not on this host"):
        load(descriptor, {})


def test_inputs_stay_as_they_are_stored_and_batches_are_converted(stored):
    pixels = np.arange(40, dtype=np.uint8).reshape(10, 2, 2)
    descriptor, files = stored(pixels, np.arange(10) % 3, scale=1 / 255)

    data = load(descriptor, files)
    inputs, targets = data.gather(torch.tensor([7, 0, 7]))

    assert data.stored_inputs.dtype == torch.uint8
    assert data.facts.stored_type == "uint8"
    assert inputs.dtype == torch.float32
    assert np.array_equal(inputs.numpy(), pixels[[7, 0, 7]].astype("f4") * np.float32(1 / 255))
    assert targets.dtype == torch.int64
    assert targets.tolist() == [1, 0, 1]


@pytest.mark.parametrize("dtype", ["f2", "f8", ">f4", "u2", "i8", "?"])
def test_every_type_of_number_is_gathered_as_float32(stored, dtype):
    data = load(*stored((np.arange(12).reshape(6, 2) % 2).astype(dtype), np.arange(6)))

    inputs, _ = data.gather(torch.tensor([3, 0]))

    assert inputs.dtype == torch.float32
    assert inputs.tolist() == [[0, 1], [0, 1]]
    assert torch.equal(data.inputs[[3, 0]], inputs)


def test_what_is_gathered_belongs_to_the_caller(stored):
    data = load(*stored(X, np.arange(10) % 2, scale=2.0))

    data.gather(torch.tensor([0, 1]))[0].zero_()
    before = data.inputs.clone()
    data.gather(torch.tensor([0, 1]))[0].zero_()

    assert torch.equal(data.inputs, before)
    assert torch.equal(data.inputs, torch.from_numpy(X) * 2)


def test_a_part_of_a_dataset_keeps_its_parts_as_far_as_they_reach(stored):
    splits = {"train": (0, 5), "validation": (5, 6), "test": (6, 10)}
    data = load(*stored(X, np.arange(10) % 2, splits=splits))

    part = data.narrowed(torch.arange(4, 8))
    picked = data.narrowed(torch.tensor([9, 1, 3]))

    assert part.facts.size == 4
    assert {name: item.tolist() for name, item in part.parts.items()} == {
        "train": [0],
        "validation": [1],
        "test": [2, 3],
    }
    assert part.facts.parts["test"].text == "2 to 3 (2 samples)"
    assert part.rows((0, 2), "train_set").tolist() == [4, 5]
    assert list(data.narrowed(torch.arange(7, 10)).facts.parts) == ["test"]
    assert {name: item.tolist() for name, item in picked.parts.items()} == {
        "train": [1, 2],
        "test": [0],
    }
    assert picked.facts.class_counts == [0, 3]
    assert picked.narrowed(torch.tensor([2])).rows((0, 1), "train_set").tolist() == [3]


def test_fewer_samples_can_be_used_than_are_stored(stored):
    data = load(*stored(X, np.arange(10) % 2, size=5))

    assert (data.facts.size, data.facts.class_counts) == (5, [3, 2])
    assert {name: len(item) for name, item in data.parts.items()} == {
        "train": 3,
        "validation": 1,
        "test": 1,
    }
    with pytest.raises(InvalidDataError, match="to have 11 samples, but its files hold 10"):
        load(*stored(X, np.arange(10), size=11))


def test_a_file_of_another_machine_is_refused_with_what_to_do():
    descriptor = DatasetDescriptor(name="d", kind="npz", file="path:/nowhere/d.npz")

    with pytest.raises(NotFoundError, match=r"/nowhere/d.npz is not on host .*datasets add"):
        load(descriptor, {})


def test_a_dataset_that_is_not_downloaded_names_the_command():
    descriptor = DatasetDescriptor(name="big", kind="idx", train=("get:x", "get:y"))

    with pytest.raises(NotFoundError, match="`jupyter platform datasets get big`"):
        load(descriptor, {})


@pytest.mark.parametrize("kind", ["npz", "idx"])
def test_a_folder_where_a_file_is_wanted_is_refused(tmp_path, kind):
    descriptor = DatasetDescriptor(name="d", kind=kind, file=f"path:{tmp_path}")

    with pytest.raises(InvalidDataError, match=f"is a folder; kind '{kind}' reads files"):
        load(descriptor, {})
