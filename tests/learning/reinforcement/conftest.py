from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from torch import nn

from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.strategies import BuildContext, strategy_type

CHAIN = "ChainTest-v0"
CORRIDOR = "MemoryTest-v0"
REACH = "ReachTest-v0"


class Chain(gymnasium.Env[Any, Any]):
    """Four states in a row; right leads on, and from the last one to 1 and the end.

    Left gives 0.2 and stays. After 20 actions the episode is cut, which is no end.
    """

    observation_space = gymnasium.spaces.Discrete(4)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = int(self.np_random.integers(4))
        return self.state, {}

    def step(self, action):
        if action == 0:
            return self.state, 0.2, False, False, {}
        self.state += 1
        done = self.state == 4
        return min(self.state, 3), float(done), done, False, {}


class Memory(gymnasium.Env[Any, Any]):
    """Shows a sign once, then nothing for two steps; then the action must be that of the sign."""

    observation_space = gymnasium.spaces.Box(-1, 1, (2,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.sign, self.time = int(self.np_random.integers(2)), 0
        return np.array([1.0 if self.sign else -1.0, 0], np.float32), {}

    def step(self, action):
        self.time += 1
        done = self.time == 3
        reward = (1.0 if action == self.sign else -1.0) if done else 0.0
        return np.array([0.0, self.time == 2], np.float32), reward, done, False, {}


class Reach(gymnasium.Env[Any, Any]):
    """One action from 10 to 30: the nearer to 20 + 5 times what is shown, the better."""

    observation_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)
    action_space = gymnasium.spaces.Box(10, 30, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.shown = self.np_random.uniform(-1, 1, 1).astype(np.float32)
        return self.shown, {}

    def step(self, action):
        wanted = 20 + 5 * self.shown[0]
        return self.shown, -float(((action[0] - wanted) / 10) ** 2), True, False, {}


@pytest.fixture(scope="session", autouse=True)
def environments():
    gymnasium.register(CHAIN, Chain, max_episode_steps=20)
    gymnasium.register(CORRIDOR, Memory)
    gymnasium.register(REACH, Reach)
    yield
    for name in (CHAIN, CORRIDOR, REACH):
        del gymnasium.registry[name]


@pytest.fixture(autouse=True)
def one_thread():
    """Networks of a few weights are slower with more, the more so on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def learner():
    """Return what builds a strategy around networks, as a LEARN job would."""

    def build(strategy: str, *networks: nn.Module, rank: int = 0, **options: Any):
        torch.manual_seed(0)
        settings = LearnOptions(strategy=strategy, **options)
        names = tuple(f"n{number}" for number in range(len(networks)))
        return strategy_type(strategy)(BuildContext(settings, networks, names, rank=rank))

    return build


@pytest.fixture
def linear():
    """Return a network without bias, which is a table for one-hot observations."""

    def build(inputs: int, outputs: int) -> nn.Linear:
        table = nn.Linear(inputs, outputs, bias=False)
        nn.init.zeros_(table.weight)
        return table

    return build
