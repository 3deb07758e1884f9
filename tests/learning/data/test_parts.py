import numpy as np
import pytest
import torch
from sklearn.model_selection import train_test_split

from jupyter_platform.core.datasets import DatasetDescriptor, bundled_datasets
from jupyter_platform.learning.data import load

PARTS = ["train", "validation", "test"]


@pytest.fixture
def parts_of(tmp_path):
    def make(y, *, arrays=None, **fields):
        path = tmp_path / "d.npz"
        x = np.arange(len(y), dtype="f4")[:, None]
        np.savez(path, **(arrays or {"x": x, "y": y}))
        return load(DatasetDescriptor(name="d", kind="npz", file=f"path:{path}", **fields), {})

    return make


def apart(data):
    numbers = [item for part in data.parts.values() for item in part.tolist()]
    return len(numbers) == len(set(numbers))


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer", "diabetes", "blobs"])
def test_every_bundled_dataset_has_three_parts_apart(name):
    data = load(bundled_datasets()[name], {})
    stated = bundled_datasets()[name].splits

    assert list(data.parts) == PARTS
    assert apart(data)
    assert sum(map(len, data.parts.values())) == data.facts.size
    if stated is not None:
        assert data.parts["test"].tolist() == [*range(*stated["test"])]
        assert data.facts.parts["validation"].seed == 0


@pytest.mark.parametrize("seed", range(3))
def test_a_sorted_table_has_each_class_in_each_part_by_its_share(parts_of, seed):
    counts = np.random.default_rng(seed).integers(1, 400, 7)
    y = np.repeat(np.arange(7), counts)

    data = parts_of(y)

    total = len(y)
    for part in ("validation", "test"):
        found = np.bincount(y[data.parts[part]], minlength=7)
        reference = np.bincount(
            train_test_split(y, test_size=round(total * 0.1), stratify=y, random_state=0)[1]
            if counts.min() > 1
            else np.repeat(np.arange(7), np.round(counts * 0.1).astype(int)),
            minlength=7,
        )
        assert found.sum() == round(total * 0.1)
        assert np.abs(found - reference).max() <= 1
    assert np.bincount(y[data.parts["train"]], minlength=7).min() >= 1
    assert apart(data)


def test_parts_are_the_same_each_time_and_say_how_they_came_about(parts_of):
    y = np.random.default_rng(1).integers(0, 3, 500)

    one, again = parts_of(y), parts_of(y)

    assert all(torch.equal(one.parts[part], again.parts[part]) for part in PARTS)
    assert one.facts.parts["validation"].text == "50 samples, drawn with seed 0"
    assert not one.facts.parts["train"].is_range


def test_without_shuffling_the_last_samples_test(parts_of):
    data = parts_of(np.linspace(0, 1, 20), shuffle=False)

    assert {name: part.text for name, part in data.facts.parts.items()} == {
        "train": "0 to 15 (16 samples)",
        "validation": "16 to 17 (2 samples)",
        "test": "18 to 19 (2 samples)",
    }


def test_validation_comes_out_of_train_where_the_file_has_a_test_part(parts_of):
    y = np.arange(40) % 4
    arrays = {
        "x_train": np.zeros((30, 1)),
        "y_train": y[:30],
        "x_test": np.zeros((10, 1)),
        "y_test": y[30:],
    }

    data = parts_of(y, arrays=arrays)
    shuffled = parts_of(y, arrays=arrays, shuffle_seed=3)

    assert data.parts["test"].tolist() == [*range(30, 40)]
    assert len(data.parts["validation"]) == 3
    assert apart(data)
    assert sorted(shuffled.rows_of(shuffled.parts["test"]).tolist()) == [*range(30, 40)]


def test_stated_parts_are_taken_as_they_are(parts_of):
    whole = parts_of(np.arange(10) % 2, splits={"train": (0, 10)})
    three = parts_of(
        np.arange(10) % 2, splits={"train": (0, 4), "validation": (4, 6), "test": (6, 9)}
    )

    assert list(whole.parts) == ["train"]
    assert [part.tolist() for part in three.parts.values()] == [[0, 1, 2, 3], [4, 5], [6, 7, 8]]


@pytest.mark.parametrize(("size", "wanted"), [(1, [1]), (2, [2]), (3, [1, 1, 1]), (30, [24, 3, 3])])
def test_few_samples_are_shared_as_far_as_they_go(parts_of, size, wanted):
    data = parts_of(np.linspace(0, 1, size))

    assert [len(part) for part in data.parts.values()] == wanted


def test_classes_of_one_sample_are_learned(parts_of):
    y = np.array([0] * 50 + [1, 2, 3])

    data = parts_of(y)

    assert set(y[data.parts["train"]]) == {0, 1, 2, 3}
