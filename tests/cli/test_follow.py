"""Following a job in a terminal."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial

import pytest

from jupyter_platform.cli.follow import progress_words
from jupyter_platform.core.jobs import JobProgress, JobRecord, ResourceRequest
from jupyter_platform.core.states import JobState, JobType

ID = "0123456789ab"
MAIN = "from jupyter_platform.cli.main import main; main()"


def record(state: str, reason: str | None = None) -> dict:
    job = JobRecord(
        id=ID,
        name="lenet",
        type=JobType.LEARN,
        owner="me",
        state=JobState(state),
        reason=reason,
        networks=["lenet-digits"],
        dataset="digits",
        options={},
        given={},
        tag=None,
        request=ResourceRequest(),
        submitted_at=datetime.now(UTC),
    )
    return job.model_dump(mode="json")


def test_what_matters_most_stands_first():
    progress = JobProgress(
        step=5,
        total=10,
        rate=812.4,
        remaining_s=4,
        values={"validation_loss": 0.1, "loss": 0.25, "validation_accuracy": 0.98, "gap": None},
    )

    words = progress_words(progress)

    assert words == "loss 0.25 · val acc 0.98 · 4 s left · 812 it/s · gap not finite"


@pytest.mark.parametrize(("rate", "words"), [(1234.5, "1,234"), (9.96, "10"), (0.16, "0.16")])
def test_what_is_slow_does_not_seem_to_stand_still(rate, words):
    progress = JobProgress(step=1, rate=rate, unit="episodes", values={})

    assert progress_words(progress) == f"{words} episodes/s"


def test_without_a_terminal_each_change_is_a_line(command, start_coordinator):
    server = start_coordinator()
    states = [("queued", "no host is up"), ("queued", "no host is up"), ("running", None)]
    left = [record(*state) for state in states] + [record("finished")]
    server.answers[f"GET /api/jobs/{ID}"] = lambda _: (
        200,
        left.pop(0) if len(left) > 1 else left[0],
    )

    done = command("job", ID, "--follow")

    assert done.code == 0
    assert done.err.splitlines() == [
        "◌ queued  lenet: no host is up",
        "● running  lenet",
        "✓ finished  lenet",
    ]


def test_a_followed_job_that_fails_is_1(command, start_coordinator):
    server = start_coordinator()
    server.answers[f"GET /api/jobs/{ID}"] = lambda _: (200, record("failed"))

    assert command("job", ID, "--follow").code == 1
    assert command("job", ID).code == 0


def test_interrupting_leaves_the_job_and_says_how_to_go_on(start_coordinator):
    server = start_coordinator()
    server.answers[f"GET /api/jobs/{ID}"] = lambda _: (200, record("running"))
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, "job", ID, "--follow"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Started from a shell's background, all of this ignores it.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()

    assert first == "● running  lenet\n"
    assert process.returncode == 130
    assert f"jupyter platform job {ID} --follow" in rest
    assert "Traceback" not in rest
    assert not server.seen(f"POST /api/jobs/{ID}/stop")
