"""The magics in a real IPython shell, against a real platform."""

from __future__ import annotations

import re
import secrets

import pytest

from jupyter_platform.client.representation import JOB_MIME, JOBS_MIME
from jupyter_platform.core.options.resolve import OPTION_MODELS
from tests.waiting import DEADLINE_S, until

SHORT = "max_iterations=20 validation_interval=10"
ENDLESS = "max_iterations=-1 validation_interval=0"


@pytest.fixture(autouse=True)
def _running(platform):
    """All of these want a platform with a host."""


def test_submit_returns_a_job_and_shows_it_live_with_words_for_others(notebook):
    ran = notebook.run(f"job = %submit LEARN mlp iris {SHORT} --name '<b>mine</b>' --cpus 1")

    job = notebook["job"]
    (bundle,) = ran.displayed
    assert ran.error is None
    assert bundle[JOB_MIME] == {"version": 1, "id": job.id, "name": "<b>mine</b>"}
    assert "&lt;b&gt;mine&lt;/b&gt;" in bundle["text/html"]
    assert "<b>mine</b>" not in bundle["text/html"]
    assert "max_iterations=20 validation_interval=10" in bundle["text/html"]
    assert bundle["text/plain"].startswith(f"<Job {job.id} '<b>mine</b>' LEARN ")
    assert job.wait(timeout=DEADLINE_S) == "finished"
    assert job.record.options["max_iterations"] == 20


def test_an_executed_notebook_keeps_how_its_job_ended(notebook):
    notebook.run(f"job = %submit LEARN mlp iris {ENDLESS} --name kept")
    assert notebook.run("1 + 1").updated == []
    started = (record.progress and record.progress.step for record in notebook["job"].watch())
    assert any(started)
    notebook["job"].stop()

    ran = notebook.run(f"job.wait({DEADLINE_S})")

    (bundle,) = ran.updated
    assert ran.displayed == []
    assert bundle[JOB_MIME]["final"] is True
    assert bundle[JOB_MIME]["id"] == notebook["job"].id
    assert "<svg" in bundle["text/html"]
    assert "stopped" in bundle["text/plain"]
    assert notebook.run("job.state").updated == []


def test_an_executed_notebook_keeps_how_its_sweep_ended(notebook):
    notebook.run(f"sweep = %submit LEARN mlp iris {SHORT} learning_rate=[0.1,0.01]")

    ran = notebook.run(f"sweep.wait({DEADLINE_S})\nNone")

    (bundle,) = ran.updated
    assert bundle["text/html"].count("finished, validation accuracy") == 2
    assert notebook.run("0").updated == []


def test_a_job_is_shown_once_wherever_the_magic_stands(notebook):
    first = f"%submit LEARN mlp iris {SHORT} --name first\n"
    last = f"%submit LEARN mlp iris {SHORT} --name last"

    ran = notebook.run(first + last)

    assert [item[JOB_MIME]["name"] for item in ran.displayed] == ["first", "last"]
    assert "<Job" not in ran.out
    assert notebook.run("_").displayed[0][JOB_MIME]["name"] == "last"


def test_a_terminal_prints_each_job_once_and_behind_the_prompt_of_its_cell(terminal):
    first = f"first = %submit LEARN mlp iris {SHORT} --name first\n"
    second = f"%submit LEARN mlp iris {SHORT} --name second"

    between, shown, value = terminal.run(f"{first}print('between')\n{second}").splitlines()

    assert between == "between"
    assert re.fullmatch(r"<Job \w+ 'first' LEARN .*>", shown)
    assert re.fullmatch(r"Out\[1\]: <Job \w+ 'second' LEARN .*>", value)
    assert terminal.run("first").startswith("Out[2]: <Job ")
    assert terminal.run(f"last = %submit LEARN mlp iris {SHORT}").startswith("<Job ")
    assert terminal.run("%jobs --search first").startswith("Out[4]: \nid ")


def test_options_may_stand_below_the_line(notebook):
    ran = notebook.run(f"%%submit LEARN mlp iris\nbatchSize=16  # as DIANNE spells it\n{SHORT}")

    assert ran.error is None
    record = notebook["_"].record
    assert record.options["batch_size"] == 16
    assert set(record.given) == {"batch_size", "max_iterations", "validation_interval"}


def test_a_pair_is_started_shown_and_returned(notebook):
    ran = notebook.run(
        "agents, learner = %rl q-network CartPole-v1 --pool magic max_iterations=20 "
        "min_samples=30 validation_interval=0 act.frames=false act.max_actions=40"
    )

    assert ran.error is None
    agents, learner = notebook["agents"], notebook["learner"]
    (bundle,) = ran.displayed
    assert [item["id"] for item in bundle[JOBS_MIME]["jobs"]] == [agents.id, learner.id]
    assert (agents.record.type, learner.record.type) == ("ACT", "LEARN")
    assert agents.record.options["max_actions"] == 40
    assert learner.record.options["max_iterations"] == 20
    assert learner.wait(timeout=DEADLINE_S) == agents.wait(timeout=DEADLINE_S) == "finished"
    (kept,) = notebook.run("0").updated
    assert kept["text/html"].count("finished, ") == 2
    for line in ("%rl q-network CartPole-v1 --pool", "%submit LEARN q-network"):
        # The platform may take longer than a person waits: it is there at a later press then.
        until(lambda line=line: notebook.complete(f"{line} mag") == [f"{line} magic"], line)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%rl q-network Pendulum-v1", "learn it with ddpg or ppo"),
        ("%rl q-network CartPole-v1 fast", "act.KEY=VALUE for the agents"),
        ("%rl q-network CartPole-v1 strategy=dqn", "give it as --strategy"),
        ("%rl q-network CartPole-v1 environment=X", "give it as the second word"),
        ("%rl q-network CartPole-v1 act.epsilon=1", "Did you mean epsilon_m"),
    ],
)
def test_a_pair_that_cannot_be_is_refused_with_a_sentence(notebook, line, message):
    ran = notebook.run(line)

    assert ran.error is not None
    assert message in str(ran.error)


