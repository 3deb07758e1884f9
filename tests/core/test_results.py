"""Scores of results: every number that has no other meaning."""

import pytest

from jupyter_platform.core.results import CodeResult, EvaluateResult, result_model, scores_of
from jupyter_platform.core.states import JobType

CLASSIFIED = {
    "accuracy": 0.75,
    "top_k": {"1": 0.75, "3": 1.0},
    "confusion": [[2, 1], [0, 1]],
    "per_class": [{"class": "cat", "support": 3}],
    "loss": 0.5,
    "criterion": "NLL",
    "headline": {"name": "accuracy", "value": 0.75},
    "samples": 4,
    "evaluation_time_s": 0.1,
    "threads": 2,
    "stored_best": True,
}


def told(kind, result):
    return [(score.label, score.value) for score in scores_of(kind, result)]


def test_an_evaluation_leads_with_its_first_score_and_ends_with_the_loss():
    assert told(JobType.EVALUATE, CLASSIFIED) == [
        ("accuracy", 0.75),
        ("top 3", 1.0),
        ("loss", 0.5),
    ]


def test_the_primary_metric_comes_first_wherever_it_stands():
    result = {"mae": 46.3, "r2": 0.4, "loss": 3.0, "headline": {"name": "R²", "value": 0.4}}

    assert told(JobType.EVALUATE, result) == [
        ("R²", 0.4),
        ("mean absolute error", 46.3),
        ("loss", 3.0),
    ]


def test_a_score_that_nobody_knows_yet_is_one():
    result = {"r2": None, "brier_score": 0.1, "threads": 2, "note": "text", "is_fine": True}

    assert told(JobType.EVALUATE, result) == [("R²", None), ("brier score", 0.1)]


def test_learning_is_scored_by_its_loss_and_its_best_weights():
    result = {
        "loss": 0.2,
        "best": {"step": 40, "validation_loss": 0.3, "validation_accuracy": 0.9},
        "steps": 60,
        "learning_rate": 0.1,
        "epochs": 2.5,
        "seed": 0,
    }

    assert told(JobType.LEARN, result) == [
        ("loss", 0.2),
        ("best validation loss", 0.3),
        ("best validation accuracy", 0.9),
    ]


def test_agents_are_scored_by_their_returns():
    result = {"episodes": 9, "mean_return": 12.0, "best": {"reward": 20.0}, "actions_per_s": 3.0}

    assert told(JobType.ACT, result) == [("mean return", 12.0)]


@pytest.mark.parametrize("kind", JobType)
@pytest.mark.parametrize("result", [None, {}, {"top_k": []}])
def test_results_of_other_releases_have_the_scores_that_they_have(kind, result):
    assert told(kind, result) == []


def test_a_model_of_results_keeps_what_it_does_not_know():
    assert EvaluateResult.model_validate(CLASSIFIED).model_dump()["accuracy"] == 0.75


def test_a_run_has_no_score_but_what_its_code_reports():
    result = {"exit_code": 0, "working_folder": "/w", "outputs": ["a.csv"], "missing_outputs": []}

    assert result_model(JobType.RUN) is CodeResult
    assert told(JobType.RUN, result) == []
    assert CodeResult.model_validate(result).exit_code == 0
