"""What every back end keeps to, tried on the hosts of this machine under a real supervisor."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from jupyter_platform.cluster.backends import configured_backends
from jupyter_platform.cluster.backends.local import LocalBackend
from jupyter_platform.core.errors import HostError, NotFoundError
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.processes import living, write_target
from jupyter_platform.runtime.supervisor import configured_hosts
from tests.waiting import until

SUPERVISOR = """
import json, sys
from pathlib import Path
from jupyter_platform.runtime import supervisor
from jupyter_platform.runtime.paths import Paths

data, runtime, command, grace = sys.argv[1:]
supervisor.STOP_GRACE_S = float(grace)
paths = Paths(Path(data), Path(runtime))
hosts = supervisor.configured_hosts(paths)
specs = [supervisor.ChildSpec("host-" + name, json.loads(command)) for name in hosts]
supervisor.run_supervisor(paths, specs)
"""
SLEEP = ("sleep", "600")
DEAF = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)",
)


@pytest.fixture
def paths(tmp_path):
    made = Paths(
        data=tmp_path / "data" / "jupyter_platform", runtime=tmp_path / "run" / "jupyter_platform"
    ).ensure()
    made.settings_file.write_text('{"cluster": {"hosts": 2}}')
    return made


@pytest.fixture
def supervise(paths):
    """Start a supervisor of hosts that run the given command."""
    started = []

    def start(command=SLEEP, grace_s=60):
        arguments = [paths.data, paths.runtime, json.dumps(command), str(grace_s)]
        process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, *arguments], start_new_session=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
    for item in living(paths).values():
        psutil.Process(item.pid).kill()


def states(paths):
    """Return what a back end that has just been made knows."""
    (backend,) = configured_backends(paths)
    return [managed.state for managed in backend.hosts().values()]


def test_hosts_of_this_machine_outlive_nobody_but_their_work_does(paths):
    (backend,) = configured_backends(paths)

    assert backend.name == "local"
    assert backend.work_survives
    assert list(backend.hosts()) == configured_hosts(paths)


def test_host_is_stopped_and_started_while_the_others_go_on(paths, supervise):
    supervise()
    until(lambda: states(paths) == ["running", "running"])
    first, second = configured_hosts(paths)
    before = living(paths)

    LocalBackend(paths).stop(first)
    until(lambda: states(paths) == ["stopped", "running"])
    LocalBackend(paths).stop(first)
    assert living(paths)[f"host-{second}"] == before[f"host-{second}"]

    LocalBackend(paths).start(first)
    until(lambda: states(paths) == ["running", "running"])
    pid = living(paths)[f"host-{first}"].pid
    LocalBackend(paths).start(first)

    assert pid != before[f"host-{first}"].pid
    assert living(paths)[f"host-{first}"].pid == pid


def test_each_step_is_known_whoever_is_killed_between(paths, supervise):
    first, _ = configured_hosts(paths)
    assert states(paths) == ["starting", "starting"]
    LocalBackend(paths).stop(first)
    assert states(paths) == ["stopped", "starting"]

    supervisor = supervise()
    until(lambda: states(paths) == ["stopped", "running"])
    supervisor.kill()
    supervisor.wait()
    LocalBackend(paths).start(first)
    assert states(paths) == ["starting", "running"]

    supervise()
    until(lambda: states(paths) == ["running", "running"])


def test_host_that_will_not_stop_is_killed(paths, supervise):
    supervise(DEAF, grace_s=0.2)
    until(lambda: states(paths) == ["running", "running"])
    first, _ = configured_hosts(paths)

    LocalBackend(paths).stop(first)

    until(lambda: states(paths) == ["stopped", "running"])


def test_host_that_dies_is_started_again_by_the_supervisor(paths, supervise):
    supervise()
    until(lambda: states(paths) == ["running", "running"])
    first, _ = configured_hosts(paths)
    pid = living(paths)[f"host-{first}"].pid

    os.kill(pid, signal.SIGKILL)

    def came_back():
        item = living(paths).get(f"host-{first}")
        return item is not None and item.pid != pid

    until(came_back)


def test_host_that_dies_at_once_says_why(paths, supervise):
    supervise(("sh", "-c", "exit 3"))
    first, second = configured_hosts(paths)

    def failed():
        hosts = LocalBackend(paths).hosts()
        return hosts if {item.state for item in hosts.values()} == {"failed"} else None

    found = until(failed)[first].reason
    assert found.startswith("Its process ended with code 3; its log: ")
    assert found.endswith(f"host-{first}.log")
    paths.host(second).mkdir()
    paths.host_problem(second).write_text('{"message": "Its name is taken."}')
    assert until(failed)[second].reason == "Its name is taken."


def test_stop_lasts_until_the_platform_goes_down(paths, supervise):
    supervisor = supervise()
    until(lambda: states(paths) == ["running", "running"])
    first, _ = configured_hosts(paths)
    LocalBackend(paths).stop(first)

    write_target(paths, "down")

    assert supervisor.wait(60) == 0
    assert states(paths) == ["starting", "starting"]


@pytest.mark.parametrize("action", ["start", "stop"])
def test_host_of_somebody_else_is_refused(paths, action):
    with pytest.raises(NotFoundError, match="Unknown host 'elsewhere'"):
        getattr(LocalBackend(paths), action)("elsewhere")


def test_target_that_cannot_be_written_is_told(paths):
    first, _ = configured_hosts(paths)
    (paths.runtime / "targets").write_text("in the way")

    with pytest.raises(HostError, match="cannot be written down"):
        LocalBackend(paths).stop(first)
