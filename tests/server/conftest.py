"""A real Jupyter server with the extension, and coordinators for it to find."""

import json
import sys
from pathlib import Path

import pytest

from jupyter_platform.runtime.connection import (
    API_TOKEN_VARIABLE,
    API_URL_VARIABLE,
    read_connection,
)


@pytest.fixture
def jp_server_config(jp_server_config, jp_environ, monkeypatch):
    """Load our extension and Voila, as an installation does, with Voila's own templates."""
    monkeypatch.setenv("JUPYTER_PATH", str(Path(sys.prefix) / "share" / "jupyter"))
    return {"ServerApp": {"jpserver_extensions": {"jupyter_platform": True, "voila": True}}}


@pytest.fixture
def coordinator(jp_environ, start_coordinator):
    """A coordinator whose answers a test chooses, found through the connection file."""
    return start_coordinator()


@pytest.fixture
def real_platform(platform, shared_paths, monkeypatch):
    """The running platform of the session, reached by URL and token."""
    connection = read_connection(shared_paths)
    monkeypatch.setenv(API_URL_VARIABLE, connection.url)
    monkeypatch.setenv(API_TOKEN_VARIABLE, connection.token)
    return platform


@pytest.fixture
def answer_of():
    """Return a function that reads the JSON of an answer or of an error."""

    def read(response):
        return json.loads(response.body)

    return read
