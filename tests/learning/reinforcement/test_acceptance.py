"""What is promised of the strategies on the environments that everybody knows.

With the defaults of the strategies where nothing else is said; ``docs/reinforcement.md`` quotes
the lines that these tests print.
"""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest
import torch

from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.networks import build
from jupyter_platform.learning.reinforcement.playing import play
from jupyter_platform.learning.strategies import BuildContext, strategy_type

CARTPOLE: dict[str, tuple[str, dict[str, Any]]] = {
    "ppo": (
        "actor-critic",
        {
            "learning_rate": 0.001,
            "rollout_length": 32,
            "rollout_epochs": 20,
            "discount": 0.98,
            "gae_lambda": 0.8,
        },
    ),
    "dqn": ("q-network", {}),
}
MOST_ACTIONS = {"CartPole-v1": 300_000, "Pendulum-v1": 30_000}
LONGEST_S = 600
"""Seconds of one processor core, which other work on the machine does not stretch."""


def learnt_return(
    strategy: str, networks: tuple[str, ...], environment: str, seed: int, episodes: int,
    **options: Any,
) -> float:  # fmt: skip
    """Return what the weights of the best validation bring in episodes that nobody has seen."""
    started = time.process_time()
    settings = LearnOptions(strategy=strategy, environment=environment, seed=seed, **options)
    kind = strategy_type(strategy)
    torch.manual_seed(seed)
    built = tuple(
        build(bundled_networks()[name], place.input_shape, place.outputs).train()
        for name, place in zip(networks, kind.signatures(settings, None), strict=True)
    )
    learner = kind(BuildContext(settings, built, networks))
    best, weights = -float("inf"), copy.deepcopy(built[0].state_dict())
    for step in range(1, settings.max_iterations + 1):
        learner.step()
        if step % settings.validation_interval == 0:
            found = learner.validate()["validation_return"]
            if found >= best:
                best, weights = found, copy.deepcopy(built[0].state_dict())
    took = time.process_time() - started
    built[0].load_state_dict(weights)
    mean = play(learner.policy, environment, episodes, 1000 + seed).mean
    actions = learner.experience.actions if strategy != "ppo" else learner.actions
    told = f"{strategy} {environment} seed {seed}: {mean:.1f}, {actions:,} actions, {took:.0f} s"
    print(told)  # noqa: T201 - what the documentation quotes
    assert actions <= MOST_ACTIONS[environment]
    assert took <= LONGEST_S
    return mean


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("strategy", CARTPOLE)
def test_cartpole_is_solved_by_two_of_three_seeds(strategy):
    network, options = CARTPOLE[strategy]

    returns = [
        learnt_return(strategy, (network,), "CartPole-v1", seed, 100, **options)
        for seed in range(3)
    ]

    assert sum(item >= 475 for item in returns) >= 2, returns


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(3))
def test_pendulum_is_swung_up_within_30000_steps(seed):
    found = learnt_return(
        "ddpg", ("actor", "critic"), "Pendulum-v1", seed, 20, max_iterations=15_000
    )

    assert found >= -300
