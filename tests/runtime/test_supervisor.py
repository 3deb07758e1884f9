from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.processes import (
    living,
    read_supervised,
    read_target,
    write_target,
)
from jupyter_platform.runtime.supervisor import (
    Child,
    ChildSpec,
    child_environment,
    local_host_names,
    platform_children,
)
from tests.waiting import DEADLINE_S, until

DRIVER = """
import json, logging, sys
from pathlib import Path
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime import supervisor
from jupyter_platform.runtime.supervisor import ChildSpec, run_supervisor

data, runtime, specs, grace = sys.argv[1:]
supervisor.STOP_GRACE_S = float(grace)
logging.basicConfig(level=logging.INFO, stream=sys.stderr)
paths = Paths(Path(data), Path(runtime))
run_supervisor(paths, [ChildSpec(*spec) for spec in json.loads(specs)])
"""
SLEEP = ("sleep", "600")


@pytest.fixture
def supervise(paths, ended_after_test):
    """Start a supervisor of the given children; nothing of it outlives the test."""
    started = []

    def start(*specs: ChildSpec, grace_s: float = 60) -> subprocess.Popen[bytes]:
        listed = json.dumps([[spec.name, list(spec.command), spec.stop_order] for spec in specs])
        with open(paths.log("supervisor"), "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", DRIVER, paths.data, paths.runtime, listed, str(grace_s)],
                stderr=log,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
    ended_after_test += [item.pid for item in living(paths).values()]


def pid_of(paths: Paths, name: str) -> int | None:
    item = living(paths).get(name)
    return item.pid if item else None


def test_children_start_in_sessions_of_their_own_and_are_noted_down(paths, supervise, wait_for):
    supervisor = supervise(ChildSpec("one", SLEEP), ChildSpec("two", SLEEP))

    wait_for(lambda: set(living(paths)) == {"supervisor", "one", "two"})

    assert pid_of(paths, "supervisor") == supervisor.pid
    one = pid_of(paths, "one")
    assert os.getsid(one) == one
    assert os.readlink(f"/proc/{one}/cwd") == "/"


def test_killed_child_is_started_again(paths, supervise, wait_for):
    supervise(ChildSpec("one", SLEEP))
    first = wait_for(lambda: pid_of(paths, "one"))

    os.kill(first, signal.SIGKILL)

    second = wait_for(lambda: (pid := pid_of(paths, "one")) != first and pid)
    assert second != first
    assert read_supervised(paths, "one").last_end == "killed by signal 9"


def test_second_supervisor_adopts_after_kill_of_the_first(paths, supervise, wait_for):
    specs = (ChildSpec("one", SLEEP), ChildSpec("two", SLEEP))
    first = supervise(*specs)
    wait_for(lambda: len(living(paths)) == 3)
    one, two = pid_of(paths, "one"), pid_of(paths, "two")
    first.kill()
    first.wait()
    assert (pid_of(paths, "one"), pid_of(paths, "two")) == (one, two)

    second = supervise(*specs)
    wait_for(lambda: pid_of(paths, "supervisor") == second.pid)
    os.kill(one, signal.SIGKILL)

    wait_for(lambda: pid_of(paths, "one") not in (None, one))
    assert pid_of(paths, "two") == two


def test_second_supervisor_leaves_the_first_alone(paths, supervise, wait_for):
    first = supervise(ChildSpec("one", SLEEP))
    one = wait_for(lambda: pid_of(paths, "one"))

    second = supervise(ChildSpec("one", SLEEP))

    assert second.wait(DEADLINE_S) == 0
    assert pid_of(paths, "supervisor") == first.pid
    assert pid_of(paths, "one") == one


def test_down_stops_in_order_and_removes_the_files(paths, supervise, wait_for, tmp_path):
    def child(name: str, order: int) -> ChildSpec:
        script = f"trap 'echo {name} >> {tmp_path}/order; exit' TERM; while :; do sleep 0.05; done"
        return ChildSpec(name, ("sh", "-c", script), order)

    supervisor = supervise(child("last", 2), child("middle", 1), child("first", 0))
    wait_for(lambda: len(living(paths)) == 4)
    # A shell is ready for the signal a moment after it has started.
    for name in ("last", "middle", "first"):
        wait_for(lambda name=name: "1" in signals_caught(pid_of(paths, name)))
    paths.connection_file.touch()
    paths.scheduler_file.touch()

    write_target(paths, "down")

    assert supervisor.wait(DEADLINE_S) == 0
    assert (tmp_path / "order").read_text().split() == ["first", "middle", "last"]
    assert living(paths) == {}
    assert list(paths.supervised_folder.iterdir()) == []
    assert not paths.connection_file.exists()
    assert not paths.scheduler_file.exists()


