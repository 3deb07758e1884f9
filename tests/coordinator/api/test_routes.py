import errno
import hashlib
import io
import json
import math
import zipfile
from urllib.parse import quote, unquote

import numpy as np
import pytest

from jupyter_platform.coordinator.api.responses import PlatformJSONResponse
from jupyter_platform.core.errors import from_dict
from jupyter_platform.runtime.records import RECORD_DTYPE, RecordWriter, series_file_name
from tests.waiting import until_async

SUBMISSION = {"type": "LEARN", "networks": ["mlp"], "dataset": "iris", "name": "my job"}


async def submit(api, **fields):
    response = await api.client.post("/api/jobs", json={**SUBMISSION, **fields})
    assert response.status_code == 201, response.text
    return response.json()


async def test_a_submission_is_answered_with_the_job_and_its_address(running):
    async with running() as api:
        response = await api.client.post("/api/jobs", json=SUBMISSION)
        job = response.json()
        same = await api.client.get(response.headers["location"])
        page = (await api.client.get("/api/jobs")).json()

    assert response.status_code == 201
    assert (job["name"], job["state"], job["networks"]) == ("my job", "queued", ["mlp"])
    assert same.json()["id"] == job["id"]
    assert (page["total"], [item["id"] for item in page["items"]]) == (1, [job["id"]])


async def test_a_submission_that_is_repeated_with_its_key_is_one_job(running):
    async with running() as api:
        headers = {"Idempotency-Key": "once"}
        first = await api.client.post("/api/jobs", json=SUBMISSION, headers=headers)
        again = await api.client.post("/api/jobs", json=SUBMISSION, headers=headers)
        total = (await api.client.get("/api/jobs")).json()["total"]

    assert first.json()["id"] == again.json()["id"]
    assert total == 1


async def test_a_batch_is_stored_whole_or_not_at_all(running):
    async with running() as api:
        jobs = [{**SUBMISSION, "name": str(number)} for number in range(3)]
        stored = await api.client.post("/api/jobs/batch", json={"jobs": jobs})
        wrong = [*jobs, {**SUBMISSION, "networks": ["mpl"]}]
        refused = await api.client.post("/api/jobs/batch", json={"jobs": wrong})
        empty = await api.client.post("/api/jobs/batch", json={"jobs": []})
        total = (await api.client.get("/api/jobs")).json()["total"]

    assert stored.status_code == 201
    assert [job["name"] for job in stored.json()["jobs"]] == ["0", "1", "2"]
    assert refused.status_code == 400
    assert [item["field"] for item in refused.json()["errors"]] == ["jobs[3].network"]
    assert empty.status_code == 422
    assert total == 3


@pytest.mark.parametrize(
    ("fields", "field", "nearest"),
    [
        ({"networks": ["lenett"]}, "network", "lenet"),
        ({"dataset": "irs"}, "dataset", "iris"),
        ({"type": "LERN"}, "type", "LEARN"),
        ({"options": {"learning_rte": 1}}, "learning_rte", "learning_rate"),
        ({"options": {"batch_size": 0}}, "batch_size", None),
        ({"request": {"cpu": 1}}, None, None),
        ({"name": " "}, "name", None),
        ({"name": "x" * 301}, "name", None),
        ({"prioritty": 1}, "prioritty", "priority"),
    ],
)
async def test_what_is_wrong_with_a_submission_is_named(running, fields, field, nearest):
    async with running() as api:
        response = await api.client.post("/api/jobs", json={**SUBMISSION, **fields})
        total = (await api.client.get("/api/jobs")).json()["total"]

    answer = response.json()
    assert response.status_code in (400, 422)
    assert total == 0
    assert from_dict(answer).message == answer["message"]
    if field is not None:
        assert answer["errors"][0]["field"] == field
        assert answer["errors"][0]["nearest"] == nearest


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"{", "no JSON"), (b"[1]", "no JSON object"), (b"", "missing"), (b"\xff\xfe", "JSON")],
)
async def test_a_body_that_is_no_submission_is_refused(running, content, message):
    async with running() as api:
        headers = {"Content-Type": "application/json"}
        response = await api.client.post("/api/jobs", content=content, headers=headers)

    assert response.status_code in (400, 422)
    assert message in response.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/", 404),
        ("GET", "/docs", 404),
        ("GET", "/redoc", 404),
        ("PATCH", "/api/jobs", 405),
        ("GET", "/api/jobs/0000deadbeef", 404),
        ("GET", "/api/jobs/0000deadbeef/metrics", 404),
        ("GET", "/api/jobs/0000deadbeef/log", 404),
        ("DELETE", "/api/jobs/0000deadbeef", 404),
        ("GET", "/api/networks/nothing", 404),
        ("GET", "/api/networks/mlp/weights/nothing", 404),
        ("GET", "/api/datasets/nothing", 404),
        ("DELETE", "/api/datasets/iris", 409),
        ("DELETE", "/api/networks/mlp", 409),
        ("GET", "/api/options/nothing", 404),
        ("GET", "/api/jobs?limit=0", 422),
        ("GET", "/api/jobs?order=random", 422),
        ("GET", "/api/jobs?sate=queued", 422),
        ("GET", "/api/jobs?state=sleeping", 400),
        ("GET", "/api/hosts/a/history?hours=-1", 422),
        ("GET", "/api/hosts/a/history?hours=nan", 422),
        ("PUT", "/api/datasets/mine?kind=pickle", 422),
        ("PUT", "/api/datasets/mine", 422),
    ],
)
async def test_every_refusal_has_the_one_form(running, method, path, status):
    async with running() as api:
        response = await api.client.request(method, path)

    assert response.status_code == status
    assert set(response.json()) == {"message", "code", "errors"}
    assert response.json()["message"].endswith((".", "'"))


