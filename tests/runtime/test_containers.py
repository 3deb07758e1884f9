"""Containers on a real container service: limits, output, ends, and what is left of them."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
import urllib.request

import pytest

from jupyter_platform.core.errors import HostError, UnavailableError
from jupyter_platform.runtime.containers.keeper import Keeper
from jupyter_platform.runtime.containers.opening import open_containers
from jupyter_platform.runtime.containers.requests import RECORD, ContainerRequest
from jupyter_platform.runtime.run_folder import RunFolder
from jupyter_platform.runtime.runtimes.container import ContainerRuntime
from tests.container_service import IMAGE, container_service
from tests.waiting import until

pytestmark = pytest.mark.root

KEEPER = f"""
import os, signal, sys, threading
from pathlib import Path
from jupyter_platform.runtime.containers.keeper import Keeper
from jupyter_platform.runtime.containers.opening import SOCKET_VARIABLE, open_containers
from jupyter_platform.runtime.containers.requests import ContainerRequest

folder = Path.cwd()
(folder / "work").mkdir(exist_ok=True)
request = ContainerRequest("{IMAGE}", folder / "work", ["sleep", "600"])
keeper = Keeper(open_containers(os.environ[SOCKET_VARIABLE]), folder, "job-1/1/0", request)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=keeper.stop).start())
keeper.start(lambda text, share: None)
end = keeper.until_ended()
keeper.remove()
print(keeper.reason(end), flush=True)
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with container_service(tmp_path_factory.mktemp("d")) as address:
        yield address


@pytest.fixture
def containers(address):
    return open_containers(address)


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    return folder


@pytest.fixture
def run(tmp_path, containers, work):
    """Run a command in a container to its end; return its output and why it ended."""

    def run_it(*command, disk=None, **wanted):
        request = ContainerRequest(IMAGE, work, command, **wanted)
        keeper = Keeper(containers, tmp_path, "job-1/1/0", request, disk)
        keeper.start(lambda text, share: None)
        output = io.BytesIO()
        try:
            end = keeper.until_ended(output)
        finally:
            keeper.remove()
        return output.getvalue().decode(), keeper.reason(end)

    return run_it


def test_command_runs_as_who_it_is_for_and_its_files_stay(run, work):
    script = "exec 2>&1; id -u; echo $WORD; echo kept > here; cat /sys/kernel/none"

    output, reason = run("sh", "-c", script, user="1234:1234", environment={"WORD": "hello"})

    assert output.splitlines()[:2] == ["1234", "hello"]
    assert "No such file" in output
    assert reason == "The container ended with code 1."
    assert (work / "here").read_text() == "kept\n"
    assert (work / "here").stat().st_uid == 1234


def test_limits_hold(run):
    output, reason = run(
        "sh",
        "-c",
        "exec 2>&1; df -k /dev/shm | tail -n 1; touch /etc/new; touch /tmp/new && echo writable",
        memory=64_000_000,
        cpus=0.5,
    )

    shared = int(output.split()[1]) * 1024
    assert abs(shared - 32_000_000) < 8192
    assert "/etc/new: Read-only file system" in output
    assert output.endswith("writable\n")
    assert reason is None


def test_limit_of_memory_is_named(run):
    _, reason = run("sh", "-c", "x=x; while true; do x=$x$x$x$x; done", memory=32_000_000)

    assert reason == "It used up its memory of 32.0 MB."


def test_limit_of_disk_is_named(run, monkeypatch):
    monkeypatch.setattr("jupyter_platform.runtime.containers.keeper.MEASURED_EVERY_S", 0.1)
    script = "dd if=/dev/zero of=/workspace/big bs=1000000 count=20 2>/dev/null; sleep 600"

    _, reason = run("sh", "-c", script, disk=10_000_000)

    assert reason.startswith("It has written 20.0 MB")
    assert reason.endswith("its disk may hold 10.0 MB.")


