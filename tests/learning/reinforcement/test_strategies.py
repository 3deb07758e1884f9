"""Strategies that learn from acting, against values that are known exactly."""

from __future__ import annotations

import copy
import io

import numpy as np
import pytest
import torch
from torch import nn

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.reinforcement.playing import play
from jupyter_platform.learning.reinforcement.replay import STEP
from jupyter_platform.learning.reinforcement.rollouts import advantages
from jupyter_platform.learning.strategies import strategy_type

from .conftest import CHAIN, CORRIDOR, REACH

GAMMA = 0.9
BEST = torch.tensor([[2.0, 1.8], [2.0, 1.8], [2.0, 1.8], [2.0, 1.0]])
"""Q* of the chain: staying is worth 0.2 / (1 - γ) = 2 anywhere, unless a cut counts as an end."""
RANDOM = {"epsilon_max": 1.0, "epsilon_min": 1.0, "steps_per_update": 1}


class Gru(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.gru = nn.GRU(inputs, 16, batch_first=True)
        self.values = nn.Linear(16, outputs)

    def forward(self, values):
        return self.values(self.gru(values)[0])


def mlp(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, 32), nn.Tanh(), nn.Linear(32, outputs))


@pytest.mark.parametrize(
    "options",
    [{}, {"double_q": False}, {"priority_exponent": 0.6}],
    ids=["double", "plain", "prio"],
)
def test_values_of_a_table_become_those_of_the_bellman_equation(learner, linear, options):
    table = linear(4, 2)
    strategy = learner(
        "dqn", table, environment=CHAIN, discount=GAMMA, learning_rate=0.02, batch_size=64,
        return_steps=1,
        target_interval=25, min_samples=2000, max_iterations=900, **RANDOM, **options,
    )  # fmt: skip

    for _ in range(900):
        strategy.step()

    torch.testing.assert_close(table.weight.T.detach(), BEST, atol=0.06, rtol=0)


def test_rewards_can_be_scaled(learner, linear):
    table = linear(4, 2)
    strategy = learner(
        "dqn", table, environment=CHAIN, discount=0, learning_rate=0.02, batch_size=64,
        return_steps=1,
        min_samples=1000, reward_factor=0.5, **RANDOM,
    )  # fmt: skip

    for _ in range(200):
        strategy.step()

    expected = torch.tensor([[0.1, 0.0], [0.1, 0.0], [0.1, 0.0], [0.1, 0.5]])
    torch.testing.assert_close(table.weight.T.detach(), expected, atol=0.01, rtol=0)


def test_the_target_network_follows_only_now_and_then(learner, linear):
    strategy = learner(
        "dqn", linear(4, 2), environment=CHAIN, min_samples=100, target_interval=10, **RANDOM
    )
    start = strategy._target.weight.clone()

    for _ in range(9):
        strategy.step()
    assert torch.equal(strategy._target.weight, start)
    strategy.step()
    assert torch.equal(strategy._target.weight, strategy.networks[0].weight)


def test_a_first_step_learns_from_as_many_actions_as_asked_for(learner, linear):
    strategy = learner(
        "dqn", linear(4, 2), environment=CHAIN, min_samples=203, parallel_environments=4,
        steps_per_update=2,
    )  # fmt: skip

    strategy.step()
    assert strategy.experience.actions == 204
    for _ in range(10):
        strategy.step()
    assert 203 + 20 <= strategy.experience.actions <= 203 + 20 + 4


def test_memory_that_only_a_recurrent_network_has(learner):
    strategy = learner(
        "recurrent_dqn", Gru(2, 2), environment=CORRIDOR, sequence_length=4, learning_rate=0.01,
        discount=0.9, min_samples=1000, target_interval=20, **RANDOM,
    )  # fmt: skip

    for _ in range(400):
        strategy.step()

    assert strategy.validate()["validation_return"] == 1.0


def test_an_actor_finds_the_action_that_the_critic_holds_best(learner, linear):
    actor = linear(1, 1)
    strategy = learner(
        "ddpg", actor, mlp(2, 1), environment=REACH, learning_rate=0.01, batch_size=64,
        min_samples=500, noise_max=0.3, noise_min=0.3,
    )  # fmt: skip

    for _ in range(800):
        strategy.step()

    assert actor.weight.item() == pytest.approx(0.5, abs=0.08)
    assert strategy.validate()["validation_return"] > -0.01


