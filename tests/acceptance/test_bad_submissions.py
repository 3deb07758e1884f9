"""Submissions that cannot be, through terminal, client and HTTP: one clear sentence each."""

from __future__ import annotations

import json

import psutil
import pytest

from jupyter_platform import Platform
from jupyter_platform.core.errors import (
    InvalidRequestError,
    OptionError,
    RequestTooLargeError,
)
from jupyter_platform.runtime.connection import read_connection

from .conftest import check_refusal

GOOD = {"type": "LEARN", "networks": ["mlp"], "dataset": "iris"}
MANY_BYTES = 10_000_000
BOTH = ("learning_rate = 'abc'", "batch_size = '0'")


# Submissions -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("words", "change", "parts"),
    [
        (["LEARN", "mpl", "iris"], {"networks": ["mpl"]}, ["network 'mpl'", "'mlp'", "lenet-d"]),
        (["LEARN", "", "iris"], {"networks": [""]}, ["network ''", "Known: actor"]),
        (["LEARN", "mlp", "irs"], {"dataset": "irs"}, ["dataset 'irs'", "'iris'", "Known: blobs"]),
        (["LEARN", "mlp", ""], {"dataset": ""}, ["LEARN needs a dataset"]),
        (["LEARM", "mlp", "iris"], {"type": "LEARM"}, ["type 'LEARM'", "'LEARN'", "EVALUATE"]),
        (["", "mlp", "iris"], {"type": ""}, ["type ''", "ACT, EVALUATE, LEARN"]),
        (
            ["ACT", "mlp", "iris"],
            {"type": "ACT"},
            ["'iris' is a dataset", "ACT writes to a pool"],
        ),
        (
            ["LEARN", "q-network", "strategy=dqn", "environment=Pendulum-v1"],
            {
                "networks": ["q-network"],
                "dataset": None,
                "options": {"strategy": "dqn", "environment": "Pendulum-v1"},
            },
            ["one of a few actions", "Pendulum-v1 takes 1 continuous number", "ddpg or ppo"],
        ),
        (
            ["LEARN", "mlp", "iris", "learning_rte=1"],
            {"options": {"learning_rte": "1"}},
            [
                "option learning_rte",
                "Did you mean learning_rate?",
                "jupyter platform options LEARN",
            ],
        ),
        (
            ["LEARN", "mlp", "iris", "batch_size=many"],
            {"options": {"batch_size": "many"}},
            ["batch_size = 'many'", "a whole number, at least 1 and at most 1,000,000"],
        ),
        (
            ["LEARN", "mlp", "iris", "batch_size=0"],
            {"options": {"batch_size": "0"}},
            ["batch_size = '0'", "at least 1"],
        ),
        (
            ["LEARN", "mlp", "iris", "method=ADAMANT"],
            {"options": {"method": "ADAMANT"}},
            ["method = 'ADAMANT'", "SGD, ADADELTA"],
        ),
        (
            ["LEARN", "mlp", "iris", "train_set=9,3"],
            {"options": {"train_set": "9,3"}},
            ["train_set: '9,3' is empty"],
        ),
        (
            ["LEARN", "mlp", "iris", "train_set=0,999"],
            {"options": {"train_set": "0,999"}},
            ["train_set = 0,999", "sample 998", "150 samples"],
        ),
        (
            ["LEARN", "mlp", "iris", "tag=../../x"],
            {"options": {"tag": "../../x"}},
            ["tag = '../../x'", "letters, digits"],
        ),
        (["LEARN", "mlp", "iris", "--name", ""], {"name": ""}, ["name is empty"]),
        (["LEARN", "mlp", "iris", "--name", " \t"], {"name": " \t"}, ["name is empty"]),
        (
            ["LEARN", "mlp", "iris", "--name", "a\x1b[2Jb"],
            {"name": "a\x1b[2Jb"},
            ["name = 'a\\x1b[2Jb'", "control character"],
        ),
        (
            ["LEARN", "mlp", "iris", "--cpus", "none"],
            {"request": {"cpus": "none"}},
            ["request.cpus = 'none'", "integer"],
        ),
        (
            ["LEARN", "mlp", "iris", "--memory", "99999999TB"],
            {"request": {"memory": "99999999TB"}},
            ["request.memory = ", "less than or equal to"],
        ),
        (
            ["LEARN", "mlp", "iris", "--priority", "1000"],
            {"priority": 1000},
            ["priority = 1000", "less than or equal to 100"],
        ),
        (
            ["LEARN", "mlp,mlp", "iris"],
            {"networks": ["mlp", "mlp"]},
            ["works on one network; 2 are given"],
        ),
        (
            ["LEARN", ",".join(["mlp"] * 50), "iris"],
            {"networks": ["mlp"] * 50},
            ["50 networks are given; at most 16"],
        ),
        (
            ["LEARN", "mlp-regression", "iris"],
            {"networks": ["mlp-regression"]},
            ["'mlp-regression' is for regression", "the dataset is for classification"],
        ),
        (
            ["LEARN", "lenet-digits", "iris"],
            {"networks": ["lenet-digits"]},
            ["'lenet-digits' takes samples of shape 1×8×8", "shape 4"],
        ),
    ],
)
def test_a_submission_that_cannot_be_is_refused_at_every_door(refuses, raw, words, change, parts):
    refuses(2, *parts, words=["submit", *words])

    answer = raw.post("/api/jobs", json={**GOOD, **change})
    assert answer.status_code in (400, 422)
    assert set(answer.json()) == {"message", "code", "errors"}
    for part in parts:
        assert part in answer.json()["message"]
    assert answer.json()["errors"][0]["field"]

    fields = {**GOOD, **change}
    with pytest.raises(InvalidRequestError) as caught, Platform() as platform:
        platform.submit(
            fields["type"],
            fields["networks"],
            fields["dataset"],
            name=fields.get("name"),
            request=fields.get("request"),
            priority=fields.get("priority", 0),
            **fields.get("options", {}),
        )
    for part in parts:
        assert part in caught.value.message


