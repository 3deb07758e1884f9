"""Agents and learners, through the whole platform."""

from __future__ import annotations

import base64

import pytest

from jupyter_platform.core.errors import ConflictError, InvalidRequestError, NotFoundError
from tests.waiting import DEADLINE_S


def test_environments_tell_what_they_show_and_take(platform):
    assert "CartPole-v1" in [item.id for item in platform.environments()]
    assert platform.environment("Pendulum-v1").action_low == (-2.0,)
    with pytest.raises(InvalidRequestError, match="Did you mean 'CartPole-v1'"):
        platform.environment("CartPole-v")


def test_a_pair_shares_pool_and_tag_and_ends_together(platform):
    agent, learner = platform.rl(
        "q-network",
        "CartPole-v1",
        pool="pair",
        max_iterations=300,
        min_samples=200,
        publish_interval=100,
        validation_interval=100,
        evaluation_episodes=2,
    )
    with pytest.raises(ConflictError, match="is used by job"):
        platform.remove_pool("pair")
    agent.wait(timeout=DEADLINE_S)
    learner.wait(timeout=DEADLINE_S)

    assert (agent.state, learner.state) == ("finished", "finished")
    assert (agent.record.dataset, learner.record.dataset) == ("pair", "pair")
    assert (agent.record.category, learner.record.category) == ("RL", "RL")
    result = agent.result()
    assert result["epoch"] == 300, "it took up the last weights"
    pool = platform.pool("pair")
    assert pool.episodes == result["episodes"]
    assert pool.rows == result["episodes"] + result["actions"] or pool.rows < pool.capacity

    replay = platform.replay(agent.id, "best")
    assert replay.reward == result["best"]["reward"]
    assert len(replay.images) == replay.frames > 0
    assert base64.b64decode(replay.images[0]).startswith(b"\xff\xd8")

    evaluation = platform.submit(
        "EVALUATE", "q-network", strategy="reward", environment="CartPole-v1", tag="pair/best",
        episodes=2,
    )  # fmt: skip
    evaluation.wait(timeout=DEADLINE_S)
    best = learner.result()["best"]["validation_return"]
    assert evaluation.result()["mean_return"] == best
    platform.remove_pool("pair")
    with pytest.raises(NotFoundError):
        platform.pool("pair")


def test_a_learner_brings_its_agents_along(platform):
    learner = platform.submit(
        "LEARN", "q-network", strategy="dqn", environment="CartPole-v1", agents=1, name="alone",
        max_iterations=50, min_samples=50, publish_interval=25, validation_interval=0,
    )  # fmt: skip
    agents = platform.job("alone agents")
    learner.wait(timeout=DEADLINE_S)
    agents.wait(timeout=DEADLINE_S)

    assert (learner.state, agents.state) == ("finished", "finished")
    assert learner.record.dataset == agents.record.dataset
    assert platform.pool(learner.record.dataset).episodes == agents.result()["episodes"]


def test_nothing_stays_of_a_pair_that_is_refused(platform):
    before = len(platform.jobs(limit=None))

    with pytest.raises(InvalidRequestError, match="learn it with ddpg or ppo"):
        platform.rl("q-network", "Pendulum-v1", pool="none")

    assert len(platform.jobs(limit=None)) == before
    assert "none" not in [item.name for item in platform.pools()]


def test_every_agent_of_a_job_acts_and_is_counted(platform):
    job = platform.submit(
        "ACT", "q-network", environment="CartPole-v1", action_strategy="random", max_sequences=7,
        frames=False, pool="two", target_count=2,
    )  # fmt: skip
    job.wait(timeout=DEADLINE_S)

    result = job.result()
    assert job.state == "finished"
    assert [item["episodes"] for item in result["agents"]] == [4, 3]
    assert result["episodes"] == platform.pool("two").episodes == 7
    curves = job.metrics()
    returns = [*curves["return"].dropna(), *curves["return@1"].dropna()]
    assert len(returns) == 7
    assert sum(returns) / 7 == pytest.approx(result["mean_return"])
    assert max(returns) == result["best"]["reward"]
    platform.remove_pool("two")
