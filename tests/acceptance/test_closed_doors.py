"""Who has no token, is another user of this machine, or brings a pickle, gets nothing."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

import jupyter_platform
from jupyter_platform.runtime.connection import read_connection
from tests.conftest import MARK
from tests.waiting import DEADLINE_S, until

OPEN = {"/api/health"}
PACKAGE = Path(jupyter_platform.__file__).parent
PICKLING = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}

STRANGER = (
    f"DEADLINE_S = {DEADLINE_S}"
    + """
import json, pathlib, socket, ssl, sys, urllib.error, urllib.request
wanted = json.load(sys.stdin)
got = []
for name in wanted["files"]:
    try:
        pathlib.Path(name).read_bytes()
        got.append(name)
    except PermissionError:
        pass
for name in wanted["folders"]:
    try:
        list(pathlib.Path(name).iterdir())
        got.append(name)
    except PermissionError:
        pass
for name in wanted["sockets"]:
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(name)
            got.append(name)
    except PermissionError:
        pass
try:
    urllib.request.urlopen(wanted["url"] + "/api/jobs", timeout=DEADLINE_S)
    got.append("jobs")
except urllib.error.HTTPError as error:
    if error.code != 401:
        got.append(f"jobs answered {error.code}")
context = ssl._create_unverified_context()
for port in wanted["ports"]:
    for wrap in (lambda plain: plain, context.wrap_socket):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as plain:
                with wrap(plain) as one:
                    one.sendall(b"x" * 64)
                    answer = one.recv(1)
                    # A TLS alert may come back (content type 21), and then the end.
                    if answer not in (b"", bytes([21])):
                        got.append(f"port {port}: {answer!r}")
        except (ssl.SSLError, ConnectionError):
            pass
