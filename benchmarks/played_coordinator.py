"""A coordinator whose one host plays its jobs: ``python -m benchmarks.played_coordinator``.

Everything of ours is real: the process, the store, the queue, the pulling of run folders, the
curves and the stream of events. Only the host is a stand-in, which answers from memory what a
training process would have written. Fifty real processes would take the CPUs that the page and
the Jupyter server are measured on.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
from typing import Any

from jupyter_platform.coordinator.daemon import application, serving
from jupyter_platform.runtime.paths import Paths
from jupyter_platform.runtime.processes import SUPERVISOR, supervised_now, write_supervised
from tests.coordinator.fake_hosts import FakeCluster, FakeHost, FakeRun

CPUS = 64
INTERVAL_S = 0.25
STEPS = 1_000_000


class PlayedCluster(FakeCluster):
    """A cluster of one stand-in whose runs go on by themselves.

    Parameters
    ----------
    *_
        What the real one is told, of no use here.
    """

    def __init__(self, *_: Any) -> None:
        self._host = FakeHost("played", cpus=CPUS, memory=CPUS * 10**9)
        super().__init__(self._host)
        self._playing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to play."""
        self._playing = asyncio.create_task(self._play())

    async def close(self) -> None:
        """Stop playing."""
        if self._playing is not None:
            self._playing.cancel()

    async def _play(self) -> None:
        step = 0
        while True:
            step += 1
            for run in self._host.runs.values():
                if run.alive:
                    advance(run, step)
            await asyncio.sleep(INTERVAL_S)


def advance(run: FakeRun, step: int) -> None:
    """Write what a training process writes four times a second."""
    loss = math.exp(-step / 1000)
    values = {"loss": loss, "validation_loss": 1.1 * loss, "validation_accuracy": 1 - loss}
    facts = {"step": step, "total": STEPS, "rate": 4.0, "phase": "training", "values": values}
    run.put("progress.json", facts)
    run.points(step)


def main() -> None:
    """Serve until told to stop."""
    logging.basicConfig(level=logging.WARNING)
    application.Cluster = PlayedCluster  # type: ignore[assignment, misc]
    paths = Paths.default().ensure()
    # This process stands for the supervisor, so that no host of this machine is started.
    write_supervised(paths, SUPERVISOR, supervised_now(os.getpid()))
    serving.run(paths)


if __name__ == "__main__":
    main()
