"""Takes one attempt from its lease to its end, one transition at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from jupyter_platform.cluster.content import references_of
from jupyter_platform.coordinator.hosts.registry import HostRegistry
from jupyter_platform.coordinator.hosts.transfer import send_missing
from jupyter_platform.coordinator.workloads.ledger import Ledger
from jupyter_platform.coordinator.workloads.live import Live
from jupyter_platform.coordinator.workloads.owner import Owner, Owners
from jupyter_platform.coordinator.workloads.pulling import Puller, TrackedRun
from jupyter_platform.coordinator.workloads.reconciler import changes
from jupyter_platform.coordinator.workloads.reconciler.attempt import Attempt
from jupyter_platform.coordinator.workloads.reconciler.outcome import (
    Outcome,
    ended_by_stop,
    gone_with_its_gang,
    host_lost,
    of_endless,
    outcome_of,
    worst,
)
from jupyter_platform.coordinator.workloads.tracked import job_progress
from jupyter_platform.core.errors import HostError, PlatformError
from jupyter_platform.core.jobs import JobErrorRecord
from jupyter_platform.core.runs import Rendezvous
from jupyter_platform.core.settings import JobSettings
from jupyter_platform.core.states import JobState
from jupyter_platform.runtime.blobs import BlobStore
from jupyter_platform.runtime.logs import last_lines

log = logging.getLogger(__name__)

START_TIMEOUT_S = 60.0
SIGNAL_TIMEOUT_S = 5.0
TICK_S = 1.0
"""Seconds after which an attempt is looked at though nothing was heard of it."""
START_GRACE_S = 10.0
"""Seconds that a process may take to leave its first record."""
FAILED_STARTS = 10
"""Attempts in a row that may fail to start before the workload is given up."""
_LONGEST_BACKOFF_S = 60.0
_LOOPBACK = "127.0.0.1"
_LOG_TAIL_LINES = 20
_STOPPING_JOB = "stopping: it finishes the step and writes a checkpoint"


@dataclass(frozen=True)
class Tools:
    """Collaborators shared by all drivers."""

    ledger: Ledger
    hosts: HostRegistry
    puller: Puller
    owners: Owners
    live: Live
    blobs: BlobStore
    settings: JobSettings
    ended: Callable[[Attempt, changes.Ended], Awaitable[None]]
    """Called when an attempt has ended and its leases are given back."""
    began: Callable[[Attempt], Awaitable[None]]
    """Called when the processes of an attempt run."""


class Driver:
    """Drives one attempt.

    Parameters
    ----------
    backoff_s : float
        Seconds before the workload is tried again when its processes cannot be started.
    """

    def __init__(self, attempt: Attempt, tools: Tools, *, backoff_s: float = 1.0) -> None:
        self._attempt = attempt
        self._tools = tools
        self._backoff_s = min(backoff_s, _LONGEST_BACKOFF_S)
        self._warnings: list[str] = []
        self._is_over = False

    @property
    def _owner(self) -> Owner:
        return self._tools.owners[self._attempt.kind]

    async def run(self) -> None:
        """Return when the attempt has ended; cancelling leaves everything as it is."""
        attempt = self._attempt
        while True:
            attempt.changed.clear()
            try:
                if await self._step():
                    return
            except PlatformError as error:
                log.info("workload %s attempt %d: %s", attempt.workload, attempt.number, error)
            except Exception:
                # What is wrong with one workload must not leave it without a driver.
                log.exception(
                    "driving workload %s attempt %d failed", attempt.workload, attempt.number
                )
            if self._is_over:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await attempt.changed.wait()

    async def _step(self) -> bool:
        """Do what is next; return whether the attempt has ended."""
        attempt = self._attempt
        if not attempt.runs:
            return await self._begin()
        if any(self._tools.hosts.is_lost(host) for host in attempt.hosts.values()):
            return await self._bear_loss()
        if attempt.state == JobState.UNREACHABLE and not await self._found_again():
            return False
        if not (attempt.is_whole or attempt.stop_wanted) and attempt.runs[0].store is not None:
            return await self._follow(range(1, len(attempt.specs)), start=True)
        started = attempt.is_whole and all(run.process for run in attempt.runs)
        if attempt.state == JobState.STARTING and started:
            await self._advance(JobState.RUNNING)
            await self._tools.began(attempt)
        if all(self._has_ended(run) for run in attempt.runs):
            return await self._end(self._outcome())
        if attempt.stop_wanted:
            await self._stop()
        elif any(self._has_ended(run) for run in attempt.runs):
            await self._end_the_rest()
        return False

    async def _begin(self) -> bool:
        """Start what may start, unless an earlier life of the coordinator knows that all run."""
        attempt = self._attempt
        if any(self._tools.hosts.is_lost(host) for host in attempt.hosts.values()):
            return await self._bear_loss()
        if attempt.state == JobState.STARTING:
            # Ranks that meet are started when rank 0 has told where they find it.
            first = 1 if attempt.specs[0].meets_others else len(attempt.specs)
            return await self._follow(range(first), start=True)
        return await self._follow(range(len(attempt.specs)), start=False)

    async def _follow(self, ranks: range, *, start: bool) -> bool:
        """Start and follow processes; return whether the attempt has ended over it."""
        attempt = self._attempt
        if not self._all_linked():
            return False
        if start:
            try:
                for rank in ranks:
                    await self._start(rank)
            except PlatformError as error:
                # A host process that restarts is asked again: starting twice starts once.
                return await self._start_failed(error) if self._all_linked() else False
        attempt.begun = time.monotonic()
        attempt.runs += [
            await self._tools.puller.track(
                attempt.specs[rank].run,
                attempt.hosts[rank],
                attempt.kind,
                attempt.changed,
            )
            for rank in ranks
        ]
        return False

    def _all_linked(self) -> bool:
        return all(self._tools.hosts.link(host) for host in self._attempt.hosts.values())

    async def _start(self, rank: int) -> None:
        attempt = self._attempt
        spec, host = attempt.specs[rank], attempt.hosts[rank]
        link = self._tools.hosts.link(host)
        if link is None:
            raise HostError(f"Host {host} does not answer.")
        if spec.meets_others:
            spec = spec.model_copy(update={"gang": self._way(rank)})
        await send_missing(link, self._tools.blobs, references_of(spec))
        payload = {"spec": spec.model_dump(mode="json")}
        await link.call("start", payload, timeout_s=START_TIMEOUT_S)

    def _way(self, rank: int) -> Rendezvous:
        """Return how a rank finds its gang, which keeps to loopback on a machine of its own."""
        attempt = self._attempt
        hosts = {
            host: description
            for host in attempt.hosts.values()
            if (description := self._tools.hosts.description(host)) is not None
        }
        near = len({description.boot_id for description in hosts.values()}) == 1
        address = _LOOPBACK if near else hosts[attempt.hosts[rank]].ip
        store = attempt.runs[0].store if rank else None
        return Rendezvous(address=address, secret=attempt.secret, store=store)

    async def _start_failed(self, error: PlatformError) -> bool:
        attempt, tools = self._attempt, self._tools
        log.warning("workload %s could not be started: %s", attempt.workload, error)
        for host in set(attempt.hosts.values()):
            await tools.hosts.count_failure(host)
        for rank in attempt.hosts:
            # A start that was not answered may have happened all the same.
            await self._signal(rank, "kill")
        record = JobErrorRecord(type=type(error).__name__, message=error.message)
        again = datetime.now(UTC) + timedelta(seconds=self._backoff_s)
        ended = await tools.ledger.run(
            lambda s: changes.start_failed(s, attempt, record, again, FAILED_STARTS)
        )
        if ended.state == JobState.FAILED:
            await self._keep_newest_checkpoint()
        await self._over(ended)
        return True

    def _has_ended(self, run: TrackedRun) -> bool:
        if not run.drained:
            return False
        if run.process is not None or run.missing or run.exit is not None:
            return True
        return time.monotonic() - self._attempt.begun > START_GRACE_S

    def _outcome(self) -> Outcome:
        outcomes = []
        for run in self._attempt.runs:
            if self._was_given_up(run):
                outcomes.append(gone_with_its_gang())
                continue
            description = self._tools.hosts.description(run.host)
            memory = None if description is None else description.memory
            outcomes.append(
                outcome_of(
                    run.result,
                    run.exit,
                    started=run.process is not None,
                    host_memory=memory,
                    missing=run.missing,
                )
            )
        found = worst(outcomes)
        if len(outcomes) > 1 and found.result is not None:
            results = [item.result for item in outcomes if item.result is not None]
            found = replace(found, result=self._owner.merged(self._attempt.lane, results))
        return found

    def _was_given_up(self, run: TrackedRun) -> bool:
        """Whether a rank ended by our own hand; one that was dead by then is judged as it died."""
        killed = run.exit is None or run.exit.signal == signal.SIGKILL
        return run.run.rank in self._attempt.given_up and run.result is None and killed

    async def _end(self, outcome: Outcome) -> bool:
        """Take home what is still on the host, then end the attempt."""
        attempt, tools = self._attempt, self._tools
        for run in attempt.runs:
            self._warnings += await tools.puller.settle(run)
        if attempt.endless:
            outcome = of_endless(outcome, attempt.runs[0].exit, asked=attempt.stop_wanted)
        elif attempt.stop_wanted:
            grace_s = tools.settings.stop_grace_s
            outcome = ended_by_stop(outcome, grace_s, late=attempt.stopped_late)
        if outcome.again and not attempt.stop_wanted:
            await tools.hosts.count_failure(attempt.hosts[outcome.rank])
        if outcome.error is not None:
            tail = await asyncio.to_thread(_log_tail, attempt.runs[outcome.rank])
            error = outcome.error.model_copy(update={"log_tail": tail})
            outcome = replace(outcome, error=error)
        await self._finish(outcome)
        return True

    async def _finish(self, outcome: Outcome) -> None:
        attempt, tools = self._attempt, self._tools
        progress = None
        if attempt.runs and attempt.runs[0].progress is not None:
            progress = job_progress(attempt.runs[0].progress)
        if outcome.state == JobState.FAILED and await tools.ledger.run(
            lambda s: changes.is_final(s, attempt, outcome)
        ):
            await self._keep_newest_checkpoint()
        ended = await tools.ledger.run(
            lambda s: changes.end(s, tools.owners, attempt, outcome, progress, self._warnings)
        )
        await self._over(ended)

    async def _keep_newest_checkpoint(self) -> None:
        """Leave weights to go on from; before the end is written, so that they are never lost."""
        try:
            told = await self._owner.rescue(self._attempt.workload)
        except (PlatformError, OSError) as error:
            told = f"Its newest checkpoint could not be kept: {error}"
        if told is not None and told not in self._warnings:
            self._warnings.append(told)

    async def _over(self, ended: changes.Ended) -> None:
        self._is_over = True
        attempt, tools = self._attempt, self._tools
        for run in attempt.runs:
            tools.puller.forget(run)
        attempt.state = ended.state
        tools.live.forget(attempt.workload)
        await tools.ended(attempt, ended)

    async def _stop(self) -> None:
        attempt = self._attempt
        if attempt.state != JobState.STOPPING:
            await self._advance(JobState.STOPPING)
        if attempt.stop_since is None:
            attempt.stop_since = time.monotonic()
        late = time.monotonic() - attempt.stop_since > self._tools.settings.stop_grace_s
        for run in attempt.runs:
            rank = run.run.rank
            if late and run.alive:
                attempt.stopped_late = True
                await self._signal(rank, "kill")
            elif rank not in attempt.stop_sent and await self._signal(rank, "stop"):
                attempt.stop_sent.add(rank)

    async def _end_the_rest(self) -> None:
        """End the other processes of a gang that has lost one; it restarts as a whole."""
        attempt = self._attempt
        ended = [run for run in attempt.runs if self._has_ended(run)]
        if all(run.result is not None and run.result.status != "failed" for run in ended):
            return
        await self._give_up()

    async def _give_up(self) -> None:
        """Kill what still runs of an attempt that cannot go on."""
        attempt = self._attempt
        for run in attempt.runs:
            if run.alive and not self._tools.hosts.is_lost(run.host):
                attempt.given_up.add(run.run.rank)
                await self._signal(run.run.rank, "kill")

    async def _signal(self, rank: int, action: str) -> bool:
        attempt = self._attempt
        link = self._tools.hosts.link(attempt.hosts[rank])
        if link is None:
            return False
        payload = {"run": str(attempt.specs[rank].run), "action": action}
        try:
            answer, _ = await link.call("signal", payload, timeout_s=SIGNAL_TIMEOUT_S)
        except PlatformError as error:
            log.info("workload %s was not told to %s: %s", attempt.workload, action, error)
            return False
        return bool(answer["delivered"])

    async def _bear_loss(self) -> bool:
        """Wait for a lost host for a while, then give the attempt up."""
        attempt, hosts = self._attempt, self._tools.hosts
        if attempt.lost_since is None:
            attempt.lost_since = time.monotonic()
        if attempt.state != JobState.UNREACHABLE:
            await self._advance(JobState.UNREACHABLE)
        lost = next(host for host in attempt.hosts.values() if hosts.is_lost(host))
        waited_s = time.monotonic() - attempt.lost_since
        if waited_s < hosts.lost_after_s and await hosts.work_survives(lost):
            return False
        await self._give_up()
        await self._finish(host_lost(lost))
        return True

    async def _found_again(self) -> bool:
        """Go on when every host has told how its process is."""
        attempt = self._attempt
        if attempt.lost_since is not None:
            attempt.lost_since = None
            for run in attempt.runs:
                run.pulled = 0
        if not all(run.pulled for run in attempt.runs):
            return False
        await self._advance(JobState.RUNNING)
        return True

    async def _advance(self, state: JobState) -> None:
        attempt = self._attempt
        pids = [run.process.pid if run.process else None for run in attempt.runs]
        # Before the state, so that nobody reads the new state with the old words.
        self._tools.live.doing[attempt.workload] = self._doing(state)
        await self._tools.ledger.run(lambda s: changes.advance(s, attempt, state, pids))
        attempt.state = state
        await self._owner.publish([attempt.workload])

    def _doing(self, state: JobState) -> str:
        hosts = list(dict.fromkeys(self._attempt.hosts.values()))
        if state == JobState.UNREACHABLE:
            lost = [host for host in hosts if self._tools.hosts.is_lost(host)]
            return f"host {lost[0]} does not answer; it is waited for before it moves on"
        if state == JobState.STOPPING:
            return "stopping" if self._attempt.endless else _STOPPING_JOB
        return f"running on {', '.join(hosts)}"


def _log_tail(run: TrackedRun) -> str | None:
    """Return the last lines of what a process printed, None when it printed nothing."""
    try:
        lines = last_lines(run.mirror.path("output.log"), _LOG_TAIL_LINES)
    except FileNotFoundError:
        return None
    return "\n".join(lines).strip() or None
