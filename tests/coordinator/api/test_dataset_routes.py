"""The routes of datasets, on the real application without a host."""

from __future__ import annotations

import pytest

from jupyter_platform.runtime import fetching


async def test_a_descriptor_of_the_folder_is_listed_and_can_be_submitted(running, paths):
    async with running() as api:
        (paths.datasets / "mine.yaml").write_text("kind: blobs\ntitle: Mine\n")
        (paths.datasets / "bad.yaml").write_text("kind: csv\n")

        listed = {item["name"]: item for item in (await api.client.get("/api/datasets")).json()}
        body = {"type": "LEARN", "networks": ["mlp"], "dataset": "mine"}
        taken = await api.client.post("/api/jobs", json=body)
        refused = await api.client.post("/api/jobs", json={**body, "dataset": "bad"})

    assert (listed["mine"]["state"], listed["mine"]["descriptor"]["title"]) == ("ready", "Mine")
    assert (listed["bad"]["state"], listed["bad"]["descriptor"]) == ("broken", None)
    assert "no data are named" in listed["bad"]["problem"]
    assert taken.status_code == 201
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "dataset"
    assert listed["bad"]["problem"] in refused.json()["message"]


async def test_a_submission_on_what_is_not_downloaded_names_the_command(running):
    body = {"type": "LEARN", "networks": ["lenet"], "dataset": "mnist"}
    async with running() as api:
        refused = await api.client.post("/api/jobs", json=body)
        record = (await api.client.get("/api/datasets/mnist")).json()

    assert refused.status_code == 400
    assert "`jupyter platform datasets get mnist`" in refused.json()["message"]
    assert (record["state"], record["facts"]) == ("not downloaded", None)


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/api/datasets/nothing/preview", 404, "Unknown dataset"),
        ("GET", "/api/datasets/digits/preview?count=0", 422, "count"),
        ("GET", "/api/datasets/digits/preview?part=all", 422, "part"),
        ("GET", "/api/datasets/digits/preview?hflip=2", 422, "hflip = '2' is not accepted"),
        ("GET", "/api/datasets/digits/preview?horizontal_flp=1", 422, "horizontal_flip"),
        ("GET", "/api/datasets/mnist/preview", 400, "is not downloaded yet"),
        ("GET", "/api/datasets/digits/preview", 503, "No host"),
        ("POST", "/api/datasets/nothing/get", 404, "Unknown dataset"),
        ("POST", "/api/datasets/digits/get", 409, "not one that is downloaded"),
        ("DELETE", "/api/datasets/digits/get", 409, "not one that is downloaded"),
        ("DELETE", "/api/datasets/digits", 409, "bundled"),
    ],
)
async def test_what_cannot_be_is_refused_with_one_sentence(running, method, path, status, words):
    async with running() as api:
        answer = await api.client.request(method, path)

    assert answer.status_code == status, answer.text
    assert words in answer.json()["message"]


async def test_a_download_that_fails_says_so_in_the_record(
    running, paths, unused_port, until, monkeypatch
):
    monkeypatch.setattr(fetching, "BACK_OFF_S", 0.001)
    descriptor = f"""
kind: idx
train: ["get:x", "get:y"]
download:
  - {{urls: ["http://127.0.0.1:{unused_port}/x"], bytes: 5, sha256: "{"0" * 64}"}}
"""
    async with running() as api:
        (paths.datasets / "mine.yaml").write_text(descriptor)
        started = await api.client.post("/api/datasets/mine/get")
        await until(lambda: not api.services.datasets.downloads.running)
        record = (await api.client.get("/api/datasets/mine")).json()
        told = (await api.client.get("/api/notifications")).json()
        cancelled = (await api.client.delete("/api/datasets/mine/get")).json()

    assert (started.status_code, started.json()["state"]) == (202, "downloading")
    assert record["state"] == "not downloaded"
    assert "cannot be reached" in record["download"]["problem"]
    assert told[0]["level"] == "danger"
    assert told[0]["message"].startswith("Dataset mine was not downloaded: It cannot be")
    assert cancelled["download"] is None
