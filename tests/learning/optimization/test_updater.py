from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from jupyter_platform.core import optimizers as core_optimizers
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.optimizers import OPTIMIZERS, OptimizerRecord
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.core.options.groups import optimizer as group
from jupyter_platform.core.options.groups import types
from jupyter_platform.learning.optimization import optimizers
from jupyter_platform.learning.optimization.lr_schedule import LearningRate
from jupyter_platform.learning.optimization.optimizers import make_optimizer
from jupyter_platform.learning.optimization.updater import Updater

METHODS = tuple(OPTIMIZERS)
TARGET = torch.tensor([3.0, -2.0])


def minimise(steps=400, target=TARGET, **options):
    """Minimise a quadratic; return where that ends."""
    weight = nn.Parameter(torch.zeros(2))
    updater = Updater([weight], LearnOptions(**options))
    for _ in range(steps):
        updater.update((weight - target).square().sum())
    return weight.detach(), updater


@pytest.mark.parametrize("method", METHODS)
def test_every_method_reduces_a_quadratic(method):
    rate = None if method == "ADADELTA" else 0.1

    weight, _ = minimise(method=method, learning_rate=rate)

    begin = float(TARGET.square().sum())
    assert float((weight - TARGET).square().sum()) < (0.99 if method == "ADADELTA" else 0.1) * begin


