"""The daemon as a process of its own, without supervisor, scheduler and hosts."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys

import httpx
import pytest
import websockets
from pydantic import TypeAdapter

from jupyter_platform.core.events import EventMessage, JobMessage, SnapshotMessage
from jupyter_platform.core.settings import load_settings
from jupyter_platform.runtime.connection import read_connection
from jupyter_platform.runtime.processes import SUPERVISOR, supervised_now, write_supervised
from tests.waiting import DEADLINE_S, until


@pytest.fixture
def start(paths):
    """Start a coordinator; all are ended with the test."""
    started = []
    # This process stands for the supervisor, so that none is started.
    write_supervised(paths, SUPERVISOR, supervised_now(os.getpid()))

    def run(**overrides):
        names = {f"coordinator.{key}": value for key, value in overrides.items()}
        settings = load_settings(overrides=names)
        paths.settings_file.write_text(settings.model_dump_json())
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_platform.coordinator"],
            env=os.environ
            | {
                "JUPYTER_DATA_DIR": str(paths.data.parent),
                "JUPYTER_RUNTIME_DIR": str(paths.runtime.parent),
            },
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def answering(paths, process):
    def found():
        assert process.poll() is None, process.stderr.read()
        connection = read_connection(paths)
        return connection if connection is not None and connection.pid == process.pid else None

    return until(found, "an answer")


def get(connection, path):
    headers = {"Authorization": f"Bearer {connection.token}"}
    return httpx.get(f"{connection.url}/api/{path}", headers=headers, timeout=DEADLINE_S)


def test_the_connection_file_is_there_exactly_while_it_answers(start, paths):
    process = start()
    connection = answering(paths, process)
    mode = paths.connection_file.stat().st_mode & 0o777

    version = get(connection, "version").json()
    process.send_signal(signal.SIGTERM)
    code = process.wait(DEADLINE_S)

    assert mode == 0o600
    assert (version["version"], version["protocol"]) == (connection.version, connection.protocol)
    assert connection.data_dir == str(paths.data)
    assert code == 0
    assert not paths.connection_file.exists()


def test_there_is_only_one_for_a_data_folder(start, paths):
    first = start()
    connection = answering(paths, first)

    second = start()
    said = second.communicate(timeout=DEADLINE_S)[1]

    assert second.returncode == 1
    assert "Another coordinator works on" in said
    assert "Traceback" not in said
    assert get(connection, "version").status_code == 200


def test_a_port_in_use_is_said_in_one_sentence(start, paths):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start(port=port)
        said = process.communicate(timeout=DEADLINE_S)[1]

    assert process.returncode == 1
    assert f"Port {port} of 127.0.0.1" in said
    assert "in use" in said
    assert "Choose another port" in said
    assert "Traceback" not in said
    assert not paths.connection_file.exists()


def test_after_kill_9_it_comes_back_at_the_same_place(start, paths):
    first = start()
    before = answering(paths, first)
    first.kill()
    first.wait(DEADLINE_S)

    after = answering(paths, start())

    assert (after.url, after.token) == (before.url, before.token)
    assert get(after, "version").status_code == 200


def test_events_come_over_the_websocket_and_resume(start, paths):
    connection = answering(paths, start())
    url = connection.url.replace("http", "ws", 1) + "/api/events"
    headers = {"Authorization": f"Bearer {connection.token}"}

    async def talk():
        async with websockets.connect(url, additional_headers=headers) as listening:
            snapshot = json.loads(await listening.recv())
            submission = {"type": "LEARN", "networks": ["mlp"], "dataset": "iris"}
            async with httpx.AsyncClient(headers=headers, timeout=DEADLINE_S) as client:
                response = await client.post(f"{connection.url}/api/jobs", json=submission)
                job = response.json()["id"]
                while (message := json.loads(await listening.recv()))["type"] != "job":
                    pass
        after = f"{url}?after={snapshot['event']}"
        async with websockets.connect(after, additional_headers=headers) as again:
            while (missed := json.loads(await again.recv()))["type"] != "job":
                assert missed["type"] != "snapshot"
        async with websockets.connect(url, additional_headers=headers) as fresh:
            known = {item["id"] for item in json.loads(await fresh.recv())["jobs"]}
            # One snapshot serves all who come within a second; what came after it follows.
            while job not in known:
                told = json.loads(await fresh.recv())
                known |= {told["job"]["id"]} if told["type"] == "job" else set()
        return snapshot, job, message, missed

    snapshot, job, message, missed = asyncio.run(asyncio.wait_for(talk(), DEADLINE_S))

    assert (snapshot["type"], snapshot["jobs"]) == ("snapshot", [])
    assert snapshot["status"]["data_dir"] == str(paths.data)
    assert message["job"]["id"] == missed["job"]["id"] == job
    assert message["event"] == missed["event"]
    sent = TypeAdapter(EventMessage)
    for told, kind in ((snapshot, SnapshotMessage), (message, JobMessage)):
        read = sent.validate_python(told)
        assert isinstance(read, kind)
        # Nothing is sent that the document does not have.
        assert set(told) == set(kind.model_fields)


def test_it_asks_for_its_end_when_nobody_needs_it(start, paths):
    process = start(idle_stop_minutes=0.001)
    answering(paths, process)

    until(paths.target_file.exists, "its wish to end")
    target = json.loads(paths.target_file.read_text())
    assert target == {"target": "down", "until_asked": False}
