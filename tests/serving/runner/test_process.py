"""The process of a deployment: how it starts, what it tells, and that nothing of it stays."""

import hashlib
import http.client
import http.server
import json
import os
import subprocess
import sys
import threading
import time

import psutil
import pytest

from tests.waiting import until

from .conftest import answer_at, serves

API = {"services": {"api": serves()}}


def processes_of(deployed):
    """Return the processes below the shim of a deployment."""
    record = deployed.folder.process()
    return psutil.Process(record.shim_pid).children(recursive=True)


def test_a_deployment_tells_its_phases_answers_and_ends_within_seconds(deploy):
    recipe = {"services": {"api": serves("stubborn", "forks"), "monitor": serves()}}
    deployed = deploy(recipe, configuration={"general": {"title": "Mine"}})
    deployed.wait_ready()
    until(lambda: {"service": "monitor", "alive": True} in deployed.events("service"))

    assert deployed.phases() == ["warm-up", "ready"]
    assert deployed.events("phase")[-1]["fraction"] == 1.0
    found = deployed.get("api", "some/page?x=1")
    around = found["variables"]
    assert found["path"] == "/base/api/some/page?x=1"
    assert around["JUPYTER_PLATFORM_BASE_URL"] == "/base/api/"
    assert around["JUPYTER_PLATFORM_ITEM_FOLDER"].endswith("/items/small")
    configuration = around["JUPYTER_PLATFORM_CONFIGURATION"]
    with open(configuration) as file:
        assert json.load(file) == {"general": {"title": "Mine"}}
    assert os.stat(configuration).st_mode & 0o077 == 0

    started = processes_of(deployed)
    assert len(started) >= 5  # runner, two services, two that were forked
    began = time.monotonic()
    deployed.folder.signal("stop")
    left, result = deployed.wait()
    assert (left.code, result.status) == (0, "stopped")
    assert time.monotonic() - began < 30  # a stubborn one costs seconds, not the minutes of a wait
    assert not [process for process in started if process.is_running()]
    assert list(deployed.sockets.iterdir()) == []
    assert deployed.events("service")[-1]["alive"] is False


@pytest.mark.parametrize(
    ("service", "sentence"),
    [
        (serves("die"), "Service api has died: it ended with exit code 3 before it answered."),
        (serves("deaf", start_timeout_s=0.5), "given up after 0 s: it runs, but does not listen"),
        (serves("garbage", start_timeout_s=0.5), "listens, but gives no answer of HTTP"),
        ({"command": ["no-such-program"]}, "cannot be started: 'no-such-program': No such file"),
    ],
)
def test_a_service_that_does_not_work_fails_with_a_sentence(deploy, service, sentence):
    deployed = deploy({"services": {"api": service}})
    assert sentence in deployed.failure()
    assert "ready" not in deployed.phases()
    assert list(deployed.sockets.iterdir()) == []


def test_a_service_that_dies_later_ends_the_deployment(deploy):
    deployed = deploy(API)
    deployed.wait_ready()
    with pytest.raises((http.client.HTTPException, OSError)):
        deployed.get("api", "die")
    assert deployed.failure().startswith("Service api has died: it ended with exit code 3.")


def test_a_service_that_is_shut_down_from_inside_is_no_failure(deploy):
    deployed = deploy(API)
    deployed.wait_ready()
    deployed.get("api", "leave")
    left, result = deployed.wait()
    assert (left.code, result.status) == (0, "finished")
    assert "shut down from inside" in deployed.events("message")[0]["text"]


def test_a_service_on_a_port_is_told_a_secret_that_the_door_finds(deploy):
    deployed = deploy({"services": {"custom": serves(listens="port")}})
    deployed.wait_ready()
    file = deployed.sockets / "custom.json"
    assert file.stat().st_mode & 0o077 == 0
    told = json.loads(file.read_text())
    connection = http.client.HTTPConnection("127.0.0.1", told["port"])
    connection.request("GET", "/base/custom/")
    around = json.loads(connection.getresponse().read())["variables"]
    assert around["JUPYTER_PLATFORM_SECRET"] == told["secret"]
    assert "JUPYTER_PLATFORM_SOCKET" not in around


def test_a_stop_before_anything_started_is_heard(deploy):
    waits = {"name": "weights", "text": "Waiting", "command": ["sleep", "1000"], "makes": "x"}
    deployed = deploy({**API, "phases": [waits]})
    until(lambda: "weights" in deployed.phases(), deployed.log)
    started = processes_of(deployed)
    deployed.folder.signal("stop")
    left, result = deployed.wait()
    assert (left.code, result.status) == (0, "stopped")
    assert not [process for process in started if process.is_running()]