def test_target_networks_take_over_a_share_of_the_weights(learner, linear):
    actor = linear(1, 1)
    strategy = learner(
        "ddpg", actor, mlp(2, 1), environment=REACH, min_samples=50, target_rate=0.25
    )
    before = strategy._actor_target.weight.item()

    strategy.step()

    expected = before + 0.25 * (actor.weight.item() - before)
    assert strategy._actor_target.weight.item() == pytest.approx(expected, rel=1e-6)


def test_the_actor_may_move_more_slowly(learner, linear):
    actor = linear(1, 1)
    strategy = learner(
        "ddpg", actor, mlp(2, 1), environment=REACH, min_samples=50, learning_rate=0.01,
        policy_rate_scaling=0.1,
    )  # fmt: skip

    strategy.step()

    assert abs(actor.weight.item()) == pytest.approx(0.001, rel=1e-3)  # Adam's first step


def test_a_policy_of_numbers_learns_from_its_own_trials(learner):
    network = mlp(1, 3)
    strategy = learner(
        "ppo", network, environment=REACH, learning_rate=0.01, batch_size=128,
        rollout_length=64, rollout_epochs=4,
    )  # fmt: skip

    for _ in range(400):
        strategy.step()

    shown = torch.tensor([[-0.8], [0.0], [0.8]])
    torch.testing.assert_close(network(shown)[:, 0].detach(), shown[:, 0] / 2, atol=0.12, rtol=0)


def test_a_policy_of_choices_learns_the_values_of_states(learner, linear):
    table = linear(4, 3)
    strategy = learner(
        "ppo", table, environment=CHAIN, learning_rate=0.05, discount=GAMMA, batch_size=256,
        rollout_length=64, rollout_epochs=4,
    )  # fmt: skip

    for _ in range(300):
        strategy.step()

    preferences = table.weight.T[:, :2].detach()
    assert (preferences[:, 0] > preferences[:, 1]).all(), "staying is best"
    torch.testing.assert_close(table.weight[2].detach(), torch.full((4,), 2.0), atol=0.25, rtol=0)


def test_advantages_equal_the_sum_of_discounted_surprises():
    generator = np.random.default_rng(0)
    steps, env_ids, gamma, gae_lambda = 12, 3, 0.9, 0.7
    rewards, values, following = generator.normal(size=(3, steps, env_ids))
    terminated = generator.random((steps, env_ids)) < 0.2
    ended = terminated | (generator.random((steps, env_ids)) < 0.2)

    found = advantages(
        rewards, values, following, terminated, ended, discount=gamma, gae_lambda=gae_lambda
    )

    for env_id in range(env_ids):
        for start in range(steps):
            total = 0.0
            for ahead, step in enumerate(range(start, steps)):
                then = 0.0 if terminated[step, env_id] else following[step, env_id]
                td_error = rewards[step, env_id] + gamma * then - values[step, env_id]
                total += (gamma * gae_lambda) ** ahead * td_error
                if ended[step, env_id]:
                    break
            assert found[start, env_id] == pytest.approx(total)


@pytest.mark.parametrize(
    ("strategy", "environment", "others"),
    [
        ("dqn", "Pendulum-v1", "ddpg or ppo"),
        ("recurrent_dqn", "Pendulum-v1", "ddpg or ppo"),
        ("ddpg", "CartPole-v1", "dqn, recurrent_dqn or ppo"),
    ],
)
def test_actions_of_the_wrong_kind_are_refused(strategy, environment, others):
    options = LearnOptions(strategy=strategy, environment=environment)

    with pytest.raises(
        InvalidRequestError, match=f"{environment} takes .*: learn it with {others}"
    ):
        strategy_type(strategy).signatures(options, None)


def test_an_environment_must_be_given():
    with pytest.raises(InvalidRequestError, match="environment=CartPole-v1"):
        strategy_type("ppo").signatures(LearnOptions(strategy="ppo"), None)


def test_validation_plays_the_same_episodes_each_time(learner):
    strategy = learner("dqn", mlp(4, 2), environment="CartPole-v1", evaluation_episodes=5, seed=3)

    scores = strategy.validate()

    played = play(strategy.policy, "CartPole-v1", 5, 3)
    assert scores == {"validation_loss": -played.mean, "validation_return": played.mean}
    assert strategy.validate() == scores
    assert len({item.reward for item in played.episodes}) > 1


