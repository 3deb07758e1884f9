from __future__ import annotations

import re

import numpy as np
import pytest

from jupyter_platform.core.datasets import bundled_datasets
from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError, PlatformError
from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.learning.processes.inspector import Inspector

NETWORKS = {name: item.model_dump(mode="json") for name, item in bundled_networks().items()}
DATASETS = {name: item.model_dump(mode="json") for name, item in bundled_datasets().items()}


@pytest.fixture
def inspector():
    return Inspector()


def check(inspector, network, dataset, job_type="LEARN", **options):
    networks = [NETWORKS[network] if isinstance(network, str) else network]
    request = {"op": "check", "networks": networks, "type": job_type, "options": options}
    return inspector.answer({**request, "dataset": DATASETS[dataset], "files": {}})["ok"]


def test_network_facts(inspector):
    answer = inspector.answer(
        {"op": "network", "description": NETWORKS["mlp"], "input_shape": [4], "outputs": 3}
    )

    assert answer["ok"]["parameters"] == (4 * 64 + 64) + (64 * 32 + 32) + (32 * 3 + 3)
    assert answer["ok"]["output_shape"] == [3]


def test_dataset_facts(inspector):
    facts = inspector.answer({"op": "dataset", "descriptor": DATASETS["iris"], "files": {}})["ok"]

    assert (facts["size"], facts["shape"], facts["outputs"]) == (150, [4], 3)
    assert facts["class_counts"] == [50, 50, 50]


def test_a_dataset_with_adapters_tells_what_jobs_see(inspector):
    adapted = {
        **DATASETS["digits"],
        "adapters": {"labels": "3,5", "cropWidth": 6, "cropHeight": 4, "sample_range": "1000"},
    }
    facts = inspector.answer({"op": "dataset", "descriptor": adapted, "files": {}})["ok"]

    assert (facts["size"], facts["shape"], facts["outputs"]) == (1797, [1, 8, 8], 10)
    seen = facts["seen"]
    assert (seen["shape"], seen["outputs"], seen["classes"]) == ([1, 4, 6], 2, ["3", "5"])
    assert seen["size"] == sum(seen["class_counts"]) < 1000
    broken = {**adapted, "adapters": {"labels": "cat"}}
    with pytest.raises(PlatformError, match="Unknown class .cat."):
        inspector.answer({"op": "dataset", "descriptor": broken, "files": {}})


def test_facts_are_remembered_without_the_file(inspector, tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, x=np.ones((4, 2)), y=np.arange(4))
    request = {
        "op": "dataset",
        "descriptor": {"name": "d", "kind": "npz", "file": "sha256:a"},
        "files": {"sha256:a": str(path)},
    }
    first = inspector.answer(request)
    path.unlink()

    assert inspector.answer(request) == first


@pytest.mark.parametrize(
    ("network", "dataset", "job_type", "category", "used"),
    [
        ("lenet-digits", "digits", "LEARN", "FF", {"criterion": "NLL"}),
        ("mlp", "wine", "EVALUATE", "CLASSIFICATION", {"strategy": "classification"}),
        (
            "mlp-regression",
            "diabetes",
            "EVALUATE",
            "CRITERION",
            {"strategy": "regression", "criterion": "MSE"},
        ),
    ],
)
def test_what_fits_has_a_category_and_no_errors(
    inspector, network, dataset, job_type, category, used
):
    found = check(inspector, network, dataset, job_type)

    assert found.pop("parameters")[network] > 0
    assert (found["category"], found["errors"], found["warnings"]) == (category, [], [])
    assert found["sizes"]["test_set"] > 0
    assert (found["options"], found["used"]) == ({}, used)


def layers(*items, **more):
    return {"name": "n", "layers": list(items), **more}


LINEAR = {"type": "Linear", "in_features": 4, "out_features": 3}


