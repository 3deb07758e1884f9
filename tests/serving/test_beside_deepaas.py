"""The same requests to DEEPaaS itself, in an environment of its own, and to the platform.

DEEPaaS 2.6.0 is installed from the package registry, as no environment of the platform can hold
what it pins. Where the two differ on purpose, the difference is written down here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import venv
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from jupyter_platform.serving.runner.services import free_port
from tests.serving.pictures import PIXEL
from tests.serving.serving import MODULES, answers, service
from tests.waiting import DEADLINE_S, until

pytestmark = pytest.mark.peer
DEEPAAS = "deepaas==2.6.0"
FILES = {"picture": ("dot.png", PIXEL, "image/png")}
PREDICT, TRAIN = "/v2/models/showcase/predict/", "/v2/models/showcase/train/"


def _install(folder: Path) -> Path:
    """Install DEEPaaS and the module, editable as DEEPaaS needs it; return the programs' folder."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv/bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", DEEPAAS], check=True)
    site = next((folder / "venv/lib").glob("python*/site-packages"))
    shutil.copytree(MODULES / "showcase", folder / "source/showcase")
    (folder / "source/ai4-metadata.yml").write_text("title: Showcase\n")
    (site / "showcase.pth").write_text(f"{folder / 'source'}\n")
    info = site / "showcase-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: showcase\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[deepaas.v2.model]\nshowcase = showcase.api\n")
    return folder / "venv/bin"


@contextlib.contextmanager
def _deepaas(programs: Path, *arguments: str) -> Iterator[httpx.Client]:
    port = str(free_port())
    command = [programs / "deepaas-run", "--listen-port", port, *arguments]
    environment = {**os.environ, "SHOWCASE_FOLDER": str(programs)}
    log = (programs / "log").open("wb")
    with log:
        running = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE_S) as client:

            def is_up() -> bool:
                assert running.poll() is None, (programs / "log").read_text()
                with contextlib.suppress(httpx.TransportError):
                    return client.get("/v2/").status_code == 200
                return False

            until(is_up, lambda: (programs / "log").read_text())
            yield client
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """DEEPaaS, and the platform in the very environment where DEEPaaS is installed."""
    folder = tmp_path_factory.mktemp("peer")
    programs = _install(folder)
    site = f"{folder / 'source'}:{next((folder / 'venv/lib').glob('python*/site-packages'))}"
    with (
        _deepaas(programs) as theirs,
        service(folder, PYTHONPATH=site, SHOWCASE_FOLDER=str(folder)) as ours,
    ):
        assert answers(ours)
        yield theirs, ours, programs


SAME = [
    ("GET", "/", {}),
    ("GET", "/v2/", {}),
    ("GET", "/v2/models/", {}),
    ("GET", "/v2/models/showcase/", {}),
    ("GET", TRAIN, {}),
    ("POST", PREDICT, {"files": FILES}),
    ("POST", PREDICT, {"files": FILES, "params": {"count": "3", "numbers": ["1", "2"]}}),
    ("POST", PREDICT, {"files": FILES, "data": {"colour": "red"}}),
    ("POST", PREDICT, {}),
    ("POST", PREDICT, {"files": FILES, "params": {"count": "101"}}),
    ("POST", PREDICT, {"files": FILES, "params": {"count": "x", "is_loud": "perhaps"}}),
    ("POST", PREDICT, {"files": FILES, "params": {"colour": "blue"}}),
    ("POST", PREDICT, {"files": FILES, "params": {"share": "7"}}),
    ("POST", PREDICT, {"files": FILES, "params": {"password": "x"}}),
    ("POST", TRAIN, {}),
    ("POST", TRAIN, {"params": {"epochs": "many"}}),
]


@pytest.mark.parametrize(("method", "path", "sent"), SAME)
def test_answers_are_the_same(both, method, path, sent):
    headers = {"accept": "application/json"}
    theirs, ours = (client.request(method, path, headers=headers, **sent) for client in both[:2])

    assert ours.status_code == theirs.status_code
    assert ours.json() == theirs.json()


def test_paths_that_lead_elsewhere_or_nowhere_are_the_same(both):
    paths = ["/v2", "/v2/models", "/v2/models/showcase", "/ui", "/api", "/swagger.json"]
    paths += ["/v2/models/nothing/", f"{TRAIN}nothing", "/v2/debug/", "/nothing"]
    for path in paths:
        theirs, ours = (client.get(path) for client in both[:2])
        assert (path, ours.status_code) == (path, theirs.status_code)
        assert ours.headers.get("location") == theirs.headers.get("location")
    for method in ("POST", "PUT", "DELETE"):
        theirs, ours = (client.request(method, "/v2/models/") for client in both[:2])
        assert ours.status_code == theirs.status_code


def test_files_are_the_same(both):
    for accept in ("application/zip", "application/pdf", "image/*"):
        theirs, ours = (
            client.post(PREDICT, files=FILES, params={"accept": accept}) for client in both[:2]
        )
        assert ours.status_code == theirs.status_code == 200
        if accept != "application/zip":  # which tells when it was made
            assert ours.content.startswith(theirs.content[:4])
    assert theirs.headers["content-type"] == "image/*"
    assert ours.headers["content-type"] == "image/png"  # a browser cannot show the other


def test_documents_offer_the_same_functions_and_arguments(both):
    theirs, ours = (client.get("/swagger.json").json() for client in both[:2])

    assert ours["paths"].keys() == theirs["paths"].keys()
    for path, methods in theirs["paths"].items():
        for method, told in methods.items():
            names = {item["name"]: item["in"] for item in told["parameters"]}
            found = ours["paths"][path][method]["parameters"]
            assert {item["name"]: item["in"] for item in found} == names


def test_a_training_has_the_same_form(both):
    done = []
    for client in both[:2]:
        begun = client.post(TRAIN, params={"epochs": "1"}).json()
        one = f"{TRAIN}{begun['uuid']}"
        until(lambda one=one, client=client: client.get(one).json()["status"] == "done")
        done.append(client.get(one).json())
    theirs, ours = done

    assert ours.keys() == theirs.keys()
    assert ours["args"] == theirs["args"]
    assert ours["result"].keys() == theirs["result"].keys()
    assert ours["result"]["output"] == theirs["result"]["output"]


def test_what_fails_there_works_here(both):
    # There the header chooses nothing but where the module names it as the argument's location.
    theirs, ours = (
        client.post(PREDICT, files=FILES, headers={"accept": "application/zip"})
        for client in both[:2]
    )
    assert theirs.headers["content-type"].startswith("application/json")
    assert ours.headers["content-type"] == "application/zip"
    theirs, ours = both[:2]
    begun = theirs.post(TRAIN, params={"epochs": "600"}).json()
    # It answers 500; where its process has not begun yet, it may give no answer at all.
    with contextlib.suppress(httpx.ReadTimeout):
        assert theirs.delete(f"{TRAIN}{begun['uuid']}", timeout=10).status_code == 500
    begun = ours.post(TRAIN, params={"epochs": "600"}).json()
    assert ours.delete(f"{TRAIN}{begun['uuid']}").status_code == 200


def test_disabled_functions_answer_the_same(both, tmp_path):
    with _deepaas(both[2], "--nopredict-endpoint", "--notrain-endpoint") as theirs:
        assert theirs.post(PREDICT).status_code == 402
        assert theirs.get(TRAIN).status_code == 402
