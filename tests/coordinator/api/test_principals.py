"""Every route and every event, for the owner of a platform and for somebody else."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest
from starlette.routing import WebSocketRoute

from jupyter_platform.coordinator.deployments.configuration import Fleet, document_of
from jupyter_platform.coordinator.deployments.limits import limits_of
from jupyter_platform.coordinator.deployments.offers import NETWORK_ITEM, BuiltInOffers
from jupyter_platform.coordinator.deployments.requests import Resolved
from jupyter_platform.coordinator.deployments.values import take_values
from jupyter_platform.coordinator.identity.principals import Principal
from jupyter_platform.core.hosts import StatusRecord
from jupyter_platform.core.identity import USER_HEADER, encode_user
from jupyter_platform.core.jobs import JobProgress
from jupyter_platform.core.records import Record
from jupyter_platform.core.settings import DeploymentSettings
from jupyter_platform.runtime.records import RECORD_DTYPE
from tests.waiting import DEADLINE_S

from .conftest import TOKEN

EVE, BOB = "eve", "Bob Müller"
SUBMISSION = {
    "type": "LEARN",
    "networks": ["mlp"],
    "dataset": "iris",
    "name": "in the queue",
    "options": {"tag": "hidden"},
}
SWEEP = {"submission": {**SUBMISSION, "options": {}}, "dimensions": {"learning_rate": [0.1, 0.2]}}

OFFER = BuiltInOffers().known(NETWORK_ITEM)
LIMITS = limits_of(Principal("ada"), DeploymentSettings())
DOCUMENT = document_of(OFFER, "infer", LIMITS, Fleet())
VALUES, _ = take_values(DOCUMENT, {})

REFUSED = {
    ("POST", "/api/jobs/{job}/stop"): {},
    ("PATCH", "/api/jobs/{job}"): {"json": {"note": "mine now"}},
    ("DELETE", "/api/jobs/{job}"): {},
    ("POST", "/api/jobs/{job}/restore"): {},
    ("GET", "/api/jobs/{job}/metrics"): {},
    ("GET", "/api/jobs/{job}/metrics/{series}.rec"): {},
    ("GET", "/api/jobs/{job}/log"): {},
    ("GET", "/api/jobs/{job}/files"): {},
    ("GET", "/api/jobs/{job}/files/{name}"): {},
    ("GET", "/api/jobs/{job}/weights"): {},
    ("GET", "/api/jobs/{job}/weights/{network}/{variant}"): {},
    ("GET", "/api/jobs/{job}/archive"): {},
    ("GET", "/api/jobs/{job}/replays"): {},
    ("GET", "/api/jobs/{job}/replays/{kind}"): {},
    ("GET", "/api/sweeps/{sweep}"): {},
    ("POST", "/api/sweeps/{sweep}/stop"): {},
    ("POST", "/api/shutdown"): {},
    ("POST", "/api/queue/hold"): {},
    ("POST", "/api/hosts/{name}/stop"): {},
    ("POST", "/api/hosts/{name}/start"): {},
    ("POST", "/api/marketplace/refresh"): {},
    ("DELETE", "/api/pools/{name}"): {},
    ("GET", "/api/deployments/{deployment}"): {},
    ("DELETE", "/api/deployments/{deployment}"): {},
    ("POST", "/api/deployments/{deployment}/stop"): {},
    ("POST", "/api/deployments/{deployment}/start"): {},
    ("GET", "/api/deployments/{deployment}/log"): {},
    ("GET", "/api/deployments/{deployment}/ways/{service}"): {},
    **{
        (method, "/api/deployments/{deployment}/services/{service}/{path}"): {}
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    },
}
"""What somebody else is refused of the owner's."""
FILTERED = {
    ("GET", "/api/jobs"),
    ("GET", "/api/jobs/{job}"),
    ("GET", "/api/sweeps"),
    ("GET", "/api/notifications"),
    ("GET", "/api/deployments"),
    ("GET", "/api/marketplace/searches"),
}
"""What shows somebody else less than the owner; tests below say what."""
OWN = {
    ("POST", "/api/jobs"),
    ("POST", "/api/jobs/batch"),
    ("POST", "/api/jobs/check"),
    ("POST", "/api/sweeps"),
    ("PUT", "/api/contents"),
    ("POST", "/api/deployments"),
    ("POST", "/api/deployments/check"),
    ("POST", "/api/deployments/try"),
    ("POST", "/api/marketplace/items"),
    ("PUT", "/api/marketplace/searches/{name}"),
    ("DELETE", "/api/marketplace/searches/{name}"),
}
"""What makes something that belongs to who asks."""
SHARED_PREFIXES = (
    "/api/health",
    "/api/version",
    "/api/status",
    "/api/options",
    "/api/strategies",
    "/api/layers",
    "/api/networks",
    "/api/datasets",
    "/api/environments",
    "/api/pools",
    "/api/hosts",
    "/api/marketplace/items",
    "/api/marketplace/sources",
    "/api/marketplace/default",
)
"""What all who use a coordinator have in common: its hosts and its repository."""


