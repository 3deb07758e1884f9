"""`jupyter_platform.report` in a job and outside of one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from jupyter_platform import report
from jupyter_platform.runtime import reporting
from tests.running.conftest import Run, until

Start = Callable[..., Run]


def test_outside_of_a_job_nothing_happens(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(reporting.VARIABLE, raising=False)
    report(1, loss=0.5)
    assert reporting._sender_of_this_process() is None


@pytest.mark.parametrize("value", ["0.5", None, True, 1j, [1.0, 2.0], np.zeros(3), torch.zeros(2)])
def test_what_is_no_number_is_refused_by_name(value: object):
    with pytest.raises(TypeError, match="loss"):
        report(1, loss=value)


@pytest.mark.parametrize("step", [-1, 2**53])
def test_steps_out_of_range_are_refused(step: int):
    with pytest.raises(ValueError, match="step"):
        report(step, loss=1.0)


@pytest.mark.parametrize("step", [1.5, True, "3"])
def test_steps_that_are_no_whole_numbers_are_refused(step: object):
    with pytest.raises(TypeError, match="step"):
        report(step, loss=1.0)  # type: ignore[arg-type]


def test_numbers_of_numpy_and_torch_are_taken():
    report(np.int64(3), total=np.int32(5), loss=np.float32(0.5), accuracy=torch.tensor(0.25))
    report(1, loss=torch.ones(1, requires_grad=True))


def test_points_progress_and_gaps_come_through(start: Start):
    code = (
        "from jupyter_platform import report\n"
        "for step in range(1000):\n"
        "    report(step, total=1000, loss=float('nan') if step == 7 else step / 2)\n"
    )
    run = start(code)
    result = run.wait()
    assert result is not None
    assert result.step == 999, run.log()
    curve = run.curve("loss")
    assert [step for step, _ in curve] == list(range(1000))
    assert np.isnan(curve[7][1])
    assert curve[8] == (8, 4.0)
    progress = run.folder.progress()
    assert progress is not None
    assert (progress.step, progress.total, progress.values["loss"]) == (999, 1000, 499.5)
    assert any("loss is not finite (step 7)" in text for text in run.warnings())


def test_points_arrive_while_the_script_runs(start: Start, tmp_path: Path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    code = f"from jupyter_platform import report\nreport(1, loss=2.0)\nopen({str(gate)!r}).read()\n"
    run = start(code)
    path = run.path / "metrics" / "loss.rec"
    until(lambda: path.exists() and path.stat().st_size == 24, run.log())
    gate.write_text("")
    run.wait()


def test_sub_processes_and_forks_report_to_the_same_job(start: Start):
    code = (
        "import os, subprocess, sys\n"
        "from jupyter_platform import report\n"
        "report(0, parent=0.0)\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    report(1, child=1.0)\n"
        "    import jupyter_platform.runtime.reporting as r\n"
        "    r._sender.flush()\n"
        "    os._exit(0)\n"
        "os.waitpid(pid, 0)\n"
        "subprocess.run([sys.executable, '-c',"
        " 'from jupyter_platform import report; report(2, grandchild=2.0)'], check=True)\n"
    )
    run = start(code)
    result = run.wait()
    assert result is not None
    assert result.status == "finished", run.log()
    assert run.curve("parent") == [(0, 0.0)]
    assert run.curve("child") == [(1, 1.0)]
    assert run.curve("grandchild") == [(2, 2.0)]


def test_steps_that_fall_are_left_out_and_told_once(start: Start):
    code = (
        "from jupyter_platform import report\n"
        "for step in (1, 2, 1, 0, 3):\n    report(step, loss=float(step))\n"
    )
    run = start(code)
    run.wait()
    assert run.curve("loss") == [(1, 1.0), (2, 2.0), (3, 3.0)]
    assert [text for text in run.warnings() if "fall" in text] == [
        "Steps of loss fall (from 2 to 1): such points are left out; give each process or phase a "
        "curve of its own."
    ]


def test_it_writes_seldom_and_whole_lines(tmp_path: Path):
    path = tmp_path / "reports.jsonl"
    path.touch()
    code = (
        "from jupyter_platform import report\n"
        "import os\nwrites = 0\nreal = os.write\n"
        "def write(*a):\n    global writes\n    writes += 1\n    return real(*a)\n"
        "os.write = write\n"
        "for step in range(50_000):\n    report(step, loss=1.0)\n"
        "import jupyter_platform.runtime.reporting as r\nr._sender.flush()\nprint(writes)\n"
    )
    environment = {**os.environ, reporting.VARIABLE: str(path)}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    lines = path.read_text().splitlines()
    assert len(lines) == 50_000
    assert json.loads(lines[-1])[1:] == [49_999, None, {"loss": 1.0}]
    assert int(answer.stdout) < 500
