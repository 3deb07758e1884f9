"""Jobs that end badly, and coordinators that go away meanwhile."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from jupyter_platform import Platform
from jupyter_platform.core.errors import JobFailedError, NotFoundError
from jupyter_platform.core.jobs import JobErrorRecord, JobPage, JobRecord, LogChunk, ResourceRequest
from jupyter_platform.core.states import JobState, JobType

ID = "0123456789ab"


def record(state: str, job: str = ID, **more) -> JobRecord:
    return JobRecord(
        id=job,
        name="lenet",
        type=JobType.LEARN,
        owner="me",
        state=JobState(state),
        networks=["lenet-digits"],
        dataset="digits",
        options={},
        given={"learning_rate": 0.1, "seed": 3},
        tag=None,
        request=ResourceRequest(),
        submitted_at=datetime.now(UTC),
        **more,
    )


@pytest.fixture
def serve(start_coordinator):
    """Return a function that serves records of one job, the last one for ever."""

    def start(*records: JobRecord | None):
        server = start_coordinator()
        left = list(records)

        def answer(_):
            found = left.pop(0) if len(left) > 1 else left[0]
            return None if found is None else (200, found.model_dump(mode="json"))

        server.answers[f"GET /api/jobs/{ID}"] = answer
        return server

    return start


def test_a_failed_job_raises_only_when_asked(serve):
    error = JobErrorRecord(type="ValueError", message="labels out of range")
    serve(record("failed", error=error))
    job = Platform().job(ID)

    assert job.wait() == "failed"
    with pytest.raises(JobFailedError, match=r"'lenet' \(0123.*ValueError: labels out of range"):
        job.wait(raise_on_failure=True)
    with pytest.raises(JobFailedError):
        job.result()
    assert "labels out of range" in repr(job)


def test_a_cancelled_job_has_no_result(serve):
    serve(record("cancelled"))

    with pytest.raises(JobFailedError, match="cancelled before it began"):
        Platform().job(ID).result()


def test_waiting_outlasts_a_coordinator_that_does_not_answer(serve):
    running, silence = record("running"), [None] * 9
    serve(running, *silence, running, record("finished", result={"loss": 0.5}))

    job = Platform().job(ID)

    assert job.wait(timeout=60) == "finished"
    assert job.result() == {"loss": 0.5}


def test_a_deadline_ends_waiting_with_the_state(serve):
    serve(record("queued", reason="no host is up"))

    with pytest.raises(TimeoutError, match=r"is queued after 0\.1 s; it goes on"):
        Platform().job(ID).wait(timeout=0.1)


def test_a_name_that_looks_like_an_id_is_found_as_a_name(start_coordinator):
    server = start_coordinator()
    missing = NotFoundError("No job has the id 'decade'.").to_dict()
    server.answers["GET /api/jobs/decade"] = lambda _: (404, missing)
    found = record("finished")
    page = JobPage(items=[found], total=1).model_dump(mode="json")
    server.answers["GET /api/jobs"] = lambda _: (200, page)
    server.answers[f"GET /api/jobs/{ID}"] = lambda _: (200, found.model_dump(mode="json"))

    assert Platform().job("decade").id == ID


def test_resubmitting_sends_what_was_given_with_the_changes_on_top(serve):
    server = serve(record("finished"))
    new = record("queued", "ba9876543210").model_dump(mode="json")
    server.answers["POST /api/jobs"] = lambda _: (201, new)

    again = Platform().job(ID).resubmit(learningRate=0.2, seed=None, priority=5)

    assert again.id == "ba9876543210"
    ((_, body),) = server.seen("POST /api/jobs")
    payload = json.loads(body)
    assert payload["options"] == {"learning_rate": 0.2}
    assert (payload["priority"], payload["networks"], payload["name"]) == (
        5,
        ["lenet-digits"],
        "lenet",
    )


def test_a_growing_log_is_followed_piece_by_piece(serve):
    server = serve(record("finished"))
    chunks = iter(
        [
            LogChunk(offset=0, next_offset=3, size=3, text="one", complete=False),
            LogChunk(offset=3, next_offset=3, size=3, text="", complete=False),
            LogChunk(offset=3, next_offset=6, size=6, text="two", complete=True),
        ]
    )
    server.answers[f"GET /api/jobs/{ID}/log"] = lambda _: (200, next(chunks).model_dump())

    assert list(Platform().job(ID).follow_log(pause_s=0.01)) == ["one", "two"]