def routes(app):
    """Return method and path of every route, with the path as its documentation has it."""
    found = set()
    for path, operations in app.openapi()["paths"].items():
        found |= {(method.upper(), path) for method in operations}
    return found


async def test_every_route_says_what_it_is_to_somebody_else(running):
    async with running() as api:
        app_routes = routes(api.app)
        sockets = [item.path for item in api.app.routes if isinstance(item, WebSocketRoute)]
    known = {*REFUSED, *FILTERED, *OWN}

    unknown = {
        route
        for route in app_routes
        if route not in known and not route[1].startswith(SHARED_PREFIXES)
    }

    assert unknown == set()
    assert known - app_routes == set()
    assert sockets in ([], ["/api/events"])  # of included routers, newer FastAPI lists none


def as_user(api, user):
    headers = {"Authorization": f"Bearer {TOKEN}", USER_HEADER: encode_user(user)}
    return api.connect(**headers)


async def made(client, path, body):
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def fill(paths):
    """Return a function that gives a job an attempt with a curve."""

    def give(job):
        folder = paths.mirror / job / "1" / "0" / "metrics"
        folder.mkdir(parents=True)
        np.zeros(3, RECORD_DTYPE).tofile(folder / "loss.rec")

    return give


async def test_somebody_else_is_refused_what_is_the_owners(running, fill):
    async with running() as api, as_user(api, EVE) as eve:
        job = await made(api.client, "/api/jobs", SUBMISSION)
        sweep = await made(api.client, "/api/sweeps", SWEEP)
        fill(job["id"])
        values = {"job": job["id"], "sweep": sweep["id"], "series": "loss", "name": "a"}
        values |= {"network": "mlp", "variant": "best", "kind": "best"}
        values |= {"deployment": await deployed(api), "service": "api", "path": "a"}

        for (method, path), more in REFUSED.items():
            answer = await eve.request(method, path.format(**values), **more)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path

        after = (await api.client.get(f"/api/jobs/{job['id']}")).json()
        assert (after["state"], after["note"]) == (job["state"], "")


async def deployed(api):
    """Return the id of a deployment of the owner's."""
    resolved = Resolved(
        OFFER, "infer", "secret title", "", VALUES, LIMITS, ["api"], network="mlp", tag="a/best"
    )
    row = resolved.row(api.application.owner, "/", None, "tool")
    await api.application.store.run(lambda session: session.add(row))
    return row.id


async def test_somebody_else_does_not_see_that_there_is_a_deployment(running):
    async with running() as api, as_user(api, EVE) as eve:
        made = await deployed(api)

        assert (await eve.get("/api/deployments")).json()["items"] == []
        own = (await api.client.get("/api/deployments")).json()
        assert [item["id"] for item in own["items"]] == [made]


async def test_somebody_else_sees_that_a_job_waits_but_not_what_it_is(running):
    async with running() as api, as_user(api, EVE) as eve:
        job = await made(api.client, "/api/jobs", SUBMISSION)
        await api.client.patch(f"/api/jobs/{job['id']}", json={"note": "secret"})

        one = (await eve.get(f"/api/jobs/{job['id']}")).json()
        (listed,) = (await eve.get("/api/jobs")).json()["items"]

        for seen in (one, listed):
            assert (seen["name"], seen["owner"]) == ("in the queue", job["owner"])
            assert seen["request"] == job["request"]
            hidden = ("networks", "dataset", "options", "given", "tag", "note", "warnings")
            assert not any(seen[name] for name in hidden)
            assert "hidden" not in json.dumps(seen)
            assert "secret" not in json.dumps(seen)


@pytest.mark.parametrize(
    ("search", "owners", "others"),
    [("queue", 1, 1), ("iris", 1, 0), ("tag=hidden", 1, 0), ("mlp queue", 1, 0)],
)
async def test_a_search_finds_nothing_that_is_not_shown(running, search, owners, others):
    async with running() as api, as_user(api, EVE) as eve:
        await made(api.client, "/api/jobs", SUBMISSION)

        query = {"search": search}
        assert (await api.client.get("/api/jobs", params=query)).json()["total"] == owners
        assert (await eve.get("/api/jobs", params=query)).json()["total"] == others


