import io
import json
import zipfile
from datetime import UTC, datetime

import numpy as np
import pytest

from jupyter_platform.coordinator.jobs.curves import Window
from jupyter_platform.coordinator.jobs.files import JobFiles
from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.jobs import JobRecord, ResourceRequest
from jupyter_platform.core.states import JobState
from jupyter_platform.runtime.records import RECORD_DTYPE
from tests.coordinator.lab import ADA

ID = "0123456789ab"


@pytest.fixture
def mirror(paths):
    """Return the mirrored folder of rank 0 of an attempt."""

    def folder(attempt):
        found = paths.mirror / ID / str(attempt) / "0"
        (found / "metrics").mkdir(parents=True, exist_ok=True)
        return found

    return folder


@pytest.fixture
def files(store, paths):
    return JobFiles(store, paths)


@pytest.fixture
def job():
    def record(state=JobState.RUNNING, **fields):
        given = {
            "id": ID,
            "name": "a job",
            "type": "LEARN",
            "owner": "somebody",
            "state": state,
            "networks": ["mlp"],
            "dataset": "iris",
            "options": {},
            "given": {},
            "tag": ID,
            "request": ResourceRequest(),
            "submitted_at": datetime.now(UTC),
        }
        return JobRecord(**{**given, **fields})

    return record


async def attempts(store, job_row, attempt_row, *resume_steps):
    await store.run(lambda session: session.add(job_row()))
    rows = [attempt_row(number=n, resume_step=step) for n, step in enumerate(resume_steps, 1)]
    await store.run(lambda session: session.add_all(rows))


def write_series(folder, steps, series="loss", values=None):
    records = np.full(len(steps), 1.7e9, RECORD_DTYPE)
    records["step"], records["value"] = steps, np.asarray(steps) / 2
    if values is not None:
        records["value"] = values
    (folder / "metrics" / f"{series}.rec").write_bytes(records.tobytes())


async def test_the_curve_of_a_job_is_that_of_its_attempts(
    files, store, mirror, job_row, attempt_row
):
    await attempts(store, job_row, attempt_row, 0, 6)
    write_series(mirror(1), range(10))
    write_series(mirror(2), range(6, 12))

    metrics = json.loads(await files.metrics(ADA, ID, None, Window()))
    raw = b"".join(await files.records(ADA, ID, "loss"))

    assert metrics["series"]["loss"]["step"] == list(range(12))
    assert np.frombuffer(raw, RECORD_DTYPE)["step"].tolist() == list(range(12))


async def test_a_job_that_has_not_begun_has_no_curves_and_an_empty_log(
    files, store, job, job_row, attempt_row
):
    await attempts(store, job_row, attempt_row)

    log = await files.log(ADA, job(JobState.QUEUED), 0, 100)

    assert json.loads(await files.metrics(ADA, ID, None, Window())) == {"series": {}}
    assert (log.text, log.size, log.complete) == ("", 0, False)


async def test_logs_of_all_attempts_are_read_as_one(
    files, store, mirror, job, job_row, attempt_row
):
    await attempts(store, job_row, attempt_row, 0, 0)
    (mirror(1) / "output.log").write_bytes(b"first\n")
    (mirror(2) / "output.log").write_bytes(b"second\n")
    running, ended = job(), job(JobState.FINISHED)

    whole = await files.log(ADA, running, 0, 1000)
    across = await files.log(ADA, running, 4, 4)
    tail = await files.log(ADA, ended, -7, 1000)

    assert (whole.text, whole.next_offset, whole.size) == ("first\nsecond\n", 13, 13)
    assert (across.text, across.offset, across.next_offset) == ("t\nse", 4, 8)
    assert (tail.text, tail.offset, tail.complete) == ("second\n", 6, True)
    assert not whole.complete


