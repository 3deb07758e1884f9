"""From the words of a submission to what is sent."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from jupyter_platform.client.arguments import submission_payload
from jupyter_platform.core.errors import OptionError
from jupyter_platform.core.jobs import JobSubmission
from jupyter_platform.core.words import read_words, split_words, value_text
from jupyter_platform.magics.lines import submit_line


@pytest.mark.parametrize(
    ("words", "dataset", "options"),
    [
        ((), None, {}),
        (("digits",), "digits", {}),
        (("method=ADAM",), None, {"method": "ADAM"}),
        (("digits", "a=1", "b=x y"), "digits", {"a": "1", "b": "x y"}),
        (("my data.csv", "a=b=c"), "my data.csv", {"a": "b=c"}),
        (("digits", "test_set="), "digits", {"test_set": ""}),
        (("./a=b.csv",), "./a=b.csv", {}),
    ],
)
def test_the_first_word_is_the_dataset_unless_it_is_an_option(words, dataset, options):
    assert read_words(words) == (dataset, options)


def test_all_words_that_are_no_options_are_named_at_once():
    with pytest.raises(OptionError) as caught:
        read_words(("digits", "fast", "a=1", "a=2"))

    assert [error.field for error in caught.value.errors] == ["fast", "a"]
    assert "KEY=VALUE" in caught.value.message
    assert "given twice, as '1' and '2'" in caught.value.message


def test_options_may_stand_between_flags(command, start_coordinator):
    server = start_coordinator()
    refusal = {"message": "Enough.", "code": "invalid_options", "errors": []}
    server.answers["POST /api/jobs/check"] = lambda _: (422, refusal)

    words = "submit LEARN a,b digits --name n x=1 --cpus 2 y=-1 --check --memory 4GB"
    done = command(*words.split())

    assert done.code == 2
    ((_, body),) = server.seen("POST /api/jobs/check")
    assert json.loads(body) == {
        "type": "LEARN",
        "networks": ["a", "b"],
        "dataset": "digits",
        "name": "n",
        "request": {"cpus": "2", "memory": "4GB"},
        "priority": 0,
        "options": {"x": "1", "y": "-1"},
    }


def test_where_a_job_may_run_is_said_by_flags(command, start_coordinator):
    server = start_coordinator()
    refusal = {"message": "Enough.", "code": "invalid_options", "errors": []}
    server.answers["POST /api/jobs/check"] = lambda _: (422, refusal)

    words = (
        "submit LEARN a digits --check --count 2 --targets h1,h2 --filter (cpus>=2) --force-free"
    )
    command(*words.split())

    ((_, body),) = server.seen("POST /api/jobs/check")
    sent = json.loads(body)
    assert sent["target_count"] == 2
    assert sent["targets"] == "h1,h2"
    assert sent["target_filter"] == "(cpus>=2)"
    assert sent["force_free"] is True


def test_a_rank_goes_with_a_job(command, start_coordinator):
    start_coordinator()

    done = command("logs", "--rank", "1")

    assert done.code == 2
    assert "--rank goes with a JOB" in done.err


def test_a_file_that_is_not_there_is_named(command, start_coordinator):
    start_coordinator()

    done = command("submit", "LEARN", "mlp", "nowhere.csv")

    assert done.code == 2
    assert "nowhere.csv" in done.err


LINES = json.loads(
    (Path(__file__).parents[2] / "labextension/src/models/__tests__/lines.json").read_text(
        encoding="utf-8"
    )
)


@pytest.mark.parametrize("case", LINES, ids=[case["words"] for case in LINES])
def test_lines_that_jupyterlab_copies_submit_the_same_job(case):
    read = dict(submit_line.make_context("%submit", split_words(case["words"])).params)

    searching = {key: read.pop(key) for key in ("method", "trials", "search_seed")}
    assert searching == {"method": None, "trials": None, "search_seed": 0}
    by_name = SimpleNamespace(as_dataset=lambda name: (name, None))  # none of them is a file
    sent = submission_payload(by_name, **read)

    wanted = case["submission"]
    options = wanted.get("options", {})
    assert sent["options"] == {key: value_text(value) for key, value in options.items()}
    assert sent["request"] == {key: str(value) for key, value in wanted.get("request", {}).items()}
    for key in ("type", "networks", "dataset", "name", "priority", "target_count", "force_free"):
        assert (sent.get(key) or None) == (wanted.get(key) or None), key
    given, meant = JobSubmission.model_validate(sent), JobSubmission.model_validate(wanted)
    assert (given.targets, given.target_filter) == (meant.targets, meant.target_filter)
