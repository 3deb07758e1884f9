"""The real application without a cluster: no host ever joins."""

from __future__ import annotations

from contextlib import asynccontextmanager

import httpx
import pytest

from jupyter_platform.coordinator.api import create_app
from jupyter_platform.coordinator.daemon.application import Application
from jupyter_platform.coordinator.identity.tokens import Identity
from jupyter_platform.core.settings import Settings
from tests.waiting import DEADLINE_S

TOKEN = "t" * 43


class Running:
    """An application that is up, its ASGI app, and a client that bears the token."""

    def __init__(self, application, app):
        self.application = application
        self.services = application.services
        self.app = app
        self.client = self.connect(Authorization=f"Bearer {TOKEN}")

    def connect(self, **headers):
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:9", headers=headers, timeout=DEADLINE_S
        )


@pytest.fixture
def running(paths):
    """Start an application; used as ``async with running() as api``; settings may be given."""

    @asynccontextmanager
    async def start(settings=None):
        application = Application(paths, settings or Settings(), supervised=False)
        await application.start()
        try:
            yield Running(
                application,
                create_app(application.services, identity=Identity(application.owner, TOKEN)),
            )
        finally:
            await application.close()

    return start
