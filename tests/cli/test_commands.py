"""Every command against a real platform."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from jupyter_platform.cli.demo import snippet
from jupyter_platform.runtime.paths import Paths
from tests.waiting import until


@pytest.fixture
def run(platform, command):
    """The command line, with a platform that is up."""
    return command


def submit(run, *words, code=0):
    done = run("submit", "LEARN", "mlp", "iris", "--json", *words)
    assert done.code == code, done.err
    return done.json


def test_a_job_is_submitted_followed_shown_and_deleted(run):
    record = submit(run, "max_iterations=30", "validation_interval=10", "--name", "cli", "-f")
    job = record["id"]

    assert record["state"] == "finished"
    assert run("job", job, "--json").json["result"]
    shown = run("job", job)
    assert "✓ finished" in shown.out
    assert "max_iterations=30" in shown.out
    assert job in run("jobs").out
    assert [item["id"] for item in run("jobs", "--search", "cli", "--json").json] == [job]
    assert "loss" in run("metrics", job).out
    points = run("metrics", job, "--json").json
    assert points["step"] == list(range(1, 31))
    assert run("metrics", job, "--csv").out.splitlines()[0].startswith("step,time,loss")
    assert run("logs", job, "--json").json["job"] == job
    assert run("delete", job, "--json").json == [job]
    assert run("job", job).code == 3
    assert run("restore", job, "--json").json[0]["id"] == job
    assert run("job", job).code == 0
    assert run("restore", "0000deadbeef").code == 3


def test_tags_are_listed_renamed_and_forgotten(run):
    submit(run, "max_iterations=2", "tag=kept", "-f")

    listed = run("tags", "mlp", "--json").json
    assert "kept" in [tag["tag"] for tag in listed]
    assert "kept" in run("tags").out
    assert run("tags", "rename", "mlp", "kept", "liked").out == "mlp/liked  was kept\n"
    assert run("tags", "rename", "mlp", "kept", "liked").code == 3
    assert run("tags", "rename", "mlp", "liked", "kept").code == 0
    assert run("tags", "forget", "mlp", "kept").out == "mlp/kept  forgotten\n"
    assert "kept" not in [tag["tag"] for tag in run("tags", "mlp", "--json").json]
    assert run("tags", "forget", "mlp", "kept").code == 3


def test_the_status_counts_what_each_type_keeps_busy(run):
    job = submit(run, "max_iterations=-1")["id"]
    until(lambda: run("job", job, "--json").json["state"] == "running", "its start")

    busy = run("status", "--json").json

    assert busy["types"]["LEARN"] == {"running": 1, "waiting": 0, "hosts_busy": 1}
    assert busy["types"]["ACT"] == {"running": 0, "waiting": 0, "hosts_busy": 0}
    assert busy["hosts_idle"] == busy["hosts"] - 1
    assert "1 running, 0 waiting; 1 host busy with it" in run("status").out
    assert run("stop", job).code == 0
    assert run("job", job, "--follow").code == 0


def test_a_log_shows_its_last_lines_as_a_terminal_would(run):
    job = submit(run, "max_iterations=2", "-f")["id"]
    (log,) = Paths.default().mirror.glob(f"{job}/**/output.log")
    bar = "".join(f"\r{step:5d} of 20000" for step in range(20_000))
    with log.open("a") as file:
        file.write(f"before\n\x1b]0;a title\x07{bar}\nafter\n")

    shown = run("logs", job, "-n", "3")

    assert shown.out == "before\n19999 of 20000\nafter\n"
    assert run("logs", job, "-n", "3", "--json").json["log"] == shown.out
    assert run("logs", job).out.endswith(shown.out)
    followed = run("logs", job, "-n", "2", "-f").out
    assert followed.endswith("19999 of 20000\nafter\n")
    assert "title" not in followed
    assert "before" not in followed


def test_stopping_an_ambiguous_name_refuses_and_lists(run):
    words = ("max_iterations=-1", "--name", "both")
    jobs = [submit(run, *words)["id"] for _ in range(2)]

    refused = run("stop", "both")
    assert refused.code == 2
    assert all(job in refused.err for job in jobs)
    assert "2 jobs are named 'both'" in run("job", "both").err
    assert run("stop", *jobs).code == 0
    for job in jobs:
        assert run("job", job, "--follow").code == 0


def test_wrong_input_is_2_and_names_the_nearest(run):
    done = run("submit", "LEARN", "mlp", "iris", "learning_rte=1")

    assert (done.code, done.out) == (2, "")
    assert "learning_rate" in done.err
    assert run("jobs", "--state", "asleep").code == 2
    assert run("networks", "nowhere").code == 3
    assert run("job", "nowhere").code == 3


def test_a_check_says_when_it_would_start(run):
    done = run("submit", "LEARN", "mlp", "iris", "--check")

    assert done.code == 0
    assert done.out.startswith("when")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["hosts"], "up"),
        (["networks"], "lenet-digits"),
        (["networks", "lenet-digits"], "conv1"),
        (["datasets"], "digits"),
        (["datasets", "digits"], "validation"),
        (["datasets", "mnist"], "jupyter platform datasets get mnist"),
        (["datasets", "preview", "digits", "hflip=1"], "█"),
        (["datasets", "preview", "iris", "--part", "test"], "virginica"),
        (["options", "LEARN"], "batch_size"),
        (["notifications"], ""),
        (["status"], "slots"),
        (["status"], "evaluate"),
        (["tags"], ""),
        (["tags", "mlp"], ""),
        (["doctor"], "✓ coordinator"),
        (["logs"], "coordinator"),
        (["logs", "--process", "coordinator", "-n", "3"], ""),
    ],
)
def test_what_is_listed_is_also_json(run, words, expected):
    shown, machine = run(*words), run(*words, "--json")

    assert (shown.code, machine.code) == (0, 0), shown.err + machine.err
    assert expected in shown.out
    assert machine.json is not None


def test_a_dataset_is_added_and_removed(run, tmp_path):
    path = tmp_path / "table.csv"
    rows = "\n".join(f"{n},{n % 3},{n % 2}" for n in range(30))
    path.write_text(f"a,b,label\n{rows}\n")

    added = run("datasets", "add", str(path), "--target", "label", "--json")

    assert added.code == 0, added.err
    assert added.json[0]["facts"]["classes"] == ["0", "1"]
    assert run("datasets", "add", str(path)).code == 1
    assert run("datasets", "add", str(path), "--replace").code == 0
    assert run("datasets", "remove", "table").code == 0
    assert run("datasets", "table").code == 3


def test_a_download_that_cannot_be_is_said(run):
    assert run("datasets", "get", "iris").code == 1
    assert "not one that is downloaded" in run("datasets", "cancel", "iris").err
    assert run("datasets", "get", "nothing").code == 3
    assert run("datasets", "preview", "iris", "hflip=1").code == 2
    assert "write KEY=VALUE" in run("datasets", "preview", "iris", "nonsense").err


def test_up_says_what_runs_and_refuses_other_settings(run):
    assert run("up", "--json").json["hosts"] == 1
    refused = run("up", "--hosts", "2")

    assert refused.code == 1
    assert "other settings" in refused.err


def test_down_refuses_while_a_job_runs(run):
    job = submit(run, "max_iterations=-1")["id"]

    refused = run("down")

    assert refused.code == 1
    assert job in refused.err
    assert "--stop-jobs" in refused.err
    assert run("stop", job).code == 0
    run("job", job, "--follow")


def test_the_printed_program_loads_the_network_and_reads_the_digits(run):
    submitted = ("submit", "--follow", "--json")
    network = ("lenet-digits", "digits")
    learned = run(*submitted, "LEARN", *network, "method=ADAM", "max_iterations=60").json
    tag = f"tag={learned['tag']}/best"
    evaluated = run(*submitted, "EVALUATE", *network, tag).json

    printed = subprocess.run(
        [sys.executable, "-c", snippet(learned["id"], evaluated["id"])],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    predictions = json.loads("".join(printed.removeprefix("tensor(").rstrip().removesuffix(")")))
    assert predictions == [item["prediction"] for item in evaluated["result"]["examples"]]
