"""Surroundings that cannot be: connections, versions, ports, file systems, terminals."""

from __future__ import annotations

import os
import signal
import socket
import subprocess

import pytest

from jupyter_platform import Platform
from jupyter_platform.core.errors import (
    ConflictError,
    CoordinatorError,
    PlatformError,
    VersionMismatchError,
)
from jupyter_platform.runtime.connection import Connection, read_connection, write_connection
from jupyter_platform.runtime.processes import COORDINATOR, living, read_supervised
from tests.conftest import end_processes
from tests.waiting import until

from .conftest import JUPYTER, check_refusal

GOOD = {"type": "LEARN", "networks": ["mlp"], "dataset": "iris"}
MANY_BYTES = 10_000_000
BOTH = ("learning_rate = 'abc'", "batch_size = '0'")


# Connection file, version, port, file system ---------------------------------------------------


def _foreign(connection: Connection) -> bytes:
    other = connection.model_copy(update={"hostname": "gpu-box", "boot_id": "x", "user": "ada"})
    return other.model_dump_json().encode()


@pytest.mark.parametrize(
    ("content", "mode", "parts"),
    [
        (lambda _: b"no JSON", 0o600, ["is corrupt (it is not JSON)", "Remove it"]),
        (lambda _: b'{"url": 3}', 0o600, ["is corrupt (url: Input should", "Remove it"]),
        (_foreign, 0o600, ["machine 'gpu-box' (user 'ada')", "JUPYTER_PLATFORM_API_URL"]),
        (
            lambda connection: connection.model_dump_json().encode(),
            0o644,
            ["other users (mode 0644; 0600 is accepted)", "jupyter platform down"],
        ),
    ],
)
@pytest.mark.parametrize("words", [["status"], ["up"], ["submit", "LEARN", "mlp", "iris"]])
def test_a_connection_file_that_cannot_be_trusted_starts_nothing(
    paths, refuses, start_coordinator, content, mode, parts, words
):
    server = start_coordinator()
    path = paths.connection_file
    path.write_bytes(content(read_connection(paths)))
    path.chmod(mode)
    before = path.read_bytes()

    refuses(4, str(path), *parts, words=words)

    assert server.requests == []
    assert path.read_bytes() == before
    assert living(paths) == {}
    with pytest.raises(CoordinatorError, match="connection file"):
        Platform().status()


@pytest.mark.parametrize("protocol", [0, 99])
def test_a_coordinator_of_another_version_names_the_cure(
    paths, refuses, start_coordinator, protocol
):
    server = start_coordinator(protocol=protocol)
    connection = read_connection(paths).model_copy(update={"protocol": protocol, "version": "9.9"})
    write_connection(paths, connection)
    cure = ["version 9.9", f"protocol {protocol}", "'jupyter platform down'"]

    refuses(4, *cure, words=["submit", "LEARN", "mlp", "iris"])
    with pytest.raises(VersionMismatchError, match="running jobs go on"):
        Platform().status()

    assert server.seen("POST /api/jobs") == []


def test_a_remote_coordinator_of_another_version_names_the_cure(monkeypatch, start_coordinator):
    server = start_coordinator(protocol=99)

    with pytest.raises(VersionMismatchError, match="Install the same version on both sides"):
        Platform(url=server.url, token="secret").status()


@pytest.mark.parametrize(
    ("url", "token", "code", "part"),
    [
        ("ftp://there", "x", 2, "'ftp://there' is no address"),
        ("http://[", "x", 2, "'http://[' is no address"),
        ("http://127.0.0.1:99999999", "x", 2, "is no address"),
        ("http://127.0.0.1:1", None, 2, "wants a token"),
        ("http://127.0.0.1:1", "gehéim", 2, "not ASCII"),
        ("http://127.0.0.1:1", "two\nlines", 2, "control character"),
        ("http://127.0.0.1:1", "x", 4, "Connection refused"),
    ],
)
def test_an_address_or_token_that_cannot_be(paths, refuses, monkeypatch, url, token, code, part):
    monkeypatch.setenv("JUPYTER_PLATFORM_API_URL", url)
    if token is not None:
        monkeypatch.setenv("JUPYTER_PLATFORM_API_TOKEN", token)

    refuses(code, part, words=["status"])


