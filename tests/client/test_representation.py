"""What a job leaves in a notebook."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jupyter_platform.client.representation import (
    JOB_MIME,
    JOBS_MIME,
    describe,
    job_bundle,
    job_html,
    jobs_bundle,
)
from jupyter_platform.core.jobs import (
    JobErrorRecord,
    JobProgress,
    JobRecord,
    MetricsRecord,
    PrimaryMetric,
    SeriesPoints,
)
from jupyter_platform.core.results import scores_of
from jupyter_platform.core.states import JobType

MOMENT = datetime(2026, 11, 22, 5, 38, 9, tzinfo=UTC)


def points(*values: float) -> SeriesPoints:
    """Return a series with one point at each step."""
    numbers = list(values)
    steps = list(range(len(numbers)))
    return SeriesPoints(
        step=steps, time=steps, mean=numbers, min=numbers, max=numbers, points=len(numbers)
    )


def record(**changes) -> JobRecord:
    fields = {
        "id": "0123456789ab",
        "name": "digits",
        "type": "LEARN",
        "owner": "me",
        "state": "running",
        "networks": ["lenet"],
        "dataset": "digits",
        "options": {},
        "given": {"method": "ADAM", "clean": True, "train_set": [0, 100]},
        "tag": "0123456789ab",
        "request": {},
        "submitted_at": MOMENT,
    }
    return JobRecord.model_validate(fields | changes)


def test_a_bundle_refers_to_the_job_and_says_how_it_stood():
    bundle = job_bundle(record(), notice="2 jobs are named so.")

    assert bundle[JOB_MIME] == {"version": 1, "id": "0123456789ab", "name": "digits"}
    text = "<Job 0123456789ab 'digits' LEARN running>\n2 jobs are named so."
    assert bundle["text/plain"] == text
    for piece in ("running", "lenet", "method=ADAM clean=true train_set=0,100", "2 jobs are named"):
        assert piece in bundle["text/html"]
    assert "2026-11-22 05:38:09 UTC" in bundle["text/html"]


def test_what_people_and_jobs_write_is_never_html():
    evil = "<img src=x onerror=alert(1)>"
    html = job_html(
        record(
            name=evil,
            networks=[evil],
            dataset=evil,
            given={"tag": evil},
            warnings=[evil],
            state="failed",
            error=JobErrorRecord(type="ValueError", message=evil),
            result={evil: 0.5, "warnings": [evil]},
            scores=scores_of(JobType.LEARN, {evil: 0.5}),
        ),
        MetricsRecord(series={f"{evil}_loss": points(1.0, 0.5)}),
        evil,
    )

    assert "<img" not in html
    assert html.count("&lt;img") == 11


def test_what_has_ended_holds_its_scores_and_its_curve():
    result = {
        "loss": 0.25,
        "best": {"validation_accuracy": 0.98123, "step": 40},
        "learning_rate": 0.125,
        "training_time_s": 0.75,
        "warnings": [],
    }
    ended = record(
        state="finished",
        headline=PrimaryMetric(
            name="validation accuracy", value=0.98123, on="validation, 144 samples"
        ),
        result=result,
        scores=scores_of(JobType.LEARN, result),
    )

    bundle = job_bundle(ended, MetricsRecord(series={"loss": points(1.0, 0.25)}))

    assert bundle[JOB_MIME]["final"] is True
    html = bundle["text/html"]
    assert "finished, validation accuracy 0.9812 (validation, 144 samples)" in html
    assert "loss 0.25, best validation accuracy 0.9812" in html
    assert "0.125" not in html
    assert "0.75" not in html
    assert "<polyline" in html


def test_only_an_end_with_its_curves_is_final():
    ended = record(state="finished")

    assert job_bundle(ended, MetricsRecord(series={}))[JOB_MIME]["final"] is True
    assert "final" not in job_bundle(ended)[JOB_MIME]
    assert "final" not in job_bundle(record(), MetricsRecord(series={}))[JOB_MIME]


def test_a_list_refers_to_its_jobs_in_their_order():
    records = [record(id=f"{number:012x}", name=str(number)) for number in (3, 1, 2)]

    bundle = jobs_bundle(records, 30)

    assert [job["name"] for job in bundle[JOBS_MIME]["jobs"]] == ["3", "1", "2"]
    assert bundle[JOBS_MIME]["total"] == 30
    assert bundle[JOBS_MIME]["version"] == 1
    assert "final" not in bundle[JOBS_MIME]
    assert "3 of 30 shown" in bundle["text/plain"]


def test_a_list_is_final_when_all_of_it_has_ended():
    ended = [record(state=state) for state in ("finished", "failed")]

    bundle = jobs_bundle(ended, 2)

    assert bundle[JOBS_MIME]["final"] is True
    assert "<td>failed</td>" in bundle["text/html"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "queued", "reason": "Waits for 2 CPUs."}, "queued: Waits for 2 CPUs."),
        (
            {"progress": JobProgress(step=71, total=100, remaining_s=840)},
            "running 71 %, 14 min left",
        ),
        (
            {"state": "finished", "headline": PrimaryMetric(name="accuracy", value=0.98123)},
            "finished, accuracy 0.9812",
        ),
        (
            {"state": "failed", "error": JobErrorRecord(type="OutOfMemory", message="No memory.")},
            "failed: No memory.",
        ),
        ({"state": "finished", "headline": PrimaryMetric(name="loss", value=None)}, "finished"),
    ],
)
def test_states_in_a_few_words(changes, words):
    assert describe(record(**changes)) == words