@pytest.mark.parametrize(
    ("options", "defaults"),
    [
        ({"method": "SGD"}, {"lr": 0.01, "momentum": 0.0}),
        ({"method": "ADADELTA"}, {"lr": 1.0, "rho": 0.95, "eps": 1e-8}),
        ({"method": "ADAGRAD"}, {"lr": 0.01, "eps": 1e-8}),
        ({"method": "RMSPROP"}, {"lr": 0.001, "alpha": 0.9, "eps": 1e-8}),
        ({"method": "ADAM"}, {"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-8}),
        ({"method": "ADAMW"}, {"lr": 0.001, "weight_decay": 0.01}),
        ({"method": "NADAM"}, {"lr": 0.002}),
    ],
)
def test_defaults_are_those_of_dianne_and_of_torch(options, defaults):
    _, updater = minimise(steps=1, **options)

    group = updater.state_dict()["optimizer"]["param_groups"][0]
    assert {name: group[name] for name in defaults} == defaults


@pytest.mark.parametrize("update", [0, 1, 7, 500])
@pytest.mark.parametrize(
    ("options", "formula"),
    [
        (
            {"decay_rate": 0.01, "min_learning_rate": 0.02},
            lambda i: 0.02 + (0.5 - 0.02) * math.exp(-i * 0.01),
        ),
        (
            {"decay_rate": 0.01, "decay_type": "linear", "min_learning_rate": 0.02},
            lambda i: max(0.02, 0.5 - 0.01 * i),
        ),
        (
            {"schedule": "step", "step_interval": 3, "schedule_factor": 0.5},
            lambda i: 0.5 * 0.5 ** (i // 3),
        ),
        (
            {"schedule": "cosine", "max_iterations": 100, "min_learning_rate": 0.1},
            lambda i: 0.1 + 0.2 * (1 + math.cos(math.pi * min(i / 100, 1))),
        ),
        ({"warmup": 10}, lambda i: 0.5 * min(1, (i + 1) / 10)),
    ],
)
def test_learning_rates_follow_their_formula(options, formula, update):
    rate = LearningRate(LearnOptions(learning_rate=0.5, **options))

    assert rate.at(update) == pytest.approx(formula(update), abs=1e-9)


def test_the_optimiser_uses_the_rate_of_each_update():
    weight = nn.Parameter(torch.zeros(1))
    updater = Updater([weight], LearnOptions(learning_rate=0.5, decay_rate=0.1))
    expected = 0.0
    for update in range(20):
        updater.update(weight.sum())
        expected -= 0.5 * math.exp(-0.1 * update)

        assert weight.item() == pytest.approx(expected, abs=1e-6)


def test_a_critic_that_moves_five_times_a_step_keeps_the_rate_of_the_step():
    weight = nn.Parameter(torch.zeros(1))
    options = LearnOptions(learning_rate=1.0, schedule="step", step_interval=1, schedule_factor=0.5)
    updater = Updater([weight], options, per_step=5)
    for _ in range(10):
        updater.update(weight.sum())

    assert weight.item() == pytest.approx(-(5 * 1.0 + 5 * 0.5))


def test_on_a_plateau_the_rate_falls_after_the_patience():
    rate = LearningRate(LearnOptions(schedule="plateau", plateau_patience=2, learning_rate=1.0))
    seen = []
    for loss in (3.0, 2.0, 2.5, 2.0, 1.9, 2.0, 2.0, 2.0):
        rate.observe(loss)
        seen.append(rate.at(0))

    assert seen == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01])


def by_hand(steps, options, target=(3.0, -2.0)):
    """DIANNE's order, in numpy: method, l2, momentum (Nesterov as in cs231n)."""
    weight, velocity, squares = np.zeros(2), np.zeros(2), np.zeros(2)
    rate, l2 = options.get("learning_rate"), options.get("l2", 0.0)
    momentum, nesterov = options.get("momentum", 0.0), options.get("nesterov", 0.0)
    for update in range(steps):
        now = rate * math.exp(-options.get("decay_rate", 0.0) * update)
        gradient = 2 * (weight - np.array(target))
        if options.get("method") == "RMSPROP":
            squares = 0.9 * squares + 0.1 * gradient**2
            move = -now * gradient / np.sqrt(squares + options.get("epsilon", 1e-8))
        else:
            move = -now * gradient
        move -= l2 * weight
        before, velocity = velocity, (momentum or nesterov) * velocity + move
        weight = weight + ((1 + nesterov) * velocity - nesterov * before if nesterov else velocity)
    return weight


@pytest.mark.parametrize("l2", [0.0, 0.001])
@pytest.mark.parametrize("decay", [0.0, 0.05])
@pytest.mark.parametrize("inertia", [{}, {"momentum": 0.9}, {"nesterov": 0.9}])
@pytest.mark.parametrize("method", ["SGD", "RMSPROP"])
def test_l2_and_momentum_equal_the_formulas_of_dianne(method, inertia, decay, l2):
    options = {"method": method, "learning_rate": 0.02, "l2": l2, "decay_rate": decay, **inertia}

    weight, _ = minimise(40, **options)

    assert weight.tolist() == pytest.approx(by_hand(40, options).tolist(), abs=2e-5)


def test_momentum_under_a_falling_rate_keeps_moves_and_not_gradients():
    """torch's own momentum, which scales old gradients by the new rate, ends elsewhere."""
    options = {"learning_rate": 0.05, "momentum": 0.9, "decay_rate": 0.1}
    weight, _ = minimise(40, **options)
    buffer, torchs = np.zeros(2), np.zeros(2)
    for update in range(40):
        buffer = 0.9 * buffer + 2 * (torchs - np.array([3.0, -2.0]))
        torchs = torchs - 0.05 * math.exp(-0.1 * update) * buffer

    assert weight.tolist() == pytest.approx(by_hand(40, options).tolist(), abs=1e-5)
    assert abs(weight.numpy() - torchs).max() > 0.01


def test_the_epsilon_of_rmsprop_stands_under_the_root():
    options = {"method": "RMSPROP", "learning_rate": 0.1, "epsilon": 4.0}

    weight, _ = minimise(25, **options)

    assert weight.tolist() == pytest.approx(by_hand(25, options).tolist(), abs=1e-5)


def test_every_optimiser_comes_from_its_entry_alone():
    """What an entry says is what the optimiser gets; none of them falls back to SGD."""
    for name, record in OPTIMIZERS.items():
        options = LearnOptions(method=name.lower())
        made = make_optimizer([nn.Parameter(torch.zeros(2))], options)
        assert f"{type(made).__module__}.{type(made).__name__}".endswith(
            record.factory.rpartition(":")[2]
        )
        group = made.param_groups[0]
        assert group["lr"] == record.learning_rate
        for argument, names in record.arguments.items():
            wanted = [
                options.effective_smoothing if key == "smoothing" else getattr(options, key)
                for key in ([names] if isinstance(names, str) else names)
            ]
            assert group[argument] == (wanted[0] if isinstance(names, str) else tuple(wanted))


def test_an_optimiser_that_is_added_is_offered_checked_and_used(monkeypatch):
    added = OptimizerRecord(
        "ADAMAX", 0.003, "torch.optim:Adamax", {"betas": ("beta1", "beta2")}, numbers_kept=2
    )
    table = {**OPTIMIZERS, "ADAMAX": added}
    for module in (optimizers, types, group, core_optimizers):
        monkeypatch.setattr(module, "OPTIMIZERS", table)

    options = LearnOptions(method="adamax")
    made = make_optimizer([nn.Parameter(torch.zeros(2))], options)

    assert isinstance(made, torch.optim.Adamax)
    assert made.param_groups[0]["lr"] == 0.003
    assert "ADAMAX" in core_optimizers.methods_with("beta1")


@pytest.mark.parametrize("momentum", ["momentum", "nesterov"])
@pytest.mark.parametrize("method", [item.name for item in OPTIMIZERS.values() if item.momentum])
def test_the_table_tells_what_an_optimiser_keeps(method, momentum):
    weight = nn.Parameter(torch.zeros(10_000))
    updater = Updater([weight], LearnOptions(method=method, **{momentum: 0.5}))
    updater.update((weight - 1).square().sum())
    state = updater.state_dict()
    kept = sum(
        item.numel()
        for values in state["optimizer"]["state"].values()
        for item in values.values()
        if isinstance(item, torch.Tensor) and item.numel() > 1
    )
    kept += sum(item.numel() for item in state["inertia"] or ())

    record = OPTIMIZERS[method]
    stand_ins = 0 if method == "SGD" else 1
    assert kept == (record.numbers_kept + record.keeps_moves - stand_ins) * 10_000


def test_a_checkpoint_of_an_earlier_release_goes_on_with_its_momentum():
    """There SGD was torch's, which keeps gradients, and with l2 the moves stood beside it."""
    weight = nn.Parameter(torch.ones(2))
    ours = Updater([weight], LearnOptions(momentum=0.5, learning_rate=0.1))
    theirs = torch.optim.SGD([nn.Parameter(torch.ones(2))], lr=0.1, momentum=0.5)
    theirs.param_groups[0]["params"][0].grad = torch.tensor([2.0, -4.0])
    theirs.step()
    state = ours.state_dict()

    ours.load_state_dict({**state, "optimizer": theirs.state_dict(), "updates": 1})
    ours.update((weight * 0).sum())
    assert (weight - 1).tolist() == pytest.approx([-0.1, 0.2])

    moved = nn.Parameter(torch.ones(2))
    ours = Updater([moved], LearnOptions(momentum=0.5, l2=0.1))
    plain = torch.optim.SGD([nn.Parameter(torch.ones(2))], lr=0.1).state_dict()
    ours.load_state_dict({**state, "optimizer": plain, "inertia": [torch.tensor([2.0, 4.0])]})
    ours.update((moved * 0).sum())
    assert (moved - 1).tolist() == pytest.approx([0.9, 1.9])


def test_l2_is_not_scaled_by_the_learning_rate():
    weight = nn.Parameter(torch.tensor([1.0]))
    updater = Updater([weight], LearnOptions(method="ADAM", learning_rate=1e-12, l2=0.25))
    updater.update(weight.sum())

    assert weight.item() == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("options", "gradient"),
    [({"clip_norm": 1.0}, [0.6, 0.8]), ({"clip_value": 3.5}, [3.0, 3.5]), ({}, [3.0, 4.0])],
)
def test_gradients_are_clipped(options, gradient):
    weight = nn.Parameter(torch.zeros(2))
    updater = Updater([weight], LearnOptions(learning_rate=1.0, **options))
    updater.update((weight * torch.tensor([3.0, 4.0])).sum())

    assert (-weight).tolist() == pytest.approx(gradient, rel=1e-4)


