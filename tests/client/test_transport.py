"""The way to the coordinator when it breaks, moves, is another, or is none."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from jupyter_platform.client import waiting
from jupyter_platform.client.transport import Transport, encode_json
from jupyter_platform.core.errors import (
    CoordinatorError,
    InvalidRequestError,
    NotFoundError,
    OptionError,
    PlatformError,
    TakenDownError,
    UnavailableError,
    VersionMismatchError,
)
from jupyter_platform.runtime.connection import PROTOCOL


def test_errors_of_the_coordinator_are_raised_as_what_they_are(start_coordinator):
    server = start_coordinator()
    field = {"field": "batch_size", "value": 0, "message": "batch_size is 0.", "nearest": None}
    server.answers["POST /api/jobs"] = lambda _: (
        422,
        {"message": "batch_size is 0.", "code": "invalid_options", "errors": [field]},
    )
    transport = Transport()

    with pytest.raises(OptionError, match=r"batch_size is 0\.") as caught:
        transport.request("POST", "/api/jobs", body={})
    assert [item.field for item in caught.value.errors] == ["batch_size"]
    with pytest.raises(NotFoundError):
        transport.get("/api/nowhere")


def test_a_get_follows_the_coordinator_to_its_new_port_and_token(start_coordinator):
    first = start_coordinator("one")
    first.answers["GET /api/status"] = lambda _: (200, {"from": "first"})
    transport = Transport()
    assert transport.get("/api/status") == {"from": "first"}

    first.answers["GET /api/status"] = lambda _: None
    second = start_coordinator("two")
    second.answers["GET /api/status"] = lambda _: (200, {"from": "second"})

    assert transport.get("/api/status") == {"from": "second"}
    assert transport.endpoint.url == second.url


def test_who_looks_on_does_not_start_again_what_was_taken_down(start_coordinator, monkeypatch):
    server = start_coordinator()
    server.answers["GET /api/status"] = lambda _: (200, {"jobs": 1})
    transport = Transport()
    looks = waiting.polled(lambda: transport.get("/api/status"))
    assert next(looks) == {"jobs": 1}

    monkeypatch.setattr(waiting, "DOWN_S", 0.2)
    server.answers["GET /api/status"] = lambda _: None
    transport.paths.connection_file.unlink()

    with pytest.raises(TakenDownError, match="jobs that were not stopped go on"):
        next(looks)
    assert not transport.paths.connection_file.exists()


def test_a_new_token_on_the_same_port_is_read_again(start_coordinator, lead_here):
    server = start_coordinator("old")
    server.answers["GET /api/status"] = lambda _: (200, {})
    transport = Transport()
    transport.get("/api/status")

    server.token = "new"
    lead_here(server)

    assert transport.get("/api/status") == {}


def test_a_broken_submission_is_repeated_with_the_same_key(start_coordinator):
    server = start_coordinator()
    answers = iter([None, (201, {"id": "x"})])
    server.answers["POST /api/jobs"] = lambda _: next(answers)
    headers = {"Idempotency-Key": "k1"}

    response = Transport().request(
        "POST", "/api/jobs", body={"a": 1}, headers=headers, repeatable=True
    )

    assert response.status_code == 201
    sent = server.seen("POST /api/jobs")
    assert [item[0]["Idempotency-Key"] for item in sent] == ["k1", "k1"]
    assert [json.loads(item[1]) for item in sent] == [{"a": 1}, {"a": 1}]


def test_what_may_not_be_repeated_is_sent_once(start_coordinator):
    server = start_coordinator()
    server.answers["DELETE /api/jobs/x"] = lambda _: None

    with pytest.raises(UnavailableError, match="No answer"):
        Transport().request("DELETE", "/api/jobs/x")

    assert len(server.seen("DELETE /api/jobs/x")) == 1


def test_a_coordinator_of_another_protocol_is_refused(start_coordinator):
    start_coordinator(protocol=PROTOCOL + 1)

    with pytest.raises(VersionMismatchError, match=rf"protocol {PROTOCOL + 1}.*platform down"):
        Transport().connect()


def test_what_is_no_platform_is_named(start_coordinator, monkeypatch):
    server = start_coordinator()
    server.answers["GET /api/version"] = lambda _: (200, ["some", "other", "service"])
    transport = Transport(server.url, server.token)

    with pytest.raises(CoordinatorError, match=r"is no jupyter-platform"):
        transport.connect()


def test_an_answer_that_is_not_ours_says_who_gave_it(start_coordinator):
    server = start_coordinator()
    server.answers["GET /api/status"] = lambda _: (418, "teapot")

    with pytest.raises(PlatformError, match=rf"{server.url} answers 418.*GET /api/status"):
        Transport().get("/api/status")


def test_the_address_in_the_environment_wins_over_the_connection_file(
    start_coordinator, monkeypatch
):
    elsewhere = start_coordinator("far")
    start_coordinator("near")
    monkeypatch.setenv("JUPYTER_PLATFORM_API_URL", elsewhere.url + "/")
    monkeypatch.setenv("JUPYTER_PLATFORM_API_TOKEN", "far")

    endpoint = Transport().endpoint

    assert (endpoint.url, endpoint.local) == (elsewhere.url, False)


@pytest.mark.parametrize("url", ["lab.example.org", "ftp://lab", "http://"])
def test_an_address_that_is_none_is_refused_with_an_example(url):
    with pytest.raises(InvalidRequestError, match=r"no address of a coordinator.*https://"):
        Transport(url, "token")


def test_an_address_without_a_token_says_where_to_put_it():
    with pytest.raises(InvalidRequestError, match="JUPYTER_PLATFORM_API_TOKEN"):
        Transport("http://127.0.0.1:1")


def test_nobody_at_a_remote_address_names_address_and_variable(unused_port):
    transport = Transport(f"http://127.0.0.1:{unused_port}", "token")

    with pytest.raises(UnavailableError, match=rf"127\.0\.0\.1:{unused_port}.*API_URL"):
        transport.get("/api/status")


def test_without_start_a_platform_that_is_down_stays_down(paths):
    with pytest.raises(CoordinatorError, match="jupyter platform up"):
        Transport(start=False).connect()
    assert not paths.connection_file.exists()


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.array([1, 2]), [1, 2]),
        (Path("a") / "b", "a/b"),
        (range(3, 9), [3, 9]),
        ((1, 2), [1, 2]),
    ],
)
def test_option_values_of_python_become_plain(value, sent):
    assert json.loads(encode_json({"x": value})) == {"x": sent}


@pytest.mark.parametrize("value", [object(), math.nan, math.inf, {1, 2}])
def test_option_values_without_a_json_form_are_refused(value):
    with pytest.raises(InvalidRequestError):
        encode_json({"x": value})


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://[::1]:9", "http://localhost:9"])
def test_a_proxy_never_gets_between_us_and_this_machine(monkeypatch, url):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")

    with pytest.raises(CoordinatorError, match="No answer"):
        Transport(url, "t").connect()


def test_a_proxy_that_cannot_be_used_is_told_with_the_way_out(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")

    with pytest.raises(CoordinatorError, match=r"proxy.*NO_PROXY.*httpx\[socks\]"):
        Transport("http://lab.example.org:9", "t").connect()
