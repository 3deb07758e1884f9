"""Stops that code does not listen to, and what jobs leave behind."""

from __future__ import annotations

import os

import pytest
from safetensors.numpy import load_file

from tests.waiting import DEADLINE_S, until

pytestmark = pytest.mark.chaos

STRATEGY = """
import signal
import subprocess
import time

from jupyter_platform.learning.strategies.supervised.feed_forward import FeedForward


class Stubborn(FeedForward):
    title = "Stubborn"
    count = 0

    def step(self):
        self.count += 1
        if self.count == 60:
            self.at_60()
        return super().step()

    def state_dict(self):
        return super().state_dict() | {"count": self.count}

    def load_state_dict(self, state):
        super().load_state_dict(state)
        self.count = state["count"]

    def at_60(self):
        pass
"""
KINDS = {
    "endless": """
    def validate(self):
        while self.count >= 60:
            try:
                time.sleep(0.05)
            except Exception:
                pass
        return super().validate()
""",
    "blocking": """
    def at_60(self):
        time.sleep(10**6)
""",
    "deaf": """
    def at_60(self):
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        time.sleep(10**6)
""",
    "broken": """
    def at_60(self):
        raise ValueError("this never works")
""",
    "leaving": """
    def at_60(self):
        for command in (["sleep", "612"], ["setsid", "-f", "sleep", "612"]):
            subprocess.Popen(command, start_new_session=True)
""",
}
LEARN = {"batch_size": 16, "max_iterations": -1, "validation_interval": 20, "seed": 4}


def submit(lab, tmp_path, kind, **options):
    path = tmp_path / f"{kind}.py"
    path.write_text(STRATEGY + KINDS[kind], encoding="utf-8")
    strategy = lab.platform.add_strategy(path).name
    return lab.platform.submit(
        "LEARN", "mlp", "iris", strategy=strategy, **{**LEARN, "checkpoint_interval": 25, **options}
    )


def test_what_goes_on_for_ever_hears_a_stop(start_lab, tmp_path):
    lab = start_lab(jobs__stop_grace_s=10 * DEADLINE_S)  # nothing is killed instead
    jobs = {kind: submit(lab, tmp_path, kind) for kind in ("endless", "blocking")}

    steps = dict(zip(jobs, (60, 59), strict=True))
    for kind, job in jobs.items():
        lab.until_step(job, steps[kind])
        job.stop()
    for kind, job in jobs.items():
        step, trained = steps[kind], lab.stop(job)
        assert len(job.record.attempts) == 1, kind
        assert load_file(job.weights(variant="last")), kind
        best = job.result()["best"]["step"]
        assert best in (40, 59), f"{kind}: the validation before, or that of the end"
        assert trained >= step, kind


def test_what_had_to_be_killed_says_so_and_keeps_its_checkpoint(start_lab, tmp_path):
    lab = start_lab(jobs__stop_grace_s=0.5)
    job = submit(lab, tmp_path, "deaf", tag="deaf")
    lab.until_step(job, 59)
    job.stop()

    assert job.wait(timeout=DEADLINE_S) == "failed"
    assert job.record.error.type == "Killed"
    assert job.record.error.message == "It did not stop within 0.5 s and was killed."
    kept = {item["variant"]: item["step"] for item in job._transport.get(job._path("/weights"))}
    assert kept == {"best": 40, "last": 50}
    assert any(f"step 50, is kept as deaf/last and {job.id}/last" in w for w in job.record.warnings)
    # It is told in a write of its own, after the state that was waited for.
    until(lambda: any("killed" in item.message for item in lab.platform.notifications()))


def test_a_job_that_failed_for_good_leaves_its_checkpoint_to_go_on_from(shared_lab, tmp_path):
    job = submit(shared_lab, tmp_path, "broken", max_iterations=100)

    assert job.wait(timeout=DEADLINE_S) == "failed"
    assert job.record.error.message == "this never works"
    more = shared_lab.platform.submit(
        "LEARN", "mlp", "iris", init_tag=f"{job.id}/last", **{**LEARN, "max_iterations": 5}
    )
    assert more.wait(timeout=DEADLINE_S) == "finished", more.record.error
    assert any("of step 50, is kept" in text for text in job.record.warnings)


def test_nothing_that_a_job_started_outlives_it(shared_lab, tmp_path):
    job = submit(shared_lab, tmp_path, "leaving", max_iterations=-1)
    shared_lab.until_step(job, 60)

    def left():
        return shared_lab.running("sleep", "612")

    until(lambda: len(left()) == 2, "what the job started")
    job.stop()

    assert job.wait(timeout=DEADLINE_S) == "stopped", job.record.error
    assert left() == []
    assert os.path.exists(shared_lab.run_folders(job)[0] / "exit.json")