def test_an_accumulated_update_is_that_of_the_whole_batch():
    torch.manual_seed(0)
    batch = torch.randn(12, 3)
    whole, parts = nn.Linear(3, 2), nn.Linear(3, 2)
    parts.load_state_dict(whole.state_dict())
    other = nn.Parameter(torch.ones(2))
    first = Updater(whole.parameters(), LearnOptions())
    second = Updater(parts.parameters(), LearnOptions(accumulate=3))
    for _ in range(4):
        first.update(whole(batch).square().mean())
        for part in batch.split(4):
            second.update((parts(part) * other).square().mean())

    for ours, theirs in zip(parts.parameters(), whole.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)
    assert other.grad is None


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"momentum": 0.9},
        {"method": "ADAM", "l2": 1e-3, "momentum": 0.5},
        {"method": "RMSPROP", "schedule": "plateau", "plateau_patience": 1},
        {"decay_rate": 0.1, "warmup": 3, "nesterov": 0.9, "clip_norm": 0.5},
    ],
)
def test_state_brings_another_updater_to_the_same_place(options):
    def learn(updater, weight, steps):
        for _ in range(steps):
            updater.update((weight - TARGET).square().sum())
            updater.observe(1.0)

    weight = nn.Parameter(torch.zeros(2))
    updater = Updater([weight], LearnOptions(**options))
    learn(updater, weight, 5)
    twin = nn.Parameter(weight.detach().clone())
    other = Updater([twin], LearnOptions(**options))
    other.load_state_dict(copy.deepcopy(updater.state_dict()))
    learn(updater, weight, 5)
    learn(other, twin, 5)

    assert torch.equal(weight, twin)


def test_without_weights_to_move_it_says_so():
    with pytest.raises(InvalidDataError, match="Nothing is left to learn"):
        Updater(nn.Linear(2, 2).requires_grad_(False).parameters(), LearnOptions())
