from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_platform.coordinator.jobs.companions import agents_for
from jupyter_platform.coordinator.jobs.resolution.sources import DataSources
from jupyter_platform.coordinator.repository import PoolRepository
from jupyter_platform.core.datasets import bundled_datasets
from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.jobs import JobSubmission
from jupyter_platform.core.kinds import kinds, load
from jupyter_platform.core.options import resolve_options
from jupyter_platform.core.states import JobType

CARTPOLE = {"environment": "CartPole-v1"}


class Datasets:
    """The datasets of a repository that has the bundled ones."""

    def names(self):
        return list(bundled_datasets())

    def find(self, name):
        return bundled_datasets().get(name)

    usable = find


@pytest.fixture
def sources(tmp_path: Path) -> DataSources:
    pools = PoolRepository(tmp_path / "pools")
    pools.create("cart", "CartPole-v1", 100)
    return DataSources(Datasets(), pools)


def kind_of(sources: DataSources, type: JobType) -> Any:
    """Return a kind that has nothing but sources."""
    record = kinds()[type]
    return load(record.submission)(record, SimpleNamespace(sources=sources))


def check(sources: DataSources, type: JobType, name: str | None, **options):
    kind = kind_of(sources, type)
    source = kind.source(JobSubmission(type=type, dataset=name, options=options))
    model, _ = resolve_options(type, options, source.defaults)
    return kind.check(model, source), model


def make(sources: DataSources, type: JobType, model, source) -> None:
    kind_of(sources, type).make(SimpleNamespace(options=model, source=source))


def test_a_learner_takes_its_environment_from_the_pool_that_it_names(sources):
    source, options = check(sources, JobType.LEARN, "cart", strategy="dqn")

    assert source.pool == source.name == "cart"
    assert source.dataset is None
    assert options.environment == "CartPole-v1"


def test_a_pool_is_judged_by_reward(sources):
    source, options = check(sources, JobType.EVALUATE, "cart")

    assert (source.pool, options.strategy) == ("cart", "reward")


def test_a_learner_may_act_for_itself(sources):
    source, _ = check(sources, JobType.LEARN, None, strategy="ppo", **CARTPOLE)

    assert source.name is None


def test_an_agent_names_its_pool_as_an_option_or_as_dianne_does(sources):
    for name, options in ((None, {"pool": "new"}), ("new", {})):
        source, model = check(sources, JobType.ACT, name, **CARTPOLE, **options)
        assert source.pool == model.pool == "new"
    check(sources, JobType.ACT, "cart", **CARTPOLE)


def test_a_pool_is_made_only_when_the_job_is(sources, tmp_path):
    source, options = check(sources, JobType.ACT, None, pool="new", memory_size=50, **CARTPOLE)
    assert not (tmp_path / "pools" / "new").exists()

    make(sources, JobType.ACT, options, source)

    assert PoolRepository(tmp_path / "pools").record("new").capacity == 50
    assert (tmp_path / "pools" / "new").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("type", "name", "options", "told"),
    [
        (JobType.LEARN, "crat", {"strategy": "dqn"}, "Did you mean 'cart'"),
        (JobType.LEARN, "cart", {}, "feed_forward works on a dataset; 'cart' is a pool"),
        (JobType.LEARN, "cart", {"strategy": "ppo", **CARTPOLE}, "no pool"),
        (JobType.LEARN, "iris", {"strategy": "ddpg", **CARTPOLE}, "'iris' is a dataset"),
        (JobType.LEARN, None, {"strategy": "dqn"}, "as environment=CartPole-v1"),
        (JobType.LEARN, None, {}, "LEARN needs a dataset"),
        (
            JobType.LEARN,
            "cart",
            {"strategy": "dqn", "environment": "Acrobot-v1"},
            "holds experience of CartPole-v1; environment = Acrobot-v1",
        ),
        (JobType.ACT, None, {}, "ACT needs an environment"),
        (JobType.ACT, "cart", {"pool": "other"}, "'cart' is given as dataset and 'other' as pool"),
        (JobType.ACT, "iris", {**CARTPOLE}, "'iris' is a dataset; ACT writes to a pool"),
        (JobType.ACT, "../up", {**CARTPOLE}, "cannot be the name of a pool"),
        (JobType.EVALUATE, None, {"strategy": "reward"}, "as environment=CartPole-v1"),
        (JobType.EVALUATE, "iris", {"strategy": "reward", **CARTPOLE}, "'iris' is a dataset"),
    ],
)
def test_sources_that_do_not_go_with_the_job_are_refused(sources, type, name, options, told):
    with pytest.raises(InvalidRequestError) as caught:
        check(sources, type, name, **options)

    assert told in caught.value.message
    assert caught.value.errors[0].field


def test_agents_of_a_learner_explore_as_it_would_and_fill_its_pool(sources, tmp_path):
    given = {"strategy": "dqn", "agents": 3, "epsilon_min": 0.2, "memory_size": 77, **CARTPOLE}
    source, learning = check(sources, JobType.LEARN, None, **given)
    make(sources, JobType.LEARN, learning, source)

    asked = agents_for("my learner", ["q-network"], learning, source.pool)

    assert asked is not None
    assert (asked.name, asked.networks, asked.target_count) == (
        "my learner agents", ["q-network"], 3,
    )  # fmt: skip
    _, acting = check(sources, JobType.ACT, asked.dataset, **asked.options)
    assert (acting.pool, acting.environment) == (source.pool, "CartPole-v1")
    assert (acting.epsilon_max, acting.epsilon_min, acting.until_learnt) == (1.0, 0.2, True)
    assert PoolRepository(tmp_path / "pools").record(str(source.pool)).capacity == 77


@pytest.mark.parametrize(
    ("options", "strategy"),
    [
        ({"strategy": "ddpg", "environment": "Pendulum-v1"}, "gaussian_noise"),
        ({"strategy": "recurrent_dqn", **CARTPOLE}, "greedy"),
        ({"strategy": "dqn", "action_strategy": "boltzmann", **CARTPOLE}, "boltzmann"),
    ],
)
def test_agents_choose_actions_in_the_way_of_the_strategy(options, strategy):
    learning, _ = resolve_options(JobType.LEARN, {**options, "agents": 1})

    asked = agents_for("x", ["net", "critic"], learning, "p")

    assert asked is not None
    acting, _ = resolve_options(JobType.ACT, asked.options)
    assert acting.action_strategy == strategy
    assert asked.networks == ["net"]


def test_a_learner_that_acts_for_itself_has_no_agents():
    learning, _ = resolve_options(JobType.LEARN, {"strategy": "dqn", **CARTPOLE})

    assert agents_for("x", ["net"], learning, None) is None
