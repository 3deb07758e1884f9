import asyncio
import contextlib
import json
import math

import pytest

from jupyter_platform.coordinator.notices import events
from jupyter_platform.coordinator.notices.events import EventHub
from jupyter_platform.core.jobs import JobProgress
from tests.coordinator.lab import ADA
from tests.waiting import DEADLINE_S


async def empty(_principal):
    return {"status": None, "jobs": [], "hosts": [], "notifications": []}


async def take(stream, number):
    found = []
    async with asyncio.timeout(DEADLINE_S):
        while len(found) < number:
            found.append(json.loads(await anext(stream)))
    return found


async def test_a_new_subscriber_gets_a_snapshot_then_deltas():
    hub = EventHub(empty)
    hub.publish("job", {"id": "a"})
    stream = hub.subscribe(ADA)

    (snapshot,) = await take(stream, 1)
    hub.publish("job", {"id": "b"})
    (delta,) = await take(stream, 1)

    assert snapshot["type"] == "snapshot"
    assert snapshot["jobs"] == []
    assert snapshot["event"] == f"{hub.epoch}-1"
    assert delta == {"type": "job", "event": f"{hub.epoch}-2", "job": {"id": "b"}}
    await stream.aclose()


async def test_a_subscriber_that_comes_back_gets_what_it_missed_and_nothing_twice():
    hub = EventHub(empty)
    for number in range(5):
        hub.publish("job_deleted", str(number))

    messages = await take(hub.subscribe(ADA, f"{hub.epoch}-2"), 3)

    assert [message["job_deleted"] for message in messages] == ["2", "3", "4"]


@pytest.mark.parametrize(
    "after", ["other-1", "", "-", "x-y", "{epoch}-99", "{epoch}--1", "{epoch}-²"]
)
async def test_an_event_id_that_says_nothing_gets_a_snapshot(after):
    hub = EventHub(empty)
    hub.publish("job", {})

    (message,) = await take(hub.subscribe(ADA, after.format(epoch=hub.epoch)), 1)

    assert message["type"] == "snapshot"


async def test_what_has_left_the_ring_gets_a_snapshot(monkeypatch):
    monkeypatch.setattr(events, "RING_LENGTH", 4)
    hub = EventHub(empty)
    for number in range(6):
        hub.publish("job_deleted", str(number))

    (gone,) = await take(hub.subscribe(ADA, f"{hub.epoch}-1"), 1)
    kept = await take(hub.subscribe(ADA, f"{hub.epoch}-2"), 4)

    assert gone["type"] == "snapshot"
    assert [message["job_deleted"] for message in kept] == ["2", "3", "4", "5"]


async def test_a_slow_subscriber_gets_a_fresh_snapshot_instead_of_a_queue(monkeypatch):
    monkeypatch.setattr(events, "MAX_LAG", 3)
    hub = EventHub(empty)
    stream = hub.subscribe(ADA)
    await take(stream, 1)
    for number in range(10):
        hub.publish("job_deleted", str(number))

    (message,) = await take(stream, 1)
    hub.publish("job_deleted", "10")
    (after,) = await take(stream, 1)

    assert (message["type"], message["event"]) == ("snapshot", f"{hub.epoch}-10")
    assert after["job_deleted"] == "10"


async def test_an_event_during_the_snapshot_is_not_missed():
    hub = EventHub()

    async def slow(_principal):
        hub.publish("job", {"id": "meanwhile"})
        return await empty(_principal)

    hub.snapshot = slow

    snapshot, delta = await take(hub.subscribe(ADA), 2)

    assert snapshot["event"] == f"{hub.epoch}-0"
    assert delta["job"] == {"id": "meanwhile"}


async def test_progress_is_merged_and_never_more_often_than_the_interval():
    hub = EventHub(empty)
    stream = hub.subscribe(ADA)
    await take(stream, 1)
    loop = asyncio.get_running_loop()

    hub.publish("progress", {"a": JobProgress(step=1)})
    (first,) = await take(stream, 1)
    sent = loop.time()
    for step in range(2, 100):
        hub.publish("progress", {"a": JobProgress(step=step)})
    hub.publish("progress", {"b": JobProgress(step=7)})
    (second,) = await take(stream, 1)

    assert first["progress"]["a"]["step"] == 1
    assert {job: item["step"] for job, item in second["progress"].items()} == {"a": 99, "b": 7}
    assert loop.time() - sent >= events.PROGRESS_INTERVAL_S * 0.9


async def test_numbers_that_are_not_finite_are_null():
    hub = EventHub(empty)
    stream = hub.subscribe(ADA)
    await take(stream, 1)

    hub.publish("job", {"loss": math.nan, "rate": math.inf})

    assert (await take(stream, 1))[0]["job"] == {"loss": None, "rate": None}


async def test_subscribers_are_counted_and_end_when_the_hub_closes():
    hub = EventHub(empty)
    stream = hub.subscribe(ADA)
    await take(stream, 1)
    waiting = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    counted = hub.subscribers

    hub.close()

    with pytest.raises(StopAsyncIteration):
        async with asyncio.timeout(DEADLINE_S):
            await waiting
    assert (counted, hub.subscribers) == (1, 0)


async def test_a_subscriber_that_goes_away_is_forgotten():
    hub = EventHub(empty)
    stream = hub.subscribe(ADA)
    await take(stream, 1)
    waiting = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)

    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting

    assert hub.subscribers == 0
