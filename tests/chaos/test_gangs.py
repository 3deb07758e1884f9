"""Several processes that learn one network, and one of them is killed."""

from __future__ import annotations

import functools
import json
import os
import signal

import numpy as np
import pytest
from safetensors.numpy import load_file

from jupyter_platform import Platform
from jupyter_platform.core.errors import InvalidRequestError
from tests.waiting import DEADLINE_S, until

pytestmark = pytest.mark.chaos

LAB = {"hosts": 2}
LEARN = {
    "method": "ADAM",
    "batch_size": 32,
    # Long enough to be at it still when a test that has seen a step comes to kill it.
    "max_iterations": 1000,
    "validation_interval": 250,
    "checkpoint_interval": 50,
    "seed": 7,
}

NEVER = 1_000_000
"""Updates that no test lives to see."""

DROPPING = {
    "name": "dropping",
    "task": "classification",
    "layers": [
        {"type": "Flatten"},
        {"type": "Linear", "in_features": "$features", "out_features": 32},
        {"type": "ReLU"},
        {"type": "Dropout", "p": 0.5},
        {"type": "Linear", "in_features": 32, "out_features": "$outputs"},
        {"type": "LogSoftmax", "dim": 1},
    ],
}


def submit(lab, **options):
    return lab.platform.submit(
        "LEARN", "lenet-digits", "digits", **{"target_count": 2, **LEARN, **options}
    )


def pid_of(lab, job, rank, attempt=1):
    pattern = f"hosts/*/runs/{job.id}/{attempt}/{rank}/process.json"
    (path,) = until(lambda: list(lab.paths.data.glob(pattern)), f"rank {rank}")
    return json.loads(path.read_text())["pid"]


def assert_whole(job, steps):
    """Every rank has every step once, and they saw different samples."""
    curve = job.metrics()
    for series in ("loss", "loss@1"):
        points = curve.dropna(subset=[series])
        np.testing.assert_array_equal(points["step"], np.arange(1, steps + 1))
        assert np.isfinite(points[series]).all()
    assert not np.array_equal(curve["loss"], curve["loss@1"])


def test_a_killed_rank_restarts_the_gang_from_its_checkpoint(shared_lab):
    job = submit(shared_lab, sync_interval=20)
    shared_lab.until_step(job, 120)

    os.kill(pid_of(shared_lab, job, 1), signal.SIGKILL)

    assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error
    first, second = job.record.attempts
    assert first.error.message == "Rank 1: The process was killed by signal 9 (SIGKILL)."
    assert second.resume_step >= 51
    assert_whole(job, LEARN["max_iterations"])
    assert job.result()["ranks"] == 2
    assert job.result()["best"]["validation_accuracy"] > 0.8


def test_a_gang_in_step_that_was_killed_learns_what_an_undisturbed_one_does(shared_lab):
    job = submit(shared_lab)
    shared_lab.until_step(job, 120)
    os.kill(pid_of(shared_lab, job, 0), signal.SIGKILL)
    assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error
    undisturbed = submit(shared_lab)
    assert undisturbed.wait(timeout=DEADLINE_S) == "finished"

    weights, expected = (load_file(one.weights(variant="last")) for one in (job, undisturbed))

    for name in expected:
        assert weights[name].tobytes() == expected[name].tobytes(), name


def learn_with_drawing_layers(platform, interval):
    return platform.submit(
        "LEARN", "dropping", "digits", target_count=2, sync_interval=interval,
        horizontal_flip=0.5, rotation=[-10, 10], **LEARN,
    )  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(shared_paths, tmp_path_factory):
    """Return a function that gives the finished job of an interval that nobody disturbed."""
    file = tmp_path_factory.mktemp("networks") / "dropping.json"
    file.write_text(json.dumps(DROPPING))
    with Platform() as platform:
        platform.import_network(file, "dropping")

        @functools.cache
        def of(interval):
            job = learn_with_drawing_layers(platform, interval)
            assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error
            return job

        yield of


@pytest.mark.parametrize("interval", [1, 5])
@pytest.mark.parametrize("killed", [0, 1])
def test_what_layers_draw_at_random_goes_on_after_a_kill_as_it_was(
    shared_lab, undisturbed, interval, killed
):
    """Each rank drops other units and turns other pictures, and differs between averagings."""
    whole = undisturbed(interval)
    job = learn_with_drawing_layers(shared_lab.platform, interval)
    shared_lab.until_step(job, 120)
    os.kill(pid_of(shared_lab, job, killed), signal.SIGKILL)
    assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error
    assert job.record.attempts[-1].resume_step > 50

    for series in ("loss", "loss@1"):
        curve, expected = (one.metrics().dropna(subset=[series]) for one in (job, whole))
        np.testing.assert_array_equal(curve[series], expected[series], err_msg=series)
    weights, expected = (load_file(one.weights(variant="last")) for one in (job, whole))
    for name in expected:
        assert weights[name].tobytes() == expected[name].tobytes(), name


def test_a_gang_over_two_hosts_outlives_its_coordinator_and_stops_at_once(lab):
    job = submit(lab, request={"cpus": 2}, max_iterations=-1, sync_interval=NEVER)
    lab.until_step(job, 60)
    assert len({path.parents[3].name for path in lab.run_folders(job)}) == 2

    lab.kill("coordinator", "scheduler", "host")
    lab.start()
    lab.until_step(job, lab.step(job) + 50)
    job.stop()

    assert job.wait(timeout=DEADLINE_S) == "stopped", job.record.error
    assert len(job.record.attempts) == 1, "it never stopped training"
    assert load_file(job.weights(variant="last"))


def test_a_gang_that_cannot_learn_fails_once_and_names_the_rank(shared_lab):
    job = submit(shared_lab, learning_rate=1e30, method="SGD", nan_retries=0)

    assert job.wait(timeout=DEADLINE_S) == "failed"
    assert job.record.error.message.startswith("Rank ")
    assert "not finite" in job.record.error.message
    assert len(job.record.attempts) == 1


def test_three_processes_share_uneven_parts_over_two_hosts(lab):
    job = submit(lab, target_count=3, max_iterations=30, checkpoint_interval=0)
    assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error
    assert len({path.parents[3].name for path in lab.run_folders(job)}) == 2
    assert job.result()["ranks"] == 3

    def evaluate(test_set, count=1):
        found = lab.platform.submit(
            "EVALUATE", "lenet-digits", "digits", tag=job.id, test_set=test_set, target_count=count
        )
        assert found.wait(timeout=DEADLINE_S) == "finished", found.record.error
        return found.result()

    for test_set in ("1437,1442", "1437,1440"):  # five samples, then one for each process
        alone, shared = evaluate(test_set), evaluate(test_set, count=3)
        assert shared["samples"] == alone["samples"]
        assert shared["accuracy"] == alone["accuracy"]
        assert shared["confusion"] == alone["confusion"]
        assert shared["loss"] == pytest.approx(alone["loss"], rel=1e-6)
    with pytest.raises(InvalidRequestError, match="3 is more than the 2 samples of test_set"):
        evaluate("1437,1439", count=3)
    wide = submit(lab, target_count=5)
    assert "all hosts together have room for 4" in wide.record.warnings[0]
    wide.stop()

    # Any host answers questions, with the files that it lacks.
    predicted = lab.platform.predict("lenet-digits", samples=[1437, 1438], tag=job.id)
    assert len(predicted.predicted) == 2
