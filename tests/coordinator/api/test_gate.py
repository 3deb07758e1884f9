import re

import pytest
from fastapi.routing import iter_route_contexts

from jupyter_platform.coordinator.api import gate
from jupyter_platform.coordinator.api.gate import OPEN_PATHS

TOKEN = "t" * 43


def addresses(app):
    """Every method and path that the application answers, with something in place of parameters."""
    found = []
    for context in iter_route_contexts(app.routes):
        path = re.sub(r"{[^}]*}", "mlp", context.path)
        methods = getattr(context, "methods", None) or ["WEBSOCKET"]
        found += [(method, path) for method in sorted(methods)]
    return found


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN[:-1]}\xe9"},
        {"Cookie": f"token={TOKEN}"},
    ],
)
async def test_nothing_answers_without_the_token_but_health(running, headers):
    async with running() as api:
        stranger = api.connect()
        answers = {}
        for method, path in addresses(api.app):
            if method != "WEBSOCKET":
                raw = {key: value.encode("latin-1") for key, value in headers.items()}
                response = await stranger.request(method, path, headers=raw)
                answers[method, path] = response.status_code

    assert len(answers) > 25
    assert ("GET", "/api/openapi.json") in answers
    opened = {path for (_, path), status in answers.items() if status != 401}
    assert opened == OPEN_PATHS == {"/api/health"}


async def test_the_websocket_does_not_open_without_the_token(running):
    async with running() as api:
        sockets = [path for method, path in addresses(api.app) if method == "WEBSOCKET"]
        sent = {}
        for path in sockets:
            scope = {
                "type": "websocket",
                "path": path,
                "raw_path": path.encode(),
                "query_string": b"",
                "headers": [(b"host", b"127.0.0.1:9")],
                "subprotocols": [],
                "extensions": {"websocket.http.response": {}},
            }
            sent[path] = []

            async def receive():
                return {"type": "websocket.connect"}

            async def send(message, path=path):
                sent[path].append(message)

            await api.app(scope, receive, send)

    assert list(sent) == ["/api/events", "/api/deployments/mlp/tunnel/mlp"]
    for start, *_ in sent.values():
        assert (start["type"], start["status"]) == ("websocket.http.response.start", 401)


async def test_a_refusal_says_how_to_be_let_in(running):
    async with running() as api:
        response = await api.connect().get("/api/version")

    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["code"] == "unauthenticated"
    assert TOKEN not in response.text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "[::2]:80"])
async def test_a_name_that_was_bound_to_this_machine_by_a_page_is_refused(running, host):
    async with running() as api:
        for path in ("/api/health", "/api/version"):
            response = await api.client.get(path, headers={"Host": host})
            assert response.status_code == 400
            assert "names the host" in response.json()["message"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8", "127.0.0.1:1", "[::1]:5"])
async def test_the_names_of_this_machine_are_accepted(running, host):
    async with running() as api:
        response = await api.client.get("/api/version", headers={"Host": host})

    assert response.status_code == 200


@pytest.mark.parametrize("announced", [True, False])
async def test_ten_megabytes_of_options_are_too_large(running, announced):
    body = b'{"type": "LEARN", "networks": ["mlp"], "options": {"x": "' + b"x" * 10_000_000

    async def pieces():
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    async with running() as api:
        content = body if announced else pieces()
        response = await api.client.post("/api/jobs", content=content)
        jobs = (await api.client.get("/api/jobs")).json()

    assert response.status_code == 413
    assert response.json()["code"] == "too_large"
    assert "1.0 MB" in response.json()["message"]
    assert jobs["total"] == 0


async def test_a_body_at_the_limit_passes_whole(running, monkeypatch):
    monkeypatch.setattr(gate, "MAX_BODY_BYTES", 20)
    async with running() as api:
        fits = await api.client.post("/api/shutdown", content=b'{"forc": 1}'.ljust(20))
        too_large = await api.client.post("/api/shutdown", content=b'{"forc": 1}'.ljust(21))

    assert (fits.status_code, too_large.status_code) == (422, 413)


async def test_only_uploads_of_datasets_may_be_larger(running, monkeypatch):
    monkeypatch.setattr(gate, "MAX_BODY_BYTES", 20)
    async with running() as api:
        upload = await api.client.put("/api/datasets/mine?scale=0", content=b"x" * 100)
        other = await api.client.put("/api/networks/mine", content=b"x" * 100)

    assert (upload.status_code, other.status_code) == (422, 413)
