import json

from jupyter_platform.coordinator.notices import notifications as notifications_module
from jupyter_platform.coordinator.notices.events import EventHub
from jupyter_platform.coordinator.notices.notifications import Notifications
from tests.coordinator.lab import ADA


async def empty(_principal):
    return {}


async def test_a_notification_is_kept_and_published(store):
    hub = EventHub(empty)
    notifications = Notifications(store, hub)
    stream = hub.subscribe(ADA, hub.last_event)

    added = await notifications.add("warning", "Host a is lost.", host="a")
    message = json.loads(await anext(stream))

    assert message["notification"] == added.model_dump(mode="json")
    assert await notifications.records(ADA) == [added]
    await stream.aclose()


async def test_the_newest_come_first_and_only_what_is_new_where_asked(store):
    notifications = Notifications(store, EventHub(empty))
    added = [await notifications.add("info", str(number), job="a") for number in range(4)]

    assert [item.message for item in await notifications.records(ADA)] == ["3", "2", "1", "0"]
    assert [item.message for item in await notifications.records(ADA, added[1].id)] == ["3", "2"]
    assert [item.message for item in await notifications.records(ADA, limit=1)] == ["3"]


async def test_old_ones_go_and_their_ids_never_come_back(store, monkeypatch):
    monkeypatch.setattr(notifications_module, "KEPT", 2)
    notifications = Notifications(store, EventHub(empty))
    for number in range(5):
        await notifications.add("info", str(number))

    await notifications.prune()
    new = await notifications.add("info", "new")

    assert [item.message for item in await notifications.records(ADA)] == ["new", "4", "3"]
    assert new.id == 6