async def test_a_job_belongs_to_who_submitted_it_through_the_gateway(running):
    async with running() as api, as_user(api, BOB) as bob, as_user(api, EVE) as eve:
        job = await made(bob, "/api/jobs", SUBMISSION)
        sweep = await made(bob, "/api/sweeps", SWEEP)

        assert job["owner"] == sweep["owner"] == BOB
        assert (await bob.post(f"/api/jobs/{job['id']}/stop")).status_code == 200
        assert [item["id"] for item in (await bob.get("/api/sweeps")).json()] == [sweep["id"]]
        assert (await eve.get("/api/sweeps")).json() == []
        # The owner of the platform administers it.
        assert (await api.client.get(f"/api/jobs/{job['id']}/log")).status_code == 200
        told = [item["message"] for item in (await bob.get("/api/notifications")).json()]
        assert any("in the queue" in text for text in told)
        heard = [item["message"] for item in (await eve.get("/api/notifications")).json()]
        assert not any("in the queue" in text for text in heard)


async def test_what_an_administrator_does_to_a_job_is_told_to_its_owner(running):
    async with running() as api, as_user(api, BOB) as bob:
        job = await made(bob, "/api/jobs", SUBMISSION)
        hub = api.services.hub
        streams = [hub.subscribe(Principal(user), hub.last_event) for user in (BOB, EVE)]

        await api.client.post(f"/api/jobs/{job['id']}/stop")
        hub.publish("status", Note(text="end"))
        told = [await until_end(stream, "notification") for stream in streams]

        assert ["cancelled" in item["message"] for item in told[0]] == [True]
        assert told[1] == []


async def test_a_key_of_somebody_else_gives_away_no_job(running):
    async with running() as api, as_user(api, EVE) as eve:
        key = {"Idempotency-Key": "k"}
        await api.client.post("/api/jobs", json=SUBMISSION, headers=key)

        answer = await eve.post("/api/jobs", json=SUBMISSION, headers=key)

        assert answer.status_code == 403


@pytest.mark.parametrize("user", ["", " eve", "e\nve", "e" * 201])
async def test_a_gateway_that_names_nobody_is_refused(running, user):
    async with running() as api, as_user(api, user) as client:
        assert (await client.get("/api/jobs")).status_code == 400


class Note(Record):
    """Something with an owner."""

    text: str


EVENTS = {
    # type: what is published, how, and what somebody else gets of it
    "job": (Note(text="all"), {"owner": "ada", "others": Note(text="some")}, {"text": "some"}),
    "job_deleted": ("0123456789ab", {}, "0123456789ab"),
    "deployment": (Note(text="all"), {"owner": "ada"}, None),
    "deployment_deleted": ("0123456789ab", {"owner": "ada"}, None),
    "host": (Note(text="h1"), {}, {"text": "h1"}),
    "host_removed": ("h1", {}, "h1"),
    "notification": (Note(text="all"), {"owner": "ada"}, None),
    "status": (Note(text="fine"), {}, {"text": "fine"}),
    "reasons": ({"a": "waits"}, {}, {"a": "waits"}),
    "progress": (
        {"a": JobProgress(step=3, values={"loss": 0.5})},
        {"owner": "ada"},
        {"a": {"step": 3, "values": {}}},
    ),
}


@pytest.mark.parametrize("kind", EVENTS)
async def test_every_event_shows_somebody_else_what_everybody_may_know(running, kind):
    payload, how, expected = EVENTS[kind]
    async with running() as api:
        hub = api.services.hub
        users = [Principal("ada"), Principal("root", administers=True), Principal(EVE)]
        streams = [hub.subscribe(user, hub.last_event) for user in users]

        hub.publish(kind, payload, **how)
        hub.publish("status", Note(text="end"))
        seen = [await until_end(stream, kind) for stream in streams]

        assert seen[0] == seen[1] != []
        if expected is None:
            assert seen[2] == []
        else:
            (other,) = seen[2]
            assert expected == (
                {job: {name: item[name] for name in expected[job]} for job, item in other.items()}
                if kind == "progress"
                else other
            )


async def until_end(stream, kind):
    """Return what comes of one kind of event; those of progress come a moment later."""
    found, ended = [], False
    async with asyncio.timeout(DEADLINE_S):
        while not ended or (kind == "progress" and not found):
            message = json.loads(await anext(stream))
            ended |= message["type"] == "status" and message["status"] == {"text": "end"}
            if message["type"] == kind and message[kind] != {"text": "end"}:
                found.append(message[kind])
    await stream.aclose()
    return found


async def test_a_snapshot_is_that_of_who_asks(running):
    async with running() as api:
        await made(api.client, "/api/jobs", SUBMISSION)
        hub = api.services.hub
        first = {}
        for user in (Principal(EVE), Principal("root", administers=True), Principal(EVE)):
            stream = hub.subscribe(user)
            async with asyncio.timeout(DEADLINE_S):
                first[user.user] = json.loads(await anext(stream))
            await stream.aclose()

        assert first["root"]["jobs"][0]["dataset"] == "iris"
        assert first[EVE]["jobs"][0]["dataset"] is None
        assert first["root"]["notifications"] != []
        assert first[EVE]["notifications"] == []
        assert StatusRecord.model_validate(first[EVE]["status"])