def signals_caught(pid: int) -> str:
    """Return a "1" in the text when SIGTERM is caught."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigCgt"):
            return str(int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1)
    return ""


def test_child_that_ignores_sigterm_is_killed(paths, supervise, wait_for):
    command = (
        sys.executable,
        "-c",
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nopen('/dev/null')\ntime.sleep(600)",
    )
    supervisor = supervise(ChildSpec("deaf", command), grace_s=0.2)
    pid = wait_for(lambda: pid_of(paths, "deaf"))
    wait_for(lambda: sigterm_ignored(pid))

    write_target(paths, "down")

    assert supervisor.wait(DEADLINE_S) == 0
    assert living(paths) == {}


def sigterm_ignored(pid: int) -> bool:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigIgn"):
            return bool(int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1)
    return False


def test_sigterm_to_the_supervisor_stops_everything(paths, supervise, wait_for):
    supervisor = supervise(ChildSpec("one", SLEEP))
    wait_for(lambda: pid_of(paths, "one"))

    supervisor.terminate()

    assert supervisor.wait(DEADLINE_S) == 0
    assert living(paths) == {}


def test_child_that_cannot_start_is_counted_and_tried_again(paths, supervise, wait_for):
    supervise(ChildSpec("bad", ("sh", "-c", "echo no luck; exit 3")), ChildSpec("one", SLEEP))

    record = wait_for(lambda: (r := read_supervised(paths, "bad")) and r.quick_ends >= 3 and r)

    assert record.last_end == "ended with code 3"
    assert paths.log("bad").read_text().count("no luck") >= 3
    assert pid_of(paths, "one")


def test_what_has_lived_for_its_pause_is_started_at_once(paths):
    child = Child(paths, ChildSpec("sleeper", SLEEP, 0))
    pauses = []
    for lived in (0.0, 0.1, 5.0):
        child.start()
        ended = time.monotonic() + lived
        os.kill(child.record.pid, signal.SIGKILL)
        until(lambda at=ended: child.check(at) or child.record is None, "its end")
        pauses.append(child.due_at - ended)

    assert pauses[0] == pauses[2] == pytest.approx(0.2)
    assert 0.2 <= pauses[1] <= 0.3, "a second start in a row waits until 0.4 s after the first"


def test_what_other_settings_have_left_is_stopped(paths, supervise, wait_for):
    first = supervise(ChildSpec("one", SLEEP), ChildSpec("host-2", SLEEP))
    wait_for(lambda: len(living(paths)) == 3)
    one = pid_of(paths, "one")
    first.kill()
    first.wait()

    supervise(ChildSpec("one", SLEEP))

    wait_for(lambda: "host-2" not in living(paths))
    assert pid_of(paths, "one") == one


def test_supervisor_stops_when_its_folder_is_gone(paths, supervise, wait_for):
    supervisor = supervise(ChildSpec("one", SLEEP))
    one = wait_for(lambda: pid_of(paths, "one"))
    paths.runtime.rename(paths.runtime.with_name("gone"))

    assert supervisor.wait(DEADLINE_S) == 0

    assert not Path(f"/proc/{one}").exists()


def test_supervisor_leaves_folders_that_were_made_anew_to_their_own(paths, supervise, wait_for):
    first = supervise(ChildSpec("one", SLEEP))
    one = wait_for(lambda: pid_of(paths, "one"))
    paths.runtime.rename(paths.runtime.with_name("gone"))
    second = supervise(ChildSpec("two", SLEEP))
    two = wait_for(lambda: pid_of(paths, "two"))

    assert first.wait(DEADLINE_S) == 0

    assert not Path(f"/proc/{one}").exists()
    assert pid_of(paths, "supervisor") == second.pid
    assert pid_of(paths, "two") == two


def test_thread_settings_do_not_reach_children(monkeypatch):
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "KMP_AFFINITY"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("KEPT", "yes")

    environment = child_environment()

    assert environment["KEPT"] == "yes"
    assert environment["PYTHONUNBUFFERED"] == "1"
    assert not [name for name in environment if name.endswith(("_NUM_THREADS", "_AFFINITY"))]


def test_settings_say_how_many_hosts_are_started(paths):
    paths.settings_file.write_text('{"cluster": {"hosts": 3}}')
    children = platform_children(paths)

    assert [child.name for child in children] == [
        "coordinator",
        "scheduler",
        *(f"host-{name}" for name in local_host_names(3)),
    ]
    assert [child.stop_order for child in children] == [2, 1, 0, 0, 0]
    paths.settings_file.write_text("{")
    assert [child.name for child in platform_children(paths)][2:] == [
        f"host-{name}" for name in local_host_names(1)
    ]


def test_target_is_up_unless_it_says_down_or_the_folder_is_gone(paths, tmp_path):
    assert read_target(paths) == "up"
    paths.target_file.write_text("{")
    assert read_target(paths) == "up"
    write_target(paths, "down")
    assert read_target(paths) == "down"
    assert read_target(Paths(tmp_path / "x", tmp_path / "y")) == "down"
