"""What is said of tables from which a score would mislead, and of which nothing is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jupyter_platform.core.datasets import DatasetDescriptor, bundled_datasets
from jupyter_platform.learning.data import load

SIZE = 200


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def warned(folder, frame, **fields):
    frame.to_csv(folder / "t.csv", index=False)
    descriptor = DatasetDescriptor(name="t", kind="csv", file=f"path:{folder}/t.csv", **fields)
    return load(descriptor, {}).facts.warnings


def honest(rng):
    """Return features that say something of three classes, and not all."""
    y = rng.integers(0, 3, SIZE)
    return pd.DataFrame(
        {
            "a": (rng.normal(size=SIZE) + y).round(3),
            "b": rng.integers(0, 5, SIZE),
            "town": rng.choice(["Rom", "Bonn", "Oslo"], SIZE),
            "y": y,
        }
    )


def test_of_an_honest_table_nothing_is_said(tmp_path, rng):
    assert warned(tmp_path, honest(rng), encode="one-hot") == []


@pytest.mark.parametrize(
    ("name", "column", "words"),
    [
        ("anything", lambda y, rng: np.arange(SIZE) + 17, "numbers the samples"),
        ("shuffled", lambda y, rng: rng.permutation(SIZE), "numbers the samples"),
        ("customer_id", lambda y, rng: rng.permutation(10**6)[:SIZE] * 7, "identifies them"),
        ("mail", lambda y, rng: [f"{n}@x.org" for n in rng.permutation(SIZE)], "identifies them"),
        ("copy", lambda y, rng: y * 2.5, "alone tells the target"),
        ("word", lambda y, rng: np.array(["no", "maybe", "yes"])[y], "alone tells the target"),
        ("near", lambda y, rng: y + rng.uniform(0, 0.9, SIZE), "alone tells the target"),
        ("flat", lambda y, rng: np.full(SIZE, 3), "has one value alone"),
        ("time", lambda y, rng: 1.7e9 + rng.permutation(SIZE) * 2, "float32 keeps"),
    ],
)
def test_a_column_that_misleads_is_named(tmp_path, rng, name, column, words):
    frame = honest(rng)
    frame.insert(1, name, column(frame["y"].to_numpy(), rng))

    found = warned(tmp_path, frame, encode="one-hot")

    assert any(f"Column {name!r}" in text and words in text for text in found), found
    assert not any(f"{other!r}" in text for other in ("a", "b", "town") for text in found), found


def test_a_number_to_learn_that_stands_beside_itself(tmp_path, rng):
    frame = pd.DataFrame({"a": rng.normal(size=SIZE), "y": rng.normal(size=SIZE)})
    frame.insert(0, "fahrenheit", frame["y"] * 1.8 + 32)

    (found,) = warned(tmp_path, frame)

    assert "'fahrenheit' alone tells the target" in found


def test_a_part_without_a_class_is_told(tmp_path, rng):
    frame = honest(rng).sort_values("y", kind="stable")
    sizes = frame["y"].value_counts()

    drawn = warned(tmp_path, frame, encode="classes")
    in_order = warned(tmp_path, frame, encode="classes", shuffle=False)
    stated = warned(
        tmp_path,
        frame,
        encode="classes",
        splits={"train": (0, int(sizes[0])), "test": (int(sizes[0]), SIZE)},
    )

    assert drawn == []
    assert any("The test part has no sample of 2 classes ('0', '1')" in text for text in in_order)
    assert any("training part has no sample of 2 classes ('1', '2')" in text for text in stated)


def test_amounts_that_are_taken_for_classes_are_told(tmp_path, rng):
    frame = pd.DataFrame({"a": rng.normal(size=1000), "y": rng.integers(0, 10**5, 1000)})

    assert any("set task to regression" in text for text in warned(tmp_path, frame))
    assert warned(tmp_path, frame, task="regression") == []


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes", "digits"])
def test_bundled_data_mislead_nobody(name):
    descriptor = next(
        item for key, item in bundled_datasets().items() if key.replace("-", "_") == name
    )

    assert load(descriptor, {}).facts.warnings == []
