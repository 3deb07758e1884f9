from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics

from jupyter_platform.learning.scoring.scores import (
    area_under_curve,
    classification_scores,
    regression_scores,
)

TOLERANCE = 1e-6


def made_up(classes: int, samples: int = 2000, seed: int = 0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, samples)
    outputs = rng.normal(size=(samples, classes))
    outputs[np.arange(samples), truth] += 1
    return outputs.astype("f4"), truth


@pytest.mark.parametrize("classes", [2, 4, 10, 100])
def test_classification_equals_scikit_learn(classes):
    outputs, truth = made_up(classes)
    names = [f"c{number}" for number in range(classes)]
    predicted = outputs.argmax(1)

    found = classification_scores(torch.from_numpy(outputs), torch.from_numpy(truth), names)

    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, predicted), abs=1e-12)
    assert found["confusion"] == metrics.confusion_matrix(truth, predicted).tolist()
    expected = metrics.precision_recall_fscore_support(truth, predicted)
    for column, name in zip(expected, ("precision", "recall", "f1", "support"), strict=True):
        rows = [row[name] for row in found["per_class"]]
        assert rows == pytest.approx(column.tolist(), abs=TOLERANCE)
    assert [row["class"] for row in found["per_class"]] == names
    assert set(found["top_k"]) == {str(k) for k in (1, 3, 5) if k == 1 or k < classes}
    for k in {3, 5} & {int(k) for k in found["top_k"]}:
        reference = metrics.top_k_accuracy_score(truth, outputs, k=k)
        assert found["top_k"][str(k)] == pytest.approx(reference, abs=TOLERANCE)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_each_class_against_the_others_equals_scikit_learn(classes):
    outputs, truth = made_up(classes)
    names = [str(number) for number in range(classes)]
    predicted = outputs.argmax(1)

    found = classification_scores(torch.from_numpy(outputs), torch.from_numpy(truth), names)

    for number, row in enumerate(found["per_class"]):
        true, guess = truth == number, predicted == number
        tn, fp, fn, tp = metrics.confusion_matrix(true, guess).ravel().tolist()
        assert [row[name] for name in ("tp", "fp", "fn", "tn")] == [tp, fp, fn, tn]
        assert row["specificity"] == pytest.approx(metrics.recall_score(~true, ~guess))
        assert row["mcc"] == pytest.approx(metrics.matthews_corrcoef(true, guess))


@pytest.mark.parametrize("decimals", [0, 1, 6])
def test_the_area_under_the_curve_equals_scikit_learn_with_ties_and_without(decimals):
    rng = np.random.default_rng(1)
    truth = rng.random(500) < 0.3
    likely = np.round(rng.normal(size=500) + truth, decimals)

    found = area_under_curve(torch.from_numpy(likely), torch.from_numpy(truth))

    assert found == pytest.approx(metrics.roc_auc_score(truth, likely), abs=1e-12)
    assert area_under_curve(torch.zeros(3), torch.tensor([True, True, True])) is None


def test_a_class_that_never_comes_scores_zero():
    outputs = torch.eye(3)[[0, 0, 1]]

    found = classification_scores(outputs, torch.tensor([0, 1, 1]), ["a", "b", "c"])

    scored = {"precision": 0, "recall": 0, "specificity": 1, "f1": 0, "mcc": 0}
    counted = {"support": 0, "tp": 0, "fp": 0, "fn": 0, "tn": 3}
    assert found["per_class"][2] == {"class": "c", **scored, **counted}


def test_equal_outputs_count_as_argmax_does():
    outputs, truth = torch.zeros(6, 6), torch.arange(6)

    found = classification_scores(outputs, truth, list("abcdef"))

    assert found["top_k"] == {"1": pytest.approx(1 / 6), "3": 0.5, "5": pytest.approx(5 / 6)}
    assert found["accuracy"] == found["top_k"]["1"]


@pytest.mark.parametrize("targets", [1, 3])
def test_regression_equals_scikit_learn(targets):
    rng = np.random.default_rng(1)
    truth = (rng.normal(size=(1001, targets)) * 100 + 1e4).astype("f4")
    predicted = (truth + rng.normal(size=truth.shape)).astype("f4")

    found = regression_scores(torch.from_numpy(predicted), torch.from_numpy(truth))

    t, p = truth.astype("f8"), predicted.astype("f8")
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(t, p), abs=TOLERANCE)
    assert found["mse"] == pytest.approx(metrics.mean_squared_error(t, p), abs=TOLERANCE)
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(t, p), abs=TOLERANCE)
    assert found["r2"] == pytest.approx(metrics.r2_score(t, p), abs=TOLERANCE)
    assert found["median_ae"] == pytest.approx(metrics.median_absolute_error(t, p), abs=TOLERANCE)
    assert found["max_error"] == pytest.approx(np.abs(t - p).max(), abs=TOLERANCE)


def test_r2_of_a_constant_target_and_of_one_sample():
    ones = torch.ones(4, 1)

    assert regression_scores(ones, ones)["r2"] == metrics.r2_score(ones, ones) == 1
    assert regression_scores(ones + 1, ones)["r2"] == metrics.r2_score(ones, ones + 1) == 0
    assert regression_scores(ones[:1], ones[:1])["r2"] is None


def test_large_sets_are_scored_too():
    values = torch.rand(20_000_000, 1)

    assert regression_scores(values, values)["median_ae"] == 0
