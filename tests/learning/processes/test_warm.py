from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.core.runs import ExitRecord, ProcessRecord, RunResult
from jupyter_platform.core.states import JobType
from jupyter_platform.runtime.identity import process_start_time
from jupyter_platform.runtime.records import read_records
from tests.waiting import DEADLINE_S


def ask(path: Path, request: object, count: int = 1) -> list[dict]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(DEADLINE_S)
        connection.connect(str(path))
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as lines:
            return [json.loads(lines.readline()) for _ in range(count)]


def answers(path: Path) -> bool:
    try:
        return "ok" in ask(path, {"ping": True})[0]
    except OSError:
        return False


@pytest.fixture
def parent():
    """Return a process that stands for the host agent."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()
    assert process.stdin is not None
    process.stdin.close()


@pytest.fixture
def warm(parent, socket_path, wait_for):
    """Return the socket of a warm process that is ready, and the process."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "jupyter_platform.learning.processes.warm",
            str(socket_path),
            str(parent.pid),
        ]
    )
    wait_for(lambda: answers(socket_path))
    yield socket_path, process
    process.kill()
    process.wait()


def start(path: Path, run: Path, **env: str) -> dict:
    return ask(path, {"run_folder": str(run), "env": env})[0]


def result_of(run: Path) -> RunResult:
    return RunResult.model_validate_json((run / "result.json").read_bytes())


def process_of(run: Path) -> ProcessRecord:
    return ProcessRecord.model_validate_json((run / "process.json").read_bytes())


def ended(run: Path) -> ExitRecord | None:
    path = run / "exit.json"
    return ExitRecord.model_validate_json(path.read_bytes()) if path.exists() else None


def test_forked_run_writes_what_a_cold_one_does(warm, make_run, wait_for):
    path, _ = warm
    options = {"method": "ADAM", "max_iterations": 60, "validation_interval": 20}
    hot = make_run("hot", JobType.LEARN, "lenet-digits", "digits", **options)
    cold = make_run("cold", JobType.LEARN, "lenet-digits", "digits", **options)

    assert start(path, hot)["ok"] is True
    assert (hot / "process.json").exists()
    wait_for(lambda: ended(hot))
    command = [sys.executable, "-m", "jupyter_platform.learning.processes.process", str(cold)]
    assert subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0

    assert ended(hot).code == 0
    assert result_of(hot).status == "finished"
    file = "weights/last.safetensors"
    assert (hot / file).read_bytes() == (cold / file).read_bytes()
    assert "training" in (hot / "output.log").read_text()


def test_failed_run_has_exit_code_1(warm, make_run, wait_for):
    path, _ = warm
    run = make_run("l", JobType.LEARN, "lenet", "digits")
    start(path, run)
    wait_for(lambda: ended(run))

    assert ended(run).code == 1
    assert result_of(run).status == "failed"


def test_runs_survive_the_warm_process_and_stop_when_asked(warm, make_run, wait_for):
    path, process = warm
    run = make_run("l", JobType.LEARN, "mlp", "iris", max_iterations=-1)
    start(path, run)
    wait_for(lambda: len(read_records(run / "metrics" / "loss.rec")) > 0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    reached = read_records(run / "metrics" / "loss.rec")["step"][-1]
    wait_for(lambda: read_records(run / "metrics" / "loss.rec")["step"][-1] > reached)

    os.kill(process_of(run).pid, signal.SIGTERM)
    wait_for(lambda: ended(run))

    assert ended(run).code == 0
    assert result_of(run).status == "stopped"


def test_killed_run_is_recorded_as_killed(warm, make_run, wait_for):
    path, _ = warm
    run = make_run("l", JobType.LEARN, "mlp", "iris", max_iterations=-1)
    start(path, run)
    os.kill(process_of(run).pid, signal.SIGKILL)
    wait_for(lambda: ended(run))

    assert (ended(run).code, ended(run).signal) == (None, signal.SIGKILL)
    assert not (run / "result.json").exists()


def test_it_ends_with_its_parent_and_its_runs_go_on(warm, parent, make_run, wait_for):
    path, process = warm
    run = make_run("l", JobType.LEARN, "mlp", "iris", max_iterations=-1)
    start(path, run)
    parent.kill()
    parent.wait()

    assert process.wait() == 0
    assert not path.exists()
    record = process_of(run)
    assert process_start_time(record.pid) == record.start_time
    os.kill(record.pid, signal.SIGTERM)
    wait_for(lambda: ended(run))


def test_it_forks_an_inspector_that_ends_with_the_parent(warm, parent, wait_for):
    path, _ = warm
    inspector = path.with_name("i")
    description = bundled_networks()["lenet"].model_dump(mode="json")
    assert ask(path, {"inspector": str(inspector)})[0]["ok"] is True
    wait_for(inspector.exists)

    question = {"id": 4, "op": "network", "description": description}
    answer = ask(inspector, question)[0]
    assert (answer["id"], answer["ok"]["parameters"]) == (4, 61_706)
    refused = ask(inspector, {"id": 5, "op": "nope"})[0]
    assert (refused["id"], refused["error"]["code"]) == (5, "invalid_request")

    parent.kill()
    parent.wait()
    wait_for(lambda: not inspector.exists())


def test_the_door_is_closed_to_others(warm):
    path, _ = warm

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"run_folder": "/nowhere"}, "no spec.json in /nowhere"),
        ({"start": 1}, "holds run_folder, inspector or ping"),
        ([1], "a JSON object, not list"),
    ],
)
def test_bad_requests_are_answered(warm, request_, words):
    path, _ = warm

    assert words in ask(path, request_)[0]["error"]["message"]
    assert answers(path)


def spares_of(pid: int) -> list[int]:
    """Return the pids of a warm process's children and grandchildren."""
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def waiting(pid: int) -> list[int]:
    """Return those of them that wait for something to read from a pipe."""
    return [
        spare for spare in spares_of(pid) if "pipe_read" in Path(f"/proc/{spare}/wchan").read_text()
    ]


def test_a_spare_stands_by_and_runs_what_comes(warm, make_run, wait_for):
    path, process = warm
    wait_for(lambda: len(spares_of(process.pid)) == 2)
    spares = spares_of(process.pid)

    run = make_run("spare", JobType.LEARN, "mlp", "iris", max_iterations=5)
    assert start(path, run)["ok"]

    assert process_of(run).pid in spares
    assert process_of(run).shim_pid in spares
    wait_for(lambda: ended(run))
    assert result_of(run).status == "finished"
    wait_for(lambda: len(spares_of(process.pid)) == 2)


def test_a_killed_spare_is_no_loss(warm, make_run, wait_for):
    path, process = warm
    wait_for(lambda: len(spares_of(process.pid)) == 2)
    os.kill(psutil.Process(process.pid).children()[0].pid, signal.SIGKILL)

    run = make_run("after", JobType.LEARN, "mlp", "iris", max_iterations=5)
    assert start(path, run)["ok"]

    wait_for(lambda: ended(run))
    assert result_of(run).status == "finished"


def test_spares_end_with_the_warm_process(warm, wait_for):
    path, process = warm
    wait_for(lambda: len(spares_of(process.pid)) == 2)
    assert ask(path, {"inspector": str(path.with_name("i.sock"))})[0]["ok"]
    wait_for(lambda: len(waiting(process.pid)) == 2)
    spares = waiting(process.pid)

    process.kill()
    process.wait()

    wait_for(lambda: not any(psutil.pid_exists(pid) for pid in spares))
