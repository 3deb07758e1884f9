"""Preparations: made with the weights, kept in them, and compared with what is used."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.core.preparations import (
    METADATA_KEY,
    Preparation,
    derive,
    differences,
    from_metadata,
    prepare,
)
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.data import adapt, load
from jupyter_platform.learning.networks import (
    WeightsHeader,
    read_metadata,
    save_weights,
)
from jupyter_platform.learning.networks.trained import learnt_for
from jupyter_platform.learning.networks.weights import read_weights
from tests.learning.evaluating import Case, everything, network

RANDOM = np.random.default_rng(0)


def made(folder, x, options=None, **facts):
    """Return the preparation of an array of samples, and the dataset."""
    np.savez(folder / "d.npz", x=x, y=np.arange(len(x)) % 2)
    descriptor = DatasetDescriptor(name="d", kind="npz", file=f"path:{folder / 'd.npz'}", **facts)
    chosen = AdapterOptions(**(options or {}))
    dataset, chain = adapt(load(descriptor, {}), chosen)
    seen = chain.shape(dataset.facts)
    return prepare(descriptor, dataset.facts, seen, chosen.model_dump()), dataset


@pytest.mark.parametrize(
    ("numbers", "facts", "scale"),
    [
        (RANDOM.integers(0, 256, (4, 8, 8)).astype("u1"), {"scale": 1 / 255}, 1 / 255),
        (RANDOM.integers(0, 256, (4, 3, 8, 8)).astype("f4"), {}, 1),
        (RANDOM.random((4, 8, 8)), {}, 1 / 255),
        (RANDOM.integers(0, 17, (4, 8, 8)).astype("u1"), {"scale": 1 / 16}, 1 / 255),
    ],
    ids=["bytes", "0 to 255", "0 to 1", "0 to 16, scaled"],
)
def test_pixels_become_what_the_samples_are(tmp_path, numbers, facts, scale):
    found, _ = made(tmp_path, numbers, **facts)

    assert found.picture.scale == pytest.approx(scale)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        (RANDOM.normal(size=(4, 8, 8)), "numbers from -.* to .*, not pixels"),
        (RANDOM.random((4, 8)), "samples have shape 8"),
        (RANDOM.random((4, 2, 8, 8)), "samples have shape 2×8×8"),
    ],
)
def test_samples_that_are_no_pictures_say_why(tmp_path, numbers, words):
    found, _ = made(tmp_path, numbers)

    assert found.picture is None
    assert re.search(words, found.no_picture)


def test_adapters_and_classes_are_part_of_it(tmp_path):
    found, dataset = made(
        tmp_path,
        RANDOM.random((4, 8, 8)),
        {"frame": "4,4", "horizontal_flip": 0.5, "labels": "1", "other_label": True},
    )

    assert found.adapters == {"frame": [4, 4]}
    assert (found.raw_shape, found.input_shape) == ((8, 8), (4, 4))
    assert found.classes == ("1", "other")
    options = {"frame": [4, 4], "labels": ["1"], "other_label": True}
    assert derive(dataset.descriptor, dataset.facts, [4, 4], options) == found


def test_what_a_later_release_wrote_is_refused():
    with pytest.raises(InvalidDataError, match="preparation of samples is not understood"):
        from_metadata('{"version": 2, "dataset": "d"}', "w.safetensors")


def test_differences_are_named():
    base = {"dataset": "d", "raw_shape": (4,), "input_shape": (4,)}
    first = Preparation(**base, adapters={"binarize": 0.5}, classes=("a", "b"))
    second = Preparation(**base, scale=2.0, classes=("a", "c", "b"))

    assert differences(first, first) == []
    assert differences(first, second) == [
        "binarize was 0.5 and is not set",
        "scale was 1 and is 2",
        "class 1 was 'b' and is 'c'",
    ]


def test_learning_keeps_it_in_the_weights(make_run, start_process):
    folder = make_run(
        "learn", JobType.LEARN, "mlp", "digits", max_iterations=3, frame="6,6", binarize=0.5
    )
    assert start_process(folder).wait() == 0

    weights = folder / "weights" / "last.safetensors"
    found = learnt_for(weights).preparation
    assert METADATA_KEY in read_metadata(weights)
    assert found.adapters == {"frame": [6, 6], "binarize": 0.5}
    assert found.picture.shape == (1, 8, 8)
    assert found.classes == tuple(map(str, range(10)))


def test_an_evaluation_of_other_inputs_says_so_beside_its_scores(tmp_path):
    x = RANDOM.random((20, 4)).astype("f4")
    case = Case(tmp_path, x, np.arange(20) % 2)
    description = network(
        "n", {"type": "Linear", "in_features": 4, "out_features": 2}, {"type": "LogSoftmax"}
    )
    case.add(description, (4,), 2)
    dataset = load(case.dataset, case.files)
    learnt = prepare(case.dataset, dataset.facts, dataset.facts, {"binarize": 0.5})
    path = Path(case.files[case.networks[0].weights])
    header = WeightsHeader.of(description, (4,), 2, None, learnt)
    save_weights(path, read_weights(path), header)

    other = case.run(**everything(20)).result
    same = case.run(**everything(20), binarize=0.5).result

    assert any(
        "otherwise than the weights of 'n' learnt them: binarize was 0.5 and is not set" in text
        for text in other["warnings"]
    )
    assert not any("otherwise" in text for text in same.get("warnings", ()))