@pytest.fixture
def own(paths, monkeypatch):
    """Folders of a platform of this test alone; whatever is started in them is ended."""
    monkeypatch.setenv("JP_TEST_ACCEPTANCE", str(paths.data))
    yield paths
    end_processes("JP_TEST_ACCEPTANCE", str(paths.data))


def test_a_port_in_use_is_told_and_nothing_stays_up(own, program):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = program("up", "--port", str(port))

    check_refusal(done, 4, f"Port {port} of 127.0.0.1", "Address already in use", "another port")
    assert not own.connection_file.exists()
    assert living(own) == {}


def test_a_home_on_a_network_file_system_is_told_to_who_typed_up(own, program, tmp_path):
    # The kernel's table of mounts is the one thing that cannot be had here; all else is real.
    table = tmp_path / "mountinfo"
    table.write_text(
        f"21 1 254:0 / / rw - ext4 /dev/vda rw\n30 21 0:50 / {own.data} rw - nfs4 s:/h rw\n"
    )
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import pathlib\n"
        "read = pathlib.Path.read_text\n"
        "def read_text(self, *args, **kwargs):\n"
        f"    path = {str(table)!r} if str(self) == '/proc/self/mountinfo' else self\n"
        "    return read(pathlib.Path(path), *args, **kwargs)\n"
        "pathlib.Path.read_text = read_text\n"
    )

    done = program("up", env=os.environ | {"PYTHONPATH": str(hook)})

    check_refusal(done, 4, str(own.data), "nfs4", "JUPYTER_DATA_DIR")
    assert not own.database.exists()
    assert living(own) == {}


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--port", "99999"], "Setting coordinator.port = 99999"),
        (["--hosts", "0"], "Setting cluster.hosts = 0"),
        (["--memory", "lots"], "Setting cluster.memory = 'lots': 'lots' is no size"),
        (["--config", "none.toml"], "Settings file none.toml cannot be read"),
    ],
)
def test_settings_that_cannot_be_start_nothing(paths, refuses, words, part):
    refuses(2, part, words=["up", *words])

    assert living(paths) == {}


def test_folders_that_cannot_be_made_are_told(paths, refuses, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", "/dev/null/data")

    refuses(4, "/dev/null/data", "JUPYTER_DATA_DIR", words=["up"])


# The command line ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [["jobs", "--search", "\udcff"], ["datasets", "add", "\udcff.csv"], ["job", "\udcff"]],
)
def test_an_argument_that_is_no_text_is_wrong_usage(command_of, words):
    done = command_of(words)

    assert done.code == 2
    assert "is no text in UTF-8" in done.err


@pytest.fixture
def command_of(program):
    return lambda words: program(*(os.fsencode(word) for word in words))


def test_a_disk_that_is_full_where_output_goes_is_told(platform):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [str(JUPYTER), "platform", "networks", "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode != 0
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr


@pytest.mark.chaos
def test_stopping_with_a_job_that_does_not_start_ends_in_a_sentence(own, program, monkeypatch):
    """The host is frozen before the job reaches it: it stays ``starting``."""
    assert program("up", "--cpus", "1", "--overcommit").code == 0
    with Platform(start=False) as platform:
        host = next(name for name in living(own) if name.startswith("host-"))
        pid = read_supervised(own, host).pid
        os.kill(pid, signal.SIGSTOP)
        try:
            job = platform.submit("LEARN", "mlp", "iris", max_iterations=-1, wait_for_host=0)
            until(lambda: job.refresh().record.state != "queued", "its start")
            assert job.record.state == "starting"

            monkeypatch.setattr("jupyter_platform.cli.cluster.STOP_TIMEOUT_S", 0.2)
            from jupyter_platform.cli.cluster import _stop_all  # noqa: PLC0415

            with pytest.raises(ConflictError) as caught:
                _stop_all([job])
        finally:
            os.kill(pid, signal.SIGCONT)
    assert f"1 job did not stop within 0 s:\n  {job.id}  mlp-iris" in caught.value.message
    assert "--leave-jobs" in caught.value.message
    done = program("down", "--stop-jobs")
    assert (done.code, done.out) == (0, "The platform is down.\n"), done.err
    assert living(own) == {}


def test_the_coordinator_has_met_no_defect_in_all_of_this(shared_paths, platform):
    log = shared_paths.log(COORDINATOR).read_text()

    assert "Traceback" not in log
    assert PlatformError.code not in log or "The coordinator failed" not in log