@pytest.mark.usefixtures("nothing_left")
def test_every_wrong_option_is_named_at_once(raw, capsys, platform):
    with pytest.raises(OptionError) as caught:
        platform.submit("LEARN", "mlp", "iris", learning_rate="abc", batch_size="0")

    assert {error.field for error in caught.value.errors} == {"learning_rate", "batch_size"}
    assert all(part in caught.value.message for part in BOTH)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"learning_rate": float("nan")}, "NaN and infinity are no option values"),
        ({"learning_rate": object()}, "type object cannot be sent"),
        ({"batch_size": True}, "batch_size = True is not accepted; it must be a whole number"),
        ({"batch_size": 1e300}, "batch_size = 1e+300"),
        ({"batch_size": [1]}, "batch_size = [1]"),
        ({"networks": None}, "networks = None is not accepted; it must be a network's name"),
        ({"request": 3}, "request = 3 is not accepted; it must be a mapping"),
        ({"name": "x" * 301}, "at most 300 characters"),
        ({"name": "\ud800"}, "name = '\\ud800'"),
        ({f"option{number}": 1 for number in range(2000)}, "And 1,980 more."),
    ],
)
def test_python_values_that_cannot_be_are_refused(platform, options, part):
    arguments = {"type": "LEARN", "networks": "mlp", "dataset": "iris", **options}

    with pytest.raises(InvalidRequestError) as caught:
        platform.submit(**arguments)

    assert part in caught.value.message
    assert len(caught.value.message) < 6000


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        (b"", 422, "body is missing"),
        (b"\xff\xfe", 422, "no JSON"),
        (b"{", 422, "no JSON"),
        (b"null", 422, "no JSON object"),
        (b"[]", 422, "no JSON object"),
        (b'{"type": 3, "networks": ["mlp"]}', 422, "type = 3"),
        (b'{"type": "LEARN"}', 422, "networks is missing"),
        (json.dumps({**GOOD, "optoins": {}}).encode(), 422, "Did you mean 'options'?"),
        (json.dumps({**GOOD, "options": {"\ud800": 1}}).encode(), 400, "surrogate pair"),
        (json.dumps({**GOOD, "type": "\ud800"}).encode(), 400, "type = '\\ud800'"),
        (
            json.dumps({**GOOD, "options": {"train_set": [0, 1]}})
            .encode()
            .replace(b"0, 1", b"0, 1e999"),
            422,
            "train_set",
        ),
        (json.dumps({**GOOD, "request": {"memory": "9" * 400}}).encode(), 422, "request.memory"),
        (b'{"options":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "nested too deeply"),
        (json.dumps({**GOOD, "networks": ["x" * 900_000]}).encode(), 400, "Unknown network 'xxx"),
    ],
)
def test_bodies_that_are_no_submission_get_an_answer_in_our_form(raw, body, status, part):
    answer = raw.post("/api/jobs", content=body)

    assert answer.status_code == status
    assert set(answer.json()) == {"message", "code", "errors"}
    assert part in answer.json()["message"]
    assert len(answer.content) < 3000


# Ten megabytes of options ----------------------------------------------------------------------


@pytest.mark.usefixtures("nothing_left")
def test_ten_megabytes_of_options_are_413_and_the_coordinator_stays_small(
    platform, raw, refuses, program, shared_paths
):
    pid = read_connection(shared_paths).pid
    before = psutil.Process(pid).memory_info().rss

    for _ in range(3):
        with pytest.raises(RequestTooLargeError, match="more than 1.0 MB"):
            platform.submit("LEARN", "mlp", "iris", note="x" * MANY_BYTES)
        refuses(2, "1.0 MB", words=["submit", "LEARN", "mlp", "iris", "note=" + "x" * MANY_BYTES])
        body = json.dumps({**GOOD, "options": {"note": "x" * MANY_BYTES}}).encode()
        for content in (body, iter([body])):
            answer = raw.post("/api/jobs", content=content)
            assert answer.status_code == 413
            assert answer.json()["code"] == "too_large"
    # What a shell lets through at most, by the real program.
    words = [f"note{number}=" + "x" * 100_000 for number in range(14)]
    check_refusal(program("submit", "LEARN", "mlp", "iris", *words), 2, "1.0 MB")
    with pytest.raises(RequestTooLargeError, match="at most 256,000 are accepted"):
        platform.submit("LEARN", "mlp", "iris", note="x" * 300_000)

    assert read_connection(shared_paths).pid == pid
    assert psutil.Process(pid).memory_info().rss - before < 60_000_000
