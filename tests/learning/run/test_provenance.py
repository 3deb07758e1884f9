from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from jupyter_platform.core.datasets import DatasetDescriptor, bundled_datasets
from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.data import load
from jupyter_platform.learning.networks import WeightsHeader, build, save_weights
from jupyter_platform.learning.run.provenance import Lesson, Provenance, measured

LEARN, EVALUATE = JobType.LEARN, JobType.EVALUATE


@pytest.fixture
def learn(make_run, run_process):
    def run(name, dataset="iris", **options):
        given = {"max_iterations": 40, "validation_interval": 10, **options}
        folder = make_run(name, LEARN, "mlp", dataset, **given)
        return folder, run_process(folder).result

    return run


@pytest.fixture
def evaluate(make_run, run_process):
    def run(name, weights, dataset="iris", **options):
        return run_process(
            make_run(name, EVALUATE, "mlp", dataset, weights=weights, **options)
        ).result

    return run


def weights_of(folder, variant="best"):
    return folder / "weights" / f"{variant}.safetensors"


def test_best_is_chosen_on_validation_and_judged_on_test(learn, evaluate):
    folder, learned = learn("l")

    result = evaluate("e", weights_of(folder))

    assert learned["measured_on"] == "validation, 12 samples"
    assert learned["headline"]["on"] == "validation, 12 samples"
    assert learned["warnings"] == []
    assert result["measured_on"] == "test, 30 samples"
    assert result["headline"]["on"] == "test, 30 samples"
    assert result["warnings"] == []


def test_an_evaluation_on_samples_that_the_weights_know_says_so(learn, evaluate):
    folder, _ = learn("l")

    train = evaluate("t", weights_of(folder), part="train")
    chosen = evaluate("v", weights_of(folder), part="validation")
    last = evaluate("w", weights_of(folder, "last"), part="validation")
    some = evaluate("s", weights_of(folder), test_set="0,150")

    assert train["measured_on"] == "train, 108 samples, all learned from"
    assert "learned from all of the 108 samples" in train["warnings"][0]
    assert chosen["measured_on"] == "validation, 12 samples, all chosen by"
    assert "chosen as the best by all of the 12 samples" in chosen["warnings"][0]
    assert last["measured_on"] == "validation, 12 samples"
    assert some["measured_on"] == "150 samples from 0 to 149, 108 learned from, 12 chosen by"


def test_what_weights_know_goes_on_with_those_that_start_from_them(learn, evaluate, make_run):
    first, _ = learn("a", train_set="0,60")
    second, _ = learn("b", train_set="60,120", weights=weights_of(first, "last"))

    result = evaluate("e", weights_of(second, "last"), test_set="0,150")

    assert "learned from 120 of the 150 samples" in result["warnings"][0]


def test_sets_that_are_given_are_left_out_of_the_parts_that_are_not(learn, evaluate):
    folder, learned = learn("l", test_set="0,40", validation_set="40,50")

    result = evaluate("e", weights_of(folder), test_set="0,50")

    assert learned["measured_on"] == "10 samples from 40 to 49"
    assert result["measured_on"] == "50 samples from 0 to 49, 10 chosen by"


def test_a_set_that_is_learned_and_validated_on_is_told(learn):
    _, learned = learn("l", train_set="0,100", validation_set="90,110")

    assert learned["measured_on"] == "20 samples from 90 to 109, 10 learned from"
    assert "learned from 10 of the 20 samples" in learned["warnings"][0]


def test_data_that_have_changed_since_are_told(learn, evaluate, tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "d.npz", x=rng.random((60, 4), dtype="f4"), y=np.arange(60) % 3)
    before, after = (
        DatasetDescriptor(name="mine", kind="npz", file=f"path:{tmp_path}/d.npz", stamp=stamp)
        for stamp in ("1", "2")
    )
    folder, _ = learn("l", before)

    assert evaluate("e", weights_of(folder), before)["warnings"] == []
    result = evaluate("f", weights_of(folder), after)
    assert result["measured_on"] == "test, 6 samples, data changed since learning"
    assert "have changed since" in result["warnings"][0]


def test_scores_that_keep_weights_as_the_best_say_of_which_part_they_are(
    learn, make_run, run_process
):
    folder, _ = learn("l")
    wanted = {"weights": weights_of(folder), "store_if_larger_than": -1.0}

    for name, options in {"test": {}, "evaluation": {"test_set": "0,150"}}.items():
        run = make_run(name, EVALUATE, "mlp", "iris", **wanted, **options)
        result = run_process(run).result
        event = next(
            json.loads(line)
            for line in (run / "events.jsonl").read_text().splitlines()
            if json.loads(line)["kind"] == "best"
        )
        assert event["scores"][f"{name}_accuracy"] == result["accuracy"]
        assert "kept as the best by these samples" in result["warnings"][0]


def test_weights_that_remember_nothing_are_told(evaluate, tmp_path):
    description = bundled_networks()["mlp"]
    network = build(description, (4,), 3)
    header = WeightsHeader.of(description, (4,), 3)
    save_weights(tmp_path / "w.safetensors", network.state_dict(), header)

    result = evaluate("e", tmp_path / "w.safetensors")

    assert "Not all samples that the weights of 'mlp' were learned from" in result["warnings"][0]


def test_adapters_that_leave_samples_out_do_not_hide_what_is_known():
    """The rows of a narrowed dataset are those of the whole one."""
    whole = load(bundled_datasets()["digits"], {})
    rows = whole.rows_of(whole.parts["train"])
    known = Provenance().after(Lesson.of(whole, rows, None))
    few = whole.narrowed(torch.arange(1000, 1797))

    found = measured(few, few.parts["train"], None, "train", [("n", known)])

    assert found.text == f"train, {len(few.parts['train'])} samples, all learned from"


def test_a_million_rows_are_remembered_in_little_room():
    rows = torch.from_numpy(np.random.default_rng(0).permutation(1_000_000)[:100_000])
    data = load(DatasetDescriptor(name="d", kind="moons", parameters={"samples": 1_000_000}), {})

    text = Provenance().after(Lesson.of(data, rows, None)).metadata(best=False)["learned_from"]

    assert len(text) < 150_000
