"""What is promised of the strategies on the environments that everybody knows."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.acting.playing import play
from jupyter_platform.learning.networks import build
from jupyter_platform.learning.strategies import Material, strategy_type

CARTPOLE: dict[str, tuple[str, dict[str, Any]]] = {
    "ppo": (
        "actor-critic",
        {
            "max_iterations": 5000,
            "learning_rate": 0.001,
            "rollout_length": 32,
            "rollout_epochs": 20,
            "discount": 0.98,
            "gae_lambda": 0.8,
        },
    ),
    "dqn": (
        "duelling-q-network",
        {"max_iterations": 20_000},
    ),
}


def learn(strategy: str, networks: tuple[str, ...], environment: str, seed: int, **options: Any):
    """Return the strategy with the weights of its best validation, and that validation."""
    settings = LearnOptions(strategy=strategy, environment=environment, seed=seed, **options)
    kind = strategy_type(strategy)
    torch.manual_seed(seed)
    built = tuple(
        build(bundled_networks()[name], place.input_shape, place.outputs).train()
        for name, place in zip(networks, kind.places(settings, None), strict=True)
    )
    learner = kind(Material(settings, built, networks))
    best, weights = -float("inf"), copy.deepcopy(built[0].state_dict())
    for step in range(1, settings.max_iterations + 1):
        learner.step()
        if step % settings.validation_interval == 0:
            found = learner.validate()["validation_return"]
            if found >= best:
                best, weights = found, copy.deepcopy(built[0].state_dict())
    built[0].load_state_dict(weights)
    return learner


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("strategy", CARTPOLE)
def test_cartpole_is_solved_by_two_of_three_seeds(strategy):
    network, options = CARTPOLE[strategy]
    solved = 0
    for seed in range(3):
        learner = learn(
            strategy, (network,), "CartPole-v1", seed, evaluation_episodes=20, **options
        )
        if strategy == "dqn":
            assert learner.experience.actions <= 300_000
        solved += play(learner.policy, "CartPole-v1", 100, 1000 + seed).mean >= 475

    assert solved >= 2


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_pendulum_is_swung_up_within_30000_steps():
    learner = learn(
        "ddpg",
        ("actor", "critic"),
        "Pendulum-v1",
        0,
        max_iterations=28_000,
        evaluation_episodes=30,
        validation_interval=2000,
    )

    assert learner.experience.actions <= 30_000
    assert play(learner.policy, "Pendulum-v1", 20, 1000).mean >= -300