@pytest.mark.parametrize(
    ("network", "dataset", "options", "field", "words"),
    [
        ("lenet", "digits", {}, "networks", "1×28×28; those of the dataset have shape 1×8×8"),
        ("mlp", "diabetes", {}, "networks", "is for classification; the dataset is for regression"),
        (layers(LINEAR, outputs=2), "iris", {}, "networks", "2 outputs; the dataset has 3 classes"),
        (layers(LINEAR), "wine", {}, "networks", "'Linear1'.*takes 4 values.*gives 13"),
        (
            layers({**LINEAR, "out_features": 5}),
            "iris",
            {},
            "networks",
            "gives shape 5 for a sample; the dataset wants 3, one number for each class",
        ),
        (layers(LINEAR), "digits", {}, "networks", "'Linear1'.*takes 4 values"),
        ("mlp", "iris", {"criterion": "MSE"}, "criterion", "NLL, CE"),
        ("mlp", "iris", {"train_set": [0, 151]}, "train_set", "150 samples"),
        ("mlp", "iris", {"validation_set": [3, 4, 150]}, "validation_set", "150 samples"),
        ("mlp", "iris", {"test_set": [150, 160]}, "test_set", "150 samples"),
    ],
)
def test_what_does_not_fit_is_told_at_its_field(inspector, network, dataset, options, field, words):
    errors = check(inspector, network, dataset, **options)["errors"]

    assert [item["field"] for item in errors] == [field]
    assert re.search(words, errors[0]["message"])


@pytest.mark.parametrize(
    ("network", "dataset", "options", "field", "words"),
    [
        ("mlp", "iris", {"fixed": ["Linear1", "Linear9"]}, "fixed", "Linear9: no layer"),
        (
            "mlp",
            "iris",
            {"sampling": "WEIGHTED", "weighted_ranges": [0, 900], "probabilities": [1.0]},
            "weighted_ranges",
            "reach sample 900",
        ),
        ("mlp-regression", "diabetes", {"sampling": "UNIFORMCLASS"}, "sampling", "one class"),
        ("mlp", "iris", {"rotation": [-0.5, 0.5]}, "rotation", "images"),
        ("mlp", "iris", {"sample_range": [0, 9000]}, "sample_range", "sample 8999"),
        ("mlp", "iris", {"sample_range": [0, 40], "train_set": [0, 50]}, "train_set", "sample 49"),
        ("mlp", "iris", {"strategy_options": {"a": 1}}, "strategy_options", "takes no"),
        ("mlp-regression", "diabetes", {"criterion": "BCE_LOGITS"}, None, None),
        ("mlp", "breast_cancer", {"criterion": "BCE_LOGITS"}, None, None),
    ],
)
def test_options_of_learning_are_held_against_network_and_data(
    inspector, network, dataset, options, field, words
):
    answer = check(inspector, network, dataset, **options)

    if field is None:
        assert answer["errors"] == []
    else:
        assert [item["field"] for item in answer["errors"]] == [field]
        assert words in answer["errors"][0]["message"]


def test_a_class_without_a_sample_cannot_be_learned(inspector):
    named = {**DATASETS["blobs"], "classes": ["a", "b", "c", "d"]}
    request = {"op": "check", "networks": [NETWORKS["mlp"]], "dataset": named, "files": {}}

    refused = inspector.answer({**request, "type": "LEARN"})["ok"]["errors"]
    kept = inspector.answer({**request, "type": "LEARN", "options": {"labels": ["a", "b"]}})["ok"]
    judged = inspector.answer({**request, "type": "EVALUATE"})["ok"]

    assert [item["field"] for item in refused] == ["dataset"]
    assert "no sample of class 'd'; add some" in refused[0]["message"]
    assert kept["errors"] == []
    assert judged["errors"] == []


def test_samples_are_shown_through_adapters(inspector):
    request = {"op": "preview", "descriptor": DATASETS["digits"], "files": {}}

    found = inspector.answer({**request, "count": 3, "options": {"crop_width": [6]}})["ok"]
    one = inspector.answer({**request, "count": 2, "sample": 7})["ok"]

    assert found["facts"]["shape"] == [1, 8, 6]
    assert [item["index"] for item in one["samples"]] == [7, 7]
    with pytest.raises(InvalidRequestError, match="preview: count"):
        inspector.answer({**request, "count": 0})