async def test_a_defect_is_answered_without_detail(running, monkeypatch, caplog):
    async def fail(self):
        raise RuntimeError("the secret")

    async with running() as api:
        monkeypatch.setattr(type(api.services.status), "record", fail)
        response = await api.client.get("/api/status")

    assert response.status_code == 500
    assert "secret" not in response.text
    assert response.json()["code"] == "error"


async def test_a_full_disk_is_told_and_stores_nothing(running, monkeypatch):
    async with running() as api:

        def put(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("jupyter_platform.coordinator.jobs.admission._insert", put)
        monkeypatch.setattr("jupyter_platform.coordinator.statistics.status.LEAST_FREE", 2**70)
        answer = await api.client.post("/api/jobs", json=SUBMISSION)
        status = (await api.client.get("/api/status")).json()
        total = (await api.client.get("/api/jobs")).json()["total"]

    assert (answer.status_code, total) == (507, 0)
    assert "disk is full, so nothing was stored. Make room" in from_dict(answer.json()).message
    assert any("is nearly full" in text for text in status["warnings"])


async def test_every_read_answers_on_an_empty_platform(running):
    async with running() as api:
        for path in ("status", "version", "hosts", "notifications", "networks", "datasets"):
            response = await api.client.get(f"/api/{path}")
            assert response.status_code == 200, (path, response.text)
        status = (await api.client.get("/api/status")).json()
        kinds = (await api.client.get("/api/options")).json()
        schema = (await api.client.get("/api/options/learn")).json()
        text = {"text": "lr=0.1 name='a b' what\n# all"}
        read = (await api.client.post("/api/options/read", json=text)).json()
        assert read["options"] == {"lr": "0.1", "name": "a b"}
        assert [item["field"] for item in read["errors"]] == ["what"]
        history = await api.client.get("/api/hosts/a/history")

    assert (status["queued"], status["hosts"], status["slots"]["total"]) == (0, 0, 0)
    assert status["processes"]["coordinator"]["memory"] > 1_000_000
    assert kinds == ["LEARN", "EVALUATE", "ACT", "RUN"]
    assert "learning_rate" in schema["properties"]
    assert (history.status_code, history.json()["code"]) == (404, "not_found")


async def test_curves_logs_and_archives_are_those_of_the_job(running, paths, attempt_row):
    async with running() as api:
        job = (await submit(api))["id"]
        await api.application.store.run(lambda session: session.add(attempt_row(workload=job)))
        folder = paths.mirror / job / "1" / "0"
        (folder / "metrics").mkdir(parents=True)
        records = np.full(3, 1.7e9, RECORD_DTYPE)
        records["step"], records["value"] = [1, 2, 3], [1.0, math.nan, 3.0]
        (folder / "metrics" / "loss.rec").write_bytes(records.tobytes())
        (folder / "output.log").write_text("hello\n")

        curves = (await api.client.get(f"/api/jobs/{job[:6]}/metrics?series=loss")).json()
        raw = await api.client.get(f"/api/jobs/{job}/metrics/loss.rec")
        absent = await api.client.get(f"/api/jobs/{job}/metrics/lss.rec")
        log = (await api.client.get(f"/api/jobs/{job}/log?offset=-3")).json()
        archive = await api.client.get(f"/api/jobs/{job}/archive")

    assert curves["series"]["loss"]["mean"] == [1.0, None, 3.0]
    assert raw.content == records.tobytes()
    assert (absent.status_code, absent.json()["errors"][0]["nearest"]) == (404, "loss")
    assert (log["text"], log["offset"], log["complete"]) == ("lo\n", 3, False)
    assert archive.content.startswith(b"PK")
    assert job in archive.headers["content-disposition"]


@pytest.mark.parametrize(
    "series",
    [
        "train/acc",
        "recall@1",
        "a,b",
        "50 %",
        "a?b#c&d=e",
        "..",
        "x/../y",
        "späť",
        "loss.rec",
        "+",
        "~",
    ],
)
async def test_any_name_of_a_series_works_in_every_address(running, paths, attempt_row, series):
    async with running() as api:
        job = (await submit(api))["id"]
        await api.application.store.run(lambda session: session.add(attempt_row(workload=job)))
        folder = paths.mirror / job / "1" / "0" / "metrics"
        folder.mkdir(parents=True)
        with RecordWriter(folder / series_file_name(series)) as writer:
            writer.append([1], [1.7e9], [0.5])

        every = (await api.client.get(f"/api/jobs/{job}/metrics")).json()
        one = await api.client.get(f"/api/jobs/{job}/metrics", params={"series": series})
        raw = await api.client.get(f"/api/jobs/{job}/metrics/{quote(series, safe='')}.rec")
        archive = await api.client.get(f"/api/jobs/{job}/archive")

    assert list(every["series"]) == list(one.json()["series"]) == [series]
    assert np.frombuffer(raw.content, RECORD_DTYPE)["value"].tolist() == [0.5]
    with zipfile.ZipFile(io.BytesIO(archive.content)) as file:
        (table,) = [name for name in file.namelist() if name.endswith(".csv")]
        assert unquote(table) == f"{series}.csv"
        assert file.read(table).splitlines()[1] == b"1,1700000000.0,0.5"


async def test_weights_are_sent_as_they_were_stored(running, tmp_path):
    content = bytes(range(256)) * 100
    file = tmp_path / "some.safetensors"
    file.write_bytes(content)
    async with running() as api:
        for variant in ("last", "best"):
            await api.services.tags.store(
                network="mlp",
                network_digest="0" * 64,
                tag="mine",
                variant=variant,
                file=file,
                step=1,
                scores={},
                job=None,
                dataset=None,
            )
        best = await api.client.get("/api/networks/mlp/weights/mine")
        last = await api.client.get("/api/networks/mlp/weights/mine/last")

    assert best.content == last.content == content
    assert best.headers["x-content-digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert "mlp-mine-best" in best.headers["content-disposition"]
    assert "mlp-mine-last" in last.headers["content-disposition"]


async def test_ten_thousand_jobs_are_paged_filtered_and_searched(running, job_row):
    states = ("finished", "failed", "stopped", "cancelled")
    rows = [
        job_row(
            id=f"{number:012x}",
            name=f"job {number}",
            search=f"job {number} mlp iris",
            state=states[number % 4],
            result={"large": "x" * 1000},
        )
        for number in range(10_000)
    ]
    async with running() as api:
        await api.application.store.run(lambda session: session.add_all(rows))
        newest = (await api.client.get("/api/jobs?limit=3")).json()
        last = (await api.client.get("/api/jobs?limit=50&offset=9990")).json()
        failed = (await api.client.get("/api/jobs?state=failed,stopped&limit=1000")).json()
        found = (await api.client.get("/api/jobs?search=JOB%209999&order=oldest")).json()
        percent = (await api.client.get("/api/jobs?search=%25")).json()
        status = (await api.client.get("/api/status")).json()

    assert [item["name"] for item in newest["items"]] == ["job 9999", "job 9998", "job 9997"]
    assert newest["total"] == 10_000
    assert [item["name"] for item in last["items"]] == [f"job {n}" for n in range(9, -1, -1)]
    assert (failed["total"], len(failed["items"])) == (5_000, 1_000)
    assert {item["state"] for item in failed["items"]} == {"failed", "stopped"}
    assert [item["name"] for item in found["items"]] == ["job 9999"]
    assert percent["total"] == 0
    assert status["finished"] == 10_000
    assert all(item["result"] is None for item in newest["items"])


async def test_a_job_is_stopped_and_deleted_by_its_id(running):
    async with running() as api:
        job = (await submit(api))["id"]
        refused = await api.client.delete(f"/api/jobs/{job}")
        stopped = await api.client.post(f"/api/jobs/{job}/stop")
        deleted = await api.client.delete(f"/api/jobs/{job}")
        gone = await api.client.get(f"/api/jobs/{job}")

    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert stopped.json()["state"] == "cancelled"
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert gone.status_code == 404


async def test_a_deleted_job_is_hidden_everywhere_until_it_is_had_back(running):
    async with running() as api:
        job = (await submit(api))["id"]
        await api.client.post(f"/api/jobs/{job}/stop")
        await api.client.delete(f"/api/jobs/{job}")
        listed = (await api.client.get("/api/jobs")).json()["total"]
        finished = (await api.client.get("/api/status")).json()["finished"]
        log = await api.client.get(f"/api/jobs/{job}/log")

        restored = await api.client.post(f"/api/jobs/{job[:6]}/restore")
        once_more = await api.client.post(f"/api/jobs/{job}/restore")
        back = await api.client.get(f"/api/jobs/{job}")

    assert (listed, finished, log.status_code) == (0, 0, 404)
    assert restored.status_code == once_more.status_code == 200
    assert restored.json()["id"] == job
    assert (back.json()["state"], back.json()["target"]) == ("cancelled", "run")


async def test_a_deleted_job_is_removed_when_its_time_is_over(running):
    async with running() as api:
        jobs = [(await submit(api))["id"] for _ in range(2)]
        for job in jobs:
            await api.client.post(f"/api/jobs/{job}/stop")
        await api.client.delete(f"/api/jobs/{jobs[0]}?undo_s=0")
        await api.client.delete(f"/api/jobs/{jobs[1]}?undo_s=0.01")

        async def is_gone(job):
            answer = await api.client.post(f"/api/jobs/{job}/restore")
            await api.client.delete(f"/api/jobs/{job}?undo_s=0.01")
            return answer.status_code == 404

        for job in jobs:
            await until_async(lambda job=job: is_gone(job), f"the end of {job}", pause_s=0.05)
        refused = await api.client.delete(f"/api/jobs/{jobs[0]}?undo_s=-1")

    assert refused.status_code == 422


async def test_a_deleted_job_can_be_had_back_after_a_restart(running):
    async with running() as api:
        job = (await submit(api))["id"]
        await api.client.post(f"/api/jobs/{job}/stop")
        await api.client.delete(f"/api/jobs/{job}")
    async with running() as api:
        hidden = await api.client.get(f"/api/jobs/{job}")
        restored = await api.client.post(f"/api/jobs/{job}/restore")

    assert (hidden.status_code, restored.status_code) == (404, 200)


async def test_shutdown_lets_the_supervisor_end_everything(running, paths):
    async with running() as api:
        response = await api.client.post("/api/shutdown", json={"force": False})

    assert (response.status_code, response.json()) == (202, {"status": "stopping"})
    target = json.loads(paths.target_file.read_text())
    assert target == {"target": "down", "until_asked": True}


async def test_shutdown_is_refused_while_jobs_run_unless_forced(running, paths, job_row):
    async with running() as api:
        row = job_row(state="running")
        await api.application.store.run(lambda session: session.add(row))
        refused = await api.client.post("/api/shutdown")
        kept = not paths.target_file.exists()
        forced = await api.client.post("/api/shutdown", json={"force": True})

    assert (refused.status_code, kept, forced.status_code) == (409, True, 202)
    assert "1 job" in refused.json()["message"]


async def test_the_description_of_the_api_names_every_route(running):
    async with running() as api:
        document = (await api.client.get("/api/openapi.json")).json()

    operations = [(method, path) for path, item in document["paths"].items() for method in item]
    assert ("put", "/api/datasets/{name}") in operations
    assert ("get", "/api/jobs/{job}/metrics/{series}.rec") in operations
    assert len(operations) > 25


def test_numbers_that_are_not_finite_are_null():
    response = PlatformJSONResponse({"a": math.nan, "b": [math.inf, 1.5]})

    assert response.body == b'{"a":null,"b":[null,1.5]}'
