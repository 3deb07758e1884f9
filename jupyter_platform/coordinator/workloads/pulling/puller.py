"""One loop for each host that has active runs; nothing when nothing runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from jupyter_platform.coordinator.hosts.links import Link
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import AttemptRow, RankRow, RunEventRow
from jupyter_platform.coordinator.workloads.owner import Owners
from jupyter_platform.coordinator.workloads.pulling.event_rows import (
    NewEvents,
    note_events,
    note_file,
    read_new_events,
    write_events,
)
from jupyter_platform.coordinator.workloads.pulling.keeping import Keeper
from jupyter_platform.coordinator.workloads.tracked import TrackedRun
from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.runs import (
    ExitRecord,
    ProcessRecord,
    PullAnswer,
    PullRequest,
    RunId,
    RunProgress,
    RunResult,
)
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.mirror import Mirror
from jupyter_platform.runtime.paths import Paths

log = logging.getLogger(__name__)

PULL_S = 0.2
"""Seconds between two pulls."""
PULL_TIMEOUT_S = 10.0
_FILES: dict[str, tuple[str, type[BaseModel]]] = {
    "process.json": ("process", ProcessRecord),
    "progress.json": ("progress", RunProgress),
    "result.json": ("result", RunResult),
    "exit.json": ("exit", ExitRecord),
}
"""Whole file to the attribute of `TrackedRun` it is read into."""


class Puller:
    """Pulls active runs and turns what comes into mirror, rows, blobs and progress.

    Parameters
    ----------
    on_progress : callable
        Called with a run whose ``progress.json`` has changed.
    on_change : callable
        Called with id and kind of a workload whose row was changed by an event.
    """

    def __init__(
        self,
        store: Store,
        paths: Paths,
        blobs: BlobStore,
        owners: Owners,
        hosts: HostRegistry,
        *,
        on_progress: Callable[[TrackedRun], None],
        on_change: Callable[[str, str], None],
    ) -> None:
        self._store = store
        self._paths = paths
        self._hosts = hosts
        self._owners = owners
        self._keeper = Keeper(store, paths, blobs, owners, hosts)
        self._on_progress = on_progress
        self._on_change = on_change
        self._runs: dict[str, dict[RunId, TrackedRun]] = {}
        self._loops: dict[str, asyncio.Task[None]] = {}

    async def track(self, run: RunId, host: str, kind: str, changed: asyncio.Event) -> TrackedRun:
        """Follow a run from where its mirror and its rows are.

        Parameters
        ----------
        kind : str
            Who owns its workload.
        changed : asyncio.Event
            Set when something happened that may move the workload on.
        """
        folder = self._paths.mirror / run.workload / str(run.attempt) / str(run.rank)
        mirror = await asyncio.to_thread(Mirror, folder)
        offset, step, files = await self._store.read(lambda session: _known(session, run))
        tracked = TrackedRun(run, host, mirror, offset, kind, step, changed)
        for kind, payload in files:
            note_file(tracked, kind, payload)
        checkpoint = tracked.to_keep.get("checkpoint")
        if checkpoint is not None and checkpoint.get("step") == step:
            del tracked.to_keep["checkpoint"]
        await self._commit([tracked])
        self._runs.setdefault(host, {})[run] = tracked
        if host not in self._loops or self._loops[host].done():
            self._loops[host] = asyncio.create_task(self._follow(host), name=f"pull {host}")
        return tracked

    def has_mirror(self, job: str) -> bool:
        """Return whether runs of a job were followed and the job was not deleted since."""
        return (self._paths.mirror / job).is_dir()

    def forget(self, tracked: TrackedRun) -> None:
        """Stop following a run."""
        self._runs.get(tracked.host, {}).pop(tracked.run, None)
        if tracked.keeping is not None:
            tracked.keeping.cancel()

    async def settle(self, tracked: TrackedRun) -> list[str]:
        """Copy the checkpoint and weights that are still to come; return what went wrong.

        Raises
        ------
        HostError
            If the host does not answer.
        """
        return await self._keeper.settle(tracked)

    async def release(self, workload: str) -> None:
        """Forget the checkpoints of a workload that has ended; its weights stay."""
        await self._keeper.release(workload)

    async def close(self) -> None:
        """Stop all loops."""
        tasks = list(self._loops.values())
        tasks += [
            run.keeping
            for runs in self._runs.values()
            for run in runs.values()
            if run.keeping is not None
        ]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, host: str) -> None:
        while runs := list(self._runs.get(host, {}).values()):
            more = False
            link = self._hosts.link(host)
            try:
                if link is not None:
                    more = await self.pull(link, runs)
            except PlatformError as error:
                log.info("host %s cannot be pulled: %s", host, error)
            except Exception:
                # Pulling must outlive any answer; what was not taken is asked for again.
                log.exception("pulling host %s failed", host)
            for run in runs:
                self._keeper.begin(run)
            if not more:
                await asyncio.sleep(PULL_S)

    async def pull(self, link: Link, runs: list[TrackedRun]) -> bool:
        """Fetch new output of some runs from a host in a single request, and store it.

        Parameters
        ----------
        link : Link
            Connection to the host.
        runs : list of TrackedRun
            Processes on the host.

        Returns
        -------
        bool
            Whether to ask again at once.
        """
        requests = [
            PullRequest(run=run.run, offsets=run.mirror.offsets(), tokens=dict(run.tokens))
            for run in runs
        ]
        payload = {"requests": [request.model_dump(mode="json") for request in requests]}
        answer, chunks = await link.call("pull", payload, timeout_s=PULL_TIMEOUT_S)
        by_run = {run.run: run for run in runs}
        more = False
        pulled: list[tuple[TrackedRun, PullAnswer, bool]] = []
        for item in answer["answers"]:
            told = PullAnswer.model_validate(item)
            run = by_run.get(told.run)
            if run is None or run.run not in self._runs.get(run.host, {}):
                continue
            new = dict((chunks or {}).get(str(told.run)) or {})
            if new:
                await asyncio.to_thread(run.mirror.append, new)
            pulled.append((run, told, bool(new)))
            more |= told.more
        await self._commit([run for run, _, _ in pulled])
        for run, told, new_bytes in pulled:
            self._take(run, told, new_bytes)
            # The end of a process is waited for by people: it is made sure of at once.
            more |= run.exit is not None and not run.alive and not run.drained
        return more

    async def _commit(self, runs: list[TrackedRun]) -> None:
        """Make rows of the events that the mirrors hold and the store does not."""
        news: list[tuple[TrackedRun, NewEvents]] = []
        for run in runs:
            found = await asyncio.to_thread(read_new_events, run.mirror, run.run, run.events_offset)
            if found is not None:
                news.append((run, found))
        if not news:
            return
        found_events = [item for _, item in news]
        changed = await self._store.run(
            lambda session: write_events(session, found_events, self._owners)
        )
        for run, item in news:
            note_events(run, item)
        for workload, kind in sorted({(run.run.workload, run.kind) for run, _ in news}):
            if workload in changed:
                self._on_change(workload, kind)

    def _take(self, run: TrackedRun, told: PullAnswer, new_bytes: bool) -> None:
        before = (run.missing, run.alive, run.drained)
        new_files = self._read_files(run, told)
        run.missing, run.alive = told.missing, told.alive
        run.pulled += 1
        # Seen dead once, a last write may have slipped in before; the next answer has it all.
        idle = not (told.alive or told.more or new_bytes or new_files)
        run.quiet = run.quiet + 1 if idle else 0
        if "progress" in new_files:
            self._on_progress(run)
        if new_files - {"progress"} or before != (run.missing, run.alive, run.drained):
            run.changed.set()

    @staticmethod
    def _read_files(run: TrackedRun, told: PullAnswer) -> set[str]:
        found = set()
        for name, state in told.files.items():
            if name not in _FILES or state.content is None or run.tokens.get(name) == state.token:
                continue
            attribute, model = _FILES[name]
            try:
                setattr(run, attribute, model.model_validate_json(state.content))
            except ValidationError:
                log.warning("run %s: %s cannot be read", run.run, name)
            run.tokens[name] = state.token
            found.add(attribute)
        return found


def _known(session: Session, run: RunId) -> tuple[int, int, list[tuple[str, dict[str, Any]]]]:
    """Return the offset of the rows, the step that was copied, and the events about files."""
    rank = session.get(RankRow, (run.workload, run.attempt, run.rank))
    attempt = session.get(AttemptRow, (run.workload, run.attempt))
    step = -1
    if attempt is not None and attempt.checkpoint is not None:
        step = int(attempt.checkpoint["step"])
    query = (
        select(RunEventRow.kind, RunEventRow.payload)
        .where(
            RunEventRow.workload == run.workload,
            RunEventRow.attempt == run.attempt,
            RunEventRow.rank == run.rank,
            RunEventRow.kind.in_(("checkpoint", "weights", "store")),
        )
        .order_by(RunEventRow.offset)
    )
    files = [(kind, payload) for kind, payload in session.execute(query)]
    return (0 if rank is None else rank.events_offset), step, files
