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
from jupyter_platform.core.jobs import Headline, JobErrorRecord, JobProgress, JobRecord

MOMENT = datetime(2026, 11, 22, 5, 38, 9, tzinfo=UTC)


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
    bundle = job_bundle(record(), "<Job>", "2 jobs are named so.")

    assert bundle[JOB_MIME] == {"version": 1, "id": "0123456789ab", "name": "digits"}
    assert bundle["text/plain"] == "<Job>"
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
        ),
        evil,
    )

    assert "<img" not in html
    assert html.count("&lt;img") == 7


def test_a_list_refers_to_its_jobs_in_their_order():
    records = [record(id=f"{number:012x}", name=str(number)) for number in (3, 1, 2)]

    bundle = jobs_bundle(records, 30, "<table></table>", "three")

    assert [job["name"] for job in bundle[JOBS_MIME]["jobs"]] == ["3", "1", "2"]
    assert bundle[JOBS_MIME]["total"] == 30
    assert bundle[JOBS_MIME]["version"] == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "queued", "reason": "Waits for 2 CPUs."}, "queued: Waits for 2 CPUs."),
        (
            {"progress": JobProgress(step=71, total=100, remaining_s=840)},
            "running 71 %, 14 min left",
        ),
        (
            {"state": "finished", "headline": Headline(name="accuracy", value=0.98123)},
            "finished, accuracy 0.9812",
        ),
        (
            {"state": "failed", "error": JobErrorRecord(type="OutOfMemory", message="No memory.")},
            "failed: No memory.",
        ),
        ({"state": "finished", "headline": Headline(name="loss", value=None)}, "finished"),
    ],
)
def test_states_in_a_few_words(changes, words):
    assert describe(record(**changes)) == words
