"""The routes of DEEPaaS V2, asked of a real service whose module is installed as any other."""

from __future__ import annotations

import io
import json
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from openapi_spec_validator import validate

from tests.serving.pictures import PIXEL
from tests.serving.serving import PREDICT, TRAIN
from tests.waiting import until

PICTURE = {"picture": ("dot.png", PIXEL, "image/png")}


def test_versions_lead_to_documents_behind_the_prefix(showcase):
    assert showcase.get("/").json() == {
        "versions": [showcase.get("/v2/").json()],
        "links": [
            {"rel": "help", "type": "text/html", "href": "/user/mia/api/api"},
            {
                "rel": "describedby",
                "type": "application/json",
                "href": "/user/mia/api/swagger.json",
            },
        ],
    }
    assert showcase.get("/v2/").json() == {
        "version": "stable",
        "id": "v2",
        "links": [{"rel": "self", "type": "application/json", "href": "/user/mia/api/v2/"}],
    }


def test_a_module_is_listed_with_its_metadata_from_beside_the_source(showcase):
    told = showcase.get("/v2/models/showcase/").json()

    assert showcase.get("/v2/models/").json() == {"models": [told]}
    assert told["id"] == "showcase"
    assert told["name"] == "Showcase"
    assert told["description"] == "title: Showcase\n"
    assert told["links"] == [{"rel": "self", "href": "/user/mia/api/v2/models/showcase"}]


@pytest.mark.parametrize("path", ["/v2", "/v2/models", "/v2/models/showcase"])
def test_a_path_without_its_slash_leads_to_the_one_with_it(showcase, path):
    answer = showcase.get(f"{path}?a=1")

    assert answer.status_code == 308
    assert answer.headers["location"] == f"/user/mia/api{path}/?a=1"
    assert showcase.get(answer.headers["location"]).status_code == 200


def test_what_is_not_there_is_told(showcase):
    assert showcase.get("/v2/models/showcas/").status_code == 404
    assert "Did you mean 'showcase'?" in showcase.get("/v2/models/showcas/").json()["message"]
    assert showcase.get("/v3/").status_code == 404
    assert showcase.post("/v2/models/").status_code == 405
    assert showcase.get(f"{TRAIN}0").status_code == 404
    assert showcase.delete(f"{TRAIN}0").status_code == 404


def test_arguments_get_their_types_and_defaults(showcase):
    query = {"count": "7", "numbers": ["1", "2.5"], "is_loud": "false"}

    answer = showcase.post(PREDICT, params=query, files=PICTURE).json()

    assert answer == {
        "text": "hello",
        "choice": "b",
        "password": "secret",
        "count": 7,
        "share": 0.5,
        "is_loud": False,
        "numbers": [1.0, 2.5],
        "accept": "application/json",
        "bytes": len(PIXEL),
        "name": "dot.png",
    }


