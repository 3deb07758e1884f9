from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from jupyter_platform.coordinator.repository import PoolRepository
from jupyter_platform.core.errors import InvalidDataError, NotFoundError
from jupyter_platform.learning.reinforcement.pool import Pool
from jupyter_platform.learning.reinforcement.publishing import Subscription, publish

CARTPOLE = "CartPole-v1"


@pytest.fixture
def pools(tmp_path: Path) -> PoolRepository:
    return PoolRepository(tmp_path / "pools")


def write(pool: Pool, length: int, mark: float, terminated: bool = True) -> None:
    observations = np.full((length + 1, 4), mark) + np.arange(length + 1)[:, None] / 1000
    pool.append(observations, np.ones(length), np.full(length, mark), terminated)


def test_whole_episodes_make_room_for_new_ones(pools):
    pools.create("p", CARTPOLE, 20)
    pool = Pool(pools.path("p"))
    for mark in (1.0, 2.0, 3.0):
        write(pool, 5, mark)  # 6 rows each: 18 of 20
    assert pool.returns(1.0).tolist() == [5, 10, 15]

    write(pool, 8, 4.0)  # 9 rows: 2 are free, the first two must go

    assert pool.returns(1.0).tolist() == [15, 32]
    assert (pool.episodes, pool.actions, len(pool.buffer)) == (2, 13, 15)
    rows = pool.buffer.draw(np.random.default_rng(0), 500)
    found = pool.buffer.transitions(rows, 20, 1.0)
    assert set(found.actions) == {1}
    np.testing.assert_allclose(found.following.round(), np.round(found.observations), atol=0)


def test_what_is_in_a_pool_survives_whoever_wrote_it(pools):
    pools.create("p", CARTPOLE, 100)
    first = Pool(pools.path("p"))
    write(first, 3, 7.0, terminated=False)
    first.close()
    del first

    again = Pool(pools.path("p"))

    assert again.returns(0.5).tolist() == [7 + 3.5 + 1.75]
    found = again.buffer.transitions(again.buffer.draw(np.random.default_rng(0), 50), 1, 0.9)
    assert (found.discounts > 0).all(), "the episode was cut, not ended"
    record = pools.record("p")
    assert (record.rows, record.episodes, record.environment) == (4, 1, CARTPOLE)
    assert record.facts is not None
    assert record.facts.observation_shape == (4,)


def test_clearing_forgets_and_goes_on(pools):
    pools.create("p", CARTPOLE, 100)
    pool = Pool(pools.path("p"))
    write(pool, 3, 1.0)

    assert pools.clear("p").rows == 0
    assert pool.returns(1.0).tolist() == []
    write(pool, 3, 2.0)
    assert pool.returns(1.0).tolist() == [6]
    pool.clear()
    assert pools.record("p").episodes == 0
    assert pools.record("p").episodes_ever == 2


def test_an_episode_that_never_fits_says_what_to_do(pools):
    pools.create("p", CARTPOLE, 10)

    with pytest.raises(InvalidDataError, match="20 actions does not fit .* 10 rows; .*max_actions"):
        write(Pool(pools.path("p")), 20, 1.0)


def test_a_pool_that_is_elsewhere_or_broken_is_named(pools, tmp_path):
    with pytest.raises(NotFoundError, match="coordinator's machine"):
        Pool(tmp_path / "nowhere")
    pools.create("p", CARTPOLE, 10)
    (pools.path("p") / "pool.json").write_text("{")
    with pytest.raises(InvalidDataError, match="broken"):
        Pool(pools.path("p"))
    assert pools.records() == []


def test_deleting_removes_all_of_it(pools):
    pools.create("p", CARTPOLE, 10)
    write(Pool(pools.path("p")), 2, 1.0)

    pools.delete("p")

    assert not pools.path("p").exists()
    with pytest.raises(NotFoundError, match="Unknown pool 'p'"):
        pools.delete("p")


def test_several_agents_write_while_somebody_reads(pools):
    """No episode is ever torn: within one, all rows have one mark."""
    pools.create("p", CARTPOLE, 64)
    write(Pool(pools.path("p")), 2, 9.0)

    def write_many(mark: int) -> None:
        # A file of its own: locks are between open files, not between processes.
        pool, generator = Pool(pools.path("p")), np.random.default_rng(mark)
        for _ in range(150):
            write(pool, int(generator.integers(1, 9)), float(mark))

    pool, generator = Pool(pools.path("p")), np.random.default_rng(0)
    with ThreadPoolExecutor(2) as agents:
        writers = [agents.submit(write_many, mark) for mark in (1, 2)]
        while not all(writer.done() for writer in writers):
            with pool.steady():
                found = pool.buffer.transitions(pool.buffer.draw(generator, 32), 3, 1.0)
            np.testing.assert_array_equal(found.observations.round(), found.following.round())
        for writer in writers:
            writer.result()
    assert pools.record("p").episodes_ever == 301
    assert len(pool.returns(1.0)) == pools.record("p").episodes


def test_agents_take_up_newer_weights_and_count_them(tmp_path):
    learner, agent = nn.Linear(2, 1), nn.Linear(2, 1)
    subscription = Subscription(tmp_path / "weights", "net", agent)
    assert not subscription.refresh()
    assert subscription.epoch is None

    publish(tmp_path / "weights", "net", learner, 100)
    assert subscription.refresh()
    assert subscription.epoch == 100
    assert torch.equal(agent.weight, learner.weight)
    assert not subscription.refresh()

    with torch.no_grad():
        learner.weight += 1
    publish(tmp_path / "weights", "net", learner, 200)
    assert subscription.refresh()
    assert subscription.epoch == 200
    assert torch.equal(agent.weight, learner.weight)


def test_weights_of_another_network_are_refused(tmp_path):
    publish(tmp_path, "net", nn.Linear(3, 1), 1)

    with pytest.raises(InvalidDataError, match="do not fit network 'net'"):
        Subscription(tmp_path, "net", nn.Linear(2, 1)).refresh()
