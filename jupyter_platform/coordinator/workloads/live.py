"""Live state of running workloads: progress and phase, kept in memory only."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from jupyter_platform.coordinator.workloads.planning import Reason
from jupyter_platform.core.jobs import JobProgress


@dataclass
class Live:
    """Values that change too often to be a row; lost with the process, and found again."""

    progress: dict[str, JobProgress] = field(default_factory=dict)
    """Running workload to how far it is."""
    ends: dict[str, float] = field(default_factory=dict)
    """Running workload to the Unix time at which it is expected to end."""
    reasons: Mapping[str, Reason] = field(default_factory=dict)
    """Workload to why it waited at the last turn of the planner."""
    doing: dict[str, str] = field(default_factory=dict)
    """Active workload to what it is doing, in words."""

    def forget(self, workload: str) -> None:
        """Drop all that is known of a workload."""
        for part in (self.progress, self.ends, self.doing):
            part.pop(workload, None)

    def take(self, workload: str, progress: JobProgress, phase: str) -> None:
        """Record the progress of a running workload.

        Parameters
        ----------
        workload : str
            Id of the workload.
        progress : JobProgress
            Latest progress.
        phase : str
            Present phase of the work.
        """
        self.progress[workload] = progress
        self.doing[workload] = phase
        if progress.remaining_s is not None:
            self.ends[workload] = time.time() + progress.remaining_s
        else:
            self.ends.pop(workload, None)
