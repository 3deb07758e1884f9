"""Names for completion: networks, datasets, tags, jobs and options of the platform."""

from __future__ import annotations

import concurrent.futures
import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from jupyter_platform.client import Platform
from jupyter_platform.core.catalogue import NetworkRecord
from jupyter_platform.core.datasets import bundled_datasets
from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.core.options.resolve import OPTION_MODELS
from jupyter_platform.core.options.schema import option_schema
from jupyter_platform.core.states import JobState, JobType
from jupyter_platform.core.strategies import STRATEGIES

Answer = TypeVar("Answer")

FRESH_S = 5.0
"""Seconds for which an answer is used again."""
PATIENCE_S = 0.7
"""Seconds that a person who pressed Tab waits; what comes later is there at the next press."""
NEWEST_JOBS = 100


def from_pools() -> list[str]:
    """Return the strategies that learn from a pool, which agents fill."""
    return [name for name, record in STRATEGIES.items() if "pool" in record.learns_from]


class Names:
    """Looks names up without ever starting the platform, failing, or taking long.

    Where nobody answers, what ships with the package is known all the same.
    """

    def __init__(self) -> None:
        self._hub = Platform(start=False)
        self._threads = concurrent.futures.ThreadPoolExecutor(1, "jupyter-platform-names")
        self._asked: dict[str, tuple[float, concurrent.futures.Future[Any]]] = {}
        self._last: dict[str, Any] = {}

    def close(self) -> None:
        """Ask nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def types(self) -> list[str]:
        """Return the types of job that can be submitted."""
        return [item.value for item in OPTION_MODELS]

    def networks(self) -> list[str]:
        """Return the names of all networks."""
        return [item.description.name for item in self._networks()] or list(bundled_networks())

    def datasets(self) -> list[str]:
        """Return the names of all datasets."""
        found = self._ask("datasets", lambda: list(self._hub.datasets()))
        known = [item.name for item in found or () if item.state != "broken"]
        return known or list(bundled_datasets())

    def pools(self) -> list[str]:
        """Return the names of all experience pools."""
        found = self._ask("pools", lambda: list(self._hub.pools()))
        return [item.name for item in found or ()]

    def environments(self) -> list[str]:
        """Return the environments that are installed on the hosts."""
        found = self._ask("environments", lambda: list(self._hub.environments()))
        return [item.id for item in found or ()]

    def tags(self, networks: Iterable[str]) -> list[str]:
        """Return the weights that these networks have, as ``tag`` and ``tag/variant``."""
        wanted = set(networks)
        found: list[str] = []
        for network in self._networks():
            for tag in network.tags if network.description.name in wanted else ():
                found += [tag.tag, *(f"{tag.tag}/{item.variant}" for item in tag.variants)]
        return found

    def jobs(self, *, stoppable: bool) -> list[str]:
        """Return names and ids of the newest jobs, or of jobs that can still be stopped."""
        found = self._ask("jobs", lambda: list(self._hub.jobs(limit=NEWEST_JOBS))) or []
        records = [job.record for job in found]
        chosen = [item for item in records if not (stoppable and item.state.is_terminal)]
        names = [item.name for item in chosen if " " not in item.name]
        return list(dict.fromkeys([*names, *(item.id for item in chosen)]))

    def states(self) -> list[str]:
        """Return the states of jobs."""
        return [item.value for item in JobState]

    def options(self, job_type: str) -> dict[str, Any]:
        """Return the options of a job type as properties of a JSON schema, by name."""
        model = OPTION_MODELS.get(JobType(job_type)) if job_type in self.types() else None
        return {} if model is None else dict(option_schema(model)["properties"])

    def _networks(self) -> list[NetworkRecord]:
        return self._ask("networks", lambda: list(self._hub.networks())) or []

    def _ask(self, kind: str, ask: Callable[[], Answer]) -> Answer | None:
        asked_at, future = self._asked.get(kind, (0.0, None))
        stale = future is None or (future.done() and time.monotonic() - asked_at > FRESH_S)
        if future is None or stale:
            future = self._threads.submit(ask)
            self._asked[kind] = (time.monotonic(), future)
        # Without an answer it is what was known last, or what everybody knows.
        with contextlib.suppress(PlatformError, concurrent.futures.TimeoutError):
            self._last[kind] = future.result(timeout=PATIENCE_S)
        answer: Answer | None = self._last.get(kind)
        return answer
