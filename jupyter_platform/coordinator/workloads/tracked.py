"""The coordinator's view of one followed process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from jupyter_platform.core.jobs import JobProgress
from jupyter_platform.core.runs import ExitRecord, ProcessRecord, RunId, RunProgress, RunResult
from jupyter_platform.runtime.mirror import Mirror


@dataclass
class TrackedRun:
    """One run folder as it was last pulled."""

    run: RunId
    host: str
    mirror: Mirror
    events_offset: int
    """Bytes of ``events.jsonl`` that have become rows."""
    kind: str
    """Who owns its workload."""
    checkpoint_step: int = -1
    """Step of the newest checkpoint of this attempt that was copied off the host."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when something happened that may move the workload on; shared by the ranks of a gang."""
    tokens: dict[str, str] = field(default_factory=dict)
    process: ProcessRecord | None = None
    progress: RunProgress | None = None
    result: RunResult | None = None
    exit: ExitRecord | None = None
    store: str | None = None
    """``<address>:<port>`` at which the other ranks of a gang find this one."""
    missing: bool = False
    """The host has no such run folder."""
    alive: bool = False
    pulled: int = 0
    """Answers that have come."""
    quiet: int = 0
    """Answers in a row, up to the last, with nothing new and nobody alive."""
    to_keep: dict[str, dict[str, Any]] = field(default_factory=dict)
    """``checkpoint``, ``weights/<file>``, ``file/<path>`` or ``best/<network>`` to the newest event
    that is not yet served."""
    keeping: asyncio.Task[None] | None = None

    @property
    def drained(self) -> bool:
        """Whether the process has ended and everything it wrote is here."""
        return self.quiet >= 2


def job_progress(progress: RunProgress) -> JobProgress:
    """Return progress as the API shows it."""
    remaining = None
    if progress.total is not None and progress.rate:
        remaining = max(progress.total - progress.step, 0) / progress.rate
    return JobProgress(
        step=progress.step,
        total=progress.total,
        rate=progress.rate,
        remaining_s=remaining,
        values=progress.values,
        unit=progress.unit,
    )
