"""A coordinator that no host joins: ``python -m benchmarks.waiting_coordinator``."""

from __future__ import annotations

import logging
import os
from typing import Any

from jupyter_platform.coordinator.daemon import application, serving
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.processes import SUPERVISOR, supervised_now, write_supervised
from tests.coordinator.fake_hosts import FakeCluster


class EmptyCluster(FakeCluster):
    """A cluster without a host.

    Parameters
    ----------
    *_
        What the real one is told, of no use here.
    """

    def __init__(self, *_: Any) -> None:
        super().__init__()

    async def start(self) -> None:
        """Do nothing: nobody is to be followed."""

    async def close(self) -> None:
        """Do nothing."""


def main() -> None:
    """Serve until told to stop."""
    logging.basicConfig(level=logging.WARNING)
    application.Cluster = EmptyCluster  # type: ignore[assignment, misc]
    paths = Paths.default().ensure()
    # This process stands for the supervisor, so that no host of this machine is started.
    write_supervised(paths, SUPERVISOR, supervised_now(os.getpid()))
    serving.run(paths)


if __name__ == "__main__":
    main()
