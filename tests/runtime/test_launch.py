from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from jupyter_platform.core.errors import CoordinatorError, VersionMismatchError
from jupyter_platform.core.settings import ClusterSettings, Settings
from jupyter_platform.runtime import launch
from jupyter_platform.runtime.connection import PROTOCOL, read_connection
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.processes import living, read_target, write_target
from tests.waiting import DEADLINE_S

COORDINATOR = """
import http.server, os, socket, sys
from jupyter_platform.runtime.connection import Connection, write_connection
from jupyter_platform.runtime.identity import boot_id, process_start_time
from jupyter_platform.runtime.paths import Paths

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/api/health" else 404)
        self.end_headers()

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
write_connection(Paths.default(), Connection(
    url=f"http://127.0.0.1:{server.server_port}", token="t", pid=os.getpid(),
    start_time=process_start_time(os.getpid()), boot_id=boot_id(), hostname=socket.gethostname(),
    user="me", version="0.0.1", protocol=int(sys.argv[1]), data_dir=str(Paths.default().data)))
server.serve_forever()
"""
SUPERVISOR = """
import json, sys
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.supervisor import ChildSpec, become_daemon, run_supervisor

paths = Paths.default().ensure()
if become_daemon(str(paths.log("supervisor"))):
    run_supervisor(paths, [ChildSpec("coordinator", json.loads(sys.argv[1]))])
"""


@pytest.fixture
def stand_in(paths, monkeypatch, ended_after_test):
    """Let the real supervisor keep a command of the test's as the coordinator."""
    command: list[str] = []

    def start_supervisor(paths: Paths) -> None:
        environment = os.environ | {
            "JUPYTER_DATA_DIR": str(paths.data.parent),
            "JUPYTER_RUNTIME_DIR": str(paths.runtime.parent),
        }
        subprocess.run(
            [sys.executable, "-c", SUPERVISOR, json.dumps(command)],
            env=environment,
            check=True,
            timeout=DEADLINE_S,
        )

    monkeypatch.setattr(launch, "start_supervisor", start_supervisor)
    yield command
    write_target(paths, "down")
    ended_after_test += [item.pid for item in living(paths).values()]


@pytest.fixture
def coordinator(stand_in):
    stand_in[:] = [sys.executable, "-c", COORDINATOR, str(PROTOCOL)]


def test_coordinator_is_started_once_and_found_again(paths, coordinator):
    said = []

    first = launch.ensure_coordinator(paths, on_progress=lambda text, _: said.append(text))
    second = launch.ensure_coordinator(paths, on_progress=lambda text, _: said.append(text))

    assert first == second == read_connection(paths)
    assert launch.is_healthy(first.url)
    assert said[0] == "Starting the coordinator"
    assert set(living(paths)) == {"supervisor", "coordinator"}


def test_many_at_once_start_one(paths, coordinator):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(launch.ensure_coordinator(paths)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    assert len({connection.pid for connection in found}) == 1


def test_everything_killed_is_started_again_with_the_same_settings(paths, coordinator):
    settings = Settings(cluster=ClusterSettings(hosts=2, overcommit=True))
    first = launch.ensure_coordinator(paths, settings=settings)
    for item in living(paths).values():
        os.kill(item.pid, signal.SIGKILL)

    second = launch.ensure_coordinator(paths)

    assert second.pid != first.pid
    assert Settings.model_validate_json(paths.settings_file.read_bytes()) == settings


def test_down_stops_it_and_up_starts_it_again(paths, coordinator):
    first = launch.ensure_coordinator(paths)

    assert launch.request_down(paths) is True
    assert living(paths) == {}
    assert read_connection(paths) is None
    assert launch.request_down(paths) is False

    assert launch.ensure_coordinator(paths).pid != first.pid


def test_start_while_it_is_going_down_waits_for_that(paths, coordinator):
    first = launch.ensure_coordinator(paths)
    write_target(paths, "down")
    os.kill(first.pid, signal.SIGKILL)

    second = launch.ensure_coordinator(paths)

    assert second.pid != first.pid
    assert read_target(paths) == "up"
    assert launch.is_healthy(second.url)


def test_down_without_a_supervisor_stops_what_it_left(paths, coordinator):
    launch.ensure_coordinator(paths)
    os.kill(living(paths)["supervisor"].pid, signal.SIGKILL)

    assert launch.request_down(paths) is True

    assert living(paths) == {}


def test_failed_start_gives_the_reason_from_the_log_and_leaves_nothing(paths, stand_in):
    stand_in[:] = ["sh", "-c", "echo 'Port 8123 is in use by another program.'; exit 1"]
    paths.log("coordinator").write_text("an old line\n")

    with pytest.raises(CoordinatorError) as caught:
        launch.ensure_coordinator(paths)

    assert "it ended with code 1" in caught.value.message
    assert "Port 8123 is in use" in caught.value.message
    assert "an old line" not in caught.value.message
    assert living(paths) == {}


def test_coordinator_that_never_answers_is_given_up(paths, stand_in):
    stand_in[:] = ["sleep", "600"]

    with pytest.raises(CoordinatorError, match=r"After 0.5 s the coordinator does not answer"):
        launch.ensure_coordinator(paths, timeout_s=0.5)

    assert living(paths) == {}


def test_other_protocol_is_refused_naming_versions_and_cure(paths, stand_in):
    stand_in[:] = [sys.executable, "-c", COORDINATOR, str(PROTOCOL + 1)]

    with pytest.raises(VersionMismatchError) as caught:
        launch.ensure_coordinator(paths)

    assert f"version 0.0.1 (protocol {PROTOCOL + 1})" in caught.value.message
    assert f"protocol {PROTOCOL})" in caught.value.message
    assert "jupyter platform down" in caught.value.message


def test_folders_that_cannot_be_made_are_told(tmp_path):
    (tmp_path / "file").touch()
    paths = Paths(tmp_path / "file" / "jupyter_platform", tmp_path / "jupyter_platform")

    with pytest.raises(CoordinatorError, match="JUPYTER_DATA_DIR"):
        launch.ensure_coordinator(paths)


def test_folders_must_have_the_name_that_children_will_find(tmp_path):
    with pytest.raises(CoordinatorError, match="must both be named 'jupyter_platform'"):
        launch.start_supervisor(Paths(tmp_path / "a", tmp_path / "b"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "https://x", "nonsense", "file:///etc"])
def test_what_does_not_answer_is_not_healthy(url):
    assert not launch.is_healthy(url)
