"""ACT, LEARN from a pool and EVALUATE by reward, as torch processes run them."""

from __future__ import annotations

import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from jupyter_platform.coordinator.repository import PoolRepository
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.core.options import ActOptions, resolve_options
from jupyter_platform.core.replays import ReplayRecord
from jupyter_platform.core.runs import JobRun, NetworkInput, RunId, RunResult, RunSpec
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.distributed.process_group import Communicator
from jupyter_platform.learning.networks import build
from jupyter_platform.learning.reinforcement import agent
from jupyter_platform.learning.reinforcement.agent import Quota
from jupyter_platform.learning.reinforcement.pool import Pool
from jupyter_platform.learning.run.context import RunContext
from jupyter_platform.learning.run.recorder import Recorder
from jupyter_platform.learning.run.stop_signal import StopFlag
from jupyter_platform.learning.scoring import evaluator as runner
from jupyter_platform.learning.scoring import rewarding
from jupyter_platform.learning.training.learner import run as learn
from jupyter_platform.runtime.event_log import EventLog
from jupyter_platform.runtime.records import read_records
from tests.learning.gangs import run_gang
from tests.waiting import DEADLINE_S

from .conftest import CHAIN

CARTPOLE = "CartPole-v1"


@pytest.fixture
def make(tmp_path):
    """Return what makes a run and its folder."""

    def make(name: str, type: JobType, *, network="q-network", rank=0, agents=1, pool=None,
             weights: Path | None = None, **options) -> RunContext:  # fmt: skip
        if type is JobType.ACT and pool is not None:
            options["pool"] = pool.name
        resolved, _ = resolve_options(type, options)
        digest = None if weights is None else f"sha256:{'0' * 64}"
        spec = RunSpec(
            run=RunId(workload=name, attempt=1, rank=rank),
            name=name,
            world_size=agents,
            files={} if digest is None else {digest: str(weights)},
            process="jupyter_platform.learning.processes.process",
            job=JobRun(
                type=type,
                networks=[NetworkInput(description=bundled_networks()[network], weights=digest)],
                pool=None if pool is None else str(pool),
                options=resolved.applicable(),
            ),
        )
        folder = tmp_path / f"{name}-{rank}"
        folder.mkdir()
        events = EventLog(folder)
        return RunContext(spec, folder, events, Recorder(folder, events), StopFlag())

    return make


@pytest.fixture
def pools(tmp_path) -> PoolRepository:
    return PoolRepository(tmp_path / "pools")


def finish(context: RunContext, result: RunResult) -> dict[str, np.ndarray]:
    context.recorder.close()
    context.events.close()
    assert result.status in ("finished", "stopped")
    return {
        path.stem: read_records(path)["value"] for path in (context.folder / "metrics").iterdir()
    }


def test_an_agent_keeps_every_episode_and_tells_what_it_brought(make, pools):
    pools.create("p", CARTPOLE, 5000)
    context = make("act", JobType.ACT, environment=CARTPOLE, pool=pools.path("p"),
                   action_strategy="random", max_sequences=6, frames=False)  # fmt: skip

    result = agent.run(context)

    curves = finish(context, result)
    assert result.status == "finished"
    assert result.step == result.result["episodes"] == 6
    kept = Pool(pools.path("p")).returns(1.0)
    np.testing.assert_array_equal(kept, curves["return"])
    assert result.result["mean_return"] == pytest.approx(kept.mean())
    assert result.result["best"]["reward"] == kept.max()
    assert result.result["actions"] == kept.sum()


def test_an_agent_ends_after_as_many_actions_as_asked_for(make):
    context = make("act", JobType.ACT, environment=CHAIN, max_iterations=50, frames=False,
                   parallel_environments=5)  # fmt: skip

    result = agent.run(context)

    finish(context, result)
    assert result.result["actions"] == result.step == 50


