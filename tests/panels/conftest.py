"""A platform whose marketplace has an item that answers at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_platform import Platform
from tests.waiting import until

ITEMS = Path(__file__).parents[1] / "items"
SOURCE = {"kind": "folder", "name": "tests", "location": str(ITEMS)}


@pytest.fixture(scope="module")
def market(tmp_path_factory, run_platform):
    """The platform, with a host that has joined and the item in its marketplace."""
    folder = tmp_path_factory.mktemp("market")
    settings = {"cluster__hosts": 1, "cluster__cpus": 4, "cluster__overcommit": True}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(folder / "data"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
        with run_platform(folder, **settings, marketplace__sources=[SOURCE]), Platform() as found:
            until(lambda: any(host.state == "up" for host in found.hosts()), "a host")
            until(lambda: found.items("bright-or-dark").total, "the item")
            yield found
