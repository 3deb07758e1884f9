"""Code of one's own goes on when the platform is killed, and starts anew when it is itself."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.waiting import DEADLINE_S, until

pytestmark = pytest.mark.chaos

SCRIPT = """
import pathlib, time
from jupyter_platform import report

report(0, total=2, loss=1.0)
print("begun")
while not pathlib.Path("gate").exists():
    time.sleep(0.05)
report(1, total=2, loss=0.5)
print("done")
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    path = folder / "train.py"
    path.write_text(SCRIPT)
    return path


def test_it_outlives_coordinator_host_and_supervisor(lab, script: Path):
    job = lab.platform.submit("RUN", script)
    until(lambda: "begun" in job.log(), "the script has begun")

    gone = lab.kill("coordinator", "supervisor", "host")
    lab.start()
    lab.until_back("coordinator", "host", other_than=gone)
    (script.parent / "gate").touch()

    assert job.wait(timeout=DEADLINE_S) == "finished"
    assert job.log() == "begun\ndone\n"
    assert job.metrics()["loss"].tolist() == [1.0, 0.5]
    assert len(job.record.attempts) == 1


def test_it_starts_anew_when_it_was_killed(lab, script: Path):
    job = lab.platform.submit("RUN", script, outputs="gate")
    until(lambda: "begun" in job.log(), "the script has begun")

    record = json.loads((lab.run_folders(job)[-1] / "process.json").read_text())
    os.kill(record["pid"], signal.SIGKILL)
    until(lambda: job.log().count("begun") == 2, "the second attempt")
    (script.parent / "gate").touch()

    assert job.wait(timeout=DEADLINE_S) == "finished"
    assert [attempt.number for attempt in job.record.attempts] == [1, 2]
    assert job.metrics()["loss"].tolist() == [1.0, 0.5]
    assert "gate" in job.files()