def test_phases_of_an_item_run_once_for_all_its_deployments(deploy, paths):
    command = ["python", "{item}/small_service.py", "make", "{data}/weights"]
    phase = {"name": "weights", "text": "Making weights", "command": command, "makes": "weights"}
    both = [deploy({**API, "phases": [phase]}) for _ in range(2)]
    for deployed in both:
        deployed.wait_ready()
    assert (paths.item("small") / "count").read_text() == "made\n"
    assert sorted("weights" in deployed.phases() for deployed in both) == [False, True]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["false"], "Phase weights of item small failed (Making weights): it ended with exit code"),
        (["true"], "it ended without making weights."),
    ],
)
def test_a_phase_that_fails_says_so(deploy, command, sentence):
    phase = {"name": "weights", "text": "Making weights.", "command": command, "makes": "weights"}
    assert sentence in deploy({**API, "phases": [phase]}).failure()


def test_a_program_that_is_missing_is_named(deploy):
    sentence = deploy({**API, "needs": ["no-such-program"]}).failure()
    assert "needs the program 'no-such-program', which is not on the PATH" in sentence


@pytest.fixture
def file_server(tmp_path):
    """Serve a folder over HTTP; return it and its address."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_downloads_come_once_and_are_checked(deploy, paths, file_server):
    folder, address = file_server
    content = b"weights" * 1000
    (folder / "w.bin").write_bytes(content)
    wanted = {
        "url": f"{address}/w.bin",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "file": "weights/w.bin",
    }
    deploy({**API, "downloads": [wanted]}).wait_ready()
    assert (paths.item("small") / "weights" / "w.bin").read_bytes() == content
    again = deploy({**API, "downloads": [wanted]})
    again.wait_ready()
    assert "download" not in again.phases()

    other = {**wanted, "sha256": "0" * 64}
    assert "cannot be downloaded" in deploy({**API, "downloads": [other]}, name="other").failure()
    assert not (paths.item("other") / "weights" / "w.bin").exists()


def test_the_api_of_an_item_in_development_comes_up_on_request_with_the_edited_code(
    deploy, tmp_path
):
    recipe = {"services": {"ide": serves(), "api": serves()}, "main": "ide"}
    work = tmp_path / "work"
    deployed = deploy(recipe, purpose="develop", work=str(work))
    deployed.wait_ready()
    assert not (deployed.sockets / "api.sock").exists()
    edited = work / "small" / "small_service.py"
    edited.write_text(edited.read_text().replace('"path": self.path', '"path": "edited"'))

    around = deployed.get("ide")["variables"]
    assert around["JUPYTER_PLATFORM_ITEM_FOLDER"] == str(work / "small")
    for _ in range(2):
        before = len(deployed.events("service"))
        subprocess.run(["deep-start", "--deepaas"], env={"PATH": around["PATH"]}, check=True)
        until(
            lambda before=before: (
                {"service": "api", "alive": True} in deployed.events("service")[before:]
            )
        )
        assert json.loads(answer_at(deployed.sockets / "api.sock", "/x"))["path"] == "edited"
    with pytest.raises((http.client.HTTPException, OSError)):
        deployed.get("api", "die")
    until(lambda: deployed.events("message"), deployed.log)
    assert "The rest of the deployment goes on" in deployed.events("message")[0]["text"]
    assert deployed.get("ide")["pid"]


def test_a_development_environment_that_was_not_chosen_does_not_start(deploy):
    deployed = deploy({"services": {"api": serves(), "ide": serves()}})
    deployed.wait_ready()
    assert [path.name for path in deployed.sockets.iterdir()] == ["api.sock"]


def test_a_path_that_no_socket_can_have_is_refused(deploy, tmp_path):
    deployed = deploy(API)
    deployed.wait_ready()
    spec = json.loads((deployed.path / "spec.json").read_text())
    spec["deployment"]["sockets"] = str(tmp_path / ("long" * 30))
    other = deployed.path.with_name("1")
    other.mkdir()
    (other / "spec.json").write_text(json.dumps(spec))
    command = [sys.executable, "-P", "-m", "jupyter_platform.serving.runner", str(other)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "has a path of more than 107 bytes" in done.stderr
