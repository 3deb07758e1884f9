"""What becomes of samples for which a network gives no finite numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics

from jupyter_platform.learning.scoring.scores import classification_scores
from tests.learning.evaluating import LINEAR, Case, everything, network


def overflowing(folder, y, **fields):
    """Return twelve samples, of which a linear layer makes numbers but for the last four."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(12, 4)).astype("f4")
    x[8:] = np.float32(3e38)
    return Case(folder, x, y, **fields)


def test_samples_without_finite_outputs_count_as_wrong_and_are_told(tmp_path):
    # Each of these is of the class that argmax makes of NaN.
    y = np.array([0, 1, 2, 0, 1, 2, 0, 1, 0, 0, 0, 0])
    case = overflowing(tmp_path, y)
    module = case.add(network("linear", LINEAR), (4,), 3, factor=100)
    with torch.no_grad():
        outputs = module(torch.from_numpy(case.x)).numpy()
    finite = np.isfinite(outputs).all(1)
    assert finite[:8].all()
    assert not finite[8:].any()
    guess = outputs[:8].argmax(1)

    found = case.run(**everything(12)).result

    assert found["not_finite"] == 4
    assert found["accuracy"] == pytest.approx(np.sum(guess == y[:8]) / 12)
    assert found["confusion"] == metrics.confusion_matrix(y[:8], guess, labels=[0, 1, 2]).tolist()
    assert [row["support"] for row in found["per_class"]] == np.bincount(y).tolist()
    assert found["per_class"][0]["recall"] == pytest.approx(np.sum(guess[y[:8] == 0] == 0) / 7)
    assert found["loss"] is None
    assert "4 of 12 samples" in found["warnings"][0]
    assert [item["prediction"] for item in found["examples"]][8:] == [None] * 4
    events = (tmp_path / "run" / "events.jsonl").read_text()
    assert "4 of 12 samples" in events


def test_the_logarithm_of_no_probability_is_a_score():
    outputs = torch.tensor([[-torch.inf, 0.0], [0.0, -torch.inf], [-torch.inf, -torch.inf]])

    found = classification_scores(outputs, torch.tensor([1, 1, 0]), ["a", "b"])

    assert found["accuracy"] == pytest.approx(1 / 3)
    assert found["confusion"] == [[0, 0], [1, 1]]


def test_two_classes_by_a_number_that_is_none(tmp_path):
    y = np.array([0, 1] * 4 + [0] * 4)
    case = overflowing(tmp_path, y)
    layer = {"type": "Linear", "in_features": 4, "out_features": 1}
    module = case.add(network("one", layer), (4,), 1, factor=100)
    with torch.no_grad():
        likely = module(torch.from_numpy(case.x[:8]))[:, 0].double().sigmoid().numpy()

    found = case.run(strategy="binary", criterion="BCE_LOGITS", **everything(12)).result

    assert found["accuracy"] == pytest.approx(np.sum((likely >= 0.5) == y[:8]) / 12)
    assert (found["not_finite"], found["auc"], found["loss"]) == (4, None, None)


@pytest.mark.parametrize("strategy", ["regression", "criterion"])
def test_errors_of_numbers_that_are_none_are_not_told(tmp_path, strategy):
    case = overflowing(tmp_path, np.linspace(0, 1, 12))
    case.add(network("linear", LINEAR), (4,), 1, factor=100)

    found = case.run(strategy=strategy, **everything(12)).result

    assert found["not_finite"] == 4
    assert found["loss"] is None
    assert found["headline"]["value"] is None
    assert len(found.get("pairs", range(8))) == 8


def test_every_sample_may_be_without_a_finite_output(tmp_path):
    case = overflowing(tmp_path, np.arange(12) % 3)
    case.add(network("linear", LINEAR), (4,), 3, factor=100)
    test_set = {"test_set": (8, 12)}

    assert case.run(**test_set).result["accuracy"] == 0
    assert case.run(strategy="criterion", **test_set).result["not_finite"] == 4
