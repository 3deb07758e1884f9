"""Data that weights are judged on, read as those that they have learnt."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.preparations import adapters_of, as_learnt, prepare
from jupyter_platform.learning.data import load

RANDOM = np.random.default_rng(1)


def described(path, kind, **fields) -> DatasetDescriptor:
    return DatasetDescriptor(name=path.stem, kind=kind, file=f"path:{path}", **fields)


def learnt_from(descriptor):
    facts = load(descriptor, {}).facts
    return prepare(descriptor, facts, facts, {})


def read_for(learnt, descriptor, *, known: bool = True):
    """Return a dataset as weights have learnt theirs, whether its facts are known before or not."""
    facts = load(descriptor, {}).facts if known else None
    return load(as_learnt(descriptor, learnt, facts, by_class=True), {})


@pytest.fixture
def table(tmp_path):
    """Write a table of a number, a colour and a class."""

    def write(name: str, rows, columns=("x", "colour", "kind"), **fields) -> DatasetDescriptor:
        lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(lines) + "\n")
        options = {"target": "kind", "encode": "one-hot", "normalise": True, **fields}
        return described(path, "csv", **options)

    return write


COLOURS, KINDS = ("blue", "green", "red"), ("no", "perhaps", "yes")
ROWS = [(float(x), COLOURS[at % 3], KINDS[at % 3]) for at, x in enumerate(RANDOM.normal(5, 3, 60))]


@pytest.mark.parametrize("known", [True, False])
def test_rows_become_the_numbers_that_they_were_when_weights_were_learnt(table, known):
    first = table("first", ROWS)
    learnt, train = learnt_from(first), load(first, {})
    # Other numbers, one colour that is not there, and classes in which one lacks.
    later = [(x * 7 + 100, "red", "yes") for x, _, _ in ROWS[:30]]
    later += [(x, "blue", "perhaps") for x, _, _ in ROWS[30:]]

    found = read_for(learnt, table("later", later), known=known)

    rows = train.rows_of(train.part("train")).numpy()
    scaler = StandardScaler().fit(np.array([[ROWS[row][0]] for row in rows]))
    hot = OneHotEncoder(sparse_output=False).fit([[name] for name in COLOURS])
    numbers = scaler.transform([[x] for x, _, _ in later])
    expected = np.hstack([numbers, hot.transform([[colour] for _, colour, _ in later])])
    np.testing.assert_allclose(found.inputs.numpy(), expected, rtol=1e-6)
    assert found.targets.tolist() == [2] * 30 + [1] * 30
    assert found.facts.classes == list(KINDS)
    assert found.facts.class_counts == [0, 30, 30]
    assert found.facts.table == learnt.table


def test_the_same_samples_are_judged_whatever_number_their_classes_have(table):
    other = table("other", [(x, colour, kind) for x, colour, kind in ROWS if kind != "no"])
    learnt = learnt_from(table("first", ROWS))

    as_it_is, found = load(other, {}), read_for(learnt, other)

    assert as_it_is.facts.classes == ["perhaps", "yes"]
    assert found.part("test").tolist() == as_it_is.part("test").tolist()


@pytest.mark.parametrize(
    ("columns", "rows", "words"),
    [
        (("xx", "colour", "kind"), ROWS, "column 'x' is missing .did you mean 'xx'"),
        (("x", "colour", "kind"), [("a", *row[1:]) for row in ROWS], "'x' held numbers then"),
        (
            ("x", "colour", "kind"),
            [(*row[:2], "maybe") for row in ROWS[:9]] + ROWS,
            "has the class 'maybe', which the weights have not learnt on 'first': they tell 'no'",
        ),
    ],
)
def test_rows_that_cannot_be_those_are_refused_with_all_that_is_wrong(table, columns, rows, words):
    learnt = learnt_from(table("first", ROWS))

    with pytest.raises(InvalidDataError, match=words):
        read_for(learnt, table("second", rows, columns))


def test_classes_of_other_names_are_taken_in_their_order_and_that_is_said(table):
    learnt = learnt_from(table("first", ROWS))
    names = dict(zip(KINDS, ("a", "b", "c"), strict=True))

    found = read_for(learnt, table("second", [(*row[:2], names[row[2]]) for row in ROWS]))

    assert found.targets.tolist() == [KINDS.index(row[2]) for row in ROWS]
    assert any("None of the classes is called" in text for text in found.facts.warnings)


def pictures(folder, sizes, classes):
    for name in classes:
        (folder / name).mkdir(parents=True)
        for number, size in enumerate(sizes):
            pixels = RANDOM.integers(0, 256, (*size, 3), dtype="u1")
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return described(folder, "images")


def test_pictures_get_the_size_that_was_learnt_and_classes_their_number(tmp_path):
    first = pictures(tmp_path / "first", [(6, 6)] * 5, ["cat", "dog", "emu"])
    second = pictures(tmp_path / "second", [(12, 9)] * 5, ["dog", "emu"])

    found = read_for(learnt_from(first), second)

    assert found.facts.shape == [3, 6, 6]
    assert found.facts.classes == ["cat", "dog", "emu"]
    assert sorted(set(found.targets.tolist())) == [1, 2]


def test_a_step_of_a_pixel_is_what_it_was(tmp_path):
    pixels = RANDOM.integers(0, 256, (8, 4, 4), dtype="u1")
    pixels[0, 0, :2] = 0, 255
    np.savez(tmp_path / "first.npz", x=pixels, y=np.arange(8) % 2)
    np.savez(tmp_path / "second.npz", x=pixels, y=np.arange(8) % 2)
    first = described(tmp_path / "first.npz", "npz", scale=1 / 255)

    found = read_for(learnt_from(first), described(tmp_path / "second.npz", "npz"))

    np.testing.assert_allclose(found.inputs.numpy(), pixels / np.float32(255), rtol=1e-6)


def test_a_text_is_read_by_the_alphabet_that_was_learnt(tmp_path):
    (tmp_path / "first.txt").write_text("abcd" * 20)
    (tmp_path / "second.txt").write_text("bdbd" * 20)
    learnt = learnt_from(described(tmp_path / "first.txt", "characters"))

    found = read_for(learnt, described(tmp_path / "second.txt", "characters"))

    assert found.inputs[:4].tolist() == [1, 3, 1, 3]
    assert found.facts.classes == list("abcd")


def test_a_threshold_of_zero_is_one():
    assert adapters_of({"binarize": 0.0, "crop_padding": 0}) == {"binarize": 0.0}


def test_what_is_read_as_ever_has_the_digest_that_it_had(table):
    first = table("first", ROWS)
    facts = load(first, {}).facts

    assert as_learnt(first, learnt_from(first), facts, by_class=True) is first
