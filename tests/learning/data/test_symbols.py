"""Texts and sequences of symbols, and what is made up."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.data import Dataset, load


def opened(kind: str, **facts) -> Dataset:
    return load(DatasetDescriptor(name="d", kind=kind, **facts), {})


@pytest.fixture
def text(tmp_path):
    def write(content: str | bytes, name: str = "t.txt") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return f"path:{path}"

    return write


def test_the_target_of_a_character_is_the_next_one(text):
    data = opened("characters", file=text("hé, hell☺"))
    alphabet = data.facts.classes

    inputs, targets = data.gather(torch.arange(data.facts.size))

    assert alphabet == sorted(set("hé, hell☺"))
    assert "".join(alphabet[number] for number in inputs) == "hé, hell"
    assert "".join(alphabet[number] for number in targets) == "é, hell☺"
    assert (inputs.dtype, targets.dtype) == (torch.int64, torch.int64)
    assert data.facts.sequential
    assert (data.facts.shape, data.facts.input_type) == ([], "int64")
    assert data.facts.class_counts[alphabet.index("l")] == 2


def test_two_texts_do_not_run_into_each_other(text):
    data = opened("characters", train=[text("abc", "a")], test=[text("cab", "b")])

    inputs, targets = data.gather(torch.arange(4))

    assert inputs.tolist() == [0, 1, 2, 0]
    assert targets.tolist() == [1, 2, 0, 1]
    assert data.parts["test"].tolist() == [2, 3]


def test_an_alphabet_may_be_given_in_an_order_of_its_own(text):
    data = opened("characters", file=text("abba"), classes=("b", "a", "z"))

    assert data.inputs.tolist() == [1, 0, 0]
    assert data.facts.class_counts == [2, 1, 0]


@pytest.mark.parametrize(
    ("content", "facts", "words"),
    [
        ("abc", {"classes": ("a", "b")}, "character 2 of t.txt is 'c'"),
        ("abc", {"classes": ("a", "bc")}, "classes are characters; 'bc' is not one"),
        ("a", {}, "holds 1 characters; at least two"),
        ("", {}, "holds 0 characters"),
        (b"ab\xff\xfe", {}, "byte 2 of t.txt is no UTF-8"),
    ],
)
def test_a_text_that_cannot_be_learned_is_refused(text, content, facts, words):
    with pytest.raises(InvalidDataError, match=words):
        opened("characters", file=text(content), **facts)


def test_blobs_lie_around_their_centres_in_turn():
    data = opened("blobs", parameters={"samples": 3000, "classes": 3, "spread": 0.5, "seed": 4})
    centres = np.random.default_rng(4).uniform(-10, 10, (3, 2))

    assert data.targets[:7].tolist() == [0, 1, 2, 0, 1, 2, 0]
    for label in range(3):
        cloud = data.inputs[data.targets == label]
        assert np.allclose(cloud.mean(0), centres[label], atol=0.06)
        assert np.allclose(cloud.std(0), 0.5, atol=0.03)
    assert data.facts.bytes > 0


def test_moons_lie_on_their_half_circles():
    data = opened("moons", parameters={"samples": 200, "noise": 0})
    upper, lower = data.inputs[data.targets == 0], data.inputs[data.targets == 1]

    assert torch.allclose(upper.norm(dim=1), torch.ones(100), atol=1e-5)
    assert torch.allclose((lower - torch.tensor([1, 0.5])).norm(dim=1), torch.ones(100), atol=1e-5)
    assert float(upper[:, 1].min()) >= 0
    assert float(lower[:, 1].max()) <= 0.5
    assert data.facts.classes == ["upper", "lower"]


def test_sequences_repeat_what_was_some_steps_before():
    data = opened("sequences", parameters={"samples": 500, "symbols": 5, "delay": 2})

    assert data.targets[:2].tolist() == [0, 0]
    assert torch.equal(data.targets[2:], data.inputs[:-2])
    assert data.inputs.unique().tolist() == [0, 1, 2, 3, 4]
    assert data.facts.sequential


@pytest.mark.parametrize("kind", ["blobs", "moons", "sequences"])
def test_what_is_made_up_is_the_same_every_time(kind):
    one, two = opened(kind), opened(kind)
    other = opened(kind, parameters={"seed": 1})

    assert torch.equal(one.inputs, two.inputs)
    assert not torch.equal(one.inputs, other.inputs)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"kind": "blobs", "parameters": {"clases": 3}}, "'clases' is unknown; blobs takes"),
        ({"kind": "blobs", "parameters": {"classes": 1}}, "classes = 1.*from 2 to"),
        ({"kind": "moons", "parameters": {"samples": 10.5}}, "a whole number"),
        ({"kind": "moons", "file": "path:/x"}, "takes no files"),
        ({"kind": "csv", "file": "path:/x", "parameters": {"seed": 1}}, "takes no parameters"),
        ({"kind": "csv"}, "no data are named"),
        ({"kind": "npz", "file": "path:/x", "target": "y"}, "target says nothing of kind 'npz'"),
        ({"kind": "idx", "file": "path:/x", "label_bytes": 2}, "it goes with raw"),
        ({"kind": "csv", "file": "path:/x", "train": ["path:/y"]}, "either 'file', or 'train'"),
        ({"kind": "csv", "file": "/x"}, "should match pattern"),
        ({"kind": "csv", "file": "path:/x", "classes": ["a", "a"]}, "'a' is named twice"),
        ({"kind": "csv", "file": "path:/x", "scale": 0}, "scale 0"),
        ({"kind": "cvs", "file": "path:/x"}, "'npz', 'csv'"),
    ],
)
def test_descriptors_that_cannot_be_are_refused(facts, words):
    with pytest.raises(ValueError, match=words):
        DatasetDescriptor(name="d", **facts)