def test_arguments_come_in_the_form_too(showcase):
    answer = showcase.post(PREDICT, data={"count": "9", "colour": "red"}, files=PICTURE).json()

    assert (answer["count"], answer["colour"]) == (9, "red")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"count": "101"}, "Must be greater than or equal to 1 and less than or equal to 100."),
        ({"count": "many"}, "Not a valid integer."),
        ({"choice": "c"}, "Must be one of: a, b."),
        ({"colour": "blue"}, "Must be one of: red, green."),
        ({"password": "x"}, "Shorter than minimum length 3."),
        ({"share": "1.5"}, "Invalid value."),
        ({"is_loud": "perhaps"}, "Not a valid boolean."),
        ({"numbers": "x"}, {"0": ["Not a valid number."]}),
        ({"cuont": "1"}, "Unknown argument. Did you mean 'count'?"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_its_name(showcase, given, told):
    answer = showcase.post(PREDICT, params=given, files=PICTURE)

    assert answer.status_code == 422
    assert answer.json() == {next(iter(given)): [told] if isinstance(told, str) else told}


def test_a_missing_file_is_refused(showcase):
    missing = {"picture": ["Missing data for required field."]}

    assert showcase.post(PREDICT).json() == missing
    assert showcase.post(PREDICT, files={"picture": ("", b"")}).json() == missing
    text = showcase.post(PREDICT, data={"picture": "dot.png"})
    assert text.status_code == 422
    assert "multipart/form-data" in text.json()["picture"][0]


def test_a_body_that_is_none_is_refused(showcase):
    kinds = {"application/json": b"{", "multipart/form-data; boundary=x": b"--y"}
    for kind, content in kinds.items():
        answer = showcase.post(PREDICT, content=content, headers={"content-type": kind})
        assert answer.status_code in (400, 422), answer.text


@pytest.mark.parametrize(
    ("accept", "kind", "start"),
    [
        ("application/zip", "application/zip", b"PK"),
        ("application/pdf", "application/pdf", b"%PDF-1.4 of \x89PNG"),
        ("image/*", "image/png", PIXEL),
        ("image/png;q=0.5, text/html", "image/png", PIXEL),
        ("*/*", "application/json", b'{"'),
        ("text/html, */*;q=0.1", "application/json", b'{"'),
    ],
)
def test_the_answer_has_the_type_that_is_accepted(showcase, accept, kind, start):
    answer = showcase.post(PREDICT, files=PICTURE, headers={"accept": accept})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.content.startswith(start)


def test_a_zip_holds_what_was_sent(showcase):
    answer = showcase.post(PREDICT, params={"accept": "application/zip"}, files=PICTURE)

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.read("content") == PIXEL


def test_a_type_that_is_not_offered_is_refused(showcase):
    answer = showcase.post(PREDICT, files=PICTURE, headers={"accept": "text/html"})

    assert answer.status_code == 422
    assert list(answer.json()) == ["accept"]


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        ("blame", 400, "the picture shows nothing"),
        ("fail", 500, "ValueError: no such weights"),
        ("unwritten", 501, "does not implement predict"),
        ("unfit", 500, "does not fit its schema: {'bytes': ['Not a valid integer.']}"),
        ("exit", 500, "The module called exit(3)."),
    ],
)
def test_an_error_of_the_module_is_told(showcase, text, status, told):
    answer = showcase.post(PREDICT, params={"text": text}, files=PICTURE)

    assert answer.status_code == status
    assert told in answer.json()["message"]


def test_a_module_that_dies_is_told_and_comes_back(showcase, home):
    answer = showcase.post(PREDICT, params={"text": "die"}, files=PICTURE)

    assert answer.status_code == 500
    assert "SIGKILL" in answer.json()["message"]
    until(lambda: len(list(home.glob("warmed-*"))) >= 3)
    assert showcase.post(PREDICT, files=PICTURE).status_code == 200


def test_workers_answer_at_the_same_time_and_refuse_while_they_are_busy(showcase, home):
    def ask(text: str, **other: str):
        return showcase.post(PREDICT, params={"text": text, **other}, files=PICTURE)

    with ThreadPoolExecutor(4) as threads:
        both = [threads.submit(ask, "wait") for _ in range(2)]
        until(lambda: len(list(home.glob("waits-*"))) == 2)
        waiting = threads.submit(ask, "later")
        assert ask("later", count="0").status_code == 422
        assert showcase.get("/v2/models/showcase/").status_code == 200
        health = showcase.get("/health").json()
        assert (health["busy"], health["idle_s"]) == (3, 0.0)
        (home / "release").touch()
        assert [item.result().status_code for item in [*both, waiting]] == [200] * 3


def test_each_worker_is_warmed_once(showcase, home):
    assert showcase.get("/ready").status_code == 200
    assert {path.read_text() for path in home.glob("warmed-*")} == {"x"}


def test_the_debug_route_shows_what_the_module_prints(showcase):
    showcase.post(PREDICT, params={"text": "seen"}, files=PICTURE)

    until(lambda: "predicting seen" in showcase.get("/v2/debug/").text)


