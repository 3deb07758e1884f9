"""Jobs that end badly, and coordinators that go away meanwhile."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from jupyter_platform import Platform
from jupyter_platform.client.submission import changed
from jupyter_platform.core.errors import JobFailedError, NotFoundError, OptionError
from jupyter_platform.core.jobs import JobErrorRecord, JobPage, JobRecord, LogChunk, ResourceRequest
from jupyter_platform.core.states import JobState, JobType
from tests.waiting import DEADLINE_S

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

    assert job.wait(timeout=DEADLINE_S) == "finished"
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
    server.answers["GET /api/jobs"] = lambda _: (200, {"items": [], "total": next(taken)})

    taken = iter([1, 0])

    again = Platform().job(ID).resubmit(learningRate=0.2, seed=None, priority=5)

    assert again.id == "ba9876543210"
    ((_, body),) = server.seen("POST /api/jobs")
    payload = json.loads(body)
    assert payload["options"] == {"learning_rate": 0.2}
    assert (payload["priority"], payload["networks"], payload["name"]) == (
        5,
        ["lenet-digits"],
        "lenet 2",
    )


def resubmit(first, taken=(), **changes):
    """Return what is sent when a job is submitted again."""
    return changed(first, changes, lambda name: name in taken)


@pytest.mark.parametrize(
    ("name", "taken", "again"),
    [
        ("lenet", (), "lenet"),
        ("lenet", ("lenet",), "lenet 2"),
        ("lenet", ("lenet", "lenet 2", "lenet 3"), "lenet 4"),
        ("lenet 2", ("lenet 2",), "lenet 3"),
        ("x" * 300, ("x" * 300,), "x" * 298 + " 2"),
    ],
)
def test_a_job_again_has_a_name_of_its_own(name, taken, again):
    first = record("finished").model_copy(update={"name": name})

    assert resubmit(first, taken)["name"] == again
    assert resubmit(first, taken, name="mine")["name"] == "mine"


def test_a_job_again_has_a_tag_of_its_own_unless_told():
    given = {"tag": "mine", "clean": True, "seed": 1, "init_tag": "begin/last"}
    first = record("finished").model_copy(update={"given": given, "tag": "mine"})

    assert resubmit(first)["options"] == {"seed": 1, "init_tag": "begin/last"}
    assert resubmit(first, tag="other")["options"]["tag"] == "other"


def test_what_a_change_means_follows_from_the_options_that_stay():
    sgd = {"decay_type": "EXPONENTIAL"}
    first = record("finished").model_copy(update={"given": {"method": "RMSPROP"}})
    other = record("finished").model_copy(update={"given": {"method": "SGD", **sgd}})

    assert resubmit(first, decayRate=0.5)["options"] == {"method": "RMSPROP", "smoothing": 0.5}
    assert resubmit(other, decayRate=0.5)["options"] == {"method": "SGD", **sgd, "decay_rate": 0.5}
    assert resubmit(first, method="ADAM", decayRate=0.5)["options"] == {
        "method": "ADAM",
        "decay_rate": 0.5,
    }


def test_a_count_is_named_once():
    gang = record("finished").model_copy(update={"target_count": 2})
    spread = gang.model_copy(update={"targets": ["a", "b"]})

    assert resubmit(record("finished")).get("target_count") is None
    assert resubmit(gang)["target_count"] == 2
    assert resubmit(gang, targetCount=3)["target_count"] == 3
    assert resubmit(spread).get("target_count") is None
    assert resubmit(spread, targets=["a", "b", "c"]).get("target_count") is None
    assert "targetCount" not in resubmit(gang, targetCount=3)["options"]
    with pytest.raises(OptionError, match="given twice"):
        resubmit(gang, targetCount=3, target_count=2)


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
