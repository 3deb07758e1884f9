from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from jupyter_platform.core.errors import InvalidDataError, OptionError
from jupyter_platform.learning.strategies.criteria import (
    choose_criterion,
    class_probabilities,
    classify_outputs,
    make_loss,
)

torch.manual_seed(0)
SCORES = torch.randn(8, 5)
TARGETS = torch.randint(0, 5, (8,))
EXPECTED = functional.cross_entropy(SCORES, TARGETS)
OUTPUTS = {
    "scores": SCORES,
    "log-probabilities": SCORES.log_softmax(1),
    "probabilities": SCORES.softmax(1),
}


@pytest.mark.parametrize("kind", OUTPUTS)
def test_outputs_are_told_apart(kind):
    assert classify_outputs(OUTPUTS[kind]) == kind


def test_negative_scores_are_not_taken_for_log_probabilities():
    assert classify_outputs(SCORES - 10) == "scores"


@pytest.mark.parametrize(
    ("criterion", "kind"),
    [("NLL", "log-probabilities"), ("NLL", "probabilities"), ("CE", "scores")],
)
def test_losses_and_their_gradients_equal_cross_entropy(criterion, kind):
    ours, reference = SCORES.clone().requires_grad_(), SCORES.clone().requires_grad_()
    transform = {
        "scores": lambda x: x,
        "log-probabilities": lambda x: x.log_softmax(1),
        "probabilities": lambda x: x.softmax(1),
    }[kind]
    outputs = transform(ours)

    loss = make_loss(criterion, outputs, TARGETS, "n")(outputs, TARGETS)
    loss.backward()
    functional.cross_entropy(reference, TARGETS).backward()

    assert torch.isclose(loss, EXPECTED, atol=1e-5)
    assert torch.allclose(ours.grad, reference.grad, atol=1e-5)


def test_certain_and_wrong_probabilities_give_a_finite_loss():
    certain = torch.tensor([[1.0, 0.0]])

    loss = make_loss("NLL", certain, torch.tensor([1]), "n")(certain, torch.tensor([1]))

    assert torch.isfinite(loss)


def test_nll_of_raw_scores_is_refused_naming_ce():
    with pytest.raises(InvalidDataError, match="'n' gives raw scores.*criterion CE"):
        make_loss("NLL", SCORES, TARGETS, "n")


def test_mse_wants_equal_shapes():
    with pytest.raises(InvalidDataError, match=r"shape \(2,\).*\(1,\)"):
        make_loss("MSE", torch.zeros(3, 2), torch.zeros(3, 1), "n")


def test_default_criterion_follows_the_task_and_the_wrong_one_is_refused():
    assert choose_criterion(None, "classification") == "NLL"
    assert choose_criterion(None, "regression") == "MSE"
    with pytest.raises(OptionError, match="MSE wants numbers.*NLL, CE, BCE or BCE_LOGITS"):
        choose_criterion("MSE", "classification")
    with pytest.raises(OptionError, match="CE wants classes.*takes MSE, ABS"):
        choose_criterion("CE", "regression")


@pytest.mark.parametrize(
    ("criterion", "kind"),
    [("NLL", "log-probabilities"), ("NLL", "probabilities"), ("CE", "scores")],
)
def test_probabilities_are_those_of_softmax(criterion, kind):
    found = class_probabilities(OUTPUTS[kind], criterion)

    assert torch.allclose(found, SCORES.double().softmax(1), atol=1e-6)