def test_jobs_lists_what_was_asked_for(notebook):
    submitted = notebook.run(f"job = %submit LEARN mlp wine {SHORT} --name listed")
    notebook["job"].wait(timeout=DEADLINE_S)

    ran = notebook.run("%jobs finished --search listed")

    (bundle,) = ran.displayed
    assert submitted.error is None
    assert bundle[JOBS_MIME]["jobs"][0] == {"id": notebook["job"].id, "name": "listed"}
    assert bundle[JOBS_MIME]["total"] == len(bundle[JOBS_MIME]["jobs"])
    assert "<table>" in bundle["text/html"]
    assert {job.name for job in notebook["_"]} == {"listed"}


def test_job_shows_the_newest_or_the_one_that_is_named(notebook):
    notebook.run(f"older = %submit LEARN mlp iris {SHORT} --name older")
    notebook.run(f"newer = %submit LEARN mlp iris {SHORT} --name newer")

    for line, name in (("%job", "newer"), ("%job older", "older")):
        (bundle,) = notebook.run(line).displayed
        assert bundle[JOB_MIME]["id"] == notebook[name].id


def test_stop_stops(notebook):
    # Other tests of this platform may have left jobs of any plain name.
    name = f"stop-{secrets.token_hex(4)}"
    notebook.run(f"job = %submit LEARN mlp iris {ENDLESS} --name {name}")

    ran = notebook.run(f"stopped = %stop {name}")

    assert ran.error is None
    assert notebook["stopped"].id == notebook["job"].id
    assert notebook["job"].wait(timeout=DEADLINE_S) in ("stopped", "cancelled")


def test_a_job_that_is_gone_is_shown_as_it_was(notebook, platform):
    notebook.run(f"job = %submit LEARN mlp iris {SHORT} --name gone")
    notebook["job"].wait(timeout=DEADLINE_S)
    platform.job(notebook["job"].id).delete()

    (bundle,) = notebook.run("job").displayed

    assert bundle[JOB_MIME]["name"] == "gone"
    assert "finished" in bundle["text/html"]


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("%submit", "Missing argument 'TYPE'."),
        ("%submit LEARN mlpp iris", "Did you mean 'mlp'?"),
        ("%submit LEARN mlp iris learning_rte=0.1", "Did you mean learning_rate?"),
        ("%submit LEARN mlp iris 'x", "a quotation mark is not closed"),
        ("%submit LEARN mlp iris fast", "'fast' is no option; write KEY=VALUE"),
        ("%submit LEARN mlp nothing.csv", "nothing.csv"),
        ("%jobs done", "'done' is not one of 'queued'"),
        ("%job nothing-has-this-name", "No job has the id or the name 'nothing-has-this-name'"),
        ("%stop", "Missing argument 'JOB…'."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_and_ends_the_cell(notebook, cell, sentence):
    ran = notebook.run(f"{cell}\nreached = True")

    assert sentence in ran.out
    assert "Traceback" not in ran.out
    assert len(ran.out.strip().splitlines()) == 1
    assert ran.error is not None
    assert "reached" not in notebook.shell.user_ns


def test_each_wrong_option_has_its_line(notebook):
    ran = notebook.run("%submit LEARN mlp iris learning_rate=abc batch_size=0")

    lines = ran.out.strip().splitlines()
    assert len(lines) == 2
    assert "learning_rate" in lines[0]
    assert "batch_size" in lines[1]


def test_help_is_no_error(notebook):
    ran = notebook.run("%submit --help")

    assert ran.error is None
    assert "Examples: %submit LEARN" in ran.out


def test_unloading_takes_everything_back(notebook):
    notebook.shell.extension_manager.unload_extension("jupyter_platform")

    left = notebook.shell.magics_manager.magics["line"].keys()
    assert not {"submit", "deploy", "deployments"} & left
    assert notebook.complete("%submit LEA") == []

    notebook.shell.extension_manager.load_extension("jupyter_platform")
    assert notebook.complete("%submit LEA") == ["%submit LEARN"]


def test_completion_knows_what_the_platform_has(notebook, platform):
    platform.add_network(
        {"name": "mlp-of-mine", "layers": [{"type": "Linear", "in_features": 4, "out_features": 3}]}
    )
    notebook.run(f"job = %submit LEARN mlp iris {SHORT} tag=mark")
    notebook["job"].wait(timeout=DEADLINE_S)

    assert "%submit LEARN mlp-of-mine" in notebook.complete("%submit LEARN mlp-of")
    assert "%submit EVALUATE mlp iris tag=mark/best" in notebook.complete(
        "%submit EVALUATE mlp iris tag=ma"
    )
    assert notebook.complete(f"%job {notebook['job'].id[:6]}") == [f"%job {notebook['job'].id}"]
    platform.remove_network("mlp-of-mine")


def test_every_type_of_job_is_completed(notebook):
    assert notebook.complete("x = %submit ") == [f"x = %submit {kind}" for kind in OPTION_MODELS]