async def test_reading_a_log_piece_by_piece_never_cuts_a_character(
    files, store, mirror, job, job_row, attempt_row
):
    text = "aß→𝄞z" * 50
    await attempts(store, job_row, attempt_row, 0)
    (mirror(1) / "output.log").write_bytes(text.encode())
    for limit in (4, 5, 7):
        found, offset = "", 0
        while True:
            chunk = await files.log(ADA, job(JobState.FINISHED), offset, limit)
            found += chunk.text
            offset = chunk.next_offset
            if chunk.complete:
                break

        assert found == text


async def test_half_a_character_at_the_end_waits_for_its_rest(
    files, store, mirror, job, job_row, attempt_row
):
    await attempts(store, job_row, attempt_row, 0)
    (mirror(1) / "output.log").write_bytes("ok→".encode()[:-1])

    running = await files.log(ADA, job(), 0, 100)
    ended = await files.log(ADA, job(JobState.FAILED), 0, 100)

    assert (running.text, running.next_offset) == ("ok", 2)
    assert (ended.text, ended.complete) == ("ok�", True)


async def test_the_hole_at_the_front_of_a_capped_log_is_not_shown(
    files, store, mirror, job, job_row, attempt_row
):
    await attempts(store, job_row, attempt_row, 0)
    (mirror(1) / "output.log").write_bytes(b"\0" * 50 + b"kept\n")

    chunk = await files.log(ADA, job(), 0, 100)

    assert (chunk.text, chunk.next_offset) == ("kept\n", 55)


async def test_an_archive_holds_everything(files, store, mirror, job, job_row, attempt_row):
    await attempts(store, job_row, attempt_row, 0, 2)
    write_series(mirror(1), range(4))
    write_series(mirror(2), range(2, 5))
    write_series(mirror(2), range(2, 3), "validation%2Floss")
    (mirror(1) / "output.log").write_bytes(b"first\n")
    (mirror(2) / "output.log").write_bytes(b"second\n")
    record = job(JobState.FINISHED, result={"accuracy": 0.5, "loss": float("nan")})

    data = b"".join(await files.archive(ADA, record))

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == [
            "job.json",
            "loss.csv",
            "output.log",
            "result.json",
            "validation%2Floss.csv",
        ]
        assert json.loads(archive.read("job.json"))["id"] == ID
        assert json.loads(archive.read("result.json")) == {"accuracy": 0.5, "loss": None}
        rows = archive.read("loss.csv").decode().split()
        assert rows[0] == "step,time,value"
        assert [row.split(",")[0] for row in rows[1:]] == ["0", "1", "2", "3", "4"]
        assert archive.read("output.log") == b"first\nsecond\n"


async def test_an_archive_is_made_while_it_is_sent(files, store, mirror, job, job_row, attempt_row):
    await attempts(store, job_row, attempt_row, 0)
    values = np.random.default_rng(0).normal(size=200_000)
    write_series(mirror(1), range(200_000), values=values)

    pieces = [len(piece) for piece in await files.archive(ADA, job())]

    assert len(pieces) > 5
    assert max(pieces) < sum(pieces) / 3


async def test_the_log_of_each_process_of_a_gang_is_there(
    files, store, mirror, job, job_row, attempt_row
):
    await attempts(store, job_row, attempt_row, 0)
    (mirror(1) / "output.log").write_bytes(b"I lead\n")
    beside = mirror(1).parent / "1"
    beside.mkdir()
    (beside / "output.log").write_bytes(b"I follow\n")
    gang, alone = job(target_count=2), job()

    assert (await files.log(ADA, gang, 0, 100)).text == "I lead\n"
    assert (await files.log(ADA, gang, 0, 100, rank=1)).text == "I follow\n"
    with pytest.raises(InvalidRequestError, match="this job's ranks are 0 to 1"):
        await files.log(ADA, gang, 0, 100, rank=2)
    with pytest.raises(InvalidRequestError, match="one process, rank 0"):
        await files.log(ADA, alone, 0, 100, rank=1)
