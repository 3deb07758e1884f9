from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import InvalidDataError, OptionError
from jupyter_platform.learning.strategies.criteria import (
    choose_criterion,
    class_probabilities,
    classify_outputs,
    make_loss,
    predicted_classes,
    wanted_shape,
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


def facts(task, outputs, shape=()):
    return DatasetFacts(
        size=1, shape=[4], task=task, outputs=outputs, target_shape=list(shape), parts={}, bytes=0
    )


NUMBERS = torch.randn(6, 3)
PROBABILITIES = torch.rand(6, 3)
NORMAL = torch.distributions.Normal


def gaussian(values):
    """Means and deviations as one tensor, from free numbers."""
    mean, free = values.chunk(2, 1)
    return torch.cat([mean, functional.softplus(free) + 0.1], 1)


def normal(values):
    mean, deviation = values.chunk(2, 1)
    return NORMAL(mean, deviation)


MOMENTS = gaussian(torch.randn(6, 6))
REFERENCES = {
    "MSE": (lambda x: x, NUMBERS, lambda o, t: (o - t).square().mean()),
    "ABS": (lambda x: x, NUMBERS, lambda o, t: (o - t).abs().mean()),
    "HUB": (
        lambda x: x,
        NUMBERS,
        lambda o, t: torch.where(
            (o - t).abs() < 0.7, (o - t).square() / 2, 0.7 * ((o - t).abs() - 0.35)
        ).mean(),
    ),
    "SMOOTH_L1": (
        lambda x: x,
        NUMBERS,
        lambda o, t: torch.where(
            (o - t).abs() < 0.7, (o - t).square() / 1.4, (o - t).abs() - 0.35
        ).mean(),
    ),
    "BCE": (
        torch.sigmoid,
        PROBABILITIES,
        lambda o, t: -(t * o.log() + (1 - t) * (1 - o).log()).mean(),
    ),
    "BCE_LOGITS": (
        lambda x: x,
        PROBABILITIES,
        lambda o, t: -(t * o.sigmoid().log() + (1 - t) * (-o).sigmoid().log()).mean(),
    ),
    "GAU": (gaussian, NUMBERS, lambda o, t: -normal(o).log_prob(t).mean()),
    "GKL": (
        gaussian,
        MOMENTS,
        lambda o, t: torch.distributions.kl_divergence(normal(o), normal(t)).mean(),
    ),
}


@pytest.mark.parametrize("criterion", REFERENCES)
def test_values_and_gradients_equal_autograd_of_the_formula(criterion):
    transform, targets, formula = REFERENCES[criterion]
    width = 6 if criterion in ("GAU", "GKL") else 3
    values = torch.randn(6, width)
    ours, reference = values.clone().requires_grad_(), values.clone().requires_grad_()
    outputs = transform(ours)

    loss = make_loss(criterion, outputs, targets, "n", delta=0.7)(outputs, targets)
    loss.backward()
    expected = formula(transform(reference), targets)
    expected.backward()

    assert torch.isclose(loss, expected, atol=1e-5)
    assert torch.allclose(ours.grad, reference.grad, atol=1e-5)


@pytest.mark.parametrize("criterion", ["BCE", "BCE_LOGITS"])
def test_classes_are_told_by_one_output_or_by_one_each(criterion):
    scores, classes = torch.randn(7, 1), torch.tensor([0, 1, 1, 0, 1, 0, 0])
    outputs = scores.sigmoid() if criterion == "BCE" else scores
    expected = functional.binary_cross_entropy_with_logits(scores[:, 0], classes.float())

    assert torch.isclose(make_loss(criterion, outputs, classes, "n")(outputs, classes), expected)
    assert torch.equal(predicted_classes(outputs, criterion), (scores[:, 0] > 0).long())
    assert torch.allclose(
        class_probabilities(outputs, criterion)[:, 1], scores[:, 0].double().sigmoid()
    )
    several = torch.rand(7, 3)
    hot = functional.one_hot(classes, 3).float()
    loss = make_loss("BCE", several, classes, "n")(several, classes)
    assert torch.isclose(loss, functional.binary_cross_entropy(several, hot))


def test_certain_and_wrong_probabilities_give_a_finite_binary_loss():
    outputs, targets = torch.tensor([[0.0]]), torch.tensor([1])

    assert torch.isfinite(make_loss("BCE", outputs, targets, "n")(outputs, targets))


@pytest.mark.parametrize(
    ("criterion", "outputs", "targets", "words"),
    [
        ("BCE", NUMBERS, PROBABILITIES, "beyond 0 to 1.*BCE_LOGITS"),
        ("BCE_LOGITS", NUMBERS, NUMBERS, "targets from 0 to 1"),
        ("GAU", NUMBERS, NUMBERS, r"shape \(3,\).*shape \(6,\)"),
        ("GAU", torch.full((6, 6), -1.0), NUMBERS, "not above 0"),
        ("GKL", NUMBERS, NUMBERS, "means and standard deviations"),
    ],
)
def test_outputs_that_do_not_fit_are_named(criterion, outputs, targets, words):
    with pytest.raises(InvalidDataError, match=words):
        make_loss(criterion, outputs, targets, "n")


@pytest.mark.parametrize(
    ("criterion", "dataset", "shape"),
    [
        ("NLL", facts("classification", 10), (10,)),
        ("BCE", facts("classification", 2), (1,)),
        ("BCE_LOGITS", facts("classification", 5), (5,)),
        ("MSE", facts("regression", 3, [3]), (3,)),
        ("GAU", facts("regression", 3, [3]), (6,)),
        ("BCE", facts("regression", 64, [1, 8, 8]), (1, 8, 8)),
    ],
)
def test_the_shape_of_outputs_follows_the_criterion(criterion, dataset, shape):
    assert wanted_shape(criterion, dataset) == shape
