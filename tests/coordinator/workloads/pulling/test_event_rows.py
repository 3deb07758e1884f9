from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import select

from jupyter_platform.coordinator.store.tables import AttemptRow, JobRow, RankRow, RunEventRow
from jupyter_platform.coordinator.workloads.pulling.event_rows import read_new_events, write_events
from jupyter_platform.core.runs import RunId
from jupyter_platform.runtime.mirror import EVENTS, Mirror

RUN = RunId(workload="0123456789ab", attempt=1)
LINES = [
    json.dumps({"time": float(number), "kind": "message", "text": "é" * number}).encode() + b"\n"
    for number in range(6)
]
WHOLE = b"".join(LINES)


class KilledHereError(Exception):
    pass


@pytest.fixture
def rank(store, job_row, attempt_row):
    def insert(session):
        session.add(job_row())
        session.flush()
        session.add(attempt_row())
        session.flush()
        session.add(RankRow(workload=RUN.workload, attempt=1, rank=0, host="h1"))

    asyncio.run(store.run(insert))


async def rows_of(store):
    query = select(RunEventRow.offset, RunEventRow.time).order_by(RunEventRow.offset)
    return await store.read(lambda session: [tuple(row) for row in session.execute(query)])


async def pull(store, folder, limit, *, killed):
    """Do one pull of at most `limit` bytes by a coordinator that was just started.

    `killed` says after which of its steps it dies: ``append`` leaves part of a line, ``mirror``
    ends before the rows are written, ``commit`` inside their transaction.
    """
    mirror = Mirror(folder)
    start = mirror.offsets().get(EVENTS, 0)
    chunk = WHOLE[start : start + limit]
    if killed == "append":
        folder.mkdir(parents=True, exist_ok=True)
        path = mirror.path(EVENTS)
        path.write_bytes(WHOLE[: start + len(chunk)])
        return
    whole = chunk[: chunk.rfind(b"\n") + 1]
    if whole:
        mirror.append({EVENTS: whole})
    if killed == "mirror":
        return
    known = await store.read(lambda s: s.get(RankRow, (RUN.workload, 1, 0)).events_offset)
    news = read_new_events(mirror, RUN, known)
    if news is None:
        return

    def commit(session):
        write_events(session, [news])
        session.flush()
        if killed == "commit":
            raise KilledHereError

    if killed == "commit":
        with pytest.raises(KilledHereError):
            await store.run(commit)
    else:
        await store.run(commit)


@pytest.mark.usefixtures("rank")
@pytest.mark.parametrize("killed", ["append", "mirror", "commit"])
async def test_each_line_becomes_one_row_wherever_the_coordinator_is_killed(
    store, tmp_path, killed
):
    expected, position = [], 0
    for number, line in enumerate(LINES):
        expected.append((position, float(number)))
        position += len(line)

    folder = tmp_path / "mirror"
    # Every length at which a pull can be cut, each followed by a life that is killed there.
    for limit in range(1, len(WHOLE) + 1, 3):
        await pull(store, folder, limit, killed=killed)
        await pull(store, folder, limit, killed=None)
        found = await rows_of(store)
        assert found == expected[: len(found)]

    await pull(store, folder, len(WHOLE), killed=None)
    assert await rows_of(store) == expected
    assert Mirror(folder).path(EVENTS).read_bytes() == WHOLE


@pytest.mark.usefixtures("rank")
async def test_a_mirror_that_lost_its_end_with_the_power_repeats_no_row(store, tmp_path):
    folder = tmp_path / "mirror"
    await pull(store, folder, len(WHOLE), killed=None)
    before = await rows_of(store)
    path = Mirror(folder).path(EVENTS)
    for kept in range(0, len(WHOLE), 7):
        path.write_bytes(WHOLE[:kept])

        await pull(store, folder, len(WHOLE), killed=None)

        assert await rows_of(store) == before
        assert path.read_bytes() == WHOLE


@pytest.mark.usefixtures("rank")
async def test_a_line_that_cannot_be_read_is_passed_over(store, tmp_path):
    mirror = Mirror(tmp_path / "mirror")
    mirror.append({EVENTS: LINES[0] + b"{broken\n" + LINES[2]})

    news = read_new_events(mirror, RUN, 0)
    await store.run(lambda session: write_events(session, [news]))

    assert [time for _, time in await rows_of(store)] == [0.0, 2.0]
    offset = await store.read(lambda s: s.get(RankRow, (RUN.workload, 1, 0)).events_offset)
    assert offset == mirror.offsets()[EVENTS]


async def test_events_of_a_deleted_job_are_dropped(store, tmp_path):
    mirror = Mirror(tmp_path / "mirror")
    mirror.append({EVENTS: LINES[0]})

    news = read_new_events(mirror, RUN, 0)

    assert await store.run(lambda session: write_events(session, [news])) == set()
    assert await rows_of(store) == []


@pytest.mark.usefixtures("rank")
async def test_a_warning_is_kept_once(store, tmp_path):
    mirror = Mirror(tmp_path / "mirror")
    line = json.dumps({"time": 1, "kind": "message", "level": "warning", "text": "full"}).encode()
    mirror.append({EVENTS: (line + b"\n") * 2})

    news = read_new_events(mirror, RUN, 0)

    assert await store.run(lambda session: write_events(session, [news])) == {RUN.workload}
    job = await store.read(lambda session: session.get(JobRow, RUN.workload))
    assert job.warnings == ["full"]
    assert await store.read(lambda s: s.get(AttemptRow, (RUN.workload, 1))) is not None
