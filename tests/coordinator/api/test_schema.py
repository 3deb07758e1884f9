"""The application against its own description, with requests that nobody would think of."""

from __future__ import annotations

import asyncio
import threading

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from jupyter_platform.coordinator.api import create_app
from jupyter_platform.coordinator.daemon.application import Application
from jupyter_platform.coordinator.identity.tokens import Identity
from jupyter_platform.core.settings import Settings
from jupyter_platform.runtime.paths import Paths
from tests.waiting import DEADLINE_S

TOKEN = "t" * 43
EXAMPLES = 6
"""Requests to each route."""


def no_defect(context, response, case):
    """Refuse every 5xx but the two that say what is missing: a host (503), room on a disk (507)."""
    assert response.status_code < 500 or response.status_code in (503, 507), response.text


CHECKS = [
    no_defect,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Serve an application that no host joins."""
    folder = tmp_path_factory.mktemp("schema")
    paths = Paths(
        data=folder / "data" / "jupyter_platform", runtime=folder / "run" / "jupyter_platform"
    ).ensure()
    ready, found = threading.Event(), {}

    async def serve():
        application = Application(paths, Settings(), supervised=False)
        await application.start()
        app = create_app(application.services, identity=Identity(application.owner, TOKEN))
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
        found["stop"] = lambda: setattr(server, "should_exit", True)
        serving = asyncio.create_task(server.serve())
        async with asyncio.timeout(DEADLINE_S):
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
        found["port"] = server.servers[0].sockets[0].getsockname()[1]
        ready.set()
        await serving
        await application.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(DEADLINE_S)
    yield f"http://127.0.0.1:{found['port']}"
    found["stop"]()
    thread.join()


def test_every_answer_is_one_that_is_described(address):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    schema = schemathesis.openapi.from_url(f"{address}/api/openapi.json", headers=headers)
    faults = {}
    for result in schema.exclude(
        path=["/api/shutdown", "/api/networks/import"]
    ).get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],
        )
        @given(case=operation.as_strategy())
        def ask(case):
            case.call_and_validate(headers=headers, checks=CHECKS, timeout=DEADLINE_S)

        try:
            ask()
        except (BaseExceptionGroup, Exception) as error:  # noqa: BLE001 - all are told at once
            faults[operation.label] = error
    assert not faults, _told(faults)


def _told(faults):
    lines = []
    for label, group in faults.items():
        for error in getattr(group, "exceptions", [group]):
            lines.append(f"{label}: {str(error)[:600]}")
    return "\n\n".join(lines)