def test_a_training_runs_and_is_done(showcase):
    begun = showcase.post(TRAIN, params={"epochs": "1"}).json()
    assert begun["status"] == "running"
    assert begun["args"] == {"epochs": 1, "mode": "plain"}
    one = f"{TRAIN}{begun['uuid']}"

    until(lambda: showcase.get(one).json()["status"] != "running")

    done = showcase.get(one).json()
    assert done["status"] == "done"
    assert done["result"]["output"] == {"accuracy": 0.9}
    assert done["result"].keys() == {"output", "finish_date", "duration"}
    assert done in showcase.get(TRAIN).json()


def test_a_training_that_fails_tells_why(showcase):
    begun = showcase.post(TRAIN, params={"epochs": "1", "mode": "fail"}).json()

    until(lambda: showcase.get(f"{TRAIN}{begun['uuid']}").json()["status"] == "error")

    assert (
        showcase.get(f"{TRAIN}{begun['uuid']}").json()["message"] == "ValueError: the loss is NaN"
    )


def test_a_training_without_its_arguments_is_refused(showcase):
    answer = showcase.post(TRAIN)

    assert answer.status_code == 422
    assert answer.json() == {"epochs": ["Missing data for required field."]}


def test_cancelling_a_training_ends_its_processes(showcase, home):
    begun = showcase.post(TRAIN, params={"epochs": "6000", "mode": "child"}).json()
    until(lambda: (home / "child").exists() and len((home / "child").read_text().split()) == 2)
    processes = [int(number) for number in (home / "child").read_text().split()]

    answer = showcase.delete(f"{TRAIN}{begun['uuid']}")

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    until(lambda: not any(_is_running(pid) for pid in processes))
    assert showcase.get(f"{TRAIN}{begun['uuid']}").status_code == 404


def _is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_documents_hold_what_openapi_asks_for(showcase):
    for name in ("swagger.json", "openapi.json"):
        document = showcase.get(f"/{name}").json()
        validate(document)
        operation = document["paths"][PREDICT]["post"]
        by_name = {item["name"]: item for item in operation["parameters"]}
        count = by_name["count"].get("schema", by_name["count"])
        assert (count["type"], count["minimum"], count["maximum"]) == ("integer", 1, 100)
        assert "picture" in json.dumps(operation)
    assert showcase.get("/swagger.json").json()["basePath"] == "/user/mia/api"


def test_the_documents_page_loads_nothing_from_elsewhere(showcase):
    assert showcase.get("/ui").headers["location"] == "/user/mia/api/api"
    page = showcase.get("/user/mia/api/api").text
    assert "//" not in page.replace("<!doctype html>", "")
    for name in ("swagger/swagger-ui-bundle.js", "swagger/swagger-ui.css", "swagger.js"):
        assert f'"static/{name}"' in page
        assert showcase.get(f"/static/{name}").status_code == 200
    assert showcase.get("/static/swagger/../../settings.py").status_code == 404
    assert showcase.get("/static/%2e%2e%2fsettings.py").status_code == 404


def test_the_description_tells_what_a_form_needs(showcase):
    told = showcase.get("/description").json()
    (model,) = told["models"]
    by_name = {item["name"]: item for item in model["predict"]["arguments"]}

    assert told["base_url"] == "/user/mia/api/"
    assert told["code"]["changed"] == []
    assert by_name["picture"]["kind"] == "file"
    assert by_name["picture"]["media"] == "image"
    assert by_name["choice"]["choices"] == ["a", "b"]
    assert by_name["password"]["secret"]
    assert by_name["numbers"]["item"]["kind"] == "number"
    assert by_name["numbers"]["default"] == [0.1, 0.2]
    assert model["predict"]["accept"][0] == "application/json"
    assert {item["name"] for item in model["predict"]["answer"]} >= {"bytes", "numbers"}


def test_nothing_of_a_call_is_left_behind(showcase):
    before = set(os.listdir("/tmp"))
    showcase.post(PREDICT, files=PICTURE)
    left = {name for name in os.listdir("/tmp") if name.startswith("jupyter-platform-call-")}

    assert left <= before