@pytest.mark.parametrize(("episodes", "agents"), [(7, 2), (3, 5), (-1, 2)])
def test_shares_of_agents_add_up_to_what_was_asked_for(episodes, agents):
    options = ActOptions(max_sequences=episodes, max_iterations=100)
    shares = [Quota.share(options, rank, agents) for rank in range(agents)]

    assert sum(item.actions for item in shares) == 100
    if episodes != -1:
        assert sum(item.episodes for item in shares) == episodes
        assert not any(item.episodes == -1 for item in shares)


def test_agents_of_one_job_go_through_different_episodes(make):
    played = []
    for rank in range(2):
        context = make("act", JobType.ACT, environment=CARTPOLE, rank=rank, agents=2,
                       action_strategy="random", max_sequences=8, frames=False)  # fmt: skip
        played.append(finish(context, agent.run(context))["return"].tolist())

    assert played[0] != played[1]


def test_pictures_are_of_the_best_and_the_latest_episode(make):
    context = make("act", JobType.ACT, environment=CARTPOLE, action_strategy="random",
                   max_sequences=5, max_actions=12)  # fmt: skip

    result = agent.run(context)

    returns = finish(context, result)["return"]
    for kind, reward in (("best", returns.max()), ("latest", returns[-1])):
        with zipfile.ZipFile(context.folder / "replays" / f"{kind}.zip") as archive:
            record = ReplayRecord.model_validate_json(archive.read("replay.json"))
            first = archive.read("0000.jpg")
        assert (record.kind, record.reward) == (kind, reward)
        assert record.frames == len(record.steps) == record.actions + 1
        assert first.startswith(b"\xff\xd8"), "a JPEG"


def test_where_nothing_can_be_drawn_there_are_observations(make):
    context = make("act", JobType.ACT, environment=CHAIN, max_sequences=1)

    finish(context, agent.run(context))

    with zipfile.ZipFile(context.folder / "replays" / "best.zip") as archive:
        record = ReplayRecord.model_validate_json(archive.read("replay.json"))
    assert record.frames == 0
    assert record.problem
    assert len(record.observations) == record.actions + 1
    assert {sum(row) for row in record.observations} == {1.0}


def test_a_pair_learns_and_the_agent_takes_up_the_weights(make, pools):
    """The agent ends with its learner, whose last weights it has."""
    pools.create("p", CHAIN, 5000)
    learner = make("learn", JobType.LEARN, pool=pools.path("p"), strategy="dqn", environment=CHAIN,
                   max_iterations=250, publish_interval=50, min_samples=300,
                   validation_interval=0)  # fmt: skip
    actor = make("act", JobType.ACT, pool=pools.path("p"), environment=CHAIN, epsilon_max=1.0,
                 epsilon_min=1.0, until_learnt=True, frames=False)  # fmt: skip
    results: dict[str, RunResult] = {}
    thread = threading.Thread(target=lambda: results.update(learn=learn(learner)))
    thread.start()
    results["act"] = agent.run(actor)
    thread.join(timeout=DEADLINE_S)

    assert not thread.is_alive()
    finish(learner, results["learn"])
    epochs = finish(actor, results["act"])["epoch"]
    assert results["act"].status == "finished"
    assert results["act"].result["epoch"] == 250
    assert (np.diff(epochs) >= 0).all()


def test_a_learner_that_waits_for_experience_can_be_stopped(make, pools):
    pools.create("p", CHAIN, 5000)
    context = make("learn", JobType.LEARN, pool=pools.path("p"), strategy="dqn", environment=CHAIN)
    threading.Timer(0.5, lambda: setattr(context.stop, "requested", True)).start()

    result = learn(context)

    finish(context, result)
    assert (result.status, result.step) == ("stopped", 0)