print(json.dumps(got))
"""
)


def ours(shared_paths) -> list[psutil.Process]:
    """Return every process of the shared platform but this one."""
    mark = os.environ.get(MARK)
    assert mark is not None
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture
def connection(platform, shared_paths):
    found = read_connection(shared_paths)
    assert found is not None
    return found


@pytest.fixture
def running_job(platform):
    """A job whose process is there to be looked at."""
    job = platform.submit("LEARN", "mlp", "iris", max_iterations=-1)
    until(lambda: job.refresh().record.progress and job.record.progress.step, lambda: job.record)
    yield job
    job.stop()
    job.wait(timeout=DEADLINE_S)
    job.delete()


# No token --------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "wrong", "x" * 43])
def test_no_route_of_the_running_coordinator_answers_without_the_token(raw, connection, token):
    routes = raw.get("/api/openapi.json").json()["paths"]
    addresses = [
        (method.upper(), re.sub(r"{[^}]*}", "mlp", path))
        for path, methods in routes.items()
        for method in methods
    ]
    addresses += [("GET", path) for path in ("/", "/api", "/docs", "/api/openapi.json", "/nope")]
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    with httpx.Client(base_url=connection.url, headers=headers, timeout=DEADLINE_S) as stranger:
        answers = {
            (method, path): stranger.request(method, path).status_code for method, path in addresses
        }

    assert len(answers) > 25
    assert {path for (_, path), status in answers.items() if status != 401} == OPEN


def test_the_websocket_and_the_token_in_an_address_or_cookie_open_nothing(connection):
    token, url = connection.token, connection.url
    for headers in ({}, {"Cookie": f"token={token}"}, {"Authorization": f"Basic {token}"}):
        with pytest.raises(InvalidStatus) as caught:
            connect(f"ws{url.removeprefix('http')}/api/events", additional_headers=headers)
        assert caught.value.response.status_code == 401
        assert httpx.get(f"{url}/api/jobs", headers=headers).status_code == 401
    assert httpx.get(f"{url}/api/jobs", params={"token": token}).status_code == 401


def test_a_page_that_binds_its_name_to_this_machine_gets_nothing(raw):
    answer = raw.get("/api/jobs", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert "evil.example" in answer.json()["message"]


# The token stays where it is -------------------------------------------------------------------


def test_the_token_is_in_no_command_line_no_environment_no_log_and_no_other_file(
    connection, shared_paths, running_job
):
    token = connection.token.encode()
    running_job.log()
    processes = ours(shared_paths)
    assert len(processes) >= 6
    for process in processes:
        with_arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        environment = Path(f"/proc/{process.pid}/environ").read_bytes()
        assert token not in with_arguments + environment, process

    holders = [
        path
        for root in (shared_paths.data, shared_paths.runtime)
        for path in root.rglob("*")
        if path.is_file() and token in path.read_bytes()
    ]

    assert holders == [shared_paths.connection_file]
    assert connection.token not in connection.url
    assert connection.token not in repr(connection)


def test_the_token_travels_in_no_address(start_coordinator):
    server = start_coordinator(token="very-secret-token")
    seen: list[str] = []
    server.answers["GET /api/jobs"] = lambda _: (200, {"items": [], "total": 0, "offset": 0})

    with jupyter_platform.Platform(start=False) as platform:
        list(platform.jobs())

    for route, headers, _ in server.requests:
        seen.append(route)
        kept = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        assert "very-secret-token" not in route + json.dumps(kept)
    assert "GET /api/jobs" in seen


def test_nothing_of_the_platform_is_open_to_others(shared_paths, running_job):
    for root in (shared_paths.data, shared_paths.runtime):
        assert stat.S_IMODE(root.stat().st_mode) == 0o700
    for secret in (shared_paths.connection_file, shared_paths.tls / "key.pem"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    for folder in sockets_of(shared_paths):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def sockets_of(shared_paths) -> list[Path]:
    found = [path.resolve() for path in shared_paths.data.glob("hosts/*/sockets")]
    assert found
    return found


# Another user ----------------------------------------------------------------------------------


@pytest.mark.root
def test_another_user_reads_nothing_and_is_answered_nothing(connection, shared_paths, running_job):
    # Every folder above is opened, so that only our own modes can refuse.
    for root in (shared_paths.data, shared_paths.runtime):
        for folder in root.parents:
            if folder != Path("/") and folder.stat().st_uid == 0:
                folder.chmod(folder.stat().st_mode | 0o055)
    listening = {
        one.laddr.port
        for process in ours(shared_paths)
        for one in process.net_connections("inet")
        if one.status == psutil.CONN_LISTEN
    }
    ports = listening - {urlsplit(connection.url).port}
    assert len(ports) == 3, "scheduler, worker and door of the host, and nothing else"
    run = next(shared_paths.data.glob(f"hosts/*/runs/{running_job.id}/1/0"))
    wanted = {
        "url": connection.url,
        "ports": sorted(ports),
        "files": [
            str(path)
            for path in (
                shared_paths.connection_file,
                shared_paths.database,
                shared_paths.tls / "key.pem",
                shared_paths.log("coordinator"),
                run / "output.log",
            )
        ],
        "folders": [str(shared_paths.data), str(shared_paths.runtime), str(run)],
        "sockets": [
            str(path)
            for folder in sockets_of(shared_paths)
            for path in folder.iterdir()
            if path.is_socket()
        ],
    }
    assert wanted["sockets"]
    assert all(Path(path).is_file() for path in wanted["files"])

    stranger = subprocess.run(
        [shutil.which("python3", path="/usr/bin:/bin") or sys.executable, "-c", STRANGER],
        input=json.dumps(wanted),
        user="nobody",
        group="nogroup",
        extra_groups=[],
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )

    assert stranger.stderr == ""
    assert json.loads(stranger.stdout) == []


# Pickles ---------------------------------------------------------------------------------------


def _calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func) == name
    ]


def _imported(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {item.name.partition(".")[0] for item in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def _keyword(call: ast.Call, name: str) -> object:
    for item in call.keywords:
        if item.arg == name and isinstance(item.value, ast.Constant):
            return item.value.value
    return None


def test_no_module_can_unpickle():
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 100
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not _imported(tree) & PICKLING, path
        for call in _calls(tree, "torch.load"):
            assert _keyword(call, "weights_only") is True, path
        for name in ("np.load", "numpy.load", "npy.read_array"):
            for call in _calls(tree, name):
                assert _keyword(call, "allow_pickle") is False, path
        for name in ("pd.read_pickle", "yaml.load", "yaml.unsafe_load"):
            assert not _calls(tree, name), path