def test_processor_and_memory_reach_the_service(tmp_path, containers, work, address):
    request = ContainerRequest(IMAGE, work, ["sleep", "600"], cpus=0.5, memory=50_000_000)
    containers.start(tmp_path, "job-1/1/0", request)
    try:
        limits = containers._find(tmp_path).attrs["HostConfig"]
        assert (limits["NanoCpus"], limits["Memory"]) == (500_000_000, 50_000_000)
        assert limits["MemorySwap"] == 50_000_000
        assert limits["CapDrop"] == ["ALL"]
        assert limits["SecurityOpt"] == ["no-new-privileges"]
        assert limits["PidsLimit"] == 4096
    finally:
        containers.remove(tmp_path)


def test_port_is_reached_at_this_machine_alone(tmp_path, containers, work):
    (work / "index.html").write_text("answer")
    request = ContainerRequest(IMAGE, work, ["httpd", "-f", "-p", "8080"], ports=[8080])
    containers.start(tmp_path, "job-1/1/0", request)
    try:
        host, port = until(lambda: containers.address(tmp_path, 8080))
        assert host == "127.0.0.1"

        def answer():
            try:
                with urllib.request.urlopen(f"http://{host}:{port}/", timeout=5) as answer:
                    return answer.read()
            except OSError:
                return None

        assert until(answer) == b"answer"
    finally:
        containers.remove(tmp_path)


def test_image_that_is_nowhere_is_refused_by_name(tmp_path, containers, work):
    request = ContainerRequest("127.0.0.1:9/nothing:there", work)

    with pytest.raises(HostError, match=r"image 127\.0\.0\.1:9/nothing:there"):
        Keeper(containers, tmp_path, "job-1/1/0", request).start(lambda text, share: None)


def test_starting_again_starts_nothing(tmp_path, containers, work):
    request = ContainerRequest(IMAGE, work, ["sleep", "600"])
    containers.start(tmp_path, "job-1/1/0", request)
    try:
        first = containers._find(tmp_path).id
        containers.start(tmp_path, "job-1/1/0", request)
        assert containers._find(tmp_path).id == first
    finally:
        containers.remove(tmp_path)
    assert containers._find(tmp_path) is None
    assert not (tmp_path / RECORD).exists()
    containers.remove(tmp_path)


@pytest.fixture
def folder(tmp_path, spec, address):
    made = RunFolder(tmp_path / "runs" / "job-1" / "1" / "0")
    made.create(spec.model_copy(update={"runtime": "container"}))
    runtime = ContainerRuntime(address)
    yield made
    until(lambda: not runtime.is_alive(made) or (runtime.signal(made, "kill") and False))
    runtime.release(made)


def started(address, folder):
    runtime = ContainerRuntime(address)
    asyncio.run(runtime.start(folder, (sys.executable, "-c", KEEPER), os.environ))
    containers = open_containers(address)
    until(lambda: containers.is_running(folder.path))
    return runtime, containers


def test_stop_reaches_the_container_and_leaves_nothing(address, folder):
    runtime, containers = started(address, folder)

    assert runtime.signal(folder, "stop")

    until(lambda: not runtime.is_alive(folder))
    assert "Signal 15 ended the container." in (folder.path / "output.log").read_text()
    assert containers._find(folder.path) is None


def test_container_outlives_its_keeper_and_is_found_stopped_and_removed(address, folder):
    _, containers = started(address, folder)
    os.kill(folder.process().pid, signal.SIGKILL)
    until(lambda: not folder.is_alive())

    later = ContainerRuntime(address)
    assert later.is_alive(folder)
    assert later.was_started(folder)

    assert later.signal(folder, "stop")
    until(lambda: not later.is_alive(folder))
    later.remove(folder)
    assert containers._find(folder.path) is None
    assert not folder.exists()


def test_kill_ends_keeper_and_container(address, folder):
    runtime, _ = started(address, folder)

    assert runtime.signal(folder, "kill")

    until(lambda: not runtime.is_alive(folder))


def test_service_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UnavailableError, match="reach the container service at unix:///"):
        open_containers(f"unix://{tmp_path}/none.sock")
    assert "Could not reach" in ContainerRuntime(f"unix://{tmp_path}/none.sock").unavailable()