def test_the_best_weights_bring_the_best_return_again(make):
    context = make("learn", JobType.LEARN, strategy="dqn", environment=CARTPOLE, min_samples=200,
                   max_iterations=60, validation_interval=20, evaluation_episodes=6,
                   seed=5)  # fmt: skip
    result = learn(context)
    finish(context, result)
    best = result.result["best"]["validation_return"]
    headline = result.result["headline"]
    assert (headline["name"], headline["value"]) == ("validation return", best)

    again = make("eval", JobType.EVALUATE, weights=context.folder / "weights/best.safetensors",
                 strategy="reward", environment=CARTPOLE, episodes=6, seed=5)  # fmt: skip
    found = runner.run(again)

    finish(again, found)
    assert found.result["mean_return"] == best
    assert found.result["headline"]["value"] == best


def test_the_reward_of_a_pool_is_the_mean_of_its_episodes(make, pools):
    pools.create("p", CHAIN, 500)
    pool = Pool(pools.path("p"))
    for reward in (1.0, 3.0):
        pool.append(np.zeros((3, 4)), np.zeros(2), np.full(2, reward), True)
    context = make("eval", JobType.EVALUATE, pool=pools.path("p"), strategy="reward",
                   environment=CHAIN, discount=0.5)  # fmt: skip

    result = rewarding.run(context, runner.EvaluateOptions(**context.job.options))

    finish(context, result)
    assert result.result["mean_return"] == pytest.approx((1.5 + 4.5) / 2)
    assert result.result["episodes"] == 2


def test_a_gang_shares_the_episodes_and_finds_the_same(make, tmp_path):
    state = build(bundled_networks()["q-network"], (4,), 2).state_dict()
    save_file(state, tmp_path / "fresh.safetensors")

    def evaluate(name: str, communicator: Communicator | None = None) -> RunResult:
        context = make(name, JobType.EVALUATE, weights=tmp_path / "fresh.safetensors", episodes=7,
                       strategy="reward", environment=CARTPOLE, discount=0.9,
                       rank=communicator.rank if communicator else 0)  # fmt: skip
        context.communicator = communicator or Communicator()
        result = runner.run(context)
        finish(context, result)
        return result

    alone = evaluate("alone")
    lead, other = run_gang(2, lambda communicator: evaluate("gang", communicator))

    assert (lead.step, other.step) == (7, 3)
    for key in ("episodes", "mean_return", "return_stdev", "min_return", "max_return"):
        assert lead.result[key] == pytest.approx(alone.result[key], rel=1e-12)
    assert lead.result["mean_length"] == alone.result["mean_length"]


def spoilt(tmp_path: Path, network: str, shape: tuple[int, ...], outputs: int) -> Path:
    """Return weights of which one is no number."""
    built = build(bundled_networks()[network], shape, outputs)
    state = {key: value.clone() for key, value in built.state_dict().items()}
    next(iter(state.values()))[0] = torch.nan
    save_file(state, tmp_path / "spoilt.safetensors")
    return tmp_path / "spoilt.safetensors"


def test_an_agent_with_weights_that_are_no_numbers_says_so(make, tmp_path):
    context = make("act", JobType.ACT, environment=CARTPOLE, max_sequences=1, frames=False,
                   weights=spoilt(tmp_path, "q-network", (4,), 2))  # fmt: skip

    with pytest.raises(InvalidDataError, match="'q-network' gives numbers that are not finite"):
        agent.run(context)


def test_the_reward_of_weights_that_are_no_numbers_is_refused(make, tmp_path):
    weights = spoilt(tmp_path, "actor", (3,), 1)
    context = make("eval", JobType.EVALUATE, network="actor", strategy="reward", episodes=1,
                   environment="Pendulum-v1", weights=weights)  # fmt: skip

    with pytest.raises(InvalidDataError, match="'actor' gives actions that are not finite"):
        runner.run(context)


def test_a_recurrent_network_acts_on_what_it_has_seen(make):
    context = make("act", JobType.ACT, network="recurrent-q-network", environment=CARTPOLE,
                   sequence_length=4, max_sequences=2, frames=False)  # fmt: skip

    result = agent.run(context)

    finish(context, result)
    assert result.result["episodes"] == 2
    assert torch.is_grad_enabled()
