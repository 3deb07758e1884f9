"""What people and disks do to the platform's files while a network learns."""

from __future__ import annotations

import os
import shutil

import numpy as np
import psutil
import pytest

from jupyter_platform import Platform
from jupyter_platform.core.errors import ConflictError
from tests.waiting import DEADLINE_S, until

pytestmark = pytest.mark.chaos

LEARN = {
    "method": "ADAM",
    "batch_size": 64,
    "max_iterations": -1,
    "validation_interval": 0,
    "checkpoint_interval": 100,
    "seed": 7,
}


def submit(lab, **options):
    return lab.platform.submit("LEARN", "lenet-digits", "digits", **{**LEARN, **options})


def test_a_run_whose_folder_and_curves_are_removed_goes_on_from_its_checkpoint(shared_lab):
    job = submit(shared_lab)
    shared_lab.until_step(job, 250)
    (folder,) = shared_lab.run_folders(job)
    pid = shared_lab.torch_pid(job)

    folder.rename(folder.with_name("aside"))

    until(lambda: not psutil.pid_exists(pid), "the end of a process that nobody could stop")
    shared_lab.until_resumed(job, 400)
    trained = shared_lab.stop(job)
    first, second = job.record.attempts
    assert first.error.message == "Its run folder was removed from its host."
    assert second.resume_step >= 201
    steps = job.metrics().dropna(subset=["loss"])["step"]
    np.testing.assert_array_equal(steps, np.arange(1, trained + 1))


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 16, 23])
def test_a_curve_that_is_cut_within_a_record_while_its_job_runs_has_no_false_point(
    shared_lab, kept
):
    job = submit(shared_lab)
    shared_lab.until_step(job, 100)
    (folder,) = shared_lab.run_folders(job)

    os.truncate(folder / "metrics" / "loss.rec", 50 * 24 + kept)
    cut_at = shared_lab.step(job)
    shared_lab.until_step(job, cut_at + 200)
    trained = shared_lab.stop(job)

    points = job.metrics().dropna(subset=["loss"])
    steps = points["step"].to_numpy()
    assert len(steps) >= trained - cut_at
    assert set(steps) <= set(range(1, trained + 1))
    assert (np.diff(steps) > 0).all()
    assert points["loss"].between(1e-4, 10).all()
    assert steps[-1] == trained


@pytest.mark.parametrize("content", [None, b"", b"{"])
def test_a_connection_file_that_is_removed_or_damaged_is_written_again(shared_lab, content):
    file = shared_lab.paths.connection_file
    before, coordinator = file.read_bytes(), shared_lab.pids("coordinator")
    if content is None:
        file.unlink()
        # Those who look meanwhile wait for it, and start no other.
        assert Platform(start=False).status().hosts == 1
    else:
        file.write_bytes(content)

    until(lambda: file.exists() and file.read_bytes() == before, "what stood in it")
    assert file.stat().st_mode & 0o777 == 0o600
    assert shared_lab.pids("coordinator") == coordinator


def test_a_platform_that_is_shut_down_is_gone_and_finds_its_job_again(lab):
    job = submit(lab)
    lab.until_step(job, 50)
    with pytest.raises(ConflictError, match="1 job"):
        lab.platform.shutdown()

    lab.platform.shutdown(force=True)

    assert lab.pids("coordinator") + lab.pids("scheduler") + lab.pids("host") == []
    # What is left learns, or bore the process that does.
    learner = lab.torch_pid(job)
    kept = {learner, psutil.Process(learner).ppid()}
    until(lambda: {item.pid for item in lab.processes()} == kept, "the end of all others")
    lab.start()
    again = lab.platform.job(job.id)
    lab.until_step(again, lab.step(again) + 50)
    again.stop()
    assert again.wait(timeout=DEADLINE_S) == "stopped"
    assert len(again.record.attempts) == 1


def test_the_end_of_the_store_is_damaged_and_nothing_is_lost_in_silence(lab):
    kept = submit(lab, max_iterations=5, name="kept")
    assert kept.wait(timeout=DEADLINE_S) == "finished"
    lab.kill("supervisor")
    log = lab.paths.data / "platform.db-wal"
    lost_from = log.stat().st_size
    lost = submit(lab, name="lost")
    lab.until_step(lost, 150)
    (folder,) = lab.run_folders(lost)
    pid = lab.torch_pid(lost)
    lab.kill("coordinator")
    with open(log, "r+b") as file:
        file.seek(lost_from + 24)
        file.write(os.urandom(64))

    lab.start()

    # What came before is there, what is not is told, and it ends by itself with its weights.
    assert kept.refresh().record.state == "finished"
    told = until(lambda: [note.message for note in lab.platform.notifications()], "a word")
    assert any("The state store was damaged: its last" in text for text in told), told
    assert (lab.paths.data / "platform.db-wal.damaged").exists()
    until(lambda: not psutil.pid_exists(pid), "the end of the process")
    result = folder / "result.json"
    assert '"status":"stopped"' in result.read_text(encoding="utf-8")
    assert (folder / "weights" / "last.safetensors").exists()
    notes = until(
        lambda: [n.message for n in lab.platform.notifications() if lost.id in n.message],
        what="a word about the job",
    )
    assert "does not know it" in notes[0]
    again = submit(lab, max_iterations=5)
    assert again.wait(timeout=DEADLINE_S) == "finished"
    assert folder.exists()


def test_a_platform_whose_folders_are_removed_leaves_no_process_behind(lab):
    job = submit(lab)
    lab.until_step(job, 50)
    assert len(lab.processes()) >= 5

    for folder in (lab.paths.data, lab.paths.runtime):
        until(lambda at=folder: shutil.rmtree(at, ignore_errors=True) or not at.exists())

    until(lambda: not lab.processes(), "the end of all processes, so that none starts others")
