from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from jupyter_platform.core.environments import EnvironmentFacts
from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError
from jupyter_platform.core.options import ActOptions
from jupyter_platform.learning.reinforcement.policies import (
    Boltzmann,
    Decay,
    Head,
    OrnsteinUhlenbeck,
    Policy,
    Sampling,
    best_actions,
    head_of,
    make_exploration,
)

DISCRETE = EnvironmentFacts(id="steps", observation_shape=(2,), actions=3)
CONTINUOUS = EnvironmentFacts(id="flows", observation_shape=(2,), action_shape=(2,))
MANY = np.zeros(20_000, np.int64)


def shares(actions: np.ndarray) -> np.ndarray:
    return np.bincount(actions, minlength=3) / len(actions)


@pytest.mark.parametrize(
    ("outputs", "facts", "head"),
    [
        (3, DISCRETE, Head.VALUES),
        (4, DISCRETE, Head.CATEGORICAL_CRITIC),
        (2, CONTINUOUS, Head.ACTION),
        (5, CONTINUOUS, Head.GAUSSIAN_CRITIC),
    ],
)
def test_what_a_network_gives_follows_from_how_much(outputs, facts, head):
    assert head_of(outputs, facts, "net") is head


def test_a_network_that_cannot_act_is_told_what_would_do():
    with pytest.raises(InvalidDataError, match="'net' gives 7 numbers; to act in steps .* 3 .* 4"):
        head_of(7, DISCRETE, "net")


def test_the_best_action_leaves_values_and_deviations_aside():
    row = torch.tensor([[1.0, 3.0, 2.0, 99.0]])

    assert best_actions(Head.CATEGORICAL_CRITIC, row).tolist() == [1]
    assert best_actions(Head.GAUSSIAN_CRITIC, torch.tensor([[0.1, 0.2, 9, 9, 9.0]])).tolist() == [
        [pytest.approx(0.1), pytest.approx(0.2)]
    ]


def test_greedy_explores_as_often_as_asked_for_in_that_episode():
    options = ActOptions(epsilon_max=0.9, epsilon_min=0.3, epsilon_decay=0.1)
    exploration = make_exploration(
        "greedy", options, Head.VALUES, DISCRETE, np.random.default_rng(0)
    )
    outputs = torch.tensor([[0.0, 1.0, 0.0]]).expand(len(MANY), 3)

    for episode in (0, 5, 1000):
        epsilon = 0.3 + 0.6 * math.exp(-0.1 * episode)
        found = shares(exploration(MANY, outputs, episode))
        np.testing.assert_allclose(
            found, [epsilon / 3, 1 - epsilon * 2 / 3, epsilon / 3], atol=0.02
        )


def test_boltzmann_draws_by_temperature():
    exploration = Boltzmann(Head.VALUES, DISCRETE, np.random.default_rng(0), Decay(2.0, 2.0, 0.0))
    values = torch.tensor([[0.0, 1.0, 3.0]])

    found = shares(exploration(MANY, values.expand(len(MANY), 3), 0))

    np.testing.assert_allclose(found, torch.softmax(values / 2, 1)[0], atol=0.02)


@pytest.mark.parametrize(
    "outputs", [torch.tensor([[0.2, 0.5, 0.3]]), torch.tensor([[0.2, 0.5, 0.3]]).log() + 4]
)
def test_sampling_takes_probabilities_as_they_are_and_scores_as_scores(outputs):
    exploration = Sampling(Head.VALUES, DISCRETE, np.random.default_rng(0))

    found = shares(exploration(MANY, outputs.expand(len(MANY), 3), 0))

    np.testing.assert_allclose(found, [0.2, 0.5, 0.3], atol=0.02)


def test_sampling_of_numbers_has_the_mean_and_deviation_that_the_network_gives():
    exploration = Sampling(Head.GAUSSIAN_CRITIC, CONTINUOUS, np.random.default_rng(0))
    row = torch.tensor([[0.3, -0.5, math.log(0.1), math.log(0.4), 7.0]])

    found = exploration(MANY, row.expand(len(MANY), 5), 0)

    np.testing.assert_allclose(found.mean(0), [0.3, -0.5], atol=0.02)
    np.testing.assert_allclose(found.std(0), [0.1, 0.4], atol=0.02)


