"""Kill -9 of every process, while a network learns."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.waiting import DEADLINE_S, until

pytestmark = pytest.mark.chaos

LAB = {"jobs__retries": 1}
LEARN = {
    "method": "ADAM",
    "batch_size": 64,
    "max_iterations": -1,
    "validation_interval": 250,
    "checkpoint_interval": 100,
    "seed": 7,
}


def submit(lab, **options):
    return lab.platform.submit("LEARN", "lenet-digits", "digits", **{**LEARN, **options})


def assert_every_step_once(job, steps):
    curve = job.metrics()
    loss = curve.dropna(subset=["loss"])
    np.testing.assert_array_equal(loss["step"], np.arange(1, steps + 1))
    assert np.isfinite(loss["loss"]).all()
    validated = curve.dropna(subset=["validation_loss"])["step"]
    assert validated.is_unique
    interval = LEARN["validation_interval"]
    assert sorted({*validated, steps}) == sorted({*range(interval, steps, interval), steps})


def test_training_outlives_our_own_processes(lab):
    job = submit(lab)
    lab.until_step(job, 200)

    for victims in (
        ("coordinator",),
        ("scheduler",),
        ("host",),
        ("supervisor",),
        ("supervisor", "host", "scheduler", "coordinator"),
    ):
        killed = lab.kill(*victims)
        # Farther than anybody of before can have told: somebody new does.
        lab.until_step(job, lab.step(job) + 500)
        lab.until_back(*victims, other_than=killed)
        again = submit(lab, max_iterations=5)
        assert again.wait(timeout=DEADLINE_S) == "finished", f"no work is taken after {victims}"
    trained = lab.stop(job)

    assert_every_step_once(job, trained)
    assert [attempt.number for attempt in job.record.attempts] == [1], "it never stopped training"


def test_a_killed_torch_process_resumes_to_the_same_weights(shared_lab):
    job = submit(shared_lab)
    shared_lab.until_step(job, 450)

    os.kill(shared_lab.torch_pid(job), signal.SIGKILL)
    shared_lab.until_resumed(job, 600)
    trained = shared_lab.stop(job)
    undisturbed = submit(shared_lab, max_iterations=trained)
    assert undisturbed.wait(timeout=DEADLINE_S) == "finished"

    resumed = [attempt.resume_step for attempt in job.record.attempts]
    assert len(resumed) == 2
    assert resumed[1] >= 100
    assert_every_step_once(job, trained)
    for variant in ("last", "best"):
        weights = load_file(job.weights(variant=variant))
        expected = load_file(undisturbed.weights(variant=variant))
        assert weights.keys() == expected.keys()
        for name in weights:
            assert weights[name].tobytes() == expected[name].tobytes(), name
    curve, whole = job.metrics(), undisturbed.metrics()
    np.testing.assert_array_equal(curve["loss"], whole["loss"])


def test_a_job_that_is_killed_again_and_again_fails_with_the_reason(lab):
    job = submit(lab)

    for attempt in (1, 2):
        until(
            lambda n=attempt: (
                len(lab.run_folders(job)) == n
                and (lab.run_folders(job)[-1] / "process.json").exists()
            ),
            what=f"attempt {attempt}",
        )
        os.kill(lab.torch_pid(job), signal.SIGKILL)

    assert job.wait(timeout=DEADLINE_S) == "failed"
    assert "9" in job.record.error.message or "kill" in job.record.error.message.lower()


def test_stop_leaves_weights_and_the_whole_curve(shared_lab):
    job = submit(shared_lab)
    shared_lab.until_step(job, 150)
    steps_seen = job.record.progress.step

    job.stop()
    assert job.wait(timeout=DEADLINE_S) == "stopped"

    assert job.record.target == "stop"
    assert job.result()["steps"] >= steps_seen
    assert load_file(job.weights(variant="last"))
    loss = job.metrics().dropna(subset=["loss"])
    np.testing.assert_array_equal(loss["step"], np.arange(1, job.result()["steps"] + 1))


def test_a_restarted_coordinator_still_knows_the_queue(lab):
    whole = {"request": {"cpus": 2}}
    running = submit(lab, name="first", **whole)
    lab.until_step(running, 20)
    waiting = [submit(lab, max_iterations=3, name=f"waiting-{n}", **whole) for n in range(3)]

    lab.kill("coordinator", "supervisor")

    assert [job.refresh().record.state for job in waiting] == ["queued"] * 3
    running.stop()
    assert [job.wait(timeout=DEADLINE_S) for job in waiting] == ["finished"] * 3
    started = [job.record.started_at for job in waiting]
    assert started == sorted(started), "they start in the order of their submission"