def test_discounted_returns_are_those_of_the_definition(learner, linear):
    strategy = learner("dqn", linear(4, 2), environment=CHAIN)  # always stays: 20 times 0.2

    played = play(strategy.policy, CHAIN, 3, 0, discount=GAMMA)

    assert played.mean == pytest.approx(4)
    assert played.discounted == pytest.approx([0.2 * (1 - GAMMA**20) / (1 - GAMMA)] * 3)


@pytest.mark.parametrize("strategy", ["dqn", "ddpg", "ppo", "recurrent_dqn"])
def test_an_attempt_that_goes_on_has_all_that_learning_depends_on(learner, strategy):
    networks = {
        "dqn": (mlp(4, 2),), "ddpg": (mlp(1, 1), mlp(2, 1)), "ppo": (mlp(4, 3),),
        "recurrent_dqn": (Gru(2, 2),),
    }[strategy]  # fmt: skip
    environment = {"ddpg": REACH, "recurrent_dqn": CORRIDOR}.get(strategy, CHAIN)
    options = {} if strategy == "ppo" else {"min_samples": 100}
    first = learner(strategy, *networks, environment=environment, **options)
    for _ in range(20):
        first.step()
    buffer = io.BytesIO()
    torch.save(first.state_dict(), buffer)
    buffer.seek(0)

    second = learner(
        strategy, *(copy.deepcopy(item) for item in networks), environment=environment, **options
    )
    second.load_state_dict(torch.load(buffer, weights_only=True))

    assert str(second.state_dict()) == str(first.state_dict())
    second.step()


def drawn(strategy) -> list[int]:
    return strategy.generator.integers(2**40, size=4).tolist()


@pytest.mark.parametrize("strategy", ["dqn", "ppo"])
def test_ranks_that_go_on_from_one_checkpoint_draw_differently(learner, strategy):
    def build(rank: int):
        outputs = 2 if strategy == "dqn" else 3
        options = {"min_samples": 50} if strategy == "dqn" else {"rollout_length": 16}
        return learner(strategy, mlp(4, outputs), rank=rank, environment=CHAIN, **options)

    lead = build(0)
    for _ in range(3):
        lead.step()
    state = lead.state_dict()
    draws = []
    for rank in range(3):
        other = build(rank)
        other.load_state_dict(state)
        draws.append(drawn(other))

    assert draws[0] == drawn(lead), "rank 0 goes on where it was"
    assert len({str(item) for item in draws}) == 3


def test_ranks_that_learn_from_one_pool_draw_differently(learner, linear):
    draws = [drawn(learner("dqn", linear(4, 2), rank=rank, environment=CHAIN)) for rank in (0, 1)]

    assert draws[0] != draws[1]


def test_after_a_loss_that_was_no_number_other_samples_come(learner, linear):
    def played(number: int | None) -> tuple[list[int], bytes]:
        strategy = learner(
            "dqn", linear(4, 2), environment=CHAIN, min_samples=200, parallel_environments=2,
            **RANDOM,
        )  # fmt: skip
        if number is not None:
            strategy.reseed(number)
        strategy.step()
        return drawn(strategy), strategy.experience.buffer.columns.observations.tobytes()

    first, again, other = played(None), played(7), played(8)

    assert again == played(7)
    assert len({str(item[0]) for item in (first, again, other)}) == 3
    assert len({item[1] for item in (first, again, other)}) == 3


def test_an_actor_sees_all_kinds_of_actions_before_it_learns(learner, linear):
    """Its own, about the middle and with little noise, would show it next to nothing."""
    strategy = learner(
        "ddpg", linear(1, 1), mlp(2, 1), environment=REACH, min_samples=400, noise_max=0.01,
        noise_min=0.01,
    )  # fmt: skip

    buffer = strategy.experience.buffer
    strategy.step()
    steps = buffer.columns.kinds[:, : buffer.written[0]] == STEP
    first = buffer.columns.actions[:, : buffer.written[0]][steps].copy()
    for _ in range(20):
        strategy.step()
    latest = buffer.columns.actions[:, buffer.written[0] - 2]  # behind each action is its end

    assert len(first) == 400
    assert np.histogram(first, 4, (-1, 1))[0].min() > 60
    assert np.abs(latest).max() < 0.5