def test_drifting_noise_has_the_spread_and_the_memory_of_the_process():
    exploration = OrnsteinUhlenbeck(
        Head.ACTION,
        CONTINUOUS,
        np.random.default_rng(0),
        Decay(1.0, 1.0, 0.0),
        theta=0.2,
        sigma=0.3,
    )
    env_ids, outputs = np.arange(2000), torch.zeros(2000, 2)
    for _ in range(60):
        before = exploration(env_ids, outputs, 0)
    after = exploration(env_ids, outputs, 0)

    # x' = 0.8 x + 0.3 n has variance 0.09 / (1 - 0.64) and correlation 0.8.
    assert after.var() == pytest.approx(0.25, rel=0.08)
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] == pytest.approx(0.8, abs=0.03)

    exploration.forget(7)
    exploration.forget(8)
    assert abs(exploration(env_ids, outputs, 0)[7:9]).max() < 1.5  # from 0 on again


@pytest.mark.parametrize(
    ("strategy", "facts"),
    [("gaussian_noise", DISCRETE), ("ornstein_uhlenbeck", DISCRETE), ("boltzmann", CONTINUOUS)],
)
def test_strategies_that_do_not_go_with_the_actions_are_refused(strategy, facts):
    with pytest.raises(InvalidRequestError, match=f"action_strategy = {strategy} .* {facts.id}"):
        make_exploration(strategy, ActOptions(), Head.VALUES, facts, np.random.default_rng(0))


def test_sampling_wants_a_distribution():
    with pytest.raises(InvalidRequestError, match="gives a distribution"):
        make_exploration(
            "sampling", ActOptions(), Head.ACTION, CONTINUOUS, np.random.default_rng(0)
        )


def test_a_recurrent_network_sees_the_episode_so_far_and_no_other():
    class Sums(nn.Module):
        def forward(self, values):  # (B, T, 2) to sums of all before, (B, T, 1)
            return values.cumsum(1).sum(2, keepdim=True)

    policy = Policy(Sums(), Head.VALUES, torch.device("cpu"), history=3)
    env_ids, one = np.array([0, 1]), np.array([[1.0, 0.0], [10.0, 0.0]])

    found = [policy.outputs(env_ids, one)[:, 0].tolist() for _ in range(4)]
    assert found == [[1, 10], [2, 20], [3, 30], [3, 30]]

    policy.forget(1)
    assert policy.outputs(env_ids, one)[:, 0].tolist() == [3, 10]


def test_looking_leaves_the_network_in_training():
    network = nn.Sequential(nn.Dropout(0.5), nn.Linear(2, 3)).train()
    policy = Policy(network, Head.VALUES, torch.device("cpu"))
    seen = np.ones((1, 2), np.float32)

    assert torch.equal(
        policy.outputs(env_id := np.zeros(1, np.int64), seen), policy.outputs(env_id, seen)
    )
    assert network.training


@pytest.mark.parametrize(
    ("kind", "head", "facts", "what"),
    [
        ("greedy", Head.VALUES, DISCRETE, "epsilon"),
        ("boltzmann", Head.VALUES, DISCRETE, "temperature"),
        ("gaussian_noise", Head.ACTION, CONTINUOUS, "noise"),
    ],
)
def test_temperatures_and_noise_fall_as_their_formula_says(kind, head, facts, what):
    options = ActOptions.model_validate(
        {
            "action_strategy": kind,
            f"{what}_max": 0.9,
            f"{what}_min": 0.2,
            f"{what}_decay": 0.05,
        }
    )
    exploration = make_exploration(kind, options, head, facts, np.random.default_rng(0))
    (decay,) = [item for item in vars(exploration).values() if isinstance(item, Decay)]

    for episode in (0, 1, 7, 50):
        assert decay(episode) == pytest.approx(0.2 + 0.7 * math.exp(-0.05 * episode))
