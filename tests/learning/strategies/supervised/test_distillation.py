from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

from jupyter_platform.core.errors import OptionError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.strategies.supervised.distillation import Distillation, soft_loss
from tests.learning.strategies.conftest import facts_of

ROWS = torch.arange(200)


def samples():
    torch.manual_seed(1)
    inputs = torch.randn(200, 4)
    return inputs, torch.randint(0, 3, (200,))


def classifier(end: nn.Module | None = None, scale: float = 1.0):
    layers = [nn.Linear(4, 3)] if end is None else [nn.Linear(4, 3), end]
    with torch.no_grad():
        layers[0].weight.mul_(scale)
    return nn.Sequential(*layers)


@pytest.mark.parametrize("temperature", [1.0, 4.0])
@pytest.mark.parametrize("end", [nn.LogSoftmax(1), nn.Softmax(1), None])
def test_a_trainee_comes_to_say_what_its_teacher_says(make_strategy, end, temperature):
    inputs, labels = samples()
    teacher, trainee = classifier(nn.LogSoftmax(1), scale=4.0), classifier(copy.deepcopy(end))
    before = copy.deepcopy(teacher.state_dict())
    strategy = make_strategy(
        "distillation",
        [trainee, teacher],
        inputs,
        labels,
        validation=ROWS,
        method="ADAM",
        learning_rate=0.05,
        temperature=temperature,
    )
    first = strategy.validate()

    for _ in range(400):
        loss = strategy.step()

    scores = strategy.validate()
    assert first["validation_loss"] > 0.2
    assert float(loss) < 1e-4
    assert scores["validation_loss"] < 1e-4
    assert scores["validation_agreement"] >= 0.99
    assert scores["validation_accuracy"] < 0.6, "labels are drawn at random"
    assert all(torch.equal(teacher.state_dict()[key], before[key]) for key in before)
    assert not teacher.training


def test_the_soft_loss_is_a_divergence_times_the_squared_temperature():
    learnt, taught = torch.randn(5, 4).double(), torch.randn(5, 4).double()
    temperature = 3.0

    found = soft_loss(learnt, taught, temperature)

    expected = 0.0
    for ours, theirs in zip(learnt.tolist(), taught.tolist(), strict=True):
        p = [math.exp(value / temperature) for value in theirs]
        q = [math.exp(value / temperature) for value in ours]
        p, q = [value / sum(p) for value in p], [value / sum(q) for value in q]
        expected += sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
    assert float(found) == pytest.approx(temperature**2 * expected / 5, rel=1e-12)


def test_labels_have_their_share_of_the_loss(make_strategy):
    inputs, labels = samples()
    trainee, teacher = classifier(nn.LogSoftmax(1)), classifier(nn.LogSoftmax(1))

    def loss(weight: float) -> float:
        networks = [copy.deepcopy(trainee), teacher]
        options = {"batch_size": 200, "label_weight": weight}
        return float(make_strategy("distillation", networks, inputs, labels, **options).step())

    hard = nn.functional.nll_loss(trainee(inputs), labels).item()
    assert loss(1.0) == pytest.approx(hard, rel=1e-5)
    assert loss(0.25) == pytest.approx(0.75 * loss(0.0) + 0.25 * hard, rel=1e-5)


def test_numbers_are_learnt_by_their_squared_differences(make_strategy):
    inputs, _ = samples()
    trainee, teacher = nn.Linear(4, 2), nn.Linear(4, 2)
    strategy = make_strategy(
        "distillation", [trainee, teacher], inputs, torch.zeros(200, 2), batch_size=200
    )
    expected = (trainee(inputs) - teacher(inputs)).square().mean()

    assert torch.allclose(strategy.step(), expected)
    assert set(strategy.validate() or {}) == set()


def test_a_criterion_that_compares_no_outputs_is_refused(make_strategy):
    inputs, labels = samples()
    with pytest.raises(OptionError, match="criterion = GAU .* NLL or CE or MSE"):
        make_strategy("distillation", [classifier(), classifier()], inputs, labels, criterion="GAU")


def test_only_the_trainee_is_kept():
    signatures = Distillation.signatures(
        LearnOptions(strategy="distillation"), facts_of(*samples())
    )
    assert [(item.role, item.is_learnt) for item in signatures] == [
        ("trainee", True),
        ("teacher", False),
    ]
