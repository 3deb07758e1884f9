import time

import pytest

from jupyter_platform.coordinator.statistics import history as history_module
from jupyter_platform.coordinator.statistics.history import History, WorkSample, host_sample_row
from jupyter_platform.coordinator.store.tables import WorkSampleRow
from jupyter_platform.core.hosts import GpuSample, HostSample


def sample(moment, cpu=50.0, **fields):
    given = {
        "memory_used": 100,
        "memory_total": 1000,
        "disk_free": 5,
        "disk_total": 9,
        "network_sent": 1.0,
        "network_received": 2.0,
    }
    return HostSample(time=moment, cpu=cpu, **{**given, **fields})


async def test_ten_seconds_become_one_average(store):
    history, now = History(store), time.time()
    for second in range(0, 12, 2):
        gpu = GpuSample(index=0, utilisation=10.0 * second, memory_used=second)
        await history.add("a", sample(now - 60 + second, cpu=float(second), gpus=[gpu]))

    (found,) = await history.hosts("a", 24)

    assert (found.time, found.cpu, found.memory_used) == (now - 50, 5.0, 100)
    assert (found.gpus[0].utilisation, found.gpus[0].memory_used) == (50.0, 5)
    assert await history.hosts("b", 24) == []


async def test_long_spans_are_thinned_by_averages(store, monkeypatch):
    monkeypatch.setattr(history_module, "MAX_POINTS", 10)
    now = time.time()
    rows = [
        host_sample_row("a", sample(now - 3600 + n * 36 + 1, cpu=float(n % 2))) for n in range(100)
    ]
    await store.run(lambda session: session.add_all(rows))

    found = await History(store).hosts("a", 1)

    assert 10 <= len(found) <= 11
    assert all(0.3 < item.cpu < 0.7 for item in found[1:-1])
    assert [item.time for item in found] == sorted(item.time for item in found)


async def test_only_the_hours_asked_for_are_returned(store):
    now = time.time()
    moments = [now - 7200, now - 1800, now - 60]
    rows = [host_sample_row("a", sample(moment)) for moment in moments]
    await store.run(lambda session: session.add_all(rows))

    assert [item.time for item in await History(store).hosts("a", 1)] == moments[1:]


async def test_samples_older_than_a_week_are_dropped(store):
    now = time.time()
    rows = [host_sample_row("a", sample(now - days * 86_400)) for days in (1, 7, 9)]
    await store.run(lambda session: session.add_all(rows))

    assert await History(store).prune() == 1
    assert len(await History(store).hosts("a", 24 * 30)) == 2


async def test_a_clock_that_goes_back_does_not_stop_the_history(store):
    history, now = History(store), time.time()
    await history.add("a", sample(now + 5000))

    for second in range(0, 12, 2):
        await history.add("a", sample(now - 20 + second))

    assert [item.time for item in await history.hosts("a", 1)] == [pytest.approx(now - 10)]


async def test_work_is_kept(store):
    work = WorkSample(2, 1, 1, 4, 1, 8, 2, 0, 0, {"LEARN": {"queued": 2, "running": 1}})

    await History(store).add_work(work)

    (row,) = await store.read(lambda session: session.query(WorkSampleRow).all())
    assert (row.queued, row.cpus_busy, row.types) == (2, 1, {"LEARN": {"queued": 2, "running": 1}})
