from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_platform.coordinator.repository import PoolRepository
from jupyter_platform.coordinator.sources import Sources
from jupyter_platform.core.datasets import bundled_datasets
from jupyter_platform.core.errors import InvalidRequestError
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
def sources(tmp_path: Path) -> Sources:
    pools = PoolRepository(tmp_path / "pools")
    pools.create("cart", "CartPole-v1", 100)
    return Sources(Datasets(), pools)


def check(sources: Sources, type: JobType, name: str | None, **options):
    source = sources.find(type, name, options)
    model, _ = resolve_options(type, options, source.defaults)
    sources.check(model, source)
    return source, model


def test_a_learner_takes_its_environment_from_the_pool_that_it_names(sources):
    source, options = check(sources, JobType.LEARN, "cart", strategy="dqn")

    assert source.pool == source.name == "cart"
    assert source.dataset is None
    assert options.environment == "CartPole-v1"


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

    sources.make(options, source)

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
        (JobType.EVALUATE, "cart", {}, "EVALUATE works on a dataset"),
    ],
)
def test_sources_that_do_not_go_with_the_job_are_refused(sources, type, name, options, told):
    with pytest.raises(InvalidRequestError) as caught:
        check(sources, type, name, **options)

    assert told in caught.value.message
    assert caught.value.errors[0].field
