"""Exit codes and messages, whatever the coordinator answers."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jupyter_platform.cli.main import COMMANDS


def test_every_command_of_the_help_page_has_help(command):
    page = command("--help")

    assert page.code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in page.out
        assert command(name, "--help").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("frobnicate",),
        ("submit", "LEARN"),
        ("jobs", "--limit", "0"),
        ("jobs", "--limit", "many"),
        ("down", "--stop-jobs", "--leave-jobs"),
        ("logs", "job", "--process", "coordinator"),
        ("datasets", "add"),
        ("datasets", "add", "a.csv", "b.csv", "--name", "c"),
    ],
)
def test_wrong_usage_is_2_with_a_message(command, words):
    done = command(*words)

    assert (done.code, done.out) == (2, "")
    assert "Error" in done.err


@pytest.mark.parametrize("words", [("status",), ("status", "--json")])
def test_a_platform_that_is_down_is_4(command, paths, words):
    done = command(*words)

    assert (done.code, done.out) == (4, "")
    assert "jupyter platform up" in done.err


def test_down_without_a_platform_is_no_error(command, paths):
    done = command("down", "--json")

    assert (done.code, done.json) == (0, {"stopped": False})


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, "not_found", 3),
        (422, "invalid_options", 2),
        (409, "ambiguous_name", 2),
        (409, "conflict", 1),
        (503, "host", 4),
        (500, "error", 1),
        (500, "something new", 1),
    ],
)
def test_each_kind_of_error_has_its_exit_code(command, start_coordinator, status, code, expected):
    server = start_coordinator()
    body = {"message": "It is so because of that.", "code": code, "errors": []}
    server.answers["GET /api/datasets"] = lambda _: (status, body)

    done = command("datasets")

    assert (done.code, done.out) == (expected, "")
    assert done.err == "It is so because of that.\n"


def test_several_faults_of_one_request_are_lines(command, start_coordinator):
    server = start_coordinator()
    errors = [{"field": "a", "message": "a is bad."}, {"field": "b", "message": "b is bad."}]
    body = {"message": "a is bad. b is bad.", "code": "invalid_options", "errors": errors}
    server.answers["GET /api/networks"] = lambda _: (422, body)

    assert command("networks").err == "a is bad.\nb is bad.\n"


def test_a_defect_is_one_message_and_no_traceback(command, start_coordinator, monkeypatch):
    monkeypatch.delenv("JUPYTER_PLATFORM_DEBUG", raising=False)
    server = start_coordinator()
    server.answers["GET /api/hosts"] = lambda _: (200, [{"no": "host"}])

    done = command("hosts")

    assert done.code == 1
    assert "defect" in done.err


def test_a_reader_that_has_seen_enough_is_no_error(start_coordinator):
    program = "from jupyter_platform.cli.main import main; main()"
    piped = subprocess.run(
        ["bash", "-c", '"$0" -c "$1" --help | head -n 1; exit "${PIPESTATUS[0]}"', sys.executable]
        + [program],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (piped.returncode, piped.stderr) == (0, "")


def test_listing_jobs_imports_neither_torch_nor_pandas(start_coordinator):
    server = start_coordinator()
    server.answers["GET /api/jobs"] = lambda _: (200, {"items": [], "total": 0, "offset": 0})
    program = (
        "import sys; from jupyter_platform.cli.main import run; code = run(['jobs', '--json']);"
        "print(code, sorted({'torch', 'pandas', 'numpy', 'dask'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == ["[]", "0 []"]
