"""Closes the difference between what people want and what is."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from jupyter_platform.coordinator.hosts.links import Link
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.notices.notifications import Notifications
from jupyter_platform.coordinator.store import Store
from jupyter_platform.coordinator.store.tables import RankRow, WorkloadRow
from jupyter_platform.coordinator.workloads.host_choice import shape_of
from jupyter_platform.coordinator.workloads.ledger import Ledger
from jupyter_platform.coordinator.workloads.live import Live
from jupyter_platform.coordinator.workloads.owner import Owners
from jupyter_platform.coordinator.workloads.planning import (
    Forecasts,
    Pending,
    Placement,
    Plan,
    PlanningPolicy,
    Reason,
    plan,
    sentence,
)
from jupyter_platform.coordinator.workloads.pulling import Puller, TrackedRun
from jupyter_platform.coordinator.workloads.reconciler import changes
from jupyter_platform.coordinator.workloads.reconciler.attempt import Attempt
from jupyter_platform.coordinator.workloads.reconciler.changes import Ended
from jupyter_platform.coordinator.workloads.reconciler.driver import Driver, Tools
from jupyter_platform.coordinator.workloads.reconciler.news import news_of
from jupyter_platform.coordinator.workloads.tracked import job_progress
from jupyter_platform.core.errors import PlatformError
from jupyter_platform.core.jobs import JobProgress
from jupyter_platform.core.runs import RunId
from jupyter_platform.core.settings import JobSettings
from jupyter_platform.core.states import JobState
from jupyter_platform.runtime.blobs import BlobStore

log = logging.getLogger(__name__)

BUSY_TICK_S = 2.0
"""Seconds between two plans while something waits and nothing happens."""
IDLE_TICK_S = 30.0
SWEEP_S = 30.0
"""Seconds between two looks for processes that nobody wants any more."""
LONG_QUEUE = 200
"""Waiting workloads from which planning takes a thread of its own."""
PAUSE = 3.0
"""Seconds of rest after a turn for each second that its planning took."""
TOLD = 100
"""Waiting workloads, the first in the queue, whose new reason is sent to everybody at once."""

QUEUE_HELD = Reason("held", {})


class Reconciler:
    """Plans, starts, follows and ends; after a restart it goes on from rows and run folders.

    Parameters
    ----------
    on_progress : callable
        Called with id, owner and progress of a running workload that has moved.
    host_problems : callable
        Returns what keeps hosts from joining, a sentence each; called in a thread.
    """

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        hosts: HostRegistry,
        notifications: Notifications,
        owners: Owners,
        live: Live,
        blobs: BlobStore,
        settings: JobSettings,
        make_puller: Callable[..., Puller],
        on_progress: Callable[[str, str, JobProgress], None],
        host_problems: Callable[[], list[str]] = list,
        policy: PlanningPolicy | None = None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._hosts = hosts
        self._notifications = notifications
        self._owners = owners
        self._live = live
        self._on_progress = on_progress
        self._host_problems = host_problems
        self._policy = policy or PlanningPolicy()
        self._puller = make_puller(on_progress=self._progressed, on_change=self._changed)
        self._tools = Tools(
            ledger, hosts, self._puller, owners, live, blobs, settings, self._ended, self._began
        )
        self._pending: dict[str, Pending] = {}
        self._held = False
        self._stops: set[str] = set()
        self._starts: dict[str, int] = {}
        self._active: dict[str, Attempt] = {}
        self._drivers: dict[str, asyncio.Task[None]] = {}
        self._background: set[asyncio.Task[Any]] = set()
        self._wake = asyncio.Event()
        self._placing = asyncio.Lock()
        self._closing = False
        self._told_lost: set[RunId] = set()
        self._planned_s = 0.0
        """How long the last planning took."""
        self._withdrawn: set[str] | None = set()
        """Workloads that were withdrawn before it was known what waits; None from then on."""

    async def start(self) -> None:
        """Take up what runs, then, while others are served already, what waits; plan for ever."""
        await self._ledger.load()
        owners = self._owners
        for attempt in await self._store.read(lambda session: changes.adoptable(session, owners)):
            self._drive(attempt)
        self._hosts.on_change(self._host_changed)
        self._spawn(self._take_queue(), "taking the queue")
        self._spawn(self._sweep_forever(), "sweeping")

    async def _take_queue(self) -> None:
        """Plan once it is known what waits: before that, later jobs would be taken for first."""
        while True:
            try:
                found = await self._store.read(_queued)
                break
            except Exception:
                log.exception("the queue cannot be read; trying again in %g s", BUSY_TICK_S)
                await asyncio.sleep(BUSY_TICK_S)
        # What was submitted or withdrawn meanwhile is newer than what was read.
        withdrawn, self._withdrawn = self._withdrawn or set(), None
        read = {item.id: item for item in found if item.id not in withdrawn}
        self._pending = read | self._pending
        await self._plan_forever()

    async def close(self) -> None:
        """Stop looking; what runs goes on."""
        self._closing = True
        tasks = [*self._background, *self._drivers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._puller.close()

    def enqueue(self, row: WorkloadRow) -> None:
        """Take a workload that was just written as queued."""
        self._pending[row.id] = pending_of(row)
        self._wake.set()

    def hold(self, held: bool) -> None:
        """Start nothing that waits, or go on doing so; what runs goes on."""
        self._held = held
        self._wake.set()

    def withdraw(self, workload: str) -> None:
        """Forget a workload that no longer waits."""
        self._pending.pop(workload, None)
        if self._withdrawn is not None:
            self._withdrawn.add(workload)
        self._starts.pop(workload, None)
        self._live.forget(workload)
        self._wake.set()

    def stop(self, workload: str) -> None:
        """End the attempt of a workload whose target was written."""
        attempt = self._active.get(workload)
        if attempt is None:
            # It may be on its way from the queue to its driver just now.
            self._stops.add(workload)
        else:
            attempt.request_stop()

    async def abandon(self, workload: str) -> None:
        """Kill what runs of a workload and follow it no longer, whether its host answers or not."""
        attempt, driver = self._active.pop(workload, None), self._drivers.pop(workload, None)
        if driver is not None:
            driver.cancel()
            await asyncio.gather(driver, return_exceptions=True)
        self._stops.discard(workload)
        self.withdraw(workload)
        if attempt is None:
            return
        for run in attempt.runs:
            self._puller.forget(run)
        for rank, host in attempt.hosts.items():
            link = self._hosts.link(host)
            if link is not None:
                with contextlib.suppress(PlatformError):
                    payload = {"run": str(attempt.specs[rank].run), "action": "kill"}
                    await link.call("signal", payload)

    async def remove_runs(self, runs: list[tuple[str, RunId]]) -> None:
        """Remove run folders on those hosts that can be reached; sweeping removes the others."""
        for host, run in runs:
            link = self._hosts.link(host)
            if link is not None:
                with contextlib.suppress(PlatformError):
                    await link.call("remove", {"run": str(run)})

    async def dry_run(self, candidate: Pending) -> str:
        """Say when a workload would start if it were submitted now."""
        found = await self.outlook(candidate)
        if not isinstance(found, Reason):
            return f"would start at once on {', '.join(found)}"
        told = sentence(found, time.time())
        if found == QUEUE_HELD:
            return f"would wait: {told}"
        verb, _, rest = told.partition(" ")
        return f"would wait {rest}" if verb == "waits" else f"would wait: {told}"

    async def outlook(self, candidate: Pending) -> list[str] | Reason:
        """Return the hosts on which a workload would start at once, or why it would wait."""
        if self._held:
            return QUEUE_HELD
        answer = await self._ask_planner([*self._pending.values(), candidate])
        for placement in answer.placements:
            if placement.workload == candidate.id:
                return list(dict.fromkeys(rank.host for rank in placement.ranks))
        return (await self._explained(answer.reasons))[candidate.id]

    def _spawn(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _host_changed(self, name: str) -> None:
        self._wake.set()
        for attempt in self._active.values():
            if name in attempt.hosts.values():
                attempt.changed.set()
        if not self._closing and not self._hosts.is_lost(name):
            self._spawn(self._sweep(name), f"sweep {name}")

    def _changed(self, workload: str, kind: str) -> None:
        self._spawn(self._owners[kind].publish([workload]), f"publish {workload}")

    def _progressed(self, run: TrackedRun) -> None:
        if run.run.rank == 0 and run.progress is not None:
            progress = job_progress(run.progress)
            self._live.take(run.run.workload, progress, run.progress.phase)
            attempt = self._active.get(run.run.workload)
            owner = "" if attempt is None else attempt.owner
            self._on_progress(run.run.workload, owner, progress)

    async def _plan_forever(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._plan()
            except Exception:
                # The queue must go on moving after an error in one pass.
                log.exception("planning failed")
                await asyncio.sleep(BUSY_TICK_S)
            # Every change asks for a turn; those of a long queue leave most time to all else.
            await asyncio.sleep(PAUSE * self._planned_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._next_look()):
                    await self._wake.wait()

    def _next_look(self) -> float:
        if not self._pending:
            return IDLE_TICK_S
        now = time.time()
        retries = [
            item.not_before - now
            for item in self._pending.values()
            if item.not_before is not None and item.not_before > now
        ]
        return min([BUSY_TICK_S, *(seconds + 0.01 for seconds in retries)])

    async def _plan(self) -> None:
        if not self._pending:
            return
        if self._held:
            self._tell_reasons(dict.fromkeys(self._pending, QUEUE_HELD))
            return
        async with self._placing:
            answer = await self._ask_planner(list(self._pending.values()))
            for placement in answer.placements:
                await self._place(placement)
        self._tell_reasons(await self._explained(answer.reasons))

    async def _ask_planner(self, pending: list[Pending]) -> Plan:
        now = time.time()
        usage = await self._ledger.usage(now)
        forecasts = Forecasts(ends=dict(self._live.ends))
        work = partial(
            plan,
            now,
            pending,
            self._hosts.offers(),
            self._ledger.leases(),
            forecasts,
            usage,
            self._hosts.failures(),
            self._policy,
        )
        began = time.monotonic()
        # A long queue must not hold up the event loop; for a short one a thread is a detour.
        answer = await asyncio.to_thread(work) if len(pending) > LONG_QUEUE else work()
        self._planned_s = time.monotonic() - began
        return answer

    async def _place(self, placement: Placement) -> None:
        attempt = await self._ledger.run(
            lambda session: changes.place(session, self._owners, placement)
        )
        self._pending.pop(placement.workload, None)
        if attempt is None:
            return
        self._live.doing[attempt.workload] = f"starting on {attempt.host}"
        self._drive(attempt)
        await self._owners[attempt.kind].publish([attempt.workload])
        self._tell_hosts(attempt)

    def _drive(self, attempt: Attempt) -> None:
        self._active[attempt.workload] = attempt
        attempt.stop_wanted |= attempt.workload in self._stops
        backoff_s = 2.0 ** self._starts.get(attempt.workload, 0)
        driver = Driver(attempt, self._tools, backoff_s=backoff_s)
        name = f"workload {attempt.workload} attempt {attempt.number}"
        self._drivers[attempt.workload] = asyncio.create_task(driver.run(), name=name)

    async def _explained(self, reasons: Mapping[str, Reason]) -> Mapping[str, Reason]:
        """Add why there is no host, which the planner cannot know."""
        if any(offer.up for offer in self._hosts.offers()):
            return reasons
        why = await asyncio.to_thread(self._host_problems)
        return {
            workload: Reason(reason.code, {**reason.data, "why": why})
            if reason.code == "no_host"
            else reason
            for workload, reason in reasons.items()
        }

    def _tell_reasons(self, reasons: Mapping[str, Reason]) -> None:
        now = time.time()
        before, self._live.reasons = self._live.reasons, reasons
        news = [
            workload
            for workload in itertools.islice(self._pending, TOLD)
            if workload in reasons and _differs(before.get(workload), reasons[workload], now)
        ]
        for kind, owner in self._owners.items():
            if told := [item for item in news if self._pending[item].kind == kind]:
                owner.publish_reasons(told)

    async def _ended(self, attempt: Attempt, ended: Ended) -> None:
        self._active.pop(attempt.workload, None)
        self._drivers.pop(attempt.workload, None)
        self._stops.discard(attempt.workload)
        if ended.state == JobState.QUEUED:
            await self._requeue(attempt, ended)
        else:
            self._starts.pop(attempt.workload, None)
            await self._puller.release(attempt.workload)
        await self._owners[attempt.kind].publish([attempt.workload])
        self._tell_hosts(attempt)
        await self._notify(attempt, ended)
        self._wake.set()

    async def _requeue(self, attempt: Attempt, ended: Ended) -> None:
        if ended.resume_step is None and ended.pause_s is None:
            self._starts[attempt.workload] = self._starts.get(attempt.workload, 0) + 1
        row = await self._store.read(lambda session: session.get(WorkloadRow, attempt.workload))
        if row is None or row.state != JobState.QUEUED.value:
            return
        self._pending[row.id] = pending_of(row)

    async def _began(self, attempt: Attempt) -> None:
        hosts = ", ".join(dict.fromkeys(attempt.hosts.values()))
        again = " again" if attempt.number > 1 else ""
        text = f"{attempt.lane} {attempt.name!r} has started{again} on {hosts}."
        await self._notifications.add("info", text, job=attempt.job, owner=attempt.owner)

    async def _notify(self, attempt: Attempt, ended: Ended) -> None:
        message = news_of(attempt, ended)
        if message is not None:
            level, text = message
            await self._notifications.add(level, text, job=attempt.job, owner=attempt.owner)

    def _tell_hosts(self, attempt: Attempt) -> None:
        for host in dict.fromkeys(attempt.hosts.values()):
            self._hosts.publish(host)

    async def _sweep_forever(self) -> None:
        while True:
            for name in self._hosts.names():
                await self._sweep(name)
            await asyncio.sleep(SWEEP_S)

    async def _sweep(self, host: str) -> None:
        """Kill attempts that were given up, and remove folders of workloads that were deleted.

        A workload that is unknown and was not deleted either is one that the store has lost: what
        it has learnt stays on its host.
        """
        link = self._hosts.link(host)
        if link is None:
            return
        try:
            answer, _ = await link.call("list")
            runs = {RunId.parse(text): bool(alive) for text, alive in answer["runs"].items()}
            ids = {run.workload for run in runs}
            known = await self._store.read(lambda session: _known(session, ids))
            for run, alive in runs.items():
                active = self._active.get(run.workload)
                if active is not None and active.number == run.attempt:
                    continue
                lost = run.workload not in known and self._puller.has_mirror(run.workload)
                if alive and lost:
                    await self._stop_lost(link, run, host)
                elif alive:
                    log.warning("killing %s on %s: it was given up", run, host)
                    await link.call("signal", {"run": str(run), "action": "kill"})
                elif run.workload not in known and not lost:
                    await link.call("remove", {"run": str(run)})
        except PlatformError as error:
            log.info("host %s could not be swept: %s", host, error)
        except ValueError:
            log.exception("host %s lists what is no run", host)

    async def _stop_lost(self, link: Link, run: RunId, host: str) -> None:
        """Let a run end with its weights that the store knows nothing of."""
        await link.call("signal", {"run": str(run), "action": "stop"})
        if run in self._told_lost:
            return
        self._told_lost.add(run)
        text = (
            f"Job {run.workload} ran on {host}, but the state store does not know it: it was "
            "damaged or replaced. The job was stopped; its checkpoint and weights are in "
            f"runs/{run} of the host's folder."
        )
        log.warning("%s", text)
        await self._notifications.add("danger", text, host=host)


def pending_of(row: WorkloadRow) -> Pending:
    """Return a row as the planner takes it."""
    return Pending(
        id=row.id,
        name=row.name,
        owner=row.owner,
        lane=row.lane,
        kind=row.kind,
        shape=shape_of(row),
        sequence=row.sequence,
        submitted_at=row.submitted_at.timestamp(),
        priority=row.priority,
        not_before=None if row.not_before is None else row.not_before.timestamp(),
        why=str((row.reason_data or {}).get("why", "")),
    )


def _queued(session: Session) -> list[Pending]:
    query = select(WorkloadRow).where(WorkloadRow.state == JobState.QUEUED.value)
    query = query.options(defer(WorkloadRow.search))
    return [pending_of(row) for row in session.scalars(query.order_by(WorkloadRow.sequence))]


def _known(session: Session, workloads: set[str]) -> set[str]:
    return set(session.scalars(select(WorkloadRow.id).where(WorkloadRow.id.in_(workloads))))


def runs_of(session: Session, workload: str) -> list[tuple[str, RunId]]:
    """Return host and id of every run of a workload.

    Parameters
    ----------
    session : Session
        Database session.
    workload : str
        Id of the workload.
    """
    query = select(RankRow).where(RankRow.workload == workload)
    return [
        (rank.host, RunId(workload=workload, attempt=rank.attempt, rank=rank.rank))
        for rank in session.scalars(query)
    ]


def _differs(before: Reason | None, reason: Reason, now: float) -> bool:
    if before == reason:
        return False
    return before is None or sentence(before, now) != sentence(reason, now)
