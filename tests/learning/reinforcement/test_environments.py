from __future__ import annotations

import itertools

import numpy as np
import pytest

from jupyter_platform.core.errors import InvalidRequestError, PlatformError, UnavailableError
from jupyter_platform.learning.reinforcement import environments
from jupyter_platform.learning.reinforcement.environments import (
    VectorEnvironment,
    endless_seeds,
    environment_facts,
    environment_records,
)

from .conftest import CHAIN, REACH


class Odd:
    """An environment of REACH's kind that answers as it is told."""

    def __init__(self, begin=0.5, seen=0.5, reward=1.0) -> None:
        self.begin, self.seen, self.reward = begin, seen, reward

    def reset(self, *, seed):
        return np.array([self.begin], np.float32), {}

    def step(self, action):
        return np.array([self.seen], np.float32), self.reward, False, False, {}


def test_facts_tell_what_an_environment_shows_and_takes():
    cart, pendulum = environment_facts("CartPole-v1"), environment_facts("Pendulum-v1")

    assert (cart.observation_shape, cart.actions, cart.max_episode_steps) == ((4,), 2, 500)
    assert cart.is_discrete
    assert cart.reward_threshold == 475
    assert not pendulum.is_discrete
    assert (pendulum.action_shape, pendulum.action_low, pendulum.action_high) == ((1,), (-2,), (2,))


def test_numbered_observations_become_one_hot():
    environments = VectorEnvironment(CHAIN, 1, iter([5]))

    assert environment_facts(CHAIN).observation_shape == (4,)
    assert environments.observations.sum() == 1
    assert environments.observations.dtype == np.float32


def test_an_unknown_environment_is_refused_with_the_nearest_name():
    with pytest.raises(InvalidRequestError, match="Did you mean 'CartPole-v1'"):
        environment_facts("CartPool-v1")


def test_code_that_cannot_be_imported_is_named():
    with pytest.raises(InvalidRequestError, match="no_such_module"):
        environment_facts("no_such_module:Thing-v0")


def test_without_gymnasium_it_says_how_to_install_it(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(environments.importlib, "import_module", missing)

    with pytest.raises(UnavailableError, match=r"pip install 'jupyter-platform\[rl\]'"):
        environments.gymnasium()


def test_the_newest_version_of_each_environment_is_listed():
    names = [item.id for item in environment_records()]

    assert "CartPole-v1" in names
    assert "CartPole-v0" not in names


def test_lanes_begin_anew_and_tell_ends_from_cuts():
    environments = VectorEnvironment(CHAIN, 3, itertools.count(0))
    stay, go = np.zeros(3, np.int64), np.ones(3, np.int64)

    cut = [environments.step(stay) for _ in range(20)][-1]
    assert cut.truncated.all()
    assert not cut.terminated.any()
    assert [item.reward for item in cut.ended] == pytest.approx([4.0] * 3)
    assert [item.length for item in cut.ended] == [20] * 3

    ended = [episode for _ in range(4) for episode in environments.step(go).ended]
    assert {item.env_id for item in ended} == {0, 1, 2}


def test_episodes_of_one_seed_are_the_same_in_any_lane():
    def play(count: int) -> dict[int, float]:
        environments, found = VectorEnvironment("CartPole-v1", count, iter(range(6))), {}
        while len(environments.active):
            actions = (environments.observations[:, 2] > 0).astype(np.int64)
            found |= {item.seed: item.reward for item in environments.step(actions).ended}
        return found

    assert play(1) == play(4)


def test_the_longest_episode_can_be_limited():
    environments = VectorEnvironment(CHAIN, 1, itertools.count(), max_actions=3)

    moves = [environments.step(np.zeros(1, np.int64)) for _ in range(3)]

    assert [bool(item.truncated[0]) for item in moves] == [False, False, True]


def test_continuous_actions_are_in_units_of_their_range():
    environments = VectorEnvironment(REACH, 1, itertools.count())
    shown = float(environments.observations[0, 0])

    moves = environments.step(np.array([[shown / 2]]))

    assert moves.rewards[0] == pytest.approx(0, abs=1e-6)


def test_an_environment_that_fails_is_named(monkeypatch):
    environments = VectorEnvironment(CHAIN, 1, itertools.count())
    environments._environments[0].unwrapped.step = lambda action: 1 / 0

    with pytest.raises(Exception, match=rf"{CHAIN}.*ZeroDivisionError"):
        environments.step(np.zeros(1, np.int64))


def test_seeds_differ_by_everything_that_is_given():
    def first(*entropy: int) -> int:
        return next(endless_seeds(*entropy))

    assert first(1, 2) == first(1, 2)
    assert len({first(1, 2), first(1, 3), first(2, 2), first(1, 2, 0)}) >= 3


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ({"reward": np.nan}, r"answered action \[0.25\] with the reward nan after 1 actions"),
        ({"reward": np.inf}, "with the reward inf"),
        ({"seen": np.nan}, r"with the observation \[nan\]"),
    ],
)
def test_answers_that_are_no_numbers_are_named(odd, message):
    environments = VectorEnvironment.around([Odd(), Odd(**odd)], REACH, itertools.count())

    with pytest.raises(PlatformError, match=message):
        environments.step(np.array([[0.0], [0.25]]))


def test_a_beginning_that_is_no_number_is_named():
    with pytest.raises(PlatformError, match=r"begins with an observation that is not finite"):
        VectorEnvironment.around([Odd(begin=np.nan)], REACH, iter([3]))


def test_an_environment_is_not_blamed_for_actions_that_are_no_numbers():
    """Of them the loss tells, and the job goes back to where it still learnt."""
    environments = VectorEnvironment.around([Odd(reward=np.nan)], REACH, itertools.count())

    assert np.isnan(environments.step(np.array([[np.nan]])).rewards).all()
