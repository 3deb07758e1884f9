"""Slots, waiting and failing on a real cluster."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from jupyter_platform.core.errors import HostError
from jupyter_platform.runtime.slices import claim_slice
from tests.waiting import DEADLINE_S, until

pytestmark = pytest.mark.chaos

LAB = {"hosts": 2, "cluster__lost_after_s": 6}
ENDLESS = {"max_iterations": -1, "validation_interval": 0}


def test_two_of_two_cpus_run_on_four_and_the_third_waits_with_a_reason(lab):
    jobs = [
        lab.platform.submit(
            "LEARN", "lenet-digits", "digits", request={"cpus": 2}, name=f"job-{n}", **ENDLESS
        )
        for n in range(3)
    ]

    until(lambda: [job.refresh().record.state for job in jobs[:2]] == ["running"] * 2)
    third = until(lambda: jobs[2].refresh().record.reason and jobs[2].record)

    assert third.state == "queued"
    assert "2 CPUs" in third.reason
    status = lab.platform.status()
    assert (status.running, status.queued) == (2, 1)
    hosts = {host.description.name for host in lab.platform.hosts()}
    assert {job.record.host for job in jobs[:2]} == hosts, "they share the machine"
    if (os.cpu_count() or 1) < 4:
        assert any("overcommitted" in warning for warning in status.warnings)
    jobs[0].stop()
    until(lambda: jobs[2].refresh().record.state == "running", "the third job's turn")


def test_an_evaluation_passes_a_long_learn(lab):
    done = lab.platform.submit("LEARN", "logistic-regression", "iris", max_iterations=50)
    assert done.wait(timeout=DEADLINE_S) == "finished"
    lab.platform.submit("LEARN", "mlp", "iris", **ENDLESS)
    evaluation = lab.platform.submit("EVALUATE", "logistic-regression", "iris", tag=done.id)

    assert evaluation.wait(timeout=DEADLINE_S) == "finished"


def test_going_down_starts_nothing_in_place_of_what_it_stops(lab):
    whole = {"request": {"cpus": 2}, **ENDLESS}
    running = [lab.platform.submit("LEARN", "mlp", "iris", **whole) for _ in range(2)]
    until(lambda: all(job.refresh().record.state == "running" for job in running))
    waiting = lab.platform.submit("LEARN", "mlp", "iris", max_iterations=5)

    command = [sys.executable, "-m", "jupyter_platform.cli.main", "down", "--stop-jobs"]
    subprocess.run(command, check=True, timeout=DEADLINE_S)

    assert not lab.run_folders(waiting)
    lab.start()
    assert [job.refresh().record.state for job in running] == ["stopped"] * 2
    assert waiting.wait(timeout=DEADLINE_S) == "finished", "it was only delayed"


def test_a_lost_host_gives_its_work_to_another(lab):
    until(lambda: len(lab.platform.hosts()) == 2)
    job = lab.platform.submit(
        "LEARN",
        "lenet-digits",
        "digits",
        max_iterations=-1,
        checkpoint_interval=50,
        batch_size=256,
        validation_interval=0,
    )
    lab.until_step(job, 120)
    first = job.record.host

    lab.cut_off(first)  # for good: the last test that has two

    lab.until_resumed(job, 300)
    assert job.record.host != first
    trained = lab.stop(job)
    assert job.record.attempts[1].resume_step >= 50
    steps = job.metrics().dropna(subset=["loss"])["step"]
    assert list(steps) == list(range(1, trained + 1))
    lost = [host for host in lab.platform.hosts() if host.description.name == first]
    assert [host.state for host in lost] == ["lost"]


NETWORK = '''
import torch

class Explosive(torch.nn.Module):
    """Learns, until its tenth forward pass in training mode."""

    def __init__(self, input_shape, outputs):
        super().__init__()
        self.linear = torch.nn.Linear(4, outputs)
        self.count = 0

    def forward(self, inputs):
        if self.training:
            self.count += 1
            if self.count > 10:
                raise RuntimeError("the fuse is lit")
        return torch.log_softmax(self.linear(inputs), dim=1)
'''


@pytest.fixture
def explosive(tmp_path, monkeypatch):
    """Install a network by entry point, as a user's own package does."""
    site = tmp_path / "site"
    info = site / "explosive-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "explosive.py").write_text(NETWORK)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: explosive\nVersion: 1.0\n")
    points = "[jupyter_platform.networks]\nexplosive = explosive:Explosive\n"
    (info / "entry_points.txt").write_text(points)
    monkeypatch.setenv("PYTHONPATH", str(site))


def test_an_exception_fails_at_once_with_its_traceback(explosive, start_lab):
    lab = start_lab()
    assert "explosive" in {network.description.name for network in lab.platform.networks()}

    job = lab.platform.submit("LEARN", "explosive", "iris", max_iterations=100)

    assert job.wait(timeout=DEADLINE_S) == "failed"
    error = job.record.error
    assert (error.type, error.message) == ("RuntimeError", "the fuse is lit")
    assert "explosive.py" in error.traceback
    assert len(job.record.attempts) == 1, "an exception is not tried again"
    assert list(job.metrics().dropna(subset=["loss"])["step"]) == list(range(1, 11))


@pytest.fixture
def taken_machine():
    """Hold all CPUs; somebody's own platform beside the tests may do so already."""
    try:
        claimed = claim_slice()
    except HostError:
        yield
    else:
        yield
        claimed.release()


@pytest.mark.usefixtures("taken_machine")
def test_a_platform_says_that_another_offers_the_machine(start_lab):
    lab = start_lab(hosts=0, cluster__overcommit=False, cluster__cpus=None)

    warnings = until(lambda: lab.platform.status().warnings, "a warning")

    assert "cannot join" in warnings[0]
    assert "overcommit" in warnings[0], "it names the cure"
    job = lab.platform.submit("LEARN", "mlp", "iris", max_iterations=5)
    until(lambda: "overcommit" in (job.refresh().record.reason or ""), "the job to say so")
