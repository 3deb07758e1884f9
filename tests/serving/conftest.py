"""One service of the module ``showcase`` for the tests of a file that change nothing in it."""

from __future__ import annotations

import pytest

from tests.serving.serving import installed, service


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A short folder for the socket, the log and the files of the module."""
    return tmp_path_factory.mktemp("api")


@pytest.fixture(scope="module")
def showcase(home):
    with service(
        home,
        *("--base-url", "/user/mia/api/"),
        *("--workers", "2"),
        "--debug-endpoint",
        PYTHONPATH=str(installed(home)),
        SHOWCASE_FOLDER=str(home),
    ) as client:
        yield client
