"""What the end of a process means for its job."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from jupyter_platform.core.jobs import JobErrorRecord
from jupyter_platform.core.runs import ExitRecord, RunResult
from jupyter_platform.core.states import JobState
from jupyter_platform.core.units import format_bytes

_NEARLY_ALL = 0.9
"""Share of a host's memory from which a SIGKILL is put down to the lack of it."""
_KILLED_CODES = {128 + number for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV)}
"""Exit codes by which shells and containers tell that a signal ended the process."""


PEER_LOST = "PeerLost"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended."""

    state: JobState
    """``finished``, ``stopped`` or ``failed``."""
    error: JobErrorRecord | None = None
    again: bool = False
    """Whether another attempt may end better."""
    result: dict[str, Any] | None = None
    rank: int = 0
    """Which process of the gang ended so."""
    retries: int = 0
    """Attempts that may fail like this and be followed by another; -1: all."""
    asked: bool = False
    """Whether what ended it was a request to stop, which came before it could listen."""


def outcome_of(
    result: RunResult | None,
    exit: ExitRecord | None,
    *,
    started: bool = True,
    host_memory: int | None = None,
    missing: bool = False,
) -> Outcome:
    """Classify the end of one process.

    Parameters
    ----------
    result : RunResult or None
        Its last words; None when something ended it before.
    exit : ExitRecord or None
        What the shim saw; None when the shim was killed too.
    started : bool
        Whether the process ever existed.
    host_memory : int, optional
        Bytes that the host offers, to recognise a lack of memory.
    missing : bool
        Whether its run folder is no longer on its host.
    """
    if result is not None:
        state = JobState(result.status)
        return Outcome(state, result.error, result=result.result, retries=result.retries)
    if not started:
        return _killed("Killed", "The process did not start.")
    if exit is None and missing:
        return _killed("Killed", "Its run folder was removed from its host.")
    if exit is None:
        return _killed("Killed", "The process is gone and left no exit code.")
    number = exit.signal
    if number is None and exit.code in _KILLED_CODES:
        number = exit.code - 128
    if exit.code == os.EX_IOERR:
        return _killed("DiskError", "The disk of its host took no result; it is full or broken.")
    if exit.code == os.EX_TEMPFAIL:
        return gone_with_its_gang()
    if number is None:
        return _killed("Killed", f"The process ended with exit code {exit.code} and no result.")
    full = host_memory is not None and (exit.max_rss or 0) >= _NEARLY_ALL * host_memory
    if number == signal.SIGKILL and full:
        held = format_bytes(exit.max_rss or 0)
        return _killed("OutOfMemory", f"The process ran out of memory: it held {held}.")
    killed = _killed("Killed", f"The process was killed by signal {number} ({_name(number)}).")
    return replace(killed, asked=number == signal.SIGTERM)


def host_lost(host: str) -> Outcome:
    """Return the outcome of an attempt whose host is gone."""
    return _killed("HostLost", f"Host {host} was lost.")


def gone_with_its_gang() -> Outcome:
    """Return the outcome of a process that ended because another one was gone."""
    return _killed(PEER_LOST, "Another process of its gang was gone.")


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of a gang: what went wrong first and foremost, else that of rank 0.

    An error names its rank. Ranks that ended because another was gone are blamed last.
    """
    if len(outcomes) == 1:
        return outcomes[0]
    outcomes = [_of_rank(outcome, rank) for rank, outcome in enumerate(outcomes)]
    failed = [item for item in outcomes if item.state == JobState.FAILED]
    defects = [item for item in failed if not item.again]
    causes = [item for item in failed if item.error is None or item.error.type != PEER_LOST]
    for group in (defects, causes, failed):
        if group:
            return group[0]
    # One that was told to stop ends the others; what was found is always that of rank 0.
    stopped = any(item.state == JobState.STOPPED for item in outcomes)
    return replace(outcomes[0], state=JobState.STOPPED) if stopped else outcomes[0]


def _of_rank(outcome: Outcome, rank: int) -> Outcome:
    error = outcome.error
    if error is not None:
        error = error.model_copy(update={"message": f"Rank {rank}: {error.message}"})
    return replace(outcome, error=error, rank=rank)


def ended_by_stop(outcome: Outcome, grace_s: float, *, late: bool) -> Outcome:
    """Return the outcome of an attempt that was asked to stop.

    Parameters
    ----------
    outcome : Outcome
        How its processes ended.
    grace_s : float
        Seconds that they had to end by themselves.
    late : bool
        Whether they were killed because they had not.
    """
    error = outcome.error
    if not outcome.again or error is None:
        return outcome
    if outcome.asked or error.type == PEER_LOST:
        # Before it could listen, or because the others had stopped.
        return Outcome(JobState.STOPPED, rank=outcome.rank)
    if late and error.type == "Killed":
        rank = error.message.split(":")[0] if error.message.startswith("Rank ") else "It"
        text = f"{rank} did not stop within {grace_s:g} s and was killed."
        error = error.model_copy(update={"message": text})
    return replace(outcome, error=error, again=False, retries=0)


def of_endless(outcome: Outcome, exit: ExitRecord | None, *, asked: bool) -> Outcome:
    """Return the outcome of an attempt of a workload that has no end of its own.

    Parameters
    ----------
    outcome : Outcome
        How its process ended.
    exit : ExitRecord or None
        What the shim saw.
    asked : bool
        Whether it was asked to stop; it has stopped then, however it went about it.
    """
    if asked:
        return Outcome(JobState.STOPPED, result=outcome.result)
    if outcome.result is None and exit is not None and exit.code == 0:
        return Outcome(JobState.FINISHED)
    return outcome


def exhausted(error: JobErrorRecord, earlier: Sequence[JobErrorRecord]) -> JobErrorRecord:
    """Return the error of a job that has no retries left.

    Parameters
    ----------
    error : JobErrorRecord
        Of the last attempt.
    earlier : sequence of JobErrorRecord
        Of the attempts before it.
    """
    same = 1 + sum(item.message == error.message for item in earlier)
    text = error.message.rstrip(".")
    if same > 1:
        text += f", {_times(same)}"
    if earlier and same == 1:
        text += f"; {len(earlier)} earlier attempts had ended early too"
    return error.model_copy(update={"message": f"{text}."})


def _killed(kind: str, message: str) -> Outcome:
    return Outcome(JobState.FAILED, JobErrorRecord(type=kind, message=message), again=True)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _times(count: int) -> str:
    return {2: "twice", 3: "three times", 4: "four times"}.get(count, f"{count} times")