def test_a_strategy_from_a_file_is_described_and_checked(inspector, tmp_path):
    path = tmp_path / "code"
    path.write_text(
        "from jupyter_platform.learning.strategies.supervised.feed_forward import FeedForward\n\n\n"
        "class Mine(FeedForward):\n    title = 'My own'\n",
        encoding="utf-8",
    )
    code = {"code": "sha256:a", "files": {"sha256:a": str(path)}}
    networks = [NETWORKS["mlp"]]
    asked = {"op": "check", "networks": networks, "type": "LEARN", "dataset": DATASETS["iris"]}

    record = inspector.answer({"op": "strategy", "name": "mine", **code})["ok"]
    checked = inspector.answer({**asked, "options": {"strategy": "mine"}, **code})["ok"]
    path.write_text("raise ValueError('not today')", encoding="utf-8")
    broken = inspector.answer({**asked, "options": {"strategy": "mine"}, **code})["ok"]

    assert (record["title"], record["problem"]) == ("My own", None)
    assert checked["errors"] == []
    assert "ValueError: not today (line 1: raise" in broken["errors"][0]["message"]
    assert inspector.answer({"op": "strategies"})["ok"] == {"strategies": []}


def test_a_batch_beyond_the_set_is_a_warning(inspector):
    warnings = check(inspector, "mlp", "iris", batch_size=1000)["warnings"]

    assert warnings == [
        "batch_size is 1000, but train_set has 108 samples; each batch is the whole set."
    ]


@pytest.mark.parametrize(
    ("sets", "shared"),
    [
        ({"train_set": (0, 100), "validation_set": (50, 150)}, "validation_set share 50 samples"),
        ({"train_set": (0, 120), "test_set": (7, 3, 149)}, "test_set share 2 samples"),
        ({"train_set": (0, 1, 2), "test_set": (2, 90, 91)}, "test_set share 1 sample"),
        ({"train_set": (0, 100), "test_set": (100, 150)}, None),
        ({"train_set": (0, 10**9), "test_set": (1, 10**9)}, None),
    ],
)
def test_samples_that_are_learned_and_judged_by_are_warned_of(inspector, sets, shared):
    chosen = {"validation_set": (148, 150), "test_set": (148, 150), **sets}
    warnings = check(inspector, "mlp", "iris", batch_size=1, **chosen)["warnings"]

    assert [text for text in warnings if "share" in text] == (
        [] if shared is None else [text for text in warnings if shared in text]
    )
    assert len(warnings) == (shared is not None)


def test_a_broken_dataset_is_told_at_the_dataset(inspector, tmp_path):
    descriptor = {"name": "d", "kind": "npz", "file": "sha256:a"}
    path = tmp_path / "d.npz"
    path.write_bytes(b"no archive")

    answer = inspector.answer(
        {
            "op": "check",
            "networks": [NETWORKS["mlp"]],
            "dataset": descriptor,
            "files": {"sha256:a": str(path)},
            "type": "LEARN",
            "options": {},
        }
    )

    assert [item["field"] for item in answer["ok"]["errors"]] == ["dataset"]


def test_questions_that_are_not_understood_are_refused(inspector):
    with pytest.raises(InvalidRequestError, match="Did you mean 'network'"):
        inspector.answer({"op": "netwrok"})
    with pytest.raises(InvalidRequestError, match="dataset: descriptor"):
        inspector.answer({"op": "dataset"})
    with pytest.raises(InvalidDataError, match="Unknown layer type 'Nope'"):
        inspector.answer({"op": "network", "description": layers({"type": "Nope"})})


@pytest.mark.parametrize(
    ("job_type", "options", "blamed"),
    [
        ("LEARN", {"train_set": [0, 3]}, "train_set"),
        ("EVALUATE", {"test_set": [4, 7, 9]}, "test_set"),
    ],
)
def test_more_processes_than_samples_are_refused(inspector, job_type, options, blamed):
    asked = {
        "op": "check",
        "networks": [NETWORKS["mlp"]],
        "dataset": DATASETS["iris"],
        "type": job_type,
        "options": options,
    }

    enough = inspector.answer({**asked, "ranks": 3})["ok"]
    (error,) = inspector.answer({**asked, "ranks": 4})["ok"]["errors"]

    assert enough["errors"] == []
    assert error["field"] == "target_count"
    assert error["message"] == f"target_count = 4 is more than the 3 samples of {blamed}."
    assert error["accepted"] == "1 to 3"
