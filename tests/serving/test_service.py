"""A service as a process: how it starts, reads code anew, refuses and ends."""

from __future__ import annotations

import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.serving.pictures import PIXEL
from tests.serving.serving import MODULES, PREDICT, TRAIN, answers, installed, process, service
from tests.waiting import DEADLINE_S, until

PICTURE = {"picture": ("dot.png", PIXEL, "image/png")}
PLAIN = "/v2/models/plain/predict/"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return str(installed(tmp_path_factory.mktemp("site")))


def _ending(folder, arguments, **environment) -> tuple[int, str]:
    """Return exit code and log of a service that ends by itself."""
    with process(folder, arguments, environment) as (running, _):
        code = running.wait(DEADLINE_S)
        return code, (folder / "log").read_text()


def test_a_service_without_its_module_ends_and_tells_why(tmp_path, site):
    code, log = _ending(tmp_path, [], PYTHONPATH=site, SHOWCASE_COLD="1")
    assert code == 1
    assert "the weights are gone" in log.splitlines()[-3]

    code, log = _ending(tmp_path, ["--workers", "0"], PYTHONPATH=site)
    assert code == 2
    assert "--workers: 0: Input should be greater than or equal to 1" in log


def test_a_metadata_file_that_is_nowhere_is_made_from_the_distribution(tmp_path):
    site = installed(tmp_path, keeps_source=False)

    with service(tmp_path, PYTHONPATH=str(site)) as client:
        told = client.get("/v2/models/showcase/").json()

    assert '"summary": "A showcase"' in told["description"]


def test_disabled_functions_answer_as_in_deepaas(tmp_path, site):
    arguments = ("--no-predict-endpoint", "--no-train-endpoint", "--no-doc-endpoint", "--no-warm")
    with service(tmp_path, *arguments, PYTHONPATH=site, SHOWCASE_COLD="1") as client:
        assert client.post(PREDICT).status_code == 402
        assert client.post(TRAIN).status_code == 402
        assert client.get(TRAIN).status_code == 402
        assert client.get("/v2/debug/").status_code == 204
        assert client.get("/api").status_code == 404
        assert not client.get("/description").json()["models"][0]["predict"]["enabled"]


def test_a_module_is_a_file_and_has_no_more_than_it_has(tmp_path):
    with service(tmp_path, "--module", str(MODULES / "plain.py")) as client:
        answer = client.post(PLAIN, json={"x": 1.5})
        assert answer.json() == {"status": "OK", "predictions": {"doubled": 3.0, "nothing": None}}
        assert client.post("/v2/models/plain/train/").status_code == 501
        assert client.get("/v2/models/plain/train/").json() == []
        assert client.get("/v2/models/plain/").json()["id"] == "0"
        assert client.get("/v2/models/plain/").json()["name"] == "plain"
        assert client.post(PLAIN, json=[1]).status_code == 400
        assert client.get("/metrics").json()["statuses"] == {"200": 1, "400": 1}


def test_a_module_is_a_class(tmp_path, site):
    arguments = ("--module", "derived:Model")
    with service(tmp_path, *arguments, PYTHONPATH=f"{MODULES}:{site}") as client:
        assert client.post("/v2/models/Model/predict/").json()["predictions"] == "nothing"
        assert client.post("/v2/models/Model/train/").status_code == 200


def test_edited_code_is_told_and_read_on_request(tmp_path):
    file = tmp_path / "plain.py"
    shutil.copy(MODULES / "plain.py", file)

    with service(tmp_path, "--module", str(file)) as client:
        assert client.get("/description").json()["code"]["changed"] == []
        file.write_text(file.read_text().replace("SCALE = 2", "SCALE = 30"))
        assert client.get("/description").json()["code"]["changed"] == [str(file)]
        assert client.post(PLAIN, json={"x": 1}).json()["predictions"]["doubled"] == 2

        assert client.post("/restart").json()["code"]["changed"] == []
        assert client.post(PLAIN, json={"x": 1}).json()["predictions"]["doubled"] == 30

        file.write_text("SCALE = ")
        failed = client.post("/restart")
        assert failed.status_code == 503
        assert "SyntaxError" in failed.json()["message"]
        assert client.post(PLAIN, json={"x": 1}).json()["predictions"]["doubled"] == 30
        assert client.get("/ready").status_code == 200


def test_too_large_and_too_many_calls_are_refused(tmp_path, site):
    arguments = ("--client-max-size", "10000", "--queue", "0")
    environment = {"PYTHONPATH": site, "SHOWCASE_FOLDER": str(tmp_path)}
    with service(tmp_path, *arguments, **environment) as client:
        large = {"picture": ("large", b"x" * 20_000)}
        assert client.post(PREDICT, files=large).status_code == 413
        chunks = (b"x" * 1000 for _ in range(20))
        headers = {"content-type": "application/json"}
        assert client.post(PREDICT, content=chunks, headers=headers).status_code == 413

        with ThreadPoolExecutor(1) as thread:
            first = thread.submit(client.post, PREDICT, params={"text": "wait"}, files=PICTURE)
            until(lambda: list(tmp_path.glob("waits-*")))
            refused = client.post(PREDICT, files=PICTURE)
            assert refused.status_code == 503
            assert "send this one again later" in refused.json()["message"]
            (tmp_path / "release").touch()
            assert first.result().status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_runs_after_the_end_of_a_service(tmp_path, site, number):
    environment = {"PYTHONPATH": site, "SHOWCASE_FOLDER": str(tmp_path)}
    with process(tmp_path, ["--workers", "2"], environment) as (running, path):
        client = httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://api")
        until(lambda: len(list(tmp_path.glob("warmed-*"))) == 2)
        until(lambda: answers(client))
        client.post(TRAIN, params={"epochs": "6000", "mode": "child"}, timeout=DEADLINE_S)
        until(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text())
        pids = [int(file.name.partition("-")[2]) for file in tmp_path.glob("warmed-*")]
        pids += map(int, (tmp_path / "child").read_text().split())

        running.send_signal(number)

        assert running.wait(DEADLINE_S) == (0 if number == signal.SIGTERM else -number)
        until(lambda: not any(os.path.exists(f"/proc/{pid}/exe") for pid in pids))
        assert path.exists() == (number == signal.SIGKILL)
