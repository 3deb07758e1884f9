from __future__ import annotations

import numpy as np
import pytest

from jupyter_platform.core.environments import EnvironmentFacts
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.reinforcement.priorities import Priorities, SumTree
from jupyter_platform.learning.reinforcement.replay import Columns, ReplayBuffer, Rows

FACTS = EnvironmentFacts(id="x", observation_shape=(1,), actions=5)
ENV_ID = np.zeros(1, np.int64)


def buffer(capacity: int = 100, num_envs: int = 1) -> ReplayBuffer:
    return ReplayBuffer(Columns.in_memory(FACTS, num_envs, capacity))


def write(
    target: ReplayBuffer, rewards: list[float], *, start: float = 0, terminated: bool | None = True
):
    """Write an episode whose observations count up from `start`; None leaves it open."""
    for number, reward in enumerate(rewards):
        seen = np.array([[start + number]])
        target.add(ENV_ID, seen, np.array([number % 5]), np.array([reward], np.float32))
    if terminated is not None:
        target.end(ENV_ID, np.array([[start + len(rewards)]]), np.array([terminated]))


def at(*numbers: int) -> Rows:
    return Rows(np.zeros(len(numbers), np.int64), np.array(numbers))


@pytest.mark.parametrize("steps", [1, 2, 3, 7])
@pytest.mark.parametrize("terminated", [True, False])
def test_returns_over_several_steps_equal_sums_by_hand(steps, terminated):
    rewards, discount = [1.0, 10.0, 100.0, 1000.0], 0.5
    target = buffer()
    write(target, rewards, terminated=terminated)

    found = target.transitions(at(0, 1, 2, 3), steps, discount)

    for row in range(4):
        length = min(steps, 4 - row)
        wanted = sum(discount**i * rewards[row + i] for i in range(length))
        at_end = row + length == 4
        assert found.rewards[row] == wanted
        assert found.following[row, 0] == row + length
        assert found.discounts[row] == (0 if at_end and terminated else discount**length)


def test_an_episode_that_goes_on_is_followed_as_far_as_it_is_known():
    target = buffer()
    write(target, [1.0, 10.0, 100.0], terminated=None)

    found = target.transitions(at(0, 1), 5, 0.5)

    # What the last action led to is not known yet, so neither it nor its reward counts.
    assert found.rewards.tolist() == [1 + 5, 10]
    assert found.following[:, 0].tolist() == [2, 2]
    assert found.discounts.tolist() == [0.25, 0.5]


def test_every_action_whose_outcome_is_known_is_drawn_alike():
    target = buffer(capacity=12)
    write(target, [0.0] * 9, start=-50)  # all of it is overwritten
    write(target, [0.0] * 4)
    write(target, [0.0] * 5, start=10, terminated=None)

    rows = target.draw(np.random.default_rng(0), 8000)
    seen = target.transitions(rows, 1, 1.0).observations[:, 0]

    values, counts = np.unique(seen, return_counts=True)
    kept = [-49.0 + 8, 0, 1, 2, 3, 10, 11, 12, 13]
    assert [item for item in values if item >= 0] == kept[1:]
    chance = len(seen) / len(values)
    assert (((counts - chance) ** 2) / chance).sum() < 30  # chi-square, 8 or 9 degrees, p < 0.001


def test_a_ring_without_experience_says_so():
    with pytest.raises(InvalidDataError, match="no experience"):
        buffer().draw(np.random.default_rng(0), 1)


def test_an_episode_that_is_left_open_is_cut_not_ended():
    target = buffer()
    write(target, [1.0, 2.0], terminated=None)
    target.cut()
    write(target, [5.0], start=20)

    found = target.transitions(at(0), 5, 0.5)

    assert found.following[0, 0] == 1
    assert found.discounts[0] == 0.5


def test_windows_end_with_their_episode():
    target = buffer()
    write(target, [1.0, 2.0, 3.0])
    write(target, [7.0], start=50)

    found = target.sequences(at(1, 4), 4)

    assert found.valid.tolist() == [[True, True, False, False], [True, False, False, False]]
    assert found.observations[..., 0].tolist() == [[1, 2, 3, 0, 0], [50, 51, 0, 0, 0]]
    assert found.rewards.tolist() == [[2, 3, 0, 0], [7, 0, 0, 0]]
    assert found.terminal.tolist() == [[False, True, False, False], [True, False, False, False]]


def test_rows_that_make_room_are_those_of_the_lane_itself():
    target = buffer(capacity=4, num_envs=2)
    for number in range(6):
        target.add(np.array([1]), np.array([[number]]), np.array([0]), np.zeros(1, np.float32))

    assert target.oldest.tolist() == [0, 2]
    assert len(target) == 4


def test_the_tree_draws_in_proportion_to_its_weights():
    generator = np.random.default_rng(0)
    weights = generator.random(37) * (generator.random(37) > 0.3)
    tree = SumTree(37)
    tree.set(np.arange(37), 1.0)
    tree.set(np.arange(37), weights)

    found = tree.find(generator.random(40_000) * tree.total)

    assert tree.total == pytest.approx(weights.sum())
    shares = np.bincount(found, minlength=37) / 40_000
    np.testing.assert_allclose(shares, weights / weights.sum(), atol=0.01)
    assert set(found) <= set(np.flatnonzero(weights))


def test_masses_at_the_borders_find_what_the_running_sums_say():
    weights = np.array([0.0, 2.0, 0.0, 3.0, 1.0])
    tree = SumTree(5)
    tree.set(np.arange(5), weights)

    found = tree.find(np.array([0.0, 1.999, 2.0, 4.999, 5.0, 5.999]))

    assert found.tolist() == [1, 1, 3, 3, 4, 4]


def test_surprising_transitions_come_as_often_as_their_share():
    target, generator = buffer(), np.random.default_rng(0)
    write(target, [0.0] * 4)
    priorities = Priorities(target, exponent=0.5)
    priorities.draw(generator, 4, 1.0)
    td_errors = np.array([1.0, 4.0, 9.0, 16.0])
    priorities.update(at(0, 1, 2, 3), td_errors)

    rows, weights = priorities.draw(generator, 20_000, beta=1.0)

    chances = np.sqrt(td_errors) / np.sqrt(td_errors).sum()
    shares = np.bincount(rows.numbers, minlength=4) / 20_000
    np.testing.assert_allclose(shares, chances, atol=0.01)
    expected = 1 / chances[rows.numbers]
    np.testing.assert_allclose(weights, expected / expected.max(), rtol=1e-4)


def test_new_transitions_come_first_and_forgotten_ones_no_more():
    target, generator = buffer(capacity=6), np.random.default_rng(0)
    write(target, [0.0] * 3, terminated=None)
    priorities = Priorities(target, exponent=1.0)
    assert set(priorities.draw(generator, 50, 1.0)[0].numbers) == {0, 1}
    priorities.update(at(0, 1), np.array([0.0, 0.0]))

    write(target, [0.0] * 3, start=3)  # rows 3 to 6: the first one is forgotten

    drawn = priorities.draw(generator, 2000, 1.0)[0].numbers
    assert set(drawn[:1999]) <= {1, 2, 3, 4, 5}
    assert {2, 3, 4, 5} <= set(drawn)
