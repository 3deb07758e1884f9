"""The result of several agents is that of all their episodes."""

from __future__ import annotations

import numpy as np
import pytest

from jupyter_platform.core.acting import together


def result(returns: list[float], actions: int = 0, **more) -> dict:
    return {
        "episodes": len(returns),
        "actions": actions,
        "averaged": len(returns),
        "mean_return": float(np.mean(returns)) if returns else None,
        "return_stdev": float(np.std(returns)) if returns else None,
        "best": {"number": 1, "reward": max(returns)} if returns else None,
        "epoch": None,
        "headline": {"name": "mean return", "value": 0.0},
        **more,
    }


def test_mean_and_deviation_are_those_of_all_episodes():
    played = [[1.0, 5.0, 3.0], [10.0], [-4.0, 2.5]]

    found = together([result(returns) for returns in played])

    everything = np.concatenate(played)
    assert found["mean_return"] == pytest.approx(everything.mean())
    assert found["return_stdev"] == pytest.approx(everything.std())
    assert found["headline"] == {"name": "mean return", "value": found["mean_return"]}
    assert found["best"] == {"number": 1, "reward": 10.0, "agent": 1}


def test_counts_add_up_and_each_agent_is_told_apart():
    found = together(
        [result([1.0], actions=7, epoch=100, time_s=2.0, actions_per_s=3.5, seed=4),
         result([2.0, 2.0], actions=9, epoch=300, time_s=3.0, actions_per_s=3.0, seed=4)]
    )  # fmt: skip

    assert (found["episodes"], found["actions"], found["averaged"]) == (3, 16, 3)
    assert (found["epoch"], found["time_s"], found["actions_per_s"], found["seed"]) == (
        300, 3.0, 6.5, 4,
    )  # fmt: skip
    assert [(item["agent"], item["actions"], item["epoch"]) for item in found["agents"]] == [
        (0, 7, 100),
        (1, 9, 300),
    ]


def test_an_agent_without_an_episode_changes_no_mean():
    found = together([result([4.0, 6.0]), result([])])

    assert found["mean_return"] == 5.0
    assert found["best"]["agent"] == 0
    assert together([result([]), result([])])["mean_return"] is None


def test_a_single_agent_is_left_as_it_is():
    alone = result([1.0, 2.0])

    assert together([alone]) == alone
